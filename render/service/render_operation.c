#include "operations.h"
#include "publisher/payload.h"
#include "render/context.h"
#include "runtime/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct render_request {
    int64_t execution_id;
    struct value template_object, extra_context;
    bool strict;
    struct lookup_moment at; /* the state as of then */
};

static enum status read_request(struct value payload, struct render_request *out, struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("template"), STR("extra_context"),
                                         STR("strict"), STR("at")};
    TRY(payload_known(payload, members, COUNT(members), "a request to render", err));
    TRY(payload_execution_id(payload, &out->execution_id, err));
    TRY(payload_map(payload, STR("extra_context"), &out->extra_context, err));
    TRY(payload_flag(payload, STR("strict"), true, &out->strict, err));
    TRY(operation_at(payload, &out->at, err));
    out->template_object = VALUE_GET(payload, "template");
    if (!value_is_absent(out->template_object))
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "\"template\" is missing");
    return error_place(err, "template");
}

/* What now() and random values are is a function of the event, so that asking for the past again gives the
 * same. */
static struct render_inputs inputs_for(const struct render_request *r, const struct event_list *events)
{
    const struct event *last = &events->items[events->count - 1];
    bool is_past = r->at.event_id > 0 || r->at.time_ns != 0;
    return (struct render_inputs){
        .undefined = r->strict ? UNDEFINED_STRICT : UNDEFINED_DEFAULT,
        .now_ns = is_past ? last->time_ns : wall_now().ns,
        .seed = (uint64_t)last->execution_id ^ last->event_id,
        .env = VALUE_GET(events->items[0].context, "env"),
    };
}

enum status render_operation(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    struct arena *a = call->arena;
    struct value payload, rendered, keys, unresolved;
    struct render_request request;
    struct found_execution found;
    struct render_service *service = context;
    TRY(payload_read(a, call->payload, "the request", &payload, err));
    TRY(read_request(payload, &request, err));
    TRY(lookup_execution(service, request.execution_id, 0, a, &found, err));
    TRY(lookup_cut(&found.events, &request.at, err));
    struct render_inputs inputs = inputs_for(&request, &found.events);
    TRY(render_context(a, found.events.items, found.events.count, request.template_object,
                       request.extra_context, request.strict, service->templates, &inputs, &rendered, &keys,
                       &unresolved, err));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("status"), value_text("ok"));
    map_put(&m, STR("rendered"), rendered);
    map_put(&m, STR("context_keys"), keys);
    map_put(&m, STR("unresolved"), value_is_absent(unresolved) ? VALUE_EMPTY_LIST : unresolved);
    return map_end(&m, &answer->body, err);
}
