#include "history.h"

#include <stdlib.h>

#include "core/id.h"

struct told *history_visit(struct history *h, const struct event *e)
{
    for (uint32_t i = 0; i < h->visits.count; i++) {
        struct told *t = &h->visits.items[i];
        if (t->number == e->visit && str_equal(t->step, e->node_name))
            return t;
    }
    LIST_ADD(&h->visits, (struct told){.step = e->node_name, .number = e->visit});
    return &h->visits.items[h->visits.count - 1];
}

static bool is_in(const struct str *items, uint32_t count, struct str s)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_equal(items[i], s))
            return true;
    }
    return false;
}

/* "s3v1a2" is "s3v1a" and 2. */
static struct str place_of(struct str task_id, int64_t *attempt)
{
    size_t len = task_id.len;
    while (len && task_id.ptr[len - 1] != 'a')
        len--;
    if (!str_to_int64((struct str){task_id.ptr + len, task_id.len - len}, attempt))
        *attempt = 0;
    return (struct str){task_id.ptr, len};
}

/* The step_retried that stands before the attempt, and no retry of the execution between them; or NULL. */
static const struct attempt *announcement(const struct history *h, struct str task_id)
{
    for (uint32_t i = 0; i < h->announced.count; i++) {
        if (h->announced.items[i].retries == h->retries && str_equal(h->announced.items[i].task_id, task_id))
            return &h->announced.items[i];
    }
    return NULL;
}

static void read_announced(struct history *h, const struct event *e)
{
    struct value delay = VALUE_GET(e->context, "delay_ms");
    LIST_ADD(&h->announced, (struct attempt){.task_id = e->task_id,
                                             .retries = h->retries,
                                             .due_ns = e->time_ns + delay.u.i * 1000000});
}

