#include "document.h"

#include "core/id.h"
#include "core/step_progress.h"

/* One visit of a step. */
struct visit {
    int64_t started_ns; /* 0: not yet */
    bool open;
    struct step_progress progress;
};

struct step {
    struct str name, type;
    struct visit *visits; /* by number - 1 */
    uint32_t visit_count;
    uint32_t open; /* visits that started and did not end */
    uint32_t runs;
    int64_t started_ns, ended_ns; /* the first start, the last end */
    int64_t duration_ns;
    const char *last_end; /* how the last visit that ended did */
    struct value error, next;
    uint32_t newest; /* visit that an event came of last, from 0 */
};

struct execution {
    struct arena *arena;
    struct step *steps;
    size_t step_count;
    const struct event *requested, *started;
    const struct event *ended; /* NULL again when it was retried */
    bool paused;
};

/* ---- folding ------------------------------------------------------------------------------------------ */

static bool is_of_step(enum event_type type)
{
    switch (type) {
    case EVENT_STEP_STARTED:
    case EVENT_ACTION_COMPLETED:
    case EVENT_ACTION_ERROR:
    case EVENT_ACTION_LOST:
    case EVENT_STEP_RETRIED:
    case EVENT_ITERATION_STARTED:
    case EVENT_ITERATION_SAVED:
    case EVENT_TASKS_WITHDRAWN:
    case EVENT_CHILD_COMPLETED:
    case EVENT_CHILD_FAILED:
    case EVENT_PLAYBOOKS_LISTED:
    case EVENT_STEP_COMPLETED:
    case EVENT_STEP_SKIPPED:
    case EVENT_STEP_FAILED: return true;
    case EVENT_EXECUTION_REQUESTED:
    case EVENT_EXECUTION_START:
    case EVENT_CANCEL_REQUESTED:
    case EVENT_PAUSE_REQUESTED:
    case EVENT_RESUME_REQUESTED:
    case EVENT_RETRY_REQUESTED:
    case EVENT_SIGNAL_RECEIVED:
    case EVENT_TIMER_FIRED:
    case EVENT_EXECUTION_PAUSED:
    case EVENT_EXECUTION_RESUMED:
    case EVENT_EXECUTION_RETRIED:
    case EVENT_EXECUTION_COMPLETE:
    case EVENT_EXECUTION_FAILED:
    case EVENT_EXECUTION_CANCELLED:
    case EVENT_COUNT: break;
    }
    return false;
}

/* There is room for as many steps as there are events. */
static struct step *step_of(struct execution *x, const struct event *e)
{
    for (size_t i = 0; i < x->step_count; i++)
        if (str_equal(x->steps[i].name, e->node_name))
            return &x->steps[i];
    struct step *step = &x->steps[x->step_count++];
    *step = (struct step){.name = e->node_name, .type = e->node_type, .started_ns = e->time_ns};
    return step;
}

/* NULL: no memory. */
static struct visit *visit_of(struct execution *x, struct step *step, uint32_t number)
{
    uint32_t at = number > 0 ? number - 1 : 0;
    if (at >= step->visit_count) {
        uint32_t larger = step->visit_count * 2 > at ? step->visit_count * 2 : at + 1;
        struct visit *visits = ARENA_ARRAY(x->arena, struct visit, larger);
        if (!visits)
            return NULL;
        if (step->visit_count > 0)
            memcpy(visits, step->visits, step->visit_count * sizeof *visits);
        step->visits = visits;
        step->visit_count = larger;
    }
    return &step->visits[at];
}

/* Also once more, when an execution that had failed is retried. */
static void visit_started(struct step *step, struct visit *visit, const struct event *e)
{
    if (visit->open)
        return;
    if (visit->started_ns != 0)
        step->error = (struct value){0};
    visit->started_ns = e->time_ns;
    visit->open = true;
    step->open++;
}

