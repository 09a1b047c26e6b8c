/* From events to the state of each visit; the printing is in timeline_write.c. */
#include "timeline.h"

#include "core/id.h"

/* ---- steps -------------------------------------------------------------------------------------------- */

static struct timeline_step *find_step(const struct timeline *t, const struct event *e)
{
    for (size_t i = t->count; i > 0; i--) {
        struct timeline_step *s = &t->steps[i - 1];
        if (s->visit == e->visit && str_equal(s->name, e->node_name))
            return s;
    }
    return NULL;
}

/* There is room for a step for each event. */
static struct timeline_step *step_of(struct timeline *t, const struct event *e)
{
    struct timeline_step *s = find_step(t, e);
    if (s)
        return s;
    s = &t->steps[t->count++];
    *s = (struct timeline_step){.name = e->node_name,
                                .type = e->node_type,
                                .status = "running",
                                .visit = e->visit,
                                .started_ns = e->time_ns};
    return s;
}

static void end_step(struct timeline_step *s, const struct event *e, const char *status)
{
    s->status = status;
    s->ended_ns = e->time_ns;
    s->next = VALUE_GET(e->context, "next");
}

static void complete_step(struct timeline_step *s, const struct event *e)
{
    end_step(s, e, "completed");
}

static void skip_step(struct timeline_step *s, const struct event *e)
{
    end_step(s, e, "skipped");
}

static void no_more(struct timeline_step *s, const struct event *e)
{
    (void)s, (void)e;
}

static void fail_step(struct timeline_step *s, const struct event *e)
{
    end_step(s, e, "failed");
    s->error = VALUE_GET(e->context, "error");
    s->error_text = e->error;
    struct value input = VALUE_GET(e->context, "input");
    if (!value_is_absent(input))
        s->input = input;
}

/* Also once more, when an execution that had failed is retried. */
static void start_step(struct timeline_step *s, const struct event *e)
{
    if (strcmp(s->status, "running") != 0)
        s->started_ns = e->time_ns;
    s->status = "running";
    s->ended_ns = 0;
    s->error = s->next = (struct value){0};
    s->error_text = STR("");
    if (!event_is_of_item(e))
        s->input = e->context;
}

static void note_attempt(struct timeline_step *s, const struct event *e)
{
    s->log = value_as_str(VALUE_GET(e->meta, "log"));
}

/* ---- the execution ------------------------------------------------------------------------------------ */

static void request(struct timeline *t, const struct event *e)
{
    struct value version = VALUE_GET(e->context, "version");
    struct str path = value_as_str(VALUE_GET(e->context, "path"));
    t->execution_id = e->execution_id;
    t->path = path.len > 0 ? path : e->node_name;
    if (version.type == VALUE_INT)
        t->version = version.u.i;
    else if (!str_to_int64(value_as_str(version), &t->version))
        t->version = 0;
    t->imported = event_is_imported(e);
    t->fork = VALUE_GET(e->context, "fork");
    t->started_ns = e->time_ns;
}

static void finish(struct timeline *t, const struct event *e, const char *status)
{
    t->status = status;
    t->ended_ns = e->time_ns;
    t->result = e->result;
    t->error = VALUE_GET(e->context, "error");
    t->error_text = e->error;
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->steps[i].status, "running") == 0)
            t->steps[i].status = "cancelled";
    }
}

static void start(struct timeline *t, const struct event *e)
{
    t->status = "running";
    t->started_ns = e->time_ns;
}

static void complete(struct timeline *t, const struct event *e)
{
    finish(t, e, "completed");
}

static void fail(struct timeline *t, const struct event *e)
{
    finish(t, e, "failed");
}

static void cancel(struct timeline *t, const struct event *e)
{
    finish(t, e, "cancelled");
}

static void go_on(struct timeline *t, const struct event *e)
{
    (void)e;
    t->status = "running";
    t->ended_ns = 0;
    t->result = t->error = (struct value){0};
    t->error_text = STR("");
    t->retries++;
}

static void note_reason(struct timeline *t, const struct event *e)
{
    t->pause_reason = value_as_str(VALUE_GET(e->context, "reason"));
}

static void pause_it(struct timeline *t, const struct event *e)
{
    (void)e;
    t->status = "paused";
}

static void resume(struct timeline *t, const struct event *e)
{
    (void)e;
    t->status = "running";
}

/* What an event says of the execution itself; what is not here says nothing, or only what it leads to does.
 */
typedef void life_teller(struct timeline *t, const struct event *e);
static life_teller *const LIFE[EVENT_COUNT] = {
    [EVENT_EXECUTION_REQUESTED] = request, [EVENT_EXECUTION_START] = start,
    [EVENT_EXECUTION_COMPLETE] = complete, [EVENT_EXECUTION_FAILED] = fail,
    [EVENT_EXECUTION_CANCELLED] = cancel,  [EVENT_PAUSE_REQUESTED] = note_reason,
    [EVENT_EXECUTION_PAUSED] = pause_it,   [EVENT_EXECUTION_RESUMED] = resume,
    [EVENT_EXECUTION_RETRIED] = go_on,
};

