#include "heard_end.h"

#include "inquiry.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "task_log.h"

enum {
    ASK_MS = 5000,     /* for so long brokers are asked, and */
    SILENT_MS = 30000, /* not of the same execution again for so long, where they do not answer */
};

static bool is_unanswered(const struct unanswered *u, int64_t execution_id)
{
    return atomic_load(&u->execution_id) == execution_id && mono_now().ns < atomic_load(&u->until_ns);
}

static void set_unanswered(struct unanswered *u, int64_t execution_id)
{
    atomic_store(&u->until_ns, mono_now().ns + SILENT_MS * INT64_C(1000000));
    atomic_store(&u->execution_id, execution_id);
}

static enum status ask(struct station *st, const struct task *task, const struct patience *patience,
                       bool *ended)
{
    struct error err = {0};
    struct mono_time begin = mono_now();
    enum status said;
    do {
        said = attempt_has_ended(st->bus, st->subjects, task, ended, &err);
    } while (mono_ms_since(begin) < ASK_MS && patience_tries_again(patience, said));
    return said;
}

enum heard_end heard_end_see(struct station *st, struct lease *l, const struct task *task,
                             const struct patience *patience)
{
    bool ended;
    if (!lease_has_heard_end(st->keeper, l))
        return HEARD_END_NONE;
    if (is_unanswered(&st->unanswered, task->execution_id))
        return HEARD_END_STANDS;
    if (ask(st, task, patience, &ended) != STATUS_OK) {
        if (patience_is_over(patience))
            return HEARD_END_UNSAID;
        set_unanswered(&st->unanswered, task->execution_id);
        return HEARD_END_STANDS;
    }
    if (ended)
        return HEARD_END_STANDS;
    LOG(LOG_INFO, "a task is waited for although its end was heard: the log has lost that", LOG_TASK(task));
    lease_forget_end(st->keeper, l);
    return HEARD_END_NONE;
}
