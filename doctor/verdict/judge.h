/*
 * From evidence to findings. Functions of their arguments: no clock, no server, so that a test can show every
 * case. What is found goes to the end of the report.
 */
#ifndef VERDICT_JUDGE_H
#define VERDICT_JUDGE_H

#include "evidence.h"
#include "report.h"

/* So long what is under way between two hops is taken for on its way, and not for stuck. */
enum { ON_ITS_WAY_MS = 3000 };

/* What hinders all executions of a partition: a log that is away, a broker that is not there, or silent. */
void judge_partition(struct report *r, const struct partition_evidence *p, int64_t now_ns);
/* An execution: where each thing that is open of it is. */
void judge_execution(struct report *r, const struct execution_evidence *x);
/* One open work of it. */
void judge_work(struct report *r, const struct execution_evidence *x, const struct work_evidence *w);
/* The hop at which a fact of the execution is that the log does not have: how far the log has its partition.
 */
void hop_in_log(struct report *r, const struct execution_evidence *x, struct finding *f);
/* A task that is with the workers, or was to be. For judge_work(), which has made the finding. */
enum verdict judge_task(struct report *r, const struct execution_evidence *x, const struct work_evidence *w,
                        struct finding *f);

/* ---- an installation: each part of it ------------------------------------------------------------------ */

void judge_part(struct report *r, const struct part_evidence *p);
void judge_stream(struct report *r, const struct stream_evidence *s);
void judge_pool(struct report *r, const struct pool_evidence *p);
/* All partitions, in one finding for each broker that is silent, and for each other trouble. */
void judge_partitions(struct report *r, const struct partition_evidence *partitions, size_t count,
                      int64_t now_ns);
void judge_log(struct report *r, const struct log_evidence *l);
void judge_clocks(struct report *r, const struct clocks_evidence *c);
/* Whether the part of that name answers: "publisher", "render". */
void judge_service(struct report *r, const char *part, bool answers);
void judge_dead_letters(struct report *r, uint64_t count, int64_t last_ns);
/* One that stands still, by what was found of it; nothing if that is no trouble. */
void judge_still(struct report *r, const struct report *of_execution, int64_t id);

bool stream_is_full(const struct stream_evidence *s);

#endif
