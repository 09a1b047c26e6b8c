#include "export.h"

#include "core/id.h"
#include "core/json.h"

#define FORMAT "noetl execution"

/* An event was bounded when it came into the log; templates can nest values deeper than JSON's default. */
static const struct json_limits LIMITS = {.max_bytes = 1 << 30, .max_depth = VALUE_MAX_DEPTH + 8};

enum status export_header_write(struct arena *a, const struct export_header *h, struct str *out,
                                struct error *err)
{
    struct map_builder m;
    struct value v;
    char id[ID_TEXT];
    (void)id_format(h->execution_id, id);
    map_begin(&m, a);
    map_put(&m, STR("format"), value_text(FORMAT));
    map_put(&m, STR("version"), value_int(EXPORT_VERSION));
    map_put(&m, STR("execution_id"), value_text(id));
    map_put(&m, STR("path"), value_str(h->path));
    map_put(&m, STR("playbook_version"), value_int(h->playbook_version));
    map_put(&m, STR("status"), value_str(h->status));
    map_put(&m, STR("events"), value_int(h->events));
    TRY(map_end(&m, &v, err));
    return json_text(a, v, out, err);
}

static enum status no_export(struct error *err)
{
    (void)error_set(err, STATUS_INVALID, "this is no export of an execution: its first line is no header");
    return error_hint(err, "`noetl export ID` writes such a file.");
}

enum status export_header_read(struct arena *a, struct str line, struct export_header *out, struct error *err)
{
    struct value v, version, events, playbook_version;
    if (json_read(a, line, &LIMITS, &v, NULL) != STATUS_OK ||
        !str_is(value_as_str(VALUE_GET(v, "format")), FORMAT))
        return no_export(err);
    version = VALUE_GET(v, "version");
    if (version.type != VALUE_INT || version.u.i != EXPORT_VERSION) {
        (void)error_set(err, STATUS_UNSUPPORTED, "the export is of another version of the format than %d",
                        EXPORT_VERSION);
        return error_hint(err, "Use the version of noetl that wrote it, or a newer one.");
    }
    events = VALUE_GET(v, "events");
    if (events.type != VALUE_INT || events.u.i < 1 || events.u.i > UINT32_MAX)
        return error_set(err, STATUS_INVALID, "the header does not say how many events follow");
    TRY(id_parse(value_as_str(VALUE_GET(v, "execution_id")), &out->execution_id, err));
    playbook_version = VALUE_GET(v, "playbook_version");
    out->playbook_version = playbook_version.type == VALUE_INT ? playbook_version.u.i : 0;
    out->path = value_as_str(VALUE_GET(v, "path"));
    out->status = value_as_str(VALUE_GET(v, "status"));
    out->events = (uint32_t)events.u.i;
    return STATUS_OK;
}

enum status export_event_read(struct arena *a, struct str line, const struct export_header *h,
                              uint32_t number, struct event *out, struct error *err)
{
    struct value v;
    TRY(json_read(a, line, &LIMITS, &v, err));
    TRY(event_from_value(v, out, err));
    if (out->execution_id != h->execution_id)
        return error_set(err, STATUS_INVALID, "the event is of execution %lld, and the file of %lld",
                         (long long)out->execution_id, (long long)h->execution_id);
    if (out->event_id != number)
        return error_set(err, STATUS_INVALID, "here should be event %u, and it is event %u", number,
                         out->event_id);
    if (out->time_ns == 0)
        return error_set(err, STATUS_INVALID, "the event has no \"created_at\"");
    if (number == 1 && out->type != EVENT_EXECUTION_REQUESTED)
        return error_set(err, STATUS_INVALID,
                         "the first event of an execution is execution_requested, and "
                         "not %s",
                         event_type_name(out->type));
    return STATUS_OK;
}
