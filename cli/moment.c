#include "moment.h"

#include "config/quantity.h"
#include "runtime/clock.h"

enum status moment_from_args(const struct args *args, const char *flag, struct moment *out, struct error *err)
{
    const char *text = args_text(args, flag);
    int64_t number;
    *out = (struct moment){0};
    if (!text)
        return STATUS_OK;
    if (str_to_int64(str_of(text), &number) && number > 0 && number < UINT32_MAX) {
        out->event_id = (uint32_t)number;
        return STATUS_OK;
    }
    if (time_parse(str_of(text), &out->time_ns, NULL) == STATUS_OK)
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "\"%s\" is neither the number of an event nor a time", text);
    (void)error_place(err, "--%s", flag);
    return error_hint(err, "Events count from 1; a time is written 2026-01-02T03:04:05Z.");
}

struct value moment_value(const struct args *args, const char *flag, const struct moment *m)
{
    return m->event_id > 0 ? value_int(m->event_id) : value_text(args_text(args, flag));
}

bool moment_is_past(const struct moment *m, const struct event *e)
{
    if (m->event_id > 0)
        return e->event_id > m->event_id;
    return m->time_ns != 0 && e->time_ns > m->time_ns;
}

enum status since_from_args(const struct args *args, const char *flag, int64_t *out, struct error *err)
{
    const char *text = args_text(args, flag);
    int64_t ago_ms;
    *out = 0;
    if (!text || time_parse(str_of(text), out, NULL) == STATUS_OK)
        return STATUS_OK;
    if (duration_parse(str_of(text), &ago_ms, NULL) == STATUS_OK) {
        *out = wall_now().ns - ago_ms * 1000000;
        return STATUS_OK;
    }
    (void)error_set(err, STATUS_INVALID, "\"%s\" is neither a time nor a duration", text);
    (void)error_place(err, "--%s", flag);
    return error_hint(err, "Write 2026-01-02T03:04:05Z, or 24h for the last day.");
}
