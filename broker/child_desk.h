/*
 * The desk for sub-playbooks: threads that ask for the executions of children, and list what the catalog has
 * under a path, because the catalog has to be read and waited for. An order is done when the stream has the
 * child's request, or, if there can be none, the fact child_failed for the parent; until then its batch is
 * not committed. One that has to wait is dropped once the partition that it is of is lost: whoever has that
 * decides it anew, and the request would come to an execution that has gone on without it.
 */
#ifndef BROKER_CHILD_DESK_H
#define BROKER_CHILD_DESK_H

#include "batch.h"
#include "fence.h"
#include "publisher/subject.h"
#include "transition/transition.h"
#include "writer.h"

struct child_desk;

/* `env` is what the children's templates see of the environment; borrowed. */
enum status child_desk_open(struct bus *bus, const struct subjects *s, struct value env,
                            struct writer *writer, struct child_desk **out, struct error *err) MUST_CHECK;
/* The order, and what it points to, lives as long as the batch, which waits for it. `parent` is the execution
 * that gives it. */
enum status child_desk_give(struct child_desk *desk, struct batch *b, struct tenure tenure, int64_t parent,
                            const struct child_order *order, struct error *err) MUST_CHECK;
/* The same of a list of playbooks: done when the stream has the fact playbooks_listed. */
enum status child_desk_list(struct child_desk *desk, struct batch *b, struct tenure tenure, int64_t parent,
                            const struct listing_order *order, struct error *err) MUST_CHECK;
/*
 * A message to a child: published when its request is in the stream, for a fact that stands before the
 * request is of an execution that was never requested. `message`, and what it points to, lives as long as the
 * batch.
 */
enum status child_desk_tell(struct child_desk *desk, struct batch *b, struct tenure tenure, int64_t child,
                            int64_t parent, const struct bus_publication *message,
                            struct error *err) MUST_CHECK;
/*
 * Any other message that takes its time: `run` is called on a thread of the desk, again each second until it
 * returns true; else it says why not. `permit` is of what it publishes. `context` lives as long as the batch.
 */
typedef bool errand_run(void *context, struct bus_permit permit, struct error *err);
enum status child_desk_run(struct child_desk *desk, struct batch *b, struct tenure tenure,
                           int64_t execution_id, errand_run *run, void *context,
                           struct error *err) MUST_CHECK;
/* Orders that are not done are left: their batches are not committed, and so read again. NULL is allowed. */
void child_desk_close(struct child_desk **desk);

#endif
