/*
 * Looks at an execution, or at a whole installation: asks NATS, the log, brokers and workers what they have,
 * has it judged (verdict/judge.h), and repairs what is safe to repair. What cannot be looked at is a finding
 * too, and the rest is looked at all the same.
 *
 * Nothing here is a fact of an execution or a decision about it, and nothing is changed but by
 * doctor_repair().
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include "eventlog/eventlog.h"
#include "publisher/topology.h"
#include "bus/bus.h"
#include "transition/playbook_cache.h"
#include "verdict/report.h"

struct doctor_options {
    struct bus *bus;
    const struct settings *settings;
    const char *log_url; /* of Postgres; "": it is not known */
};

struct doctor {
    struct bus *bus;
    const struct settings *settings;
    struct subjects subjects;
    struct topology_options topology;
    struct eventlog *log; /* NULL: not known */
    struct error log_trouble;
    struct playbook_cache *playbooks;
};

/* To be closed whatever is returned. */
enum status doctor_open(const struct doctor_options *options, struct doctor *out,
                        struct error *err) MUST_CHECK;
void doctor_close(struct doctor *d);

/*
 * Follows each open step of an execution, and of those that it called, to where it is. Findings go to `r`,
 * whose arena holds them.
 */
enum status doctor_execution(struct doctor *d, int64_t execution_id, struct report *r,
                             struct error *err) MUST_CHECK;
/* All that carries executions, and which of them have stood still for `still_ms`. */
enum status doctor_installation(struct doctor *d, int64_t still_ms, struct report *r,
                                struct error *err) MUST_CHECK;

/* What was done about one finding, or why nothing was. */
struct repair_note {
    const struct finding *finding;
    bool done;
    struct str text;
};
/*
 * Does what is safe about each finding that has a repair (verdict.def): makes what is missing by the code of
 * `noetl setup`, and looks at executions as a broker's reconciler does. Doing it twice, or beside a broker
 * that does the same, changes nothing. One that fails is a note too. Notes in the report's arena.
 */
enum status doctor_repair(struct doctor *d, struct report *r, struct repair_note **notes, size_t *count,
                          struct error *err) MUST_CHECK;

#endif
