#include <inttypes.h>

#include "core/buf.h"
#include "judge.h"

static struct finding *of_execution(struct report *r, const struct execution_evidence *x, enum verdict v)
{
    struct finding *f = report_add(r, v);
    f->execution_id = x->id;
    f->depth = x->depth;
    f->since_ns = x->last_event_ns;
    return f;
}

/* ---- one that the log does not have ---------------------------------------------------------------------
 */

static void unknown(struct report *r, const struct execution_evidence *x)
{
    struct finding *f = of_execution(r, x, VERDICT_UNKNOWN);
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < x->near_count; i++)
        buf_printf(&b, "%s%" PRId64, i == 0 ? "" : i + 1 == x->near_count ? " or " : ", ", x->near[i]);
    f->text =
        x->partition.log == SIGHT_THERE
            ? REPORT_TEXT(r, "Neither the log nor %" PRISTR " has an execution %" PRId64 ".",
                          ARGSTR(x->events_stream), x->id)
            : REPORT_TEXT(r, "%" PRISTR " has no execution %" PRId64 ", and the log could not be asked.",
                          ARGSTR(x->events_stream), x->id);
    f->advice = x->near_count > 0 ? REPORT_TEXT(r, "Is it %" PRISTR "?", ARGSTR(buf_str(&b)))
                                  : STR("`noetl list` shows the executions that there are.");
    buf_free(&b);
}

static void only_requested(struct report *r, const struct execution_evidence *x)
{
    bool is_read = x->partition.log == SIGHT_THERE && x->partition.committed >= x->request_sequence;
    struct finding *f = of_execution(r, x, is_read ? VERDICT_REQUEST_LOST : VERDICT_FACT_UNREAD);
    f->since_ns = x->request_ns;
    finding_hop(
        f, "request", HOP_PASSED,
        REPORT_TEXT(r, "sequence %" PRIu64 " of %" PRISTR, x->request_sequence, ARGSTR(x->events_stream)),
        x->request_ns);
    hop_in_log(r, x, f);
    if (is_read) {
        f->text = STR("A broker has read past its request and put nothing of it into the log: it took it for "
                      "a repetition, or "
                      "could not read it; its log says which.");
        f->advice = STR("noetl run it again");
    } else {
        f->text = x->partition.log == SIGHT_THERE
                      ? STR("It was asked for, and no broker has put anything of it into the log yet.")
                      : STR("It was asked for; how far it has come is in the log, which could not be asked.");
    }
}

/* ---- one that is not over --------------------------------------------------------------------------------
 */

static bool is_of_a_work(const struct execution_evidence *x, const struct unread_fact *u)
{
    for (size_t i = 0; i < x->work_count && u->task_id.len > 0; i++) {
        const struct open_work *w = x->works[i].work;
        if (str_equal(u->task_id, w->task_id) || (w->timer_id.len > 0 && str_equal(u->task_id, w->timer_id)))
            return true;
    }
    return false;
}

static void judge_unread(struct report *r, const struct execution_evidence *x)
{
    for (size_t i = 0; i < x->unread_count; i++) {
        const struct unread_fact *u = &x->unread[i];
        if (is_of_a_work(x, u))
            continue;
        struct finding *f = of_execution(r, x, VERDICT_FACT_UNREAD);
        f->since_ns = u->time_ns;
        f->text = REPORT_TEXT(r,
                              "%s is in %" PRISTR " at sequence %" PRIu64
                              ", and the log has partition %u up to %" PRIu64 ".",
                              event_type_name(u->type), ARGSTR(x->events_stream), u->sequence,
                              x->partition.partition, x->partition.committed);
    }
}

static void judge_join(struct report *r, const struct execution_evidence *x, const struct open_join *join)
{
    struct buf b;
    struct finding *f = of_execution(r, x, VERDICT_JOIN_WAITS);
    f->step = join->step;
    f->visit = join->visit;
    f->subject = REPORT_TEXT(r, "step %" PRISTR, ARGSTR(join->step));
    buf_init(&b, 0);
    for (size_t i = 0; i < join->arm_count; i++)
        buf_printf(&b, "%s%" PRISTR,
                   i == 0                     ? ""
                   : i + 1 == join->arm_count ? " and "
                                              : ", ",
                   ARGSTR(join->arms[i]));
    finding_hop(f, "gate", HOP_HERE, REPORT_TEXT(r, "waits for %" PRISTR, ARGSTR(buf_str(&b))), 0);
    f->text = REPORT_TEXT(
        r, "It was reached, and starts when nothing can come to it any more: %" PRISTR " %s open.",
        ARGSTR(buf_str(&b)), join->arm_count == 1 ? "is still" : "are still");
    buf_free(&b);
}

static void paused(struct report *r, const struct execution_evidence *x)
{
    struct finding *f = of_execution(r, x, VERDICT_PAUSED);
    f->text = STR("It is paused: what runs goes on to its end, and nothing more is started.");
    f->advice = REPORT_TEXT(r, "noetl resume %" PRId64, x->id);
}

static void nothing_open(struct report *r, const struct execution_evidence *x)
{
    struct finding *f = of_execution(r, x, VERDICT_NOTHING_OPEN);
    f->text = STR("It is not over, and nothing of it is open that could bring it on. That cannot be: a bug "
                  "of this program.");
    f->advice = REPORT_TEXT(
        r, "Report it with `noetl export %" PRId64 "`; `noetl cancel %" PRId64 "` ends it.", x->id, x->id);
}

static void judge_open(struct report *r, const struct execution_evidence *x)
{
    if (x->paused)
        paused(r, x);
    judge_unread(r, x);
    for (size_t i = 0; i < x->work_count; i++)
        judge_work(r, x, &x->works[i]);
    for (size_t i = 0; i < x->join_count && !x->paused; i++)
        judge_join(r, x, &x->joins[i]);
    if (!x->paused && x->unread_count == 0 && x->work_count == 0 && x->join_count == 0)
        nothing_open(r, x);
}

void judge_execution(struct report *r, const struct execution_evidence *x)
{
    if (x->imported) {
        struct finding *f = of_execution(r, x, VERDICT_IMPORTED);
        f->text = STR("It was imported from a file, as history: brokers let it be, whatever it was at.");
        f->advice = REPORT_TEXT(r, "noetl show %" PRId64, x->id);
        return;
    }
    bool is_known = x->events > 0 || x->request_sequence > 0;
    if (x->final.len > 0 && x->unread_count == 0) {
        struct finding *f = of_execution(r, x, VERDICT_OVER);
        f->text = REPORT_TEXT(r, "It is over: the log has its %" PRISTR ".", ARGSTR(x->final));
        f->advice = REPORT_TEXT(r, "noetl show %" PRId64, x->id);
        return;
    }
    if (is_known || x->partition.log != SIGHT_THERE)
        judge_partition(r, &x->partition, x->now_ns);
    if (!is_known) {
        unknown(r, x);
    } else if (x->events == 0) {
        only_requested(r, x);
    } else if (x->unfoldable.len > 0) {
        struct finding *f = of_execution(r, x, VERDICT_UNFOLDABLE);
        f->text = REPORT_TEXT(r, "Its events cannot be evaluated: %" PRISTR ".", ARGSTR(x->unfoldable));
        f->advice = REPORT_TEXT(r, "noetl replay %" PRId64 " --check", x->id);
    } else {
        judge_open(r, x);
    }
}
