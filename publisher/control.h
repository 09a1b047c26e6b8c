/*
 * Steering an execution from outside: reading what a client asks for, and publishing it as a fact. Whether it
 * changes anything is decided when the fact is folded.
 */
#ifndef PUBLISHER_CONTROL_H
#define PUBLISHER_CONTROL_H

#include "core/event.h"
#include "bus/bus.h"
#include "subject.h"

enum control_id {
#define X(id, fact, members, doc) CONTROL_##id,
#include "control.def"
#undef X
    CONTROL_COUNT
};

struct control_request {
    enum control_id control;
    int64_t execution_id;
    struct value context; /* of the fact: what else was given; absent if nothing */
};

const char *control_name(enum control_id c);
enum event_type control_fact(enum control_id c);
const char *control_doc(enum control_id c);
/* CONTROL_COUNT for a name that is none. */
enum control_id control_from_name(const char *name);

/* {"execution_id", "reason"?, and the control's own members} → a request, strictly. Borrows from `v`. */
enum status control_from_value(enum control_id c, struct value v, struct arena *a,
                               struct control_request *out, struct error *err) MUST_CHECK;
/*
 * Waits for the stream's acknowledgement. Of several with the same message id, within the stream's window,
 * one counts. A retry from a step that the playbook does not have is STATUS_INVALID, if the stream still has
 * the execution's request. Any thread.
 */
enum status control_publish(struct bus *bus, const struct subjects *s, const struct control_request *r,
                            struct str message_id, struct error *err) MUST_CHECK;

#endif
