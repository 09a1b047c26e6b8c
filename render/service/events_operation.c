/* Events of an execution, page by page, and only those that are asked for. */
#include "event_page.h"
#include "operations.h"
#include "publisher/payload.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000 };

struct events_request {
    int64_t execution_id;
    uint32_t at_least;
    struct event_choice choice;
};

static enum status unknown_type(struct str name, struct error *err)
{
    struct str names[EVENT_COUNT];
    for (int t = 0; t < EVENT_COUNT; t++)
        names[t] = str_of(event_type_name((enum event_type)t));
    struct str near = str_nearest(name, names, EVENT_COUNT);
    error_set(err, STATUS_INVALID, "there is no type of events \"%" PRISTR "\"", ARGSTR(name));
    error_place(err, "type");
    return near.len > 0 ? error_hint(err, "did you mean \"%" PRISTR "\"?", ARGSTR(near))
                        : error_hint(err, "they are as step_started, action_error or execution_complete");
}

/* One or several, with commas between them. */
static enum status read_types(struct value payload, struct event_choice *choice, struct error *err)
{
    struct str types;
    TRY(payload_text(payload, STR("type"), &types, err));
    choice->by_type = types.len > 0;
    while (types.len > 0) {
        struct str name = str_trim(str_split(&types, ','));
        enum event_type type = event_type_from_name(name);
        if (type == EVENT_COUNT)
            return unknown_type(name, err);
        choice->types[type] = true;
    }
    return STATUS_OK;
}

static enum status read_request(struct value payload, struct events_request *out, struct error *err)
{
    static const struct str members[] = {STR("execution_id"), STR("after"), STR("limit"),
                                         STR("type"),         STR("step"),  STR("at_least")};
    int64_t after, limit;
    *out = (struct events_request){0};
    TRY(payload_known(payload, members, COUNT(members), "a request for events", err));
    TRY(payload_execution_id(payload, &out->execution_id, err));
    TRY(payload_number(payload, STR("after"), UINT32_MAX, &after, err));
    TRY(payload_number(payload, STR("limit"), LIMIT_MAX, &limit, err));
    TRY(operation_at_least(payload, &out->at_least, err));
    TRY(read_types(payload, &out->choice, err));
    out->choice.after = (uint32_t)after;
    out->choice.limit = limit > 0 ? (uint32_t)limit : LIMIT_DEFAULT;
    return payload_text(payload, STR("step"), &out->choice.step, err);
}

enum status events_operation(void *context, const struct call *call, struct answer *answer, struct error *err)
{
    struct render_service *s = context;
    struct value payload, list;
    struct events_request r;
    struct found_execution found;
    int64_t next;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(read_request(payload, &r, err));
    uint32_t limit = r.choice.limit++; /* one more tells whether there are more */
    TRY(lookup_chosen(s, r.execution_id, &r.choice, r.at_least, call->arena, &found, err));
    found.cut = found.events.count > limit;
    if (found.cut)
        found.events.count = limit;
    TRY(event_page(&found, r.choice.after, event_page_room(s->answer_max, 0), true, call->arena, &list, &next,
                   err));
    struct map_builder m;
    map_begin(&m, call->arena);
    map_put(&m, STR("events"), list);
    if (next >= 0)
        map_put(&m, STR("next"), value_int(next));
    return map_end(&m, &answer->body, err);
}
