/* From events to the state of each visit; the printing is in timeline_write.c. */
#include "timeline.h"

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

static void fail_step(struct timeline_step *s, const struct event *e)
{
    end_step(s, e, "failed");
    s->error = VALUE_GET(e->context, "error");
    s->error_text = e->error;
    struct value input = VALUE_GET(e->context, "input");
    if (!value_is_absent(input))
        s->input = input;
}

static void note_attempt(struct timeline_step *s, const struct event *e)
{
    if (e->attempt > s->attempts)
        s->attempts = e->attempt;
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

static void add_event(struct timeline *t, const struct event *e)
{
    struct timeline_step *s;
    switch (e->type) {
    case EVENT_EXECUTION_REQUESTED: request(t, e); return;
    case EVENT_EXECUTION_START:
        t->status = "running";
        t->started_ns = e->time_ns;
        return;
    case EVENT_STEP_STARTED:
        s = step_of(t, e);
        s->input = e->context;
        s->attempts = e->attempt > s->attempts ? e->attempt : s->attempts;
        return;
    case EVENT_ACTION_COMPLETED:
    case EVENT_ACTION_ERROR: note_attempt(step_of(t, e), e); return;
    case EVENT_STEP_COMPLETED: end_step(step_of(t, e), e, "completed"); return;
    case EVENT_STEP_SKIPPED: end_step(step_of(t, e), e, "skipped"); return;
    case EVENT_STEP_FAILED: fail_step(step_of(t, e), e); return;
    case EVENT_EXECUTION_COMPLETE: finish(t, e, "completed"); return;
    case EVENT_EXECUTION_FAILED: finish(t, e, "failed"); return;
    case EVENT_EXECUTION_CANCELLED: finish(t, e, "cancelled"); return;
    case EVENT_STEP_RETRIED:
    case EVENT_ITERATION_STARTED:
    case EVENT_ITERATION_SAVED:
    case EVENT_CHILD_COMPLETED:
    case EVENT_CHILD_FAILED:
    case EVENT_TIMER_FIRED:
    case EVENT_SIGNAL_RECEIVED:
    case EVENT_PAUSE_REQUESTED:
    case EVENT_RESUME_REQUESTED:
    case EVENT_RETRY_REQUESTED:
    case EVENT_CANCEL_REQUESTED:
    case EVENT_EXECUTION_PAUSED:
    case EVENT_EXECUTION_RESUMED:
    case EVENT_EXECUTION_RETRIED:
    case EVENT_COUNT: return;
    }
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
        add_event(out, &events[i]);
    return STATUS_OK;
}

/* ---- looks -------------------------------------------------------------------------------------------- */

struct look {
    const char *status, *icon;
    enum paint paint;
};
static const struct look LOOKS[] = {
    {"completed", "✔", PAINT_GREEN}, {"failed", "✘", PAINT_RED},   {"cancelled", "⊘", PAINT_YELLOW},
    {"skipped", "○", PAINT_DIM},     {"running", "●", PAINT_BLUE}, {"requested", "…", PAINT_DIM},
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
