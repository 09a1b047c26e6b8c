/* What the files of this room share. */
#ifndef DOCTOR_INNER_H
#define DOCTOR_INNER_H

#include "crowd.h"
#include "doctor.h"
#include "transition/execution.h"
#include "transition/open_work.h"
#include "verdict/evidence.h"

/* ---- fold_back.c: the state of an execution -------------------------------------------------------------
 */

struct folded {
    struct execution *x; /* execution_free() */
    struct event_list events;
    struct open_work *works;
    struct open_join *joins;
    size_t work_count, join_count;
    struct str trouble; /* why they cannot be evaluated; "": they can */
};
/* From the log, in `a`. Without events there is nothing but x. */
enum status fold_back(struct doctor *d, int64_t id, struct arena *a, struct folded *out,
                      struct error *err) MUST_CHECK;
void folded_free(struct folded *f);

/* ---- partitions.c, pools.c: what carries executions -------------------------------------------------------
 */

/* The way into the log of partition p; `crowd` NULL: it is heard for this. */
enum status see_partition(struct doctor *d, uint32_t p, const struct crowd *crowd,
                          const struct partition_row *row, struct arena *a, struct partition_evidence *out,
                          struct error *err) MUST_CHECK;
/* Its row in the log, or NULL when the log does not say it. */
enum status read_partition_row(struct doctor *d, uint32_t p, struct arena *a, struct partition_row **out,
                               struct error *err) MUST_CHECK;
enum status hear_crowd(struct doctor *d, const struct str *owners, size_t count, struct arena *a,
                       struct crowd *out, struct error *err) MUST_CHECK;
enum status see_pool(struct doctor *d, struct str pool, const struct crowd *crowd, struct arena *a,
                     struct pool_evidence *out, struct error *err) MUST_CHECK;
/* The worker that says it has the task, or NULL. */
enum status find_holder(const struct crowd *crowd, int64_t execution_id, struct str task_id, struct arena *a,
                        const struct holder_evidence **out, struct error *err) MUST_CHECK;
enum status see_stream(struct doctor *d, enum stream_id id, struct arena *a, struct stream_evidence *out,
                       uint64_t *last, struct error *err) MUST_CHECK;

/* doctor_execution() with a crowd that was heard before. */
enum status doctor_look(struct doctor *d, const struct crowd *crowd, int64_t execution_id, struct report *r,
                        struct error *err) MUST_CHECK;

/* Whether an error of NATS only says that this login may not, or that nothing is there: for the rest is
 * looked at all the same. */
bool is_blind(enum status s);

#endif