static void visit_ended(struct step *step, struct visit *visit, const struct event *e)
{
    if (visit->open)
        step->open--;
    visit->open = false;
    if (visit->started_ns != 0)
        step->duration_ns += e->time_ns - visit->started_ns;
    if (e->type != EVENT_STEP_SKIPPED)
        step->runs++;
    step->ended_ns = e->time_ns;
    step->last_end = e->type == EVENT_STEP_COMPLETED ? "completed"
                     : e->type == EVENT_STEP_FAILED  ? "failed"
                                                     : "skipped";
    step->next = VALUE_GET(e->context, "next");
    step->error = e->type == EVENT_STEP_FAILED ? VALUE_GET(e->context, "error") : (struct value){0};
}

/* The facts of children name their playbook, not the step; NULL: of none. */
static struct step *step_of_child(struct execution *x, const struct event *e)
{
    for (size_t i = 0; i < x->step_count; i++) {
        struct step *step = &x->steps[i];
        for (uint32_t v = 0; v < step->visit_count; v++)
            if (step_progress_is_of(&step->visits[v].progress, e))
                return step;
    }
    return NULL;
}

static enum status fold_step(struct execution *x, const struct event *e, struct error *err)
{
    bool of_child = e->type == EVENT_CHILD_COMPLETED || e->type == EVENT_CHILD_FAILED;
    struct step *step = of_child ? step_of_child(x, e) : step_of(x, e);
    if (!step)
        return STATUS_OK;
    struct visit *visit = visit_of(x, step, e->visit);
    if (!visit)
        return arena_error(x->arena, err, "the document of an execution");
    step->newest = e->visit > 0 ? e->visit - 1 : 0;
    TRY(step_progress_add(&visit->progress, e, x->arena, err));
    if (e->type == EVENT_STEP_STARTED)
        visit_started(step, visit, e);
    else if (e->type == EVENT_STEP_COMPLETED || e->type == EVENT_STEP_SKIPPED || e->type == EVENT_STEP_FAILED)
        visit_ended(step, visit, e);
    return STATUS_OK;
}

/* What was open when the execution ended begins anew with its next attempt. */
static void reopen(struct execution *x)
{
    x->ended = NULL;
    for (size_t i = 0; i < x->step_count; i++) {
        struct step *step = &x->steps[i];
        for (uint32_t v = 0; v < step->visit_count; v++)
            step->visits[v].open = false;
        step->open = 0;
    }
}

static void fold_life(struct execution *x, const struct event *e)
{
    if (e->type == EVENT_EXECUTION_REQUESTED && !x->requested)
        x->requested = e;
    else if (e->type == EVENT_EXECUTION_START && !x->started)
        x->started = e;
    else if (event_type_is_final(e->type))
        x->ended = e;
    else if (e->type == EVENT_EXECUTION_RETRIED)
        reopen(x);
    if (e->type == EVENT_EXECUTION_PAUSED)
        x->paused = true;
    else if (e->type == EVENT_EXECUTION_RESUMED || event_type_is_final(e->type))
        x->paused = false;
}

static enum status fold(struct execution *x, const struct event *e, struct error *err)
{
    if (is_of_step(e->type))
        return fold_step(x, e, err);
    fold_life(x, e);
    return STATUS_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

struct value document_time(struct arena *a, int64_t time_ns)
{
    if (time_ns == 0)
        return value_null();
    char text[32];
    time_format(time_ns, text);
    const char *copy = arena_strdup(a, str_of(text));
    return copy ? value_text(copy) : (struct value){0};
}

struct value document_id(struct arena *a, int64_t execution_id)
{
    char text[ID_TEXT];
    id_format(execution_id, text);
    const char *copy = arena_strdup(a, str_of(text));
    return copy ? value_text(copy) : (struct value){0};
}

/* An absent value stands for no memory, and fails the map. */
static void put_made(struct map_builder *m, struct str key, struct value v)
{
    if (value_is_absent(v))
        m->failed = true;
    else
        map_put(m, key, v);
}

static void put_if(struct map_builder *m, struct str key, struct value v)
{
    if (!value_is_absent(v))
        map_put(m, key, v);
}

static struct value value_or_null(struct value v)
{
    return value_is_absent(v) ? value_null() : v;
}

static uint32_t attempts_of(const struct step *step)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < step->visit_count; i++)
        sum += step->visits[i].progress.attempts;
    return sum;
}

