#include <stdio.h>

#include "core/json.h"
#include "runtime/clock.h"
#include "service.h"

/* Said when there is no memory for anything better. */
#define PLAIN_ERROR "{\"error\":{\"kind\":\"no_memory\",\"message\":\"there is no memory for the answer\"}}"

int error_code(enum status s)
{
    switch (s) {
    case STATUS_OK: return 200;
    case STATUS_INVALID:
    case STATUS_SYNTAX:
    case STATUS_UNSUPPORTED: return 400;
    case STATUS_DENIED: return 403;
    case STATUS_NOT_FOUND: return 404;
    case STATUS_CONFLICT:
    case STATUS_CANCELLED: return 409;
    case STATUS_LIMIT: return 413;
    case STATUS_UNDEFINED:
    case STATUS_RUNTIME:
    case STATUS_FAILED: return 422;
    case STATUS_UNAVAILABLE: return 503;
    case STATUS_TIMEOUT: return 504;
    case STATUS_IO:
    case STATUS_NO_MEMORY:
    case STATUS_INTERNAL:
    case STATUS_COUNT: return 500;
    }
    return 500;
}

int error_code_of(const struct error *err)
{
    return err->passes ? 507 : error_code(err->status);
}

static enum status error_place_value(struct arena *a, const struct error *err, struct value *out)
{
    *out = (struct value){0};
    if (err->place[0] == '\0' && err->line == 0)
        return STATUS_OK;
    struct str text;
    if (err->line == 0)
        text = arena_printf(a, "%s", err->place);
    else
        text = arena_printf(a, "%s%s%u:%u", err->place, err->place[0] ? ":" : "", err->line, err->column);
    if (!text.ptr)
        return STATUS_NO_MEMORY;
    *out = value_str(text);
    return STATUS_OK;
}

static enum status whole_error(struct arena *a, const struct error *err, struct value details,
                               struct value *out)
{
    struct value place, object;
    TRY(error_place_value(a, err, &place));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("kind"), value_text(status_name(err->status)));
    map_put(&m, STR("message"), value_text(err->message));
    if (!value_is_absent(place))
        map_put(&m, STR("place"), place);
    if (err->hint[0])
        map_put(&m, STR("hint"), value_text(err->hint));
    if (details.type == VALUE_MAP)
        map_put_all(&m, details);
    TRY(map_end(&m, &object, NULL));

    map_begin(&m, a);
    map_put(&m, STR("error"), object);
    return map_end(&m, out, NULL);
}

struct str error_json(struct arena *a, const struct error *err, struct value details)
{
    struct value v;
    struct str text;
    if (whole_error(a, err, details, &v) == STATUS_OK && json_text(a, v, &text, NULL) == STATUS_OK)
        return text;
    return STR(PLAIN_ERROR);
}

const struct operation *operation_find(const struct operation_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->operations[i].name, name) == 0)
            return &table->operations[i];
    return NULL;
}

enum status operations_measure(const struct operation_table *table, struct error *err)
{
    enum { MOST = 64 };
    const char *names[MOST];
    size_t count = table->count < MOST ? table->count : MOST;
    for (size_t i = 0; i < count; i++)
        names[i] = table->operations[i].name;
    const struct metric_label labels[] = {{names, count}, metric_statuses()};
    TRY(metrics_label(table->metrics->requests, labels, 2, err));
    return metrics_label(table->metrics->duration, labels, 1, err);
}

static void measure(const struct operation_table *table, const struct operation *operation,
                    enum status status, struct mono_time start)
{
    size_t place = (size_t)(operation - table->operations);
    if (!table->metrics)
        return;
    metric_add(table->metrics->requests, metric_place(place, STATUS_COUNT, status), 1);
    metric_observe(table->metrics->duration, place, mono_now().ns - start.ns);
}

enum status operation_run(const struct operation_table *table, const struct operation *operation,
                          const struct call *call, size_t max_bytes, struct str *text, struct error *err)
{
    struct answer answer = {.body = VALUE_EMPTY_MAP};
    struct mono_time start = mono_now();
    *err = (struct error){0};
    enum status status = operation->handle(table->context, call, &answer, err);
    if (status == STATUS_OK)
        status = json_text(call->arena, answer.body, text, err);
    if (status == STATUS_OK && text->len > max_bytes) {
        status = error_set(err, STATUS_LIMIT, "the answer has %zu bytes, and at most %zu are given",
                           text->len, max_bytes);
        error_place(err, "%s", operation->name);
        error_hint(err, "ask for less at a time");
    }
    if (status != STATUS_OK)
        *text = error_json(call->arena, err, answer.details);
    measure(table, operation, status, start);
    return status;
}
