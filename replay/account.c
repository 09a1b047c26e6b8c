#include "account.h"

#include "core/id.h"

struct builder {
    struct arena *a;
    struct account *out;
    uint32_t capacity;
    int64_t started_ns;
};

static struct step_account *find(struct step_account *steps, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(steps[i].name, name))
            return &steps[i];
    }
    return NULL;
}

const struct step_account *account_step(const struct account *account, struct str name)
{
    return find(account->steps, account->count, name);
}

/* The account of the step, which may be new; NULL: no memory. */
static struct step_account *step_of(struct builder *b, struct str name, struct str type)
{
    struct account *out = b->out;
    struct step_account *known = find(out->steps, out->count, name);
    if (known)
        return known;
    struct step_account *steps = arena_grow(b->a, out->steps, sizeof(*steps), out->count, &b->capacity);
    if (!steps)
        return NULL;
    out->steps = steps;
    struct step_account *s = &out->steps[out->count++];
    *s = (struct step_account){.name = name, .type = type, .status = "running"};
    return s;
}

static bool is_of_item(const struct event *e)
{
    return e->task_id.len && memchr(e->task_id.ptr, 'i', e->task_id.len);
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static enum status put_input(struct builder *b, const struct event *e, struct step_account *s,
                             struct error *err)
{
    static const char *const members[] = {"args", "config"};
    struct map_builder m;
    map_begin(&m, b->a);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct value v = value_get(e->context, str_of(members[i]));
        if (!value_is_absent(v))
            map_put(&m, str_of(members[i]), v);
    }
    return map_end(&m, &s->input, err);
}

static void new_visit(struct step_account *s, const struct event *e)
{
    s->visits = e->visit;
    s->started_ns = e->time_ns;
    s->status = "running";
    s->outcome = s->result = s->error = s->next = (struct value){0};
}

static void end_step(struct step_account *s, const struct event *e, const char *status)
{
    s->status = status;
    s->duration_ms += (e->time_ns - s->started_ns) / 1000000;
    s->result = value_is_absent(e->result) ? s->outcome : e->result;
    s->error = VALUE_GET(e->context, "error");
    s->next = VALUE_GET(e->context, "next");
}

/* Facts of another execution have the name of its playbook, and not of the step. */
static bool is_of_step(enum event_type type)
{
    return type == EVENT_STEP_STARTED || type == EVENT_STEP_COMPLETED || type == EVENT_STEP_SKIPPED ||
           type == EVENT_STEP_FAILED || type == EVENT_ACTION_COMPLETED || type == EVENT_ACTION_ERROR;
}

static enum status take_step(struct builder *b, const struct event *e, struct error *err)
{
    struct step_account *s;
    if (!is_of_step(e->type) || is_of_item(e) || e->visit == 0)
        return STATUS_OK;
    s = step_of(b, e->node_name, e->node_type);
    if (!s)
        return arena_error(b->a, err, "the account of a step");
    if (e->visit != s->visits)
        new_visit(s, e);
    if (e->type == EVENT_STEP_STARTED) {
        s->attempts++;
        return put_input(b, e, s, err);
    }
    if (e->type == EVENT_ACTION_COMPLETED || e->type == EVENT_ACTION_ERROR)
        s->outcome = VALUE_GET(e->result, "data");
    else if (e->type == EVENT_STEP_COMPLETED)
        end_step(s, e, "completed");
    else if (e->type == EVENT_STEP_SKIPPED)
        end_step(s, e, "skipped");
    else if (e->type == EVENT_STEP_FAILED)
        end_step(s, e, "failed");
    return STATUS_OK;
}

/* ---- the execution ------------------------------------------------------------------------------------ */

static enum status take_fork(struct builder *b, struct value fork, struct error *err)
{
    struct value ended = VALUE_GET(fork, "ended");
    for (uint32_t i = 0; ended.type == VALUE_LIST && i < ended.len; i++) {
        struct step_account *s = step_of(b, value_as_str(VALUE_GET(ended.u.list[i], "step")), STR(""));
        if (!s)
            return arena_error(b->a, err, "the account of a step");
        s->status = TAKEN_OVER;
        s->result = VALUE_GET(ended.u.list[i], "data");
        s->error = VALUE_GET(ended.u.list[i], "error");
        if (s->result.type == VALUE_NULL)
            s->result = (struct value){0};
    }
    return STATUS_OK;
}

static enum status take_request(struct builder *b, const struct event *e, struct error *err)
{
    struct account *out = b->out;
    struct value version = VALUE_GET(e->context, "version");
    out->execution_id = e->execution_id;
    out->path = e->node_name;
    out->digest = value_as_str(VALUE_GET(e->context, "digest"));
    out->playbook = value_as_str(VALUE_GET(e->context, "playbook"));
    out->version = version.type == VALUE_INT ? version.u.i : 0;
    out->workload = VALUE_GET(e->context, "workload");
    return take_fork(b, VALUE_GET(e->context, "fork"), err);
}

static void take_end(struct builder *b, const struct event *e)
{
    struct account *out = b->out;
    out->status = e->type == EVENT_EXECUTION_COMPLETE ? "completed"
                  : e->type == EVENT_EXECUTION_FAILED ? "failed"
                                                      : "cancelled";
    out->duration_ms = (e->time_ns - b->started_ns) / 1000000;
    out->result = e->result;
    out->error = VALUE_GET(e->context, "error");
}

static enum status take(struct builder *b, const struct event *e, struct error *err)
{
    struct account *out = b->out;
    if (e->type == EVENT_EXECUTION_REQUESTED && out->execution_id == 0)
        TRY(take_request(b, e, err));
    if (e->type == EVENT_EXECUTION_START)
        b->started_ns = e->time_ns;
    if (e->type == EVENT_EXECUTION_START || e->type == EVENT_EXECUTION_RETRIED)
        out->status = "running";
    if (event_type_is_final(e->type))
        take_end(b, e);
    return take_step(b, e, err);
}

enum status account_build(struct arena *a, const struct event *events, size_t count, struct account *out,
                          struct error *err)
{
    struct builder b = {.a = a, .out = out};
    *out = (struct account){.status = "requested"};
    for (size_t i = 0; i < count; i++)
        TRY(take(&b, &events[i], err));
    return STATUS_OK;
}
