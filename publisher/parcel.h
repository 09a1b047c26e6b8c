/*
 * Messages of any size. One that is larger than the inline limit is stored as a blob (blob.h), and a short
 * message that refers to it goes in its place:
 *
 *   {"$ref":{"subject":…,"digest":…,"size":…,"chunks":…}, …}     the rest says, in short, what it is
 *
 * "$ref" stands first, so that a look at the beginning tells the two apart. Messages up to the limit are not
 * touched.
 */
#ifndef PUBLISHER_PARCEL_H
#define PUBLISHER_PARCEL_H

#include "blob.h"
#include "core/event.h"
#include "core/task.h"

/* The largest text that goes as a message: the setting results.inline, or what the server takes. */
size_t parcel_inline_limit(struct bus *bus, const struct subjects *s);
/* Whether a message stands for another one. Cheap. */
bool parcel_is_reference(struct str message);

/*
 * Stores the text under `owner` and writes the message that stands for it into `a`; the members of `summary`,
 * a map, follow the reference. Waits; errors as blob_put().
 */
enum status parcel_wrap(struct bus *bus, const struct subjects *s, enum blob_store store, const char *owner,
                        struct str text, struct value summary, struct arena *a, struct str *out,
                        struct error *err) MUST_CHECK;
/* The text that the reference stands for, into `out`. Waits; errors as blob_get(). */
enum status parcel_open(struct bus *bus, const struct subjects *s, struct str reference, struct buf *out,
                        struct error *err) MUST_CHECK;
/* The same into an arena; a message that is no reference is given back as it is. */
enum status parcel_text(struct bus *bus, const struct subjects *s, struct str message, struct arena *a,
                        struct str *out, struct error *err) MUST_CHECK;

/* What stands beside the reference of an event: the event, with previews of what it carries. */
enum status parcel_event_summary(struct arena *a, const struct event *e, struct value *out,
                                 struct error *err) MUST_CHECK;
/* Of a task: whose it is, without its input. Reads back as a task. */
enum status parcel_task_summary(struct arena *a, const struct task *t, struct value *out,
                                struct error *err) MUST_CHECK;
/* *text, the event's JSON, becomes the message that says it: what stands for it, in `a`, where it is larger
 * than a message. May wait; errors as parcel_wrap(). */
enum status parcel_event(struct bus *bus, const struct subjects *s, const struct event *e, struct arena *a,
                         struct str *text, struct error *err) MUST_CHECK;
/* An event for watchers that is too large for a message: its summary, and {"omitted":{"bytes"}}. */
enum status parcel_event_excerpt(struct arena *a, const struct event *e, struct str *out,
                                 struct error *err) MUST_CHECK;

#endif
