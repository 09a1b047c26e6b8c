#include "event.h"

#include "id.h"
#include "member.h"

static const struct {
    const char *name, *status, *doc;
    enum event_kind kind;
} TYPES[EVENT_COUNT] = {
#define X(name, wire, kind, status, doc) {wire, #status, doc, EVENT_KIND_##kind},
#include "event.def"
#undef X
};

const char *event_type_name(enum event_type t)
{
    return t < EVENT_COUNT ? TYPES[t].name : "unknown";
}

enum event_kind event_type_kind(enum event_type t)
{
    return t < EVENT_COUNT ? TYPES[t].kind : EVENT_KIND_LIFECYCLE;
}

const char *event_type_status(enum event_type t)
{
    return t < EVENT_COUNT ? TYPES[t].status : "UNKNOWN";
}

const char *event_type_doc(enum event_type t)
{
    return t < EVENT_COUNT ? TYPES[t].doc : "";
}

enum event_type event_type_from_name(struct str name)
{
    int t = 0;
    while (t < EVENT_COUNT && !str_is(name, TYPES[t].name))
        t++;
    return (enum event_type)t;
}

bool event_type_is_final(enum event_type t)
{
    return t == EVENT_EXECUTION_COMPLETE || t == EVENT_EXECUTION_FAILED || t == EVENT_EXECUTION_CANCELLED;
}

bool event_is_imported(const struct event *first)
{
    struct value v = VALUE_GET(first->meta, "imported");
    return v.type == VALUE_BOOL && v.u.b;
}

enum status event_copy(struct arena *a, const struct event *e, struct event *out, struct error *err)
{
    struct event copy = *e;
    struct str *texts[] = {&copy.node_name, &copy.node_type, &copy.task_id, &copy.error};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        texts[i]->ptr = texts[i]->len ? arena_strdup(a, *texts[i]) : "";
        if (!texts[i]->ptr)
            return arena_error(a, err, "an event");
    }
    TRY(value_copy_plain(a, e->context, &copy.context, err));
    TRY(value_copy_plain(a, e->result, &copy.result, err));
    TRY(value_copy_plain(a, e->meta, &copy.meta, err));
    *out = copy;
    return STATUS_OK;
}

/* `map` without the member; what is no map, or lacks it, stays as it is. */
static enum status leave_out(struct arena *a, struct str name, struct value *map, struct error *err)
{
    struct map_builder b;
    if (value_is_absent(value_get(*map, name)))
        return STATUS_OK;
    map_begin(&b, a);
    for (uint32_t i = 0; i < map->len; i++) {
        const struct value_entry *entry = &map->u.map->entries[i];
        if (!str_equal(value_as_str(entry->key), name))
            map_put_value(&b, entry->key, entry->value);
    }
    return map_end(&b, map, err);
}

enum status event_shown(struct arena *a, const struct event *e, struct event *out, struct error *err)
{
    struct event shown = *e;
    TRY(leave_out(a, STR("token"), &shown.meta, err));
    if (shown.type == EVENT_EXECUTION_REQUESTED)
        TRY(leave_out(a, STR("token_seed"), &shown.context, err));
    *out = shown;
    return STATUS_OK;
}

static void put_text(struct map_builder *b, const char *name, struct str text)
{
    if (text.len != 0)
        map_put(b, str_of(name), value_str(text));
}

static void put_number(struct map_builder *b, const char *name, int64_t n)
{
    if (n != 0)
        map_put(b, str_of(name), value_int(n));
}

static void put_value(struct map_builder *b, const char *name, struct value v)
{
    if (!value_is_absent(v))
        map_put(b, str_of(name), v);
}

static enum status put_copy(struct map_builder *b, const char *name, const char *text, struct error *err)
{
    const char *copy = arena_strdup(b->arena, str_of(text));
    if (copy == NULL)
        return arena_error(b->arena, err, "an event");
    map_put(b, str_of(name), value_text(copy));
    return STATUS_OK;
}

enum status event_to_value(struct arena *a, const struct event *e, struct value *out, struct error *err)
{
    struct map_builder b;
    char id[ID_TEXT], time[32];
    map_begin(&b, a);
    id_format(e->execution_id, id);
    TRY(put_copy(&b, "execution_id", id, err));
    put_number(&b, "event_id", e->event_id);
    put_text(&b, "event_type", str_of(event_type_name(e->type)));
    put_text(&b, "node_name", e->node_name);
    put_text(&b, "node_type", e->node_type);
    put_text(&b, "status", str_of(event_type_status(e->type)));
    if (e->time_ns != 0) {
        time_format(e->time_ns, time);
        TRY(put_copy(&b, "created_at", time, err));
    }
    put_number(&b, "stream_seq", (int64_t)e->stream_seq);
    put_text(&b, "task_id", e->task_id);
    put_number(&b, "visit", e->visit);
    put_number(&b, "attempt", e->attempt);
    put_value(&b, "context", e->context);
    put_value(&b, "result", e->result);
    put_text(&b, "error", e->error);
    put_value(&b, "meta", e->meta);
    return map_end(&b, out, err);
}

static enum status read_type(const struct member_reader *r, enum event_type *out)
{
    struct str name;
    TRY(member_text(r, "event_type", true, &name));
    *out = event_type_from_name(name);
    if (*out == EVENT_COUNT)
        return error_set(r->err, STATUS_INVALID,
                         "the event's \"event_type\" is \"%" PRISTR "\", which is no event",
                         ARGSTR(str_head(name, 60)));
    return STATUS_OK;
}

static enum status read_time(const struct member_reader *r, int64_t *out)
{
    struct str text;
    TRY(member_text(r, "created_at", false, &text));
    if (text.len == 0)
        return STATUS_OK;
    enum status s = time_parse(text, out, r->err);
    if (s != STATUS_OK)
        error_wrap(r->err, "the event's \"created_at\"");
    return s;
}

enum status event_from_value(struct value v, struct event *out, struct error *err)
{
    struct member_reader r = {v, "event", err};
    struct event e = {.type = EVENT_COUNT};
    int64_t sequence;
    TRY(member_check_map(&r));
    TRY(member_id(&r, "execution_id", &e.execution_id));
    TRY(read_type(&r, &e.type));
    TRY(member_uint32(&r, "event_id", 0, &e.event_id));
    TRY(read_time(&r, &e.time_ns));
    TRY(member_int64(&r, "stream_seq", 0, &sequence));
    e.stream_seq = (uint64_t)sequence;
    TRY(member_text(&r, "node_name", false, &e.node_name));
    TRY(member_text(&r, "node_type", false, &e.node_type));
    TRY(member_text(&r, "task_id", false, &e.task_id));
    TRY(member_uint32(&r, "visit", 0, &e.visit));
    TRY(member_uint32(&r, "attempt", 0, &e.attempt));
    TRY(member_text(&r, "error", false, &e.error));
    e.context = VALUE_GET(v, "context");
    e.result = VALUE_GET(v, "result");
    e.meta = VALUE_GET(v, "meta");
    *out = e;
    return STATUS_OK;
}
