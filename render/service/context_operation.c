/* What templates of an execution see, now or as of an earlier event. */
#include "document.h"
#include "operations.h"
#include "publisher/payload.h"
#include "render/context.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static enum status names_of(struct arena *a, const struct event_list *events, struct value *out,
                            struct error *err)
{
    struct execution_context x;
    TRY(fetch_execution_context(a, events->items, events->count, &x, err));
    struct context_source source = {.execution_id = x.execution_id,
                                    .workload = x.workload,
                                    .results = x.results,
                                    .errors = x.errors,
                                    .variables = x.variables};
    return build_rendering_context(a, &source, out, err);
}

enum status context_operation(void *context, const struct call *call, struct answer *answer,
                              struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("at"), STR("at_least")};
    struct arena *a = call->arena;
    struct value payload, names;
    struct found_execution found;
    struct lookup_moment at;
    int64_t id;
    uint32_t at_least;
    TRY(payload_read(a, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, COUNT(members), "a request for a context", err));
    TRY(payload_execution_id(payload, &id, err));
    TRY(operation_at(payload, &at, err));
    TRY(operation_at_least(payload, &at_least, err));
    TRY(lookup_execution(context, id, at_least, a, &found, err));
    TRY(lookup_cut(&found.events, &at, err));
    TRY(names_of(a, &found.events, &names, err));

    const struct event *last = &found.events.items[found.events.count - 1];
    struct value id_text = document_id(a, id), time = document_time(a, last->time_ns);
    if (value_is_absent(id_text) || value_is_absent(time))
        return arena_error(a, err, "the context of an execution");
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("execution_id"), id_text);
    map_put(&m, STR("at"), value_int(last->event_id));
    map_put(&m, STR("time"), time);
    map_put(&m, STR("context"), names);
    return map_end(&m, &answer->body, err);
}
