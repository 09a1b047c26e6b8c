#include "replay.h"

#include "core/json.h"
#include "core/utf8.h"

void replay_open(struct replay *r, int64_t execution_id, struct playbook_cache *playbooks)
{
    *r = (struct replay){.playbooks = playbooks, .execution_id = execution_id};
    arena_init(&r->arena, 0);
    arena_init(&r->scratch, 0);
}

void replay_close(struct replay *r)
{
    execution_free(r->x);
    arena_free(&r->arena);
    arena_free(&r->scratch);
}

const char *mismatch_text(enum mismatch_kind kind)
{
    static const char *const texts[] = {
        [MISMATCH_NONE] = "no difference",
        [MISMATCH_EVENT] = "the recorded event and the one that is evaluated now differ",
        [MISMATCH_MISSING] = "an event follows from the facts that the record does not have",
        [MISMATCH_ADDITIONAL] = "the record has an event that does not follow from its facts",
        [MISMATCH_IGNORED] = "the record has a fact that would change nothing now",
        [MISMATCH_ORDER] = "the numbers of the recorded events have a gap",
        [MISMATCH_FAILED] = "the fact cannot be evaluated any more",
    };
    return texts[kind];
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

/* As a text column of the log keeps it. */
static enum status clean(struct arena *a, struct str *s, struct error *err)
{
    struct buf b;
    if (utf8_check(*s) == s->len && !memchr(s->ptr, '\0', s->len))
        return STATUS_OK;
    buf_init(&b, 0);
    utf8_add_clean(&b, *s);
    enum status status = buf_status(&b, err);
    if (status == STATUS_OK) {
        *s = (struct str){arena_strdup(a, buf_str(&b)), b.len};
        status = s->ptr ? STATUS_OK : arena_error(a, err, "a text");
    }
    buf_free(&b);
    return status;
}

/* The event's JSON, as the log would give it back. */
static enum status event_text(struct arena *a, const struct event *e, struct str *out, struct error *err)
{
    struct event as_kept = *e;
    struct value v;
    if (as_kept.node_name.len)
        TRY(clean(a, &as_kept.node_name, err));
    if (as_kept.error.len)
        TRY(clean(a, &as_kept.error, err));
    TRY(event_to_value(a, &as_kept, &v, err));
    return json_text(a, v, out, err);
}

static enum status read_back(struct arena *a, struct str text, struct value *out, struct error *err)
{
    static const struct json_limits limits = {.max_bytes = 1 << 30, .max_depth = VALUE_MAX_DEPTH + 8};
    return json_read(a, text, &limits, out, err);
}

/* One of both may be NULL. */
static enum status fill(struct replay *r, enum mismatch_kind kind, const struct event *recorded,
                        const struct event *evaluated, struct mismatch *out, struct error *err)
{
    struct arena *a = &r->scratch;
    struct str text;
    size_t count;
    *out = (struct mismatch){.kind = kind, .event_id = recorded ? recorded->event_id : evaluated->event_id};
    if (recorded) {
        TRY(event_text(a, recorded, &text, err));
        TRY(read_back(a, text, &out->recorded, err));
    }
    if (evaluated) {
        TRY(event_text(a, evaluated, &text, err));
        TRY(read_back(a, text, &out->evaluated, err));
    }
    if (!recorded || !evaluated) {
        out->at = (struct difference){STR(""), out->recorded, out->evaluated};
        return STATUS_OK;
    }
    return differences(a, out->recorded, out->evaluated, &out->at, 1, &count, err);
}

enum status replay_compare(struct replay *r, const struct event *recorded, const struct event *evaluated,
                           struct mismatch *out, struct error *err)
{
    struct str left, right;
    *out = (struct mismatch){0};
    arena_reset(&r->scratch);
    if (!evaluated)
        return fill(r, MISMATCH_ADDITIONAL, recorded, NULL, out, err);
    TRY(event_text(&r->scratch, recorded, &left, err));
    TRY(event_text(&r->scratch, evaluated, &right, err));
    if (str_equal(left, right))
        return STATUS_OK;
    return fill(r, MISMATCH_EVENT, recorded, evaluated, out, err);
}

/* ---- evaluating --------------------------------------------------------------------------------------- */

/* An error of the evaluation that is not one of this program's surroundings is what was looked for. */
static enum status evaluation_failed(struct replay *r, const struct error *why, struct mismatch *out,
                                     struct error *err)
{
    char text[2048];
    if (why->status == STATUS_NO_MEMORY) {
        *err = *why;
        return why->status;
    }
    arena_reset(&r->scratch);
    TRY(fill(r, MISMATCH_FAILED, &r->fact, NULL, out, err));
    out->why = arena_printf(&r->scratch, "%s", error_text(why, text, sizeof(text)));
    return out->why.ptr ? STATUS_OK : arena_error(&r->scratch, err, "an error's text");
}

enum status replay_fact(struct replay *r, const struct event *fact, struct mismatch *out, struct error *err)
{
    struct error why = {0};
    *out = (struct mismatch){0};
    if (fact->execution_id != r->execution_id)
        return error_set(err, STATUS_INVALID, "event %u is of execution %lld, and not of %lld",
                         fact->event_id, (long long)fact->execution_id, (long long)r->execution_id);
    if (!r->x)
        TRY(execution_new(r->execution_id, &r->x, err));
    arena_reset(&r->arena);
    r->compared = 0;
    TRY(event_copy(&r->arena, fact, &r->fact, err)); /* which lives as long as its decisions */
    decisions_init(&r->decisions, &r->arena);
    if (transition(r->x, &r->fact, r->playbooks, &r->decisions, &why) != STATUS_OK)
        return evaluation_failed(r, &why, out, err);
    return STATUS_OK;
}

static enum status take_fact(struct replay *r, const struct event *recorded, struct mismatch *out,
                             struct error *err)
{
    TRY(replay_fact(r, recorded, out, err));
    if (out->kind != MISMATCH_NONE)
        return STATUS_OK;
    if (!r->decisions.ignored) { /* the first event is the fact itself, with the number that it gets */
        r->compared = 1;
        return r->decisions.events[0].event_id == recorded->event_id
                   ? STATUS_OK
                   : fill(r, MISMATCH_ORDER, recorded, &r->decisions.events[0], out, err);
    }
    arena_reset(&r->scratch);
    TRY(fill(r, MISMATCH_IGNORED, recorded, NULL, out, err));
    out->why = str_of(r->decisions.ignored);
    return STATUS_OK;
}

enum status replay_take(struct replay *r, const struct event *recorded, struct mismatch *out,
                        struct error *err)
{
    *out = (struct mismatch){0};
    if (recorded->event_id != r->last_event_id + 1) {
        arena_reset(&r->scratch);
        return fill(r, MISMATCH_ORDER, recorded, NULL, out, err);
    }
    r->last_event_id = recorded->event_id;
    if (event_type_kind(recorded->type) == EVENT_KIND_FACT) {
        TRY(replay_end(r, out, err));
        return out->kind == MISMATCH_NONE ? take_fact(r, recorded, out, err) : STATUS_OK;
    }
    bool any = r->compared < r->decisions.event_count;
    return replay_compare(r, recorded, any ? &r->decisions.events[r->compared++] : NULL, out, err);
}

enum status replay_end(struct replay *r, struct mismatch *out, struct error *err)
{
    *out = (struct mismatch){0};
    if (r->compared == r->decisions.event_count)
        return STATUS_OK;
    arena_reset(&r->scratch);
    return fill(r, MISMATCH_MISSING, NULL, &r->decisions.events[r->compared], out, err);
}
