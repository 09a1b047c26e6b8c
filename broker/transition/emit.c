#include "turn.h"

#include "core/digest.h"
#include "core/id.h"

void decisions_init(struct decisions *d, struct arena *arena)
{
    *d = (struct decisions){.arena = arena};
}

/* Appends an item to the array `list` of the decisions, which has list##_count and list##_capacity beside it.
 */
#define ADD(t, items, count, capacity, item)                                                                 \
    do {                                                                                                     \
        void *room_ = arena_grow((t)->out->arena, (items), sizeof(*(items)), (count), &(capacity));          \
        if (!room_)                                                                                          \
            return arena_error((t)->out->arena, (t)->err, "what a fact leads to");                           \
        (items) = room_;                                                                                     \
        (items)[(count)++] = (item);                                                                         \
        return STATUS_OK;                                                                                    \
    } while (0)

static struct event *next_event(struct turn *t)
{
    struct decisions *d = t->out;
    void *room = arena_grow(d->arena, d->events, sizeof(struct event), d->event_count, &d->event_capacity);
    if (!room)
        return NULL;
    d->events = room;
    return &d->events[d->event_count++];
}

struct event *emit_event(struct turn *t, enum event_type type)
{
    struct event *e = next_event(t);
    if (!e)
        return NULL;
    *e = (struct event){
        .execution_id = t->x->id,
        .event_id = t->x->next_event_id++,
        .type = type,
        .time_ns = t->fact->time_ns,
        .stream_seq = t->fact->stream_seq,
        .node_name = t->x->playbook ? t->x->playbook->path : t->fact->node_name,
        .node_type = STR("playbook"),
    };
    return e;
}

struct event *emit_visit_event(struct turn *t, enum event_type type, const struct visit *v)
{
    struct event *e = emit_event(t, type);
    if (!e)
        return NULL;
    const struct step *step = &t->x->playbook->steps[v->step];
    e->node_name = step->name;
    e->node_type = str_of(step_type_name(step->type));
    e->visit = v->number;
    e->attempt = v->attempt;
    return e;
}

struct event *emit_work_event(struct turn *t, enum event_type root, enum event_type of_item,
                              const struct work *w, uint32_t attempt)
{
    struct event *e = emit_visit_event(t, w->parent ? of_item : root, w->visit);
    if (!e || attempt_id(t, w, attempt, &e->task_id) != STATUS_OK)
        return NULL;
    if (w->parent)
        e->node_type = str_of(step_type_name(w->action->type));
    e->attempt = attempt;
    return e;
}

enum status emit_fact(struct turn *t)
{
    struct event *e = next_event(t);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    *e = *t->fact;
    e->event_id = t->x->next_event_id++;
    t->x->last_seq = t->fact->stream_seq;
    t->x->last_time_ns = t->fact->time_ns;
    return STATUS_OK;
}

enum status span_of_attempt(struct turn *t, struct str task_id, struct str *out)
{
    char text[TRACEPARENT_TEXT];
    if (!traceparent_of_span(str_of(t->x->traceparent), task_id, text)) {
        *out = STR("");
        return STATUS_OK;
    }
    return keep_text(t, str_of(text), out);
}

enum status emit_task(struct turn *t, struct str pool, const struct task *task)
{
    struct decisions *d = t->out;
    struct task_order order = {pool, *task};
    ADD(t, d->tasks, d->task_count, d->task_capacity, order);
}

enum status emit_timer(struct turn *t, struct str id, int64_t due_ns)
{
    struct decisions *d = t->out;
    struct timer_order order = {.id = id, .due_ns = due_ns};
    ADD(t, d->timers, d->timer_count, d->timer_capacity, order);
}

enum status emit_timer_cancelled(struct turn *t, struct str id)
{
    struct decisions *d = t->out;
    struct timer_order order = {.id = id, .cancelled = true};
    ADD(t, d->timers, d->timer_count, d->timer_capacity, order);
}

