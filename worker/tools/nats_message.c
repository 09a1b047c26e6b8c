#include "nats_message.h"

#include <strings.h>

#include "core/digest.h"
#include "core/id.h"
#include "core/json.h"
#include "worker/text.h"

#define ID_HEADER    "Nats-Msg-Id"
#define TRACE_HEADER "traceparent"

enum status nats_payload(struct arena *a, struct value v, struct str *out, struct error *err)
{
    *out = value_as_str(v);
    if (value_is_absent(v) || v.type == VALUE_NULL || v.type == VALUE_STRING)
        return STATUS_OK;
    return json_text(a, v, out, err);
}

/* ---- headers -------------------------------------------------------------------------------------- */

static enum status add_header(struct nats_message *m, struct arena *a, struct str name, struct value v,
                              struct error *err)
{
    struct str text;
    if (v.type == VALUE_MAP || v.type == VALUE_LIST)
        return error_set(err, STATUS_INVALID, "the header \"%" PRISTR "\" is a %s, not text", ARGSTR(name),
                         value_type_name(v));
    if (m->header_count == BUS_MOST_HEADERS)
        return error_set(err, STATUS_LIMIT, "\"headers\" has more than %d headers", BUS_MOST_HEADERS);
    TRY(nats_payload(a, v, &text, err));
    struct bus_header h = {.name = arena_strdup(a, name), .value = arena_strdup(a, text)};
    if (!h.name || !h.value)
        return arena_error(a, err, "the headers");
    if (strlen(h.name) != name.len || strlen(h.value) != text.len)
        return error_set(err, STATUS_INVALID, "the header \"%s\" has a zero byte", h.name);
    if (strcasecmp(h.name, ID_HEADER) == 0)
        m->id = h.value;
    else
        m->headers[m->header_count++] = h;
    return STATUS_OK;
}

static enum status add_headers(struct nats_message *m, struct arena *a, struct value headers,
                               struct error *err)
{
    if (value_is_absent(headers) || headers.type == VALUE_NULL)
        return STATUS_OK;
    if (headers.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "\"headers\" must be a map of names and texts, not a %s",
                         value_type_name(headers));
    for (uint32_t i = 0; i < headers.len; i++) {
        struct value_entry e = headers.u.map->entries[i];
        bool is_list = e.value.type == VALUE_LIST;
        for (uint32_t k = 0; k < (is_list ? e.value.len : 1); k++)
            TRY(add_header(m, a, value_as_str(e.key), is_list ? e.value.u.list[k] : e.value, err));
    }
    return STATUS_OK;
}

/* Unless the step has one of its own, or as many headers as there may be. */
static enum status add_trace(struct nats_message *m, struct arena *a, struct str traceparent,
                             struct error *err)
{
    bool has_one = false;
    for (size_t i = 0; i < m->header_count; i++)
        has_one = has_one || strcasecmp(m->headers[i].name, TRACE_HEADER) == 0;
    if (has_one || traceparent.len == 0 || m->header_count + 2 > BUS_MOST_HEADERS)
        return STATUS_OK;
    const char *value = arena_strdup(a, traceparent);
    if (!value)
        return arena_error(a, err, "the headers");
    m->headers[m->header_count++] = (struct bus_header){TRACE_HEADER, value};
    return STATUS_OK;
}

enum status nats_message_read(struct nats_message *m, const struct task *task, struct value payload,
                              struct arena *a, struct error *err)
{
    char execution[ID_TEXT];
    *m = (struct nats_message){0};
    TRY(nats_payload(a, payload, &m->payload, err));
    TRY(add_headers(m, a, VALUE_GET(task->config, "headers"), err));
    TRY(add_trace(m, a, task->traceparent, err));
    if (m->id)
        return STATUS_OK;
    id_format(task->execution_id, execution);
    m->id = arena_printf(a, "%s.%" PRISTR, execution, ARGSTR(task->task_id)).ptr;
    return m->id ? STATUS_OK : arena_error(a, err, "the message's id");
}

/* ---- what came ------------------------------------------------------------------------------------ */

enum status nats_value(struct arena *a, struct str bytes, struct value *out, bool *is_binary,
                       struct error *err)
{
    struct error no_json;
    *is_binary = !is_text(bytes);
    *out = *is_binary ? value_null() : value_str(bytes);
    if (*is_binary || bytes.len == 0)
        return STATUS_OK;
    enum status s = json_read(a, bytes, NULL, out, &no_json);
    if (s == STATUS_NO_MEMORY)
        return arena_error(a, err, "what NATS gave");
    if (s != STATUS_OK)
        *out = value_str(bytes);
    return STATUS_OK;
}

enum status nats_put_value(struct map_builder *map, struct arena *a, const char *name, struct str bytes,
                           struct error *err)
{
    struct value v;
    bool is_binary;
    TRY(nats_value(a, bytes, &v, &is_binary, err));
    map_put(map, str_of(name), v);
    if (!is_binary)
        return STATUS_OK;
    struct buf b;
    buf_init(&b, 0);
    base64_encode(&b, bytes);
    enum status s = buf_status(&b, err);
    struct str text = arena_printf(a, "%" PRISTR, ARGSTR(buf_str(&b)));
    struct str key = arena_printf(a, "%s_base64", name);
    buf_free(&b);
    if (s == STATUS_OK && (!text.ptr || !key.ptr))
        s = arena_error(a, err, "what NATS gave");
    if (s == STATUS_OK)
        map_put(map, key, value_str(text));
    return s;
}