static const char *status_of_step(const struct execution *x, const struct step *step)
{
    /* One that was seen only by a worker's report is as open as one that was started. */
    if (step->open == 0 && step->last_end)
        return step->last_end;
    return x->ended ? "cancelled" : "running";
}

/* An iterator's newest attempt. */
static enum status put_items(struct execution *x, const struct step_progress *p, struct map_builder *to,
                             struct error *err)
{
    struct map_builder m;
    struct value items;
    if (p->items == 0)
        return STATUS_OK;
    map_begin(&m, x->arena);
    map_put(&m, STR("count"), value_int(p->items));
    map_put(&m, STR("done"), value_int(p->items_done));
    TRY(map_end(&m, &items, err));
    map_put(to, STR("items"), items);
    return STATUS_OK;
}

/* What an open visit waits for, if that is not a worker. */
static enum status put_waits(struct execution *x, const struct step_progress *p, struct map_builder *to,
                             struct error *err)
{
    static const struct str retry[] = {STR("attempt"), STR("max_attempts"), STR("due_at"), STR("because")};
    static const struct str signal[] = {STR("name"), STR("due_at")};
    bool retries = !value_is_absent(p->retried), signals = str_is(step_progress_kind(p), "signal");
    const struct str *names = retries ? retry : signal;
    struct map_builder m;
    struct value waits;
    if (!retries && !signals)
        return STATUS_OK;
    map_begin(&m, x->arena);
    map_put(&m, STR("for"), value_text(retries ? "retry" : "signal"));
    for (size_t i = 0; i < (retries ? sizeof retry : sizeof signal) / sizeof *names; i++)
        put_if(&m, names[i], value_get(retries ? p->retried : p->started, names[i]));
    TRY(map_end(&m, &waits, err));
    map_put(to, STR("waits"), waits);
    return STATUS_OK;
}

static enum status put_progress(struct execution *x, const struct step *step, struct map_builder *m,
                                struct error *err)
{
    if (step->visit_count == 0)
        return STATUS_OK;
    const struct visit *visit = &step->visits[step->newest];
    TRY(put_items(x, &visit->progress, m, err));
    if (str_is(step_progress_kind(&visit->progress), "playbook"))
        put_if(m, STR("child"), VALUE_GET(visit->progress.started, "child"));
    return visit->open && !x->ended ? put_waits(x, &visit->progress, m, err) : STATUS_OK;
}

static enum status step_value(struct execution *x, const struct step *step, struct value *out,
                              struct error *err)
{
    struct map_builder m;
    map_begin(&m, x->arena);
    map_put(&m, STR("step"), value_str(step->name));
    map_put(&m, STR("type"), value_str(step->type));
    map_put(&m, STR("status"), value_text(status_of_step(x, step)));
    map_put(&m, STR("runs"), value_int(step->runs));
    map_put(&m, STR("attempts"), value_int(attempts_of(step)));
    put_made(&m, STR("started_at"), document_time(x->arena, step->started_ns));
    put_made(&m, STR("ended_at"), document_time(x->arena, step->open == 0 ? step->ended_ns : 0));
    map_put(&m, STR("duration_ms"), step->last_end ? value_int(step->duration_ns / 1000000) : value_null());
    TRY(put_progress(x, step, &m, err));
    put_if(&m, STR("error"), step->error);
    put_if(&m, STR("next"), step->next);
    return map_end(&m, out, err);
}

static enum status steps_value(struct execution *x, struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, x->arena);
    for (size_t i = 0; i < x->step_count; i++) {
        struct value v;
        TRY(step_value(x, &x->steps[i], &v, err));
        list_add(&list, v);
    }
    return list_end(&list, out, err);
}

