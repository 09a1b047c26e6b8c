/* What a step or an item's task does: its attempts, one after the other. */
#include "reference_run.h"

bool reference_is_work(const struct action *a)
{
    return step_type_is_tool(a->type) || a->type == STEP_ITERATOR || a->type == STEP_PLAYBOOK ||
           a->type == STEP_PLAYBOOKS || a->type == STEP_SIGNAL;
}

enum status reference_args(struct run *r, const struct job *j, struct value *out, struct outcome *o)
{
    struct value own;
    TRY(reference_render(r, j->action->args, j->edge_args, j->around, &own, o));
    return o->failed ? STATUS_OK : reference_merge(r, own, j->edge_args, out);
}

/* assert.expects: own args first, then what the execution knows. */
static enum status check_expects(struct run *r, const struct job *j, struct value args, struct outcome *o)
{
    const struct assertion *a = j->action->assertion;
    for (uint32_t i = 0; a && !o->failed && i < a->expect_count; i++) {
        bool there;
        TRY(reference_is_there(r, a->expects[i], args, &there));
        if (!there)
            TRY(reference_error(r, "assert", "something is missing", o));
    }
    return STATUS_OK;
}

/* assert.returns: of a success without it, an error. */
static enum status check_returns(struct run *r, const struct job *j, struct outcome *o)
{
    const struct assertion *a = j->action->assertion;
    struct value names;
    if (o->failed || !a)
        return STATUS_OK;
    TRY(reference_outcome_names(r, o, NULL, &names));
    for (uint32_t i = 0; i < a->return_count && !o->failed; i++) {
        if (value_is_absent(value_get_path(names, a->returns[i])))
            TRY(reference_error(r, "assert", "something is missing", o));
    }
    if (o->failed && step_type_is_tool(j->action->type))
        o->data = value_null(); /* so the simulation's workers have it */
    return STATUS_OK;
}

/* ---- one attempt --------------------------------------------------------------------------------------- */

static bool is_of(struct str text, const struct task_id *id)
{
    char own[TASK_ID_TEXT];
    size_t len = task_id_format(id, own);
    return str_equal(text, (struct str){own, len});
}

static const struct given *given(const struct run *r, const struct task_id *id)
{
    for (uint32_t i = 0; i < r->request->given_count; i++) {
        if (is_of(r->request->given[i].task_id, id))
            return &r->request->given[i];
    }
    return NULL;
}

static bool is_among(const struct str *ids, uint32_t count, const struct task_id *id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_of(ids[i], id))
            return true;
    }
    return false;
}

static void take_given(const struct given *g, struct outcome *o)
{
    o->failed = g->failed;
    o->data = g->data;
    o->error = g->error;
}

/* Which playbooks there are is given; then it is an iterator over them. */
static enum status run_playbooks(struct run *r, struct job *j, struct value args, struct outcome *o)
{
    const struct given *g = given(r, &j->id);
    if (!g)
        o->stands = true;
    else if (g->failed)
        take_given(g, o);
    else if (g->data.len == 0)
        return reference_error(r, "not_found", "there is none", o);
    else
        return reference_loop(r, j, args, g->data, o);
    return STATUS_OK;
}

static enum status run_tool(struct run *r, const struct job *j, struct value args, struct outcome *o)
{
    const struct given *g = given(r, &j->id);
    struct str step = r->playbook->steps[j->id.step].name;
    if (g) {
        take_given(g, o);
        return STATUS_OK;
    }
    struct answer answer = nature_answer(r->request->nature, step, &j->id, args, r->a);
    o->failed = !answer.success;
    o->data = value_is_absent(answer.data) ? value_null() : answer.data;
    o->error = answer.error;
    return STATUS_OK;
}

/* A detached one goes on with where to look for it; the id has no meaning here. */
static enum status run_playbook(struct run *r, const struct job *j, struct outcome *o)
{
    const struct given *g = given(r, &j->id);
    struct map_builder m;
    struct value path, wait;
    TRY(reference_render(r, j->action->call->wait, ABSENT, j->around, &wait, o));
    TRY(reference_render(r, j->action->call->path, ABSENT, j->around, &path, o));
    if (o->failed)
        return STATUS_OK;
    if (!value_is_absent(wait) && !condition_is_true(wait)) {
        map_begin(&m, r->a);
        map_put(&m, STR("execution_id"), value_text("?"));
        map_put(&m, STR("path"), path);
        return map_end(&m, &o->data, r->err);
    }
    if (g)
        take_given(g, o);
    else
        o->stands = true;
    return STATUS_OK;
}