/* Attempts of one place follow each other; those that a retry of the execution cut off are remembered. */
static void read_attempt(struct world *w, struct history *h, const struct event *e)
{
    int64_t number, before = 0, child = 0;
    struct str place = place_of(e->task_id, &number);
    struct attempt *a = NULL;
    for (uint32_t i = 0; i < h->attempts.count && !a; i++) {
        if (str_equal(place_of(h->attempts.items[i].task_id, &before), place))
            a = &h->attempts.items[i];
    }
    if (number != (a ? before : 0) + 1)
        world_fail(w, "execution %lld: %" PRISTR " comes behind attempt %lld", (long long)e->execution_id,
                   ARGSTR(e->task_id), (long long)before);
    const struct attempt *again = announcement(h, e->task_id);
    if (again && e->time_ns < again->due_ns)
        world_fail(w, "execution %lld: attempt %" PRISTR " comes before its time", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    if (a && !again && a->retries == h->retries)
        world_fail(w, "execution %lld: nothing led to attempt %" PRISTR, (long long)e->execution_id,
                   ARGSTR(e->task_id));
    if (a && !again)
        LIST_ADD(&h->skipped, a->task_id);
    if (id_parse(value_as_str(VALUE_GET(e->context, "child")), &child, NULL) != STATUS_OK)
        child = 0;
    const struct attempt now = {
        .task_id = e->task_id, .retries = h->retries, .child = child, .args = VALUE_GET(e->context, "args")};
    if (a)
        *a = now;
    else
        LIST_ADD(&h->attempts, now);
}

/* ---- signals ------------------------------------------------------------------------------------------ */

static void drop_waiting(struct history *h, uint32_t i)
{
    memmove(&h->waiting.items[i], &h->waiting.items[i + 1],
            (h->waiting.count - i - 1) * sizeof(*h->waiting.items));
    h->waiting.count--;
}

/* A signal that came before is taken at once. */
static void read_waiting(struct history *h, const struct event *e)
{
    struct waiting new = {
        .name = value_as_str(VALUE_GET(e->context, "name")),
        .task_id = e->task_id,
        .step = e->node_name,
        .number = e->visit,
        .due_at = value_as_str(VALUE_GET(e->context, "due_at")),
        .for_ever = value_is_absent(VALUE_GET(e->context, "due_at")),
    };
    if (!str_is(value_as_str(VALUE_GET(e->context, "type")), "signal"))
        return;
    for (uint32_t i = 0; i < h->kept.count; i++) {
        if (!str_equal(h->kept.items[i], new.name))
            continue;
        h->kept.items[i] = h->kept.items[--h->kept.count];
        return;
    }
    LIST_ADD(&h->waiting, new);
}

static void read_signal(struct history *h, const struct event *e)
{
    struct str name = value_as_str(VALUE_GET(e->context, "name"));
    for (uint32_t i = 0; i < h->waiting.count; i++) {
        if (!str_equal(h->waiting.items[i].name, name))
            continue;
        h->taken = h->waiting.items[i];
        drop_waiting(h, i);
        return;
    }
    LIST_ADD(&h->kept, name);
}

static void read_timer(struct world *w, struct history *h, const struct event *e)
{
    char now[32];
    time_format(e->time_ns, now); /* such texts are in the order of their times */
    for (uint32_t i = 0; i < h->waiting.count; i++) {
        if (!str_equal(h->waiting.items[i].task_id, e->task_id))
            continue;
        if (str_compare(str_of(now), h->waiting.items[i].due_at) < 0)
            world_fail(w, "execution %lld: waiting for a signal, %" PRISTR " ends before its time",
                       (long long)e->execution_id, ARGSTR(e->task_id));
        drop_waiting(h, i--);
    }
}

/* The row behind a signal is of who waited for it longest. */
static void check_taken(struct world *w, struct history *h, const struct event *e)
{
    if (h->taken.name.len && (e->visit != h->taken.number || !str_equal(e->node_name, h->taken.step)))
        world_fail(w,
                   "execution %lld: a signal is taken by visit %u of %" PRISTR ", and visit %u of %" PRISTR
                   " waited longer",
                   (long long)e->execution_id, e->visit, ARGSTR(e->node_name), h->taken.number,
                   ARGSTR(h->taken.step));
    h->taken.name.len = 0;
}

bool history_waits(const struct history *h)
{
    for (uint32_t i = 0; i < h->waiting.count; i++) {
        if (h->waiting.items[i].for_ever)
            return true;
    }
    return false;
}

/* ---- attempts ----------------------------------------------------------------------------------------- */

static void read_started(struct world *w, struct history *h, const struct event *e)
{
    struct told *t = history_visit(h, e);
    if (is_in(h->started.items, h->started.count, e->task_id))
        world_fail(w, "execution %lld: %" PRISTR " is started twice", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    if (t->end != REFERENCE_OPEN)
        world_fail(w, "execution %lld: visit %u of %" PRISTR " has ended, and is started again",
                   (long long)e->execution_id, e->visit, ARGSTR(e->node_name));
    LIST_ADD(&h->started, e->task_id);
    read_attempt(w, h, e);
    read_waiting(h, e);
    if (e->type == EVENT_ITERATION_STARTED) {
        t->iterations++;
        return;
    }
    t->attempts++;
    t->args = VALUE_GET(e->context, "args");
}

static bool is_newest(const struct history *h, struct str task_id)
{
    for (uint32_t i = 0; i < h->attempts.count; i++) {
        if (str_equal(h->attempts.items[i].task_id, task_id))
            return true;
    }
    return false;
}

/* Once, and of the newest attempt at its place. */
static void read_outcome(struct world *w, struct history *h, const struct event *e)
{
    if (!is_newest(h, e->task_id))
        world_fail(w, "execution %lld: %" PRISTR " ends, and is not at work", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    if (is_in(h->ended.items, h->ended.count, e->task_id))
        world_fail(w, "execution %lld: %" PRISTR " ends twice", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    LIST_ADD(&h->ended, e->task_id);
}

/* Of the attempt that the event is of, at work, and each once. */
static void read_withdrawn(struct world *w, struct history *h, const struct event *e)
{
    struct value tasks = VALUE_GET(e->context, "tasks");
    if (tasks.len == 0)
        world_fail(w, "execution %lld: nothing is withdrawn from %" PRISTR, (long long)e->execution_id,
                   ARGSTR(e->task_id));
    for (uint32_t i = 0; i < tasks.len; i++) {
        struct str id = value_as_str(tasks.u.list[i]);
        bool is_within =
            str_starts_with(id, e->task_id) && id.len > e->task_id.len && id.ptr[e->task_id.len] == 'i';
        if (!is_within || !is_newest(h, id) || is_in(h->ended.items, h->ended.count, id) ||
            history_was_withdrawn(h, id))
            world_fail(w, "execution %lld: %" PRISTR " is withdrawn, and is not at work in %" PRISTR,
                       (long long)e->execution_id, ARGSTR(id), ARGSTR(e->task_id));
        LIST_ADD(&h->withdrawn, id);
    }
}

/* Whether two attempts are of the same work, so that one of them followed the other. */
static bool are_of_one_work(struct str one, struct str other)
{
    struct task_id a, b;
    if (task_id_parse(one, &a, NULL) != STATUS_OK || task_id_parse(other, &b, NULL) != STATUS_OK)
        return false;
    bool same = a.step == b.step && a.visit == b.visit && a.depth == b.depth;
    for (uint32_t i = 0; same && i <= a.depth; i++)
        same = a.places[i].item == b.places[i].item && a.places[i].task == b.places[i].task &&
               (i == a.depth || a.places[i].attempt == b.places[i].attempt);
    return same;
}

/* What was lost five times is not made again for nothing: its next loss is a failure like any other. */
static bool loss_is_a_failure(const struct history *h, struct str task_id)
{
    uint32_t before = 0;
    for (uint32_t i = h->forgiven; i < h->lost.count; i++)
        before += are_of_one_work(h->lost.items[i], task_id);
    return before >= 5;
}

static struct value error_of_loss(struct world *w, const struct event *e)
{
    struct map_builder m;
    struct value error;
    struct error err = {0};
    map_begin(&m, &w->arena);
    map_put(&m, STR("kind"), value_text("lost"));
    map_put(&m, STR("message"),
            e->error.len ? value_str(e->error)
                         : value_text("the attempt has left its place without an outcome"));
    world_must(w, map_end(&m, &error, &err), &err);
    return error;
}

static void read_lost(struct world *w, struct history *h, const struct event *e)
{
    read_outcome(w, h, e);
    if (!loss_is_a_failure(h, e->task_id)) {
        LIST_ADD(&h->lost, e->task_id);
        return;
    }
    LIST_ADD(&h->given,
             (struct given){
                 .task_id = e->task_id, .failed = true, .data = value_null(), .error = error_of_loss(w, e)});
}

static void read_answer(struct world *w, struct history *h, const struct event *e)
{
    struct value error = VALUE_GET(e->result, "error");
    read_outcome(w, h, e);
    if (history_was_withdrawn(h, e->task_id))
        world_fail(w, "execution %lld: %" PRISTR " ends, and was withdrawn", (long long)e->execution_id,
                   ARGSTR(e->task_id));
    if (str_is(value_as_str(VALUE_GET(error, "kind")), "lost"))
        LIST_ADD(&h->given,
                 (struct given){.task_id = e->task_id, .failed = true, .data = value_null(), .error = error});
}

static const struct given *given_of(const struct history *h, struct str task_id)
{
    for (uint32_t i = 0; i < h->given.count; i++) {
        if (str_equal(h->given.items[i].task_id, task_id))
            return &h->given.items[i];
    }
    return NULL;
}

/* Once, and for the newest attempt at its place, which goes on. */
static void read_listed(struct world *w, struct history *h, const struct event *e)
{
    struct given g = {.task_id = e->task_id,
                      .data = VALUE_GET(e->context, "playbooks"),
                      .error = VALUE_GET(e->context, "error")};
    g.failed = !value_is_absent(g.error);
    g.data = g.failed ? value_null() : g.data;
    if (!is_newest(h, e->task_id) || given_of(h, e->task_id))
        world_fail(w, "execution %lld: a list of playbooks is taken for %" PRISTR ", which waits for none",
                   (long long)e->execution_id, ARGSTR(e->task_id));
    LIST_ADD(&h->given, g);
}

static struct value args_of(const struct history *h, struct str task_id)
{
    for (uint32_t i = 0; i < h->attempts.count; i++) {
        if (str_equal(h->attempts.items[i].task_id, task_id) && h->attempts.items[i].args.len)
            return h->attempts.items[i].args;
    }
    return VALUE_EMPTY_MAP;
}

/* Of those that were listed, the one at its place, in the version that it had, with what all of them get. */
static void check_listed(struct world *w, const struct history *h, const struct event *e)
{
    struct task_id id;
    char around[TASK_ID_TEXT];
    if (task_id_parse(e->task_id, &id, NULL) != STATUS_OK || id.depth == 0)
        return;
    uint32_t item = id.places[id.depth--].item;
    size_t len = task_id_format(&id, around);
    const struct given *g = given_of(h, (struct str){around, len});
    if (!g || g->data.type != VALUE_LIST)
        return;
    struct value playbook = item < g->data.len ? g->data.u.list[item] : value_null();
    if (!value_identical(VALUE_GET(e->context, "path"), VALUE_GET(playbook, "path")) ||
        !value_identical(VALUE_GET(e->context, "version"), VALUE_GET(playbook, "version")) ||
        !value_identical(VALUE_GET(e->context, "args"), args_of(h, g->task_id)))
        world_fail(w, "execution %lld: %" PRISTR " calls what was not listed", (long long)e->execution_id,
                   ARGSTR(e->task_id));
}

/* The other execution must have ended so, at least once. */
static void check_child(struct world *w, const struct event *e)
{
    if (w->losses > 0)
        return; /* it may have ended by a fact that was lost before it was in the log */
    int64_t id = 0;
    uint32_t child = RECORDS_MAX;
    if (id_parse(value_as_str(VALUE_GET(e->context, "execution_id")), &id, NULL) == STATUS_OK)
        child = record_find(w, id);
    for (uint32_t i = 0; child != RECORDS_MAX && i < w->records[child].rows.count; i++) {
        enum event_type type = w->records[child].rows.items[i].type;
        if (event_type_is_final(type) &&
            (type == EVENT_EXECUTION_COMPLETE) == (e->type == EVENT_CHILD_COMPLETED))
            return;
    }
    world_fail(w, "execution %lld: it gets %s of %lld, which did not end so", (long long)e->execution_id,
               event_type_name(e->type), (long long)id);
}

static void read_child(struct world *w, struct history *h, const struct event *e)
{
    struct given g = {.task_id = e->task_id, .failed = e->type == EVENT_CHILD_FAILED};
    read_outcome(w, h, e);
    check_child(w, e);
    g.data = g.failed || value_is_absent(e->result) ? value_null() : e->result;
    g.error = VALUE_GET(e->context, "error");
    LIST_ADD(&h->given, g);
}

static void read_end(struct world *w, struct history *h, const struct event *e)
{
    struct told *t = history_visit(h, e);
    if (t->end != REFERENCE_OPEN)
        world_fail(w, "execution %lld: visit %u of %" PRISTR " ends twice", (long long)e->execution_id,
                   e->visit, ARGSTR(e->node_name));
    if (e->type == EVENT_STEP_COMPLETED)
        t->end = REFERENCE_COMPLETED;
    else if (e->type == EVENT_STEP_SKIPPED)
        t->end = REFERENCE_SKIPPED;
    else
        t->end = value_is_absent(VALUE_GET(e->context, "handled")) ? REFERENCE_FATAL : REFERENCE_FAILED;
}

/* How far it had come when it was retried. */
static struct reference_cut cut_of(const struct history *h, const struct event *e)
{
    LIST(struct reference_place) done = {0};
    struct reference_cut cut = {.from = value_as_str(VALUE_GET(e->context, "from")), .too_many = h->too_many};
    for (uint32_t i = 0; i < h->visits.count; i++) {
        const struct told *t = &h->visits.items[i];
        const struct reference_place place = {t->step, t->number};
        if (t->end == REFERENCE_FATAL)
            cut.failed = place;
        else if (t->end != REFERENCE_OPEN)
            LIST_ADD(&done, place);
        if (str_is(t->step, "end") && t->number > cut.end_visits)
            cut.end_visits = t->number;
    }
    cut.done = done.items;
    cut.done_count = done.count;
    return cut;
}

/* What failed is open again. */
static void read_retried(struct history *h, const struct event *e)
{
    LIST_ADD(&h->cuts, cut_of(h, e));
    h->retries++;
    h->forgiven = h->lost.count;
    h->began_ns = e->time_ns;
    for (uint32_t i = 0; i < h->visits.count; i++) {
        if (h->visits.items[i].end == REFERENCE_FATAL)
            h->visits.items[i].end = REFERENCE_OPEN;
    }
}

/* A paused execution takes what comes, and begins nothing. */
static void check_pause(struct world *w, const struct history *h, const struct event *e)
{
    bool begins = e->type == EVENT_STEP_STARTED || e->type == EVENT_ITERATION_STARTED;
    bool ends =
        e->type == EVENT_STEP_COMPLETED || e->type == EVENT_STEP_SKIPPED || e->type == EVENT_STEP_FAILED;
    if (h->paused && (begins || (ends && e->attempt == 0) || e->type == EVENT_EXECUTION_COMPLETE))
        world_fail(w, "execution %lld: it is paused, and event %u is %s", (long long)e->execution_id,
                   e->event_id, event_type_name(e->type));
}

/* The step, or "": of other failures the log has told before. */
static struct str visited_too_often(const struct event *end)
{
    struct value error = VALUE_GET(end->context, "error");
    bool too_often =
        end->type == EVENT_EXECUTION_FAILED && str_is(value_as_str(VALUE_GET(error, "kind")), "limit");
    return too_often ? value_as_str(VALUE_GET(error, "step")) : STR("");
}

/* Workers stop the tasks of the run that ended, and not those of the next. */
static void check_run(struct world *w, const struct history *h, const struct event *e)
{
    struct value run = VALUE_GET(e->meta, "run");
    bool says = e->type == EVENT_EXECUTION_FAILED || e->type == EVENT_EXECUTION_CANCELLED;
    if (says && (value_is_absent(run) ? 0 : run.u.i) != h->retries)
        world_fail(w, "execution %lld: event %u says of another run that it ended",
                   (long long)e->execution_id, e->event_id);
}

/* Only what has a deadline passes it, and not before. */
static void check_deadline(struct world *w, const struct record *r, const struct history *h,
                           const struct event *e)
{
    struct value error = VALUE_GET(e->context, "error");
    if (e->type != EVENT_EXECUTION_FAILED || !value_is_absent(VALUE_GET(error, "step")) ||
        !str_is(value_as_str(VALUE_GET(error, "kind")), "timeout"))
        return;
    if (r->timeout_ms == 0 || e->time_ns < h->began_ns + r->timeout_ms * INT64_C(1000000))
        world_fail(w, "execution %lld: its time is over before it is", (long long)e->execution_id);
}

static void read_life(struct history *h, const struct event *e)
{
    if (e->type == EVENT_EXECUTION_PAUSED)
        h->paused = true;
    if (e->type == EVENT_EXECUTION_RESUMED)
        h->paused = false;
    if (e->type == EVENT_EXECUTION_RETRIED)
        read_retried(h, e);
    if (event_type_is_final(e->type)) {
        h->paused = false;
        h->waiting.count = 0;
    }
    if (event_type_is_final(e->type))
        h->too_many = visited_too_often(e);
}

void history_read(struct world *w, const struct record *r, struct history *h)
{
    h->began_ns = r->rows.items[0].time_ns;
    for (uint32_t i = 0; i < r->rows.count && !w->failed; i++) {
        const struct event *e = &r->rows.items[i];
        h->last = e;
        check_taken(w, h, e);
        check_deadline(w, r, h, e);
        check_run(w, h, e);
        check_pause(w, h, e);
        switch ((int)e->type) {
        case EVENT_ITERATION_STARTED:
            check_listed(w, h, e);
            read_started(w, h, e);
            break;
        case EVENT_STEP_STARTED: read_started(w, h, e); break;
        case EVENT_ACTION_COMPLETED:
        case EVENT_ACTION_ERROR: read_answer(w, h, e); break;
        case EVENT_ACTION_LOST: read_lost(w, h, e); break;
        case EVENT_CHILD_COMPLETED:
        case EVENT_CHILD_FAILED: read_child(w, h, e); break;
        case EVENT_PLAYBOOKS_LISTED: read_listed(w, h, e); break;
        case EVENT_TASKS_WITHDRAWN: read_withdrawn(w, h, e); break;
        case EVENT_SIGNAL_RECEIVED: read_signal(h, e); break;
        case EVENT_TIMER_FIRED: read_timer(w, h, e); break;
        case EVENT_STEP_RETRIED: read_announced(h, e); break;
        case EVENT_STEP_COMPLETED:
        case EVENT_STEP_SKIPPED:
        case EVENT_STEP_FAILED: read_end(w, h, e); break;
        default: read_life(h, e); break;
        }
    }
}

void history_free(struct history *h)
{
    free(h->visits.items);
    free(h->given.items);
    free(h->attempts.items);
    free(h->announced.items);
    free(h->started.items);
    free(h->ended.items);
    free(h->withdrawn.items);
    free(h->skipped.items);
    free(h->lost.items);
    free(h->waiting.items);
    free(h->kept.items);
    for (uint32_t i = 0; i < h->cuts.count; i++)
        free(h->cuts.items[i].done);
    free(h->cuts.items);
}

bool history_was_withdrawn(const struct history *h, struct str task_id)
{
    return is_in(h->withdrawn.items, h->withdrawn.count, task_id);
}

bool history_has_ended(const struct history *h, struct str task_id)
{
    return is_in(h->ended.items, h->ended.count, task_id);
}