static const char *status_of(const struct execution *x)
{
    if (!x->ended && x->paused)
        return "paused";
    if (!x->ended)
        return x->started ? "running" : "requested";
    if (x->ended->type == EVENT_EXECUTION_COMPLETE)
        return "completed";
    return x->ended->type == EVENT_EXECUTION_FAILED ? "failed" : "cancelled";
}

/* Null, or all four members and what else the broker said. */
static enum status error_value(struct execution *x, struct value *out, struct error *err)
{
    *out = value_null();
    if (!x->ended || x->ended->type == EVENT_EXECUTION_COMPLETE)
        return STATUS_OK;
    bool cancelled = x->ended->type == EVENT_EXECUTION_CANCELLED;
    struct map_builder m;
    map_begin(&m, x->arena);
    map_put(&m, STR("step"), value_null());
    map_put(&m, STR("attempt"), value_null());
    map_put(&m, STR("kind"), value_text(status_name(cancelled ? STATUS_CANCELLED : STATUS_FAILED)));
    map_put(&m, STR("message"), value_str(x->ended->error));
    struct value said = VALUE_GET(x->ended->context, "error");
    if (said.type == VALUE_MAP)
        map_put_all(&m, said);
    return map_end(&m, out, err);
}

/* Where it was forked from; absent if it was not. What it took over from there stands in its request. */
static enum status fork_value(struct arena *a, struct value fork, struct value *out, struct error *err)
{
    static const char *const members[] = {"execution_id", "at", "visit", "event_id"};
    struct map_builder m;
    *out = (struct value){0};
    if (fork.type != VALUE_MAP)
        return STATUS_OK;
    map_begin(&m, a);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        map_put(&m, str_of(members[i]), value_or_null(value_get(fork, str_of(members[i]))));
    return map_end(&m, out, err);
}

static enum status execution_value(struct execution *x, const struct event *first, struct value *out,
                                   struct error *err)
{
    struct value error, steps, fork;
    TRY(error_value(x, &error, err));
    TRY(steps_value(x, &steps, err));
    const struct event *requested = x->requested ? x->requested : first;
    struct value path = VALUE_GET(requested->context, "path");
    TRY(fork_value(x->arena, VALUE_GET(requested->context, "fork"), &fork, err));
    int64_t started_ns = x->started ? x->started->time_ns : 0;
    int64_t ended_ns = x->ended ? x->ended->time_ns : 0;
    /* One that failed before it could start took no time. */
    int64_t duration_ns = started_ns != 0 ? ended_ns - started_ns : 0;

    struct map_builder m;
    map_begin(&m, x->arena);
    put_made(&m, STR("execution_id"), document_id(x->arena, first->execution_id));
    map_put(&m, STR("path"), value_is_absent(path) ? value_str(requested->node_name) : path);
    map_put(&m, STR("version"), value_or_null(VALUE_GET(requested->context, "version")));
    map_put(&m, STR("status"), value_text(status_of(x)));
    map_put(&m, STR("result"), value_or_null(x->ended ? x->ended->result : (struct value){0}));
    map_put(&m, STR("error"), error);
    put_made(&m, STR("requested_at"), document_time(x->arena, requested->time_ns));
    put_made(&m, STR("started_at"), document_time(x->arena, started_ns));
    put_made(&m, STR("ended_at"), document_time(x->arena, ended_ns));
    map_put(&m, STR("duration_ms"), x->ended ? value_int(duration_ns / 1000000) : value_null());
    if (!value_is_absent(fork))
        map_put(&m, STR("forked_from"), fork);
    map_put(&m, STR("steps"), steps);
    return map_end(&m, out, err);
}

enum status document_build(struct arena *a, const struct event *events, size_t count, struct value *out,
                           struct error *err)
{
    if (count == 0)
        return error_set(err, STATUS_NOT_FOUND, "there are no events of this execution");
    struct execution x = {.arena = a, .steps = ARENA_ARRAY(a, struct step, count)};
    if (!x.steps)
        return arena_error(a, err, "the document of an execution");
    for (size_t i = 0; i < count; i++)
        TRY(fold(&x, &events[i], err));
    return execution_value(&x, &events[0], out, err);
}
