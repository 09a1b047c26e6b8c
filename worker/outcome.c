#include "outcome.h"

#include "core/json.h"
#include "text.h"

struct envelope {
    bool failed;
    struct value data, error, meta; /* error, meta: maps, or absent */
    struct str sentence;            /* of the error */
};

static const struct value absent = {.type = VALUE_UNDEFINED};

/* ---- errors --------------------------------------------------------------------------------------- */

/* "place:line:column: message (hint)" */
static enum status sentence_of(struct arena *a, const struct error *failure, struct str *out,
                               struct error *err)
{
    char text[sizeof(struct error) + 64];
    *out = text_clean(a, str_of(error_text(failure, text, sizeof(text))));
    return out->ptr ? STATUS_OK : arena_error(a, err, "the outcome");
}

static void put_text(struct map_builder *map, struct arena *a, const char *name, const char *text)
{
    if (text[0])
        map_put(map, str_of(name), value_str(text_clean(a, str_of(text))));
}

/* The message says the place as well: it is what most readers show. {"kind", "message", "place"?, "line"?,
 * "column"?, "hint"?} and over it what the tool added. */
static enum status fail(struct envelope *e, struct arena *a, const struct error *failure, struct value added,
                        struct error *err)
{
    struct map_builder map;
    struct error placed = *failure;
    struct str message;
    placed.hint[0] = 0;
    TRY(sentence_of(a, &placed, &message, err));
    map_begin(&map, a);
    map_put(&map, STR("kind"), value_text(status_name(failure->status)));
    map_put(&map, STR("message"), value_str(message));
    put_text(&map, a, "place", failure->place);
    if (failure->line > 0)
        map_put(&map, STR("line"), value_int(failure->line));
    if (failure->column > 0)
        map_put(&map, STR("column"), value_int(failure->column));
    put_text(&map, a, "hint", failure->hint);
    if (added.type == VALUE_MAP)
        map_put_all(&map, added);
    e->failed = true;
    TRY(map_end(&map, &e->error, err));
    return sentence_of(a, failure, &e->sentence, err);
}

/* ---- envelopes that tools return ------------------------------------------------------------------ */

static bool is_envelope(struct value v)
{
    static const char *const known[] = {"id", "status", "data", "error", "meta", "traceback", NULL};
    struct str status = value_as_str(VALUE_GET(v, "status"));
    bool error = str_is(status, "error");
    if (!error && !str_is(status, "success"))
        return false;
    if (value_is_absent(VALUE_GET(v, "data")) && !(error && !value_is_absent(VALUE_GET(v, "error"))))
        return false;
    for (uint32_t i = 0; i < v.len; i++) {
        bool is_known = false;
        for (size_t k = 0; known[k]; k++)
            is_known = is_known || str_is(value_as_str(v.u.map->entries[i].key), known[k]);
        if (!is_known)
            return false;
    }
    return true;
}

/* The error of a returned envelope is text, or a map that may have a message, or anything. */
static enum status returned_error(struct outcome *out, struct arena *a, struct error *failure)
{
    struct value said = out->error.type == VALUE_MAP ? VALUE_GET(out->error, "message") : out->error;
    struct str text = value_as_str(said);
    if (said.type == VALUE_NULL || value_is_absent(said))
        text = STR("the task returned status \"error\" without saying what it is");
    else if (said.type != VALUE_STRING)
        TRY(json_text(a, said, &text, failure));
    return error_set(failure, STATUS_FAILED, "%" PRISTR, ARGSTR(text));
}

static enum status unwrap(struct outcome *out, struct arena *a, struct error *failure)
{
    struct value returned = out->data, meta = VALUE_GET(returned, "meta");
    out->data = VALUE_GET(returned, "data");
    if (meta.type == VALUE_MAP)
        TRY(value_merge(a, out->meta.type == VALUE_MAP ? out->meta : VALUE_EMPTY_MAP, meta, &out->meta,
                        failure));
    if (!str_is(value_as_str(VALUE_GET(returned, "status")), "error"))
        return STATUS_OK;
    out->error = VALUE_GET(returned, "error");
    return returned_error(out, a, failure);
}

