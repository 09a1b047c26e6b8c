/* What a step says in SQL, whatever database runs it: its commands and what is bound to them. No I/O. */
#ifndef WORKER_TOOLS_SQL_SCRIPT_H
#define WORKER_TOOLS_SQL_SCRIPT_H

#include "sql.h"
#include "worker/tool.h"

struct sql_script {
    struct sql_statement *statements;
    uint32_t count;
};

/* From `command`, text or a list of texts (or `commands`, `sql`, `query`). STATUS_INVALID if there is none.
 */
enum status sql_script_read(struct sql_script *s, const struct task *task, struct arena *a,
                            struct error *err) MUST_CHECK;
/* Whether its statements share a transaction that is not theirs: several, which do not begin with BEGIN,
 * unless `autocommit` is true. */
bool sql_script_is_one_transaction(const struct sql_script *s, const struct task *task);

/* A map gives the :names, a list $1, $2, … of every statement. Without `params`, names are looked for in the
 * args. */
struct sql_parameters {
    struct value given; /* a map or a list; absent: none */
    bool optional;      /* names that are not there stay as they are */
};

enum status sql_parameters_read(struct sql_parameters *p, const struct task *task,
                                struct error *err) MUST_CHECK;
/* The statement with $1, $2, … and their values. STATUS_UNDEFINED for one that is not given. */
enum status sql_parameters_bind(struct sql_parameters *p, const struct sql_statement *statement,
                                struct arena *a, struct sql_bound *bound, struct value **values,
                                struct error *err) MUST_CHECK;

/* An entry of `save` with a `statement`, as a step: the parameters are `params`, or what is to be saved. */
enum status sql_statement_of_save(const struct task *save, struct value data, struct arena *a,
                                  struct task *out, struct error *err) MUST_CHECK;

#endif