/* Names say what comes: the simulation sends those that begin with "go". */
static enum status run_signal(struct run *r, const struct job *j, struct outcome *o)
{
    struct value name;
    TRY(reference_render(r, j->action->signal, ABSENT, j->around, &name, o));
    if (o->failed)
        return STATUS_OK;
    if (str_starts_with(value_as_str(name), STR("go")))
        o->data = nature_signal(r->request->nature->seed, value_as_str(name), r->a);
    else if (j->action->timeout_ms)
        return reference_error(r, "timeout", "it did not come", o);
    else
        o->stands = true;
    return STATUS_OK;
}

static enum status run_once(struct run *r, struct job *j, struct value args, struct value items,
                            struct outcome *o)
{
    switch ((int)j->action->type) {
    case STEP_ITERATOR: return reference_loop(r, j, args, items, o);
    case STEP_PLAYBOOK: return run_playbook(r, j, o);
    case STEP_PLAYBOOKS: return run_playbooks(r, j, args, o);
    case STEP_SIGNAL: return run_signal(r, j, o);
    default: return run_tool(r, j, args, o);
    }
}

/* ---- all attempts ------------------------------------------------------------------------------------- */

/* Whether there is another attempt; a success by decree clears the failure. */
static enum status judge(struct run *r, const struct job *j, struct outcome *o, bool *again)
{
    const struct retry_policy *p = j->action->retry;
    struct value names;
    bool stop = false, wanted = o->failed;
    struct outcome conditions = {.failed = false};
    *again = false;
    if (!p)
        return STATUS_OK;
    TRY(reference_outcome_names(r, o, p, &names));
    if (p->stop_when)
        TRY(reference_holds(r, p->stop_when, names, j->around, &stop, &conditions));
    if (p->retry_when && !stop)
        TRY(reference_holds(r, p->retry_when, names, j->around, &wanted, &conditions));
    if (conditions.failed) {
        o->failed = true;
        o->error = conditions.error;
    } else if (stop) {
        o->failed = false;
    } else {
        *again = wanted && o->attempt < p->max_attempts;
    }
    return STATUS_OK;
}

static enum status save(struct run *r, const struct job *j, struct outcome *o)
{
    struct value names, v, saved = ABSENT;
    struct outcome trial = {.failed = false};
    TRY(reference_outcome_names(r, o, j->action->retry, &names));
    for (uint32_t i = 0; i < j->action->save_count && !trial.failed; i++) {
        const struct save_entry *s = &j->action->saves[i];
        struct map_builder m;
        TRY(reference_render(r, s->data, names, j->around, &v, &trial));
        if (trial.failed || s->target != SAVE_VARIABLE)
            continue;
        map_begin(&m, r->a);
        map_put(&m, s->name, v);
        TRY(map_end(&m, &v, r->err));
        TRY(reference_merge(r, saved, v, &saved));
    }
    if (trial.failed) {
        o->failed = true;
        o->error = trial.error;
        return STATUS_OK;
    }
    return reference_merge(r, r->variables, saved, &r->variables);
}

/* Whether the choice of what comes next may fail. */
static bool may_fail_behind(const struct run *r, const struct job *j)
{
    const struct step *s = &r->playbook->steps[j->id.step];
    return j->id.depth == 0 && s->edge_count > 0;
}

/* The next attempt begins: it counts, and it has the id that the engine must give it. */
static void begin(struct job *j)
{
    j->id.places[j->id.depth].attempt++;
    if (j->id.depth)
        j->visit->iterations++;
    else
        j->visit->attempts++;
}

enum status reference_work(struct run *r, struct job *j, struct outcome *o)
{
    struct value args, items = ABSENT;
    uint32_t budget = 0;
    for (;;) {
        bool again;
        *o = (struct outcome){.data = value_null(), .attempt = budget};
        TRY(reference_args(r, j, &args, o));
        TRY(check_expects(r, j, args, o));
        if (j->action->type == STEP_ITERATOR && !o->failed)
            TRY(reference_items(r, j, args, &items, o));
        if (o->failed)
            return STATUS_OK;
        if (j->id.depth == 0)
            j->visit->args = args;
        begin(j);
        o->attempt = ++budget;
        TRY(run_once(r, j, args, items, o));
        if (is_among(r->request->skipped, r->request->skipped_count, &j->id)) {
            budget = 0; /* whatever became of it, lost ones too: what comes begins anew */
            j->visit->inexact = true;
            j->visit->may_have_result = j->visit->may_have_result || (may_fail_behind(r, j) && !o->failed);
            continue;
        }
        if (is_among(r->request->lost, r->request->lost_count, &j->id)) {
            budget--; /* for no retry does it count */
            continue;
        }
        if (o->stands)
            return STATUS_OK;
        TRY(check_returns(r, j, o));
        TRY(judge(r, j, o, &again));
        if (!again)
            break;
    }
    return o->failed ? STATUS_OK : save(r, j, o);
}
