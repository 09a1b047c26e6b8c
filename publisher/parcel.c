#include "parcel.h"

#include "core/id.h"
#include "core/json.h"
#include "core/preview.h"

enum { HEADERS_BYTES = 2048, REFERENCE_MAX = 64 << 10 };

size_t parcel_inline_limit(struct bus *bus, const struct subjects *s)
{
    int64_t most = bus_max_payload(bus) - HEADERS_BYTES;
    if (most <= 0)
        return s->inline_limit;
    return s->inline_limit < (size_t)most ? s->inline_limit : (size_t)most;
}

bool parcel_is_reference(struct str message)
{
    static const struct str start = STR("{\"$ref\":");
    return str_starts_with(message, start);
}

enum status parcel_wrap(struct bus *bus, const struct subjects *s, enum blob_store store, const char *owner,
                        struct str text, struct value summary, struct arena *a, struct str *out,
                        struct error *err)
{
    struct blob_ref ref;
    struct map_builder m;
    struct value v;
    TRY(blob_put(bus, s, store, owner, text, &ref, err));
    TRY(blob_ref_to_value(a, &ref, &v, err));
    map_begin(&m, a);
    map_put(&m, STR("$ref"), v);
    map_put_all(&m, summary);
    TRY(map_end(&m, &v, err));
    return json_text(a, v, out, err);
}

static enum status read_reference(const struct subjects *s, struct str message, struct blob_ref *out,
                                  struct error *err)
{
    static const struct json_limits limits = {.max_bytes = REFERENCE_MAX};
    struct arena a;
    struct value v;
    arena_init(&a, 0);
    enum status status = json_read(&a, message, &limits, &v, err);
    if (status == STATUS_OK)
        status = blob_ref_from_value(s, VALUE_GET(v, "$ref"), out, err);
    arena_free(&a);
    return status;
}

enum status parcel_open(struct bus *bus, const struct subjects *s, struct str reference, struct buf *out,
                        struct error *err)
{
    struct blob_ref ref;
    TRY(read_reference(s, reference, &ref, err));
    enum status status = blob_get(bus, s, &ref, out, err);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "large data that was passed by reference");
}

enum status parcel_text(struct bus *bus, const struct subjects *s, struct str message, struct arena *a,
                        struct str *out, struct error *err)
{
    struct buf b;
    *out = message;
    if (!parcel_is_reference(message))
        return STATUS_OK;
    buf_init(&b, 0);
    enum status status = parcel_open(bus, s, message, &b, err);
    if (status == STATUS_OK) {
        *out = (struct str){arena_strdup(a, buf_str(&b)), b.len};
        status = out->ptr ? STATUS_OK : arena_error(a, err, "large data");
    }
    buf_free(&b);
    return status;
}

/* ---- summaries ---------------------------------------------------------------------------------------- */

enum status parcel_event_summary(struct arena *a, const struct event *e, struct value *out, struct error *err)
{
    struct event small;
    TRY(event_preview(a, e, &small, err));
    return event_to_value(a, &small, out, err);
}

enum status parcel_event(struct bus *bus, const struct subjects *s, const struct event *e, struct arena *a,
                         struct str *text, struct error *err)
{
    char owner[ID_TEXT];
    struct value summary;
    if (text->len <= parcel_inline_limit(bus, s))
        return STATUS_OK;
    id_format(e->execution_id, owner);
    TRY(parcel_event_summary(a, e, &summary, err));
    return parcel_wrap(bus, s, BLOB_RESULTS, owner, *text, summary, a, text, err);
}

enum status parcel_task_summary(struct arena *a, const struct task *t, struct value *out, struct error *err)
{
    static const struct value absent = {.type = VALUE_UNDEFINED};
    struct task small = *t;
    small.args = small.config = small.returns = small.saves = small.names = absent;
    return task_to_value(a, &small, out, err);
}

enum status parcel_event_excerpt(struct arena *a, const struct event *e, struct str *out, struct error *err)
{
    struct value summary, omitted, all;
    struct map_builder m;
    size_t bytes = value_size(e->context) + value_size(e->result) + value_size(e->meta) + e->error.len;
    TRY(parcel_event_summary(a, e, &summary, err));
    map_begin(&m, a);
    map_put(&m, STR("bytes"), value_int((int64_t)bytes));
    TRY(map_end(&m, &omitted, err));
    map_begin(&m, a);
    map_put_all(&m, summary);
    map_put(&m, STR("omitted"), omitted);
    TRY(map_end(&m, &all, err));
    return json_text(a, all, out, err);
}