enum status emit_child(struct turn *t, const struct child_order *order)
{
    struct decisions *d = t->out;
    ADD(t, d->children, d->child_count, d->child_capacity, *order);
}

enum status emit_listing(struct turn *t, const struct listing_order *order)
{
    struct decisions *d = t->out;
    ADD(t, d->listings, d->listing_count, d->listing_capacity, *order);
}

enum status emit_withdrawal(struct turn *t, const struct withdrawal *withdrawal)
{
    struct decisions *d = t->out;
    ADD(t, d->withdrawals, d->withdrawal_count, d->withdrawal_capacity, *withdrawal);
}

enum status emit_notice(struct turn *t, const struct event *fact, struct str message_id)
{
    struct decisions *d = t->out;
    struct notice notice = {*fact, message_id};
    ADD(t, d->notices, d->notice_count, d->notice_capacity, notice);
}

enum status failure_to_value(struct turn *t, const struct failure *f, struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("kind"), value_str(f->kind));
    map_put(&m, STR("message"), value_str(f->message));
    if (f->detail.type == VALUE_MAP)
        map_put_all(&m, f->detail);
    return map_end(&m, out, t->err);
}

enum status failure_from_error(struct turn *t, const struct error *e, struct failure *out)
{
    char text[2048];
    struct str message = arena_printf(t->out->arena, "%s", error_text(e, text, sizeof(text)));
    if (!message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    *out = (struct failure){.kind = str_of(status_name(e->status)), .message = message};
    return STATUS_OK;
}

void trial_fail(struct trial *trial, const char *kind, struct str message)
{
    if (trial->failed)
        return;
    trial->failed = true;
    trial->why = (struct failure){.kind = str_of(kind), .message = message};
}

enum status trial_failed(struct turn *t, struct trial *trial, const struct error *e)
{
    if (e->status == STATUS_NO_MEMORY) {
        *t->err = *e;
        return e->status;
    }
    trial->failed = true;
    return failure_from_error(t, e, &trial->why);
}

enum status keep_text(struct turn *t, struct str text, struct str *out)
{
    char *copy = arena_strdup(t->out->arena, text);
    if (!copy)
        return arena_error(t->out->arena, t->err, "a text");
    *out = (struct str){copy, text.len};
    return STATUS_OK;
}

enum status attempt_id(struct turn *t, const struct work *w, uint32_t attempt, struct str *out)
{
    char text[TASK_ID_TEXT];
    struct task_id id;
    work_task_id(w, attempt, &id);
    size_t len = task_id_format(&id, text);
    return keep_text(t, (struct str){text, len}, out);
}

enum status id_text(struct turn *t, int64_t id, struct str *out)
{
    char text[ID_TEXT];
    size_t len = id_format(id, text);
    return keep_text(t, (struct str){text, len}, out);
}

enum status time_text(struct turn *t, int64_t time_ns, struct value *out)
{
    char text[32];
    struct str kept = STR("");
    time_format(time_ns, text);
    TRY(keep_text(t, str_of(text), &kept));
    *out = value_str(kept);
    return STATUS_OK;
}

/* From the execution's random seed and a word: whoever knows neither can't tell it. */
static void derive(const struct execution *x, struct str word, char out[33])
{
    static const char hex[] = "0123456789abcdef";
    struct sha256 h;
    uint8_t digest[32];
    sha256_begin(&h);
    sha256_add(&h, x->token_seed.ptr, x->token_seed.len);
    sha256_add(&h, ":", 1);
    sha256_add(&h, word.ptr, word.len);
    sha256_end(&h, digest);
    for (size_t i = 0; i < 16; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[32] = '\0';
}

struct str task_token(const struct execution *x, struct work *w, struct str task_id)
{
    if (!w->token[0])
        derive(x, task_id, w->token);
    return (struct str){w->token, 32};
}

/* No task has this id. */
struct str task_seal(struct turn *t)
{
    char seal[33];
    derive(t->x, STR("seal"), seal);
    return str_of(arena_strdup(t->out->arena, str_of(seal)));
}
