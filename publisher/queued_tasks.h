/* Which tasks of an execution are in the tasks stream. */
#ifndef PUBLISHER_QUEUED_TASKS_H
#define PUBLISHER_QUEUED_TASKS_H

#include "bus/bus.h"
#include "subject.h"

/* Their subjects, as keys of a map in `a`. */
enum status queued_tasks(struct bus *bus, const struct subjects *s, int64_t execution_id, struct arena *a,
                         struct value *out, struct error *err) MUST_CHECK;
/* The subject of that task among them; "" if it is not there. */
struct str queued_task_subject(struct value tasks, struct str task_id);

#endif
