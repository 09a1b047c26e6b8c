/*
 * An execution as a file of JSON lines: a header, then every event of its log in order, as core/event.h has
 * them, whole.
 *
 *   {"format":"noetl execution","version":1,"execution_id":"…","path":"…","playbook_version":3,
 *    "status":"completed","events":12}
 */
#ifndef REPLAY_EXPORT_H
#define REPLAY_EXPORT_H

#include "core/event.h"

enum { EXPORT_VERSION = 1 };

struct export_header {
    int64_t execution_id;
    struct str path;          /* of the playbook */
    int64_t playbook_version; /* 0: of none of the catalog */
    struct str status;        /* "completed", "running", … when it was written */
    uint32_t events;          /* how many lines follow */
};

/* The line without its end, in `a`. */
enum status export_header_write(struct arena *a, const struct export_header *h, struct str *out,
                                struct error *err) MUST_CHECK;
/*
 * Reads the first line; texts are in `a`. STATUS_INVALID if it is no such header, STATUS_UNSUPPORTED if it is
 * of another version of the format.
 */
enum status export_header_read(struct arena *a, struct str line, struct export_header *out,
                               struct error *err) MUST_CHECK;
/*
 * Reads the line of the event with that number, which has to be of the header's execution. Everything is in
 * `a`. STATUS_INVALID, STATUS_SYNTAX with the column.
 */
enum status export_event_read(struct arena *a, struct str line, const struct export_header *h,
                              uint32_t number, struct event *out, struct error *err) MUST_CHECK;

#endif