/* And of a visit of a step, besides its progress. */
typedef void step_teller(struct timeline_step *s, const struct event *e);
static step_teller *const STEP[EVENT_COUNT] = {
    [EVENT_STEP_STARTED] = start_step,       [EVENT_ITERATION_STARTED] = start_step,
    [EVENT_ACTION_COMPLETED] = note_attempt, [EVENT_ACTION_ERROR] = note_attempt,
    [EVENT_STEP_RETRIED] = no_more,          [EVENT_CHILD_COMPLETED] = no_more,
    [EVENT_CHILD_FAILED] = no_more,          [EVENT_STEP_COMPLETED] = complete_step,
    [EVENT_PLAYBOOKS_LISTED] = no_more,      [EVENT_STEP_SKIPPED] = skip_step,
    [EVENT_STEP_FAILED] = fail_step,
};

/* The facts of children name their playbook, not the step. */
static struct timeline_step *step_of_child(struct timeline *t, const struct event *e)
{
    for (size_t i = t->count; i > 0; i--)
        if (step_progress_is_of(&t->steps[i - 1].progress, e))
            return &t->steps[i - 1];
    return NULL;
}

/* ---- executions that steps call ----------------------------------------------------------------------- */

static enum status add_child(struct timeline_step *s, int64_t id, const struct event *e, struct arena *a,
                             struct error *err)
{
    struct task_id task;
    struct timeline_child *children =
        arena_grow(a, s->children, sizeof(*children), s->child_count, &s->child_capacity);
    if (!children)
        return arena_error(a, err, "the executions that a step called");
    s->children = children;
    bool is_item = task_id_parse(e->task_id, &task, NULL) == STATUS_OK && task.depth > 0;
    s->children[s->child_count++] = (struct timeline_child){
        .execution_id = id, .item = is_item ? (int64_t)task.places[1].item : -1, .status = "running"};
    return STATUS_OK;
}

static void end_child(struct timeline_step *s, int64_t id, const char *status)
{
    for (size_t i = s->child_count; i > 0; i--) {
        if (s->children[i - 1].execution_id != id)
            continue;
        s->children[i - 1].status = status;
        return;
    }
}

static enum status note_child(struct timeline_step *s, const struct event *e, struct arena *a,
                              struct error *err)
{
    int64_t id;
    bool begins = e->type == EVENT_STEP_STARTED || e->type == EVENT_ITERATION_STARTED;
    struct str text =
        value_as_str(begins ? VALUE_GET(e->context, "child") : VALUE_GET(e->context, "execution_id"));
    if (text.len == 0 || id_parse(text, &id, NULL) != STATUS_OK)
        return STATUS_OK;
    if (begins)
        return add_child(s, id, e, a, err);
    if (e->type == EVENT_CHILD_COMPLETED || e->type == EVENT_CHILD_FAILED)
        end_child(s, id, e->type == EVENT_CHILD_COMPLETED ? "completed" : "failed");
    return STATUS_OK;
}

/* Facts that name another playbook than the step's. */
static bool names_playbook(enum event_type type)
{
    return type == EVENT_CHILD_COMPLETED || type == EVENT_CHILD_FAILED || type == EVENT_PLAYBOOKS_LISTED;
}

static enum status add_event(struct timeline *t, const struct event *e, struct arena *a, struct error *err)
{
    if (LIFE[e->type])
        LIFE[e->type](t, e);
    if (!STEP[e->type])
        return STATUS_OK;
    struct timeline_step *s = names_playbook(e->type) ? step_of_child(t, e) : step_of(t, e);
    if (!s)
        return STATUS_OK;
    STEP[e->type](s, e);
    TRY(note_child(s, e, a, err));
    return step_progress_add(&s->progress, e, a, err);
}

enum status timeline_build(struct arena *a, const struct event *events, size_t count, struct timeline *out,
                           struct error *err)
{
    *out = (struct timeline){.status = "requested"};
    out->steps = ARENA_ARRAY(a, struct timeline_step, count + 1);
    if (!out->steps)
        return arena_error(a, err, "a timeline");
    if (count > 0)
        out->execution_id = events[0].execution_id;
    for (size_t i = 0; i < count; i++)
        TRY(add_event(out, &events[i], a, err));
    return STATUS_OK;
}

/* ---- looks -------------------------------------------------------------------------------------------- */

struct look {
    const char *status, *icon;
    enum paint paint;
};
static const struct look LOOKS[] = {
    {"completed", "✔", PAINT_GREEN}, {"failed", "✘", PAINT_RED},   {"cancelled", "⊘", PAINT_YELLOW},
    {"skipped", "○", PAINT_DIM},     {"running", "●", PAINT_BLUE}, {"paused", "‖", PAINT_YELLOW},
    {"requested", "…", PAINT_DIM},
};

static const struct look *look_of(const char *status)
{
    for (size_t i = 0; i < sizeof(LOOKS) / sizeof(LOOKS[0]); i++) {
        if (strcmp(LOOKS[i].status, status) == 0)
            return &LOOKS[i];
    }
    return &LOOKS[sizeof(LOOKS) / sizeof(LOOKS[0]) - 1];
}

const char *status_icon(const char *status)
{
    return look_of(status)->icon;
}

enum paint status_paint(const char *status)
{
    return look_of(status)->paint;
}
