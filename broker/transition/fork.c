/*
 * An execution that takes over what another one had come to. All of it is in the request, under "fork", so
 * that this execution's own log is enough:
 *
 *   {"execution_id","at","visit","event_id",                whose it was, and where; for people
 *    "ended":[{"step","data","error"?,"last"}],             steps that had ended, in that order
 *    "open":[{"step","args"?,"started"}],                   visits that were open, in the order of arrival
 *    "any_taken":["step"]?, "variables"?, "signals"?:[{"name","payload"}]}
 *
 * Steps have names there, not numbers: the playbook may be another one. What that has no step for is left out
 * if it had ended, and fails the execution if it was open. Visits count from 1 again, and attempts too.
 */
#include "turn.h"

static enum status cannot_go_on(struct turn *t, struct str what, struct str step)
{
    struct failure why = {
        .kind = STR("fork"),
        .message = arena_printf(t->out->arena, "%" PRISTR "%s%" PRISTR, ARGSTR(what), step.len ? ": " : "",
                                ARGSTR(step)),
    };
    if (!why.message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    return execution_end_failed(t, NULL, &why);
}

static bool is_true(struct value v)
{
    return v.type == VALUE_BOOL && v.u.b;
}

/* ---- what had ended ----------------------------------------------------------------------------------- */

static enum status take_ended(struct turn *t, struct value list)
{
    struct execution *x = t->x;
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len; i++) {
        struct value v = list.u.list[i], data = VALUE_GET(v, "data");
        int32_t step = playbook_find_step(x->playbook, value_as_str(VALUE_GET(v, "step")));
        if (step < 0 || step == x->playbook->end || x->steps[step].has_data)
            continue;
        TRY(execution_keep_data(x, (uint32_t)step, value_is_absent(data) ? value_null() : data,
                                VALUE_GET(v, "error"), t->out->arena, t->err));
        x->steps[step].is_last = is_true(VALUE_GET(v, "last"));
    }
    return STATUS_OK;
}

static enum status take_signals(struct turn *t, struct value list)
{
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len && i < SIGNALS_KEPT; i++) {
        struct value payload = VALUE_GET(list.u.list[i], "payload");
        TRY(signal_keep(t, value_as_str(VALUE_GET(list.u.list[i], "name")),
                        value_is_absent(payload) ? value_null() : payload));
    }
    return STATUS_OK;
}

static enum status take_names(struct turn *t, struct value fork)
{
    struct execution *x = t->x;
    struct value variables = VALUE_GET(fork, "variables"), any = VALUE_GET(fork, "any_taken");
    if (variables.type == VALUE_MAP)
        TRY(value_copy_plain(&x->arena, variables, &x->variables, t->err));
    for (uint32_t i = 0; any.type == VALUE_LIST && i < any.len; i++) {
        int32_t step = playbook_find_step(x->playbook, value_as_str(any.u.list[i]));
        if (step >= 0)
            x->steps[step].any_taken = true;
    }
    return STATUS_OK;
}

/* ---- what was open ------------------------------------------------------------------------------------ */

/* The step that is not there, or "". */
static struct str unknown_step(const struct execution *x, struct value list)
{
    for (uint32_t i = 0; i < list.len; i++) {
        struct str name = value_as_str(VALUE_GET(list.u.list[i], "step"));
        if (playbook_find_step(x->playbook, name) < 0)
            return name.len ? name : STR("one without a name");
    }
    return STR("");
}

/* `end` has one visit. */
static enum status open_one(struct turn *t, struct value entry, struct visit **out)
{
    struct execution *x = t->x;
    struct value args = VALUE_GET(entry, "args");
    uint32_t step = (uint32_t)playbook_find_step(x->playbook, value_as_str(VALUE_GET(entry, "step")));
    bool is_end = (int32_t)step == x->playbook->end;
    bool joins = (is_end || x->playbook->steps[step].join == JOIN_ALL) && !visit_gathering(x, step);
    *out = NULL;
    if (is_end && x->steps[step].open_visits > 0)
        return STATUS_OK;
    TRY(visit_open(x, step, out, t->err));
    (*out)->joins = joins;
    return args.type == VALUE_MAP ? value_copy_plain(&x->arena, args, &(*out)->args, t->err) : STATUS_OK;
}

/* Those that had started do not wait at their gates again: what came behind them does not hold them up. */
static enum status open_all(struct turn *t, struct value list)
{
    struct visit **visits = ARENA_ARRAY(t->out->arena, struct visit *, list.len);
    if (!visits)
        return arena_error(t->out->arena, t->err, "the visits of an execution");
    for (uint32_t i = 0; i < list.len; i++)
        TRY(open_one(t, list.u.list[i], &visits[i]));
    for (uint32_t i = 0; i < list.len && !execution_is_over(t->x); i++) {
        if (visits[i] && is_true(VALUE_GET(list.u.list[i], "started")))
            TRY(step_start(t, visits[i]));
    }
    return STATUS_OK;
}

enum status fork_begin(struct turn *t, struct value fork)
{
    struct value open = VALUE_GET(fork, "open");
    if (open.type != VALUE_LIST || open.len == 0)
        return cannot_go_on(t, STR("the fork says of no step that it was open"), STR(""));
    struct str unknown = unknown_step(t->x, open);
    if (unknown.len)
        return cannot_go_on(t, STR("a step that was open where it was forked is not in the playbook"),
                            unknown);
    TRY(take_ended(t, VALUE_GET(fork, "ended")));
    TRY(take_names(t, fork));
    TRY(take_signals(t, VALUE_GET(fork, "signals")));
    return open_all(t, open);
}
