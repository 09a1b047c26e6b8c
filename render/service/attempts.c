#include "attempts.h"

#include <stdlib.h>

#include "core/id.h"

struct attempts {
    struct attempt *items; /* sorted by task_id, each once */
    size_t count;
    struct attempt *open;
};

const char *attempt_status_name(enum attempt_status s)
{
    static const char *const names[ATTEMPT_STATUS_COUNT] = {"scheduled", "completed", "failed", "lost",
                                                            "cancelled"};
    return names[s];
}

/* ---- which there are ---------------------------------------------------------------------------------- */

static bool is_start(enum event_type t)
{
    return t == EVENT_STEP_STARTED || t == EVENT_ITERATION_STARTED;
}

static bool is_outcome(enum event_type t)
{
    return t == EVENT_ACTION_COMPLETED || t == EVENT_ACTION_ERROR || t == EVENT_ACTION_LOST ||
           t == EVENT_CHILD_COMPLETED || t == EVENT_CHILD_FAILED;
}

static int by_task_id(const void *a, const void *b)
{
    return str_compare(((const struct attempt *)a)->task_id, ((const struct attempt *)b)->task_id);
}

static int by_event_id(const void *a, const void *b)
{
    uint32_t left = ((const struct attempt *)a)->event_id, right = ((const struct attempt *)b)->event_id;
    return (left > right) - (left < right);
}

static enum status collect(struct attempts *all, struct arena *a, const struct event *events, size_t count,
                           struct error *err)
{
    size_t n = 0;
    all->items = ARENA_ARRAY(a, struct attempt, count);
    if (!all->items)
        return arena_error(a, err, "the attempts of an execution");
    for (size_t i = 0; i < count; i++)
        if (events[i].task_id.len > 0 && (is_start(events[i].type) || is_outcome(events[i].type)))
            all->items[n++] = (struct attempt){.task_id = events[i].task_id};
    qsort(all->items, n, sizeof *all->items, by_task_id);
    for (size_t i = 0; i < n; i++)
        if (all->count == 0 || !str_equal(all->items[all->count - 1].task_id, all->items[i].task_id))
            all->items[all->count++] = all->items[i];
    return STATUS_OK;
}

static struct attempt *find(const struct attempts *all, struct str task_id)
{
    struct attempt key = {.task_id = task_id};
    return bsearch(&key, all->items, all->count, sizeof key, by_task_id);
}

/* ---- what became of them ------------------------------------------------------------------------------ */

static void open_attempt(struct attempts *all, struct attempt *t, const struct event *e)
{
    t->event_id = t->event_id ? t->event_id : e->event_id;
    t->scheduled_ns = e->time_ns;
    t->scheduled = e->context;
    t->step = e->node_name;
    t->type = e->node_type;
    t->visit = e->visit;
    t->attempt = e->attempt;
    /* A task has a pool that it is for, a call the execution that it asks for. */
    t->is_shown =
        !value_is_absent(VALUE_GET(e->context, "pool")) || !value_is_absent(VALUE_GET(e->context, "child"));
    t->next_open = all->open;
    all->open = t;
}

static void close_attempt(struct attempts *all, struct attempt *t, enum attempt_status status,
                          int64_t time_ns)
{
    struct attempt **at = &all->open;
    while (*at && *at != t)
        at = &(*at)->next_open;
    if (*at)
        *at = t->next_open;
    t->next_open = NULL;
    t->status = status;
    t->ended_ns = time_ns;
}

static void note_outcome(struct attempts *all, struct attempt *t, const struct event *e)
{
    bool completed = e->type == EVENT_ACTION_COMPLETED || e->type == EVENT_CHILD_COMPLETED;
    /* A second outcome changes nothing. */
    if (t->status != ATTEMPT_SCHEDULED)
        return;
    if (t->event_id == 0) {
        bool of_child = e->type == EVENT_CHILD_COMPLETED || e->type == EVENT_CHILD_FAILED;
        open_attempt(all, t, e);
        t->scheduled = (struct value){0};
        t->scheduled_ns = 0;
        t->is_shown = !of_child;
    }
    t->outcome = e->meta;
    t->error = e->error;
    close_attempt(all, t,
                  completed                      ? ATTEMPT_COMPLETED
                  : e->type == EVENT_ACTION_LOST ? ATTEMPT_LOST
                                                 : ATTEMPT_FAILED,
                  e->time_ns);
}

/* Of one visit of a step, or all when the execution ends. */
static void cancel_open(struct attempts *all, const struct event *e, bool of_step)
{
    struct attempt **at = &all->open;
    while (*at) {
        struct attempt *t = *at;
        if (of_step && (t->visit != e->visit || !str_equal(t->step, e->node_name))) {
            at = &t->next_open;
            continue;
        }
        *at = t->next_open;
        t->next_open = NULL;
        t->status = ATTEMPT_CANCELLED;
        t->ended_ns = e->time_ns;
    }
}

static void cancel_withdrawn(struct attempts *all, const struct event *e)
{
    struct value ids = VALUE_GET(e->context, "tasks");
    if (ids.type != VALUE_LIST)
        return;
    for (uint32_t i = 0; i < ids.len; i++) {
        struct attempt *t = find(all, value_as_str(ids.u.list[i]));
        if (t && t->event_id > 0 && t->status == ATTEMPT_SCHEDULED)
            close_attempt(all, t, ATTEMPT_CANCELLED, e->time_ns);
    }
}

static void note(struct attempts *all, const struct event *e)
{
    struct attempt *t = is_start(e->type) || is_outcome(e->type) ? find(all, e->task_id) : NULL;
    if (t && is_start(e->type) && t->scheduled_ns == 0 && t->status == ATTEMPT_SCHEDULED)
        open_attempt(all, t, e);
    else if (t && is_outcome(e->type))
        note_outcome(all, t, e);
    else if (e->type == EVENT_TASKS_WITHDRAWN)
        cancel_withdrawn(all, e);
    else if (e->type == EVENT_STEP_COMPLETED || e->type == EVENT_STEP_FAILED || e->type == EVENT_STEP_SKIPPED)
        cancel_open(all, e, true);
    else if (event_type_is_final(e->type))
        cancel_open(all, e, false);
}

enum status attempts_build(struct arena *a, const struct event *events, size_t count, struct attempt **out,
                           size_t *attempt_count, struct error *err)
{
    struct attempts all = {0};
    TRY(collect(&all, a, events, count, err));
    for (size_t i = 0; i < count; i++)
        note(&all, &events[i]);
    size_t shown = 0;
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].is_shown)
            all.items[shown++] = all.items[i];
    qsort(all.items, shown, sizeof *all.items, by_event_id);
    *out = all.items;
    *attempt_count = shown;
    return STATUS_OK;
}