/* ---- limits --------------------------------------------------------------------------------------- */

/* Whether the data can travel; if not, *failure says why. */
static bool may_travel(struct value data, size_t limit, struct error *failure)
{
    struct buf json;
    buf_init(&json, 0);
    enum status s = json_write(&json, data, JSON_COMPACT, failure);
    if (s == STATUS_OK)
        s = buf_status(&json, failure);
    if (s == STATUS_OK && json.len > limit) {
        s = error_set(failure, STATUS_LIMIT, "the result has %zu bytes of JSON, more than the limit of %zu",
                      json.len, limit);
        error_hint(failure, "Return less, write large data to a database, or raise worker.result_limit.");
    }
    buf_free(&json);
    return s == STATUS_OK;
}

/* What cannot travel is left out; that is the failure, unless there is one. */
static enum status bound_data(struct outcome *out, size_t limit, enum status s, struct error *failure)
{
    struct error reason;
    if (value_is_absent(out->data) || may_travel(out->data, limit, &reason))
        return s;
    out->data = absent;
    if (s != STATUS_OK)
        return s;
    *failure = reason;
    return reason.status;
}

enum status outcome_settle(struct outcome *out, size_t limit, struct arena *a, enum status s,
                           struct error *failure)
{
    if (s == STATUS_OK && is_envelope(out->data))
        s = unwrap(out, a, failure);
    return bound_data(out, limit, s, failure);
}

/* ---- the event ------------------------------------------------------------------------------------ */

static enum status envelope_value(const struct envelope *e, struct arena *a, struct value *out,
                                  struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("status"), value_text(e->failed ? "error" : "success"));
    map_put(&map, STR("data"), value_is_absent(e->data) ? value_null() : e->data);
    if (e->failed)
        map_put(&map, STR("error"), e->error);
    if (e->meta.type == VALUE_MAP && e->meta.len > 0)
        map_put(&map, STR("meta"), e->meta);
    return map_end(&map, out, err);
}

static enum status meta_value(const struct attempt_report *t, const struct buf *log, struct arena *a,
                              struct value *out, struct error *err)
{
    char time[32];
    time_format(t->started_ns, time);
    char *started = arena_strdup(a, str_of(time));
    struct str said = log ? text_clean(a, buf_str(log)) : (struct str){"", 0};
    if (!started || !said.ptr)
        return arena_error(a, err, "the outcome");
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("token"), value_str(t->task->token));
    map_put(&map, STR("worker"), value_text(t->worker));
    map_put(&map, STR("started_at"), value_text(started));
    map_put(&map, STR("duration_ms"), value_int(t->duration_ms));
    map_put(&map, STR("delivery"), value_int((int64_t)t->delivery));
    if (said.len > 0)
        map_put(&map, STR("log"), value_str(said));
    return map_end(&map, out, err);
}

static enum status make_event(const struct attempt_report *t, const struct envelope *e, const struct buf *log,
                              struct arena *a, struct event *out, struct error *err)
{
    *out = (struct event){.execution_id = t->task->execution_id,
                          .type = e->failed ? EVENT_ACTION_ERROR : EVENT_ACTION_COMPLETED,
                          .node_name = t->task->step,
                          .node_type = t->task->type,
                          .task_id = t->task->task_id,
                          .visit = t->task->visit,
                          .attempt = t->task->attempt,
                          .error = e->failed ? e->sentence : (struct str){"", 0}};
    TRY(envelope_value(e, a, &out->result, err));
    return meta_value(t, log, a, &out->meta, err);
}

enum status outcome_event(const struct attempt_report *attempt, enum status status,
                          const struct outcome *outcome, const struct error *failure, struct arena *a,
                          struct event *out, struct error *err)
{
    struct envelope e = {.data = outcome->data, .meta = outcome->meta, .error = absent};
    if (status != STATUS_OK)
        TRY(fail(&e, a, failure, outcome->error, err));
    return make_event(attempt, &e, outcome->log, a, out, err);
}
