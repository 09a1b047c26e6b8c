#include "history.h"

#include "core/id.h"

enum status execution_request(struct arena *a, int64_t execution_id, struct map_builder *map,
                              struct error *err)
{
    char id[ID_TEXT];
    (void)id_format(execution_id, id);
    const char *text = arena_strdup(a, str_of(id));
    if (!text)
        return arena_error(a, err, "a request");
    map_begin(map, a);
    map_put(map, STR("execution_id"), value_text(text));
    return STATUS_OK;
}

/* after < 0: the first page, which has the document as well. */
static enum status ask_page(struct client *c, int64_t execution_id, int64_t after, struct arena *a,
                            int64_t extra_ms, struct value *answer, int64_t *next, struct error *err)
{
    struct map_builder map;
    struct value request;
    TRY(execution_request(a, execution_id, &map, err));
    if (after >= 0)
        map_put(&map, STR("after"), value_int(after));
    TRY(map_end(&map, &request, err));
    TRY(client_call(c, "show", request, extra_ms, a, answer, err));
    struct value v = VALUE_GET(*answer, "next");
    *next = v.type == VALUE_INT && v.u.i > after ? v.u.i : -1;
    if (VALUE_GET(*answer, "events").type == VALUE_LIST)
        return STATUS_OK;
    return error_set(err, STATUS_INTERNAL, "the render part's answer has no events");
}

enum status history_page(struct client *c, int64_t execution_id, int64_t after, int64_t extra_ms,
                         struct arena *a, struct value *events, int64_t *next, struct error *err)
{
    struct value answer;
    TRY(ask_page(c, execution_id, after, a, extra_ms, &answer, next, err));
    *events = VALUE_GET(answer, "events");
    return STATUS_OK;
}

static void add_all(struct list_builder *list, struct value events)
{
    for (uint32_t i = 0; i < events.len; i++)
        list_add(list, events.u.list[i]);
}

enum status history_read(struct client *c, int64_t execution_id, struct arena *a, struct value *execution,
                         struct value *events, struct error *err)
{
    struct list_builder list;
    struct value answer;
    int64_t next;
    TRY(ask_page(c, execution_id, -1, a, LARGE_WAIT_MS, &answer, &next, err));
    *execution = VALUE_GET(answer, "execution");
    list_begin(&list, a);
    add_all(&list, VALUE_GET(answer, "events"));
    while (next >= 0) {
        TRY(ask_page(c, execution_id, next, a, LARGE_WAIT_MS, &answer, &next, err));
        add_all(&list, VALUE_GET(answer, "events"));
    }
    return list_end(&list, events, err);
}

enum status history_document(struct client *c, int64_t execution_id, uint32_t at_least, struct arena *a,
                             struct value *out, struct error *err)
{
    struct map_builder map;
    struct value request;
    TRY(execution_request(a, execution_id, &map, err));
    if (at_least > 0)
        map_put(&map, STR("at_least"), value_int(at_least));
    TRY(map_end(&map, &request, err));
    return client_call(c, "status", request, AT_LEAST_WAIT_MS + LARGE_WAIT_MS, a, out, err);
}

enum status history_parse(struct arena *a, struct value events, struct event **out, struct error *err)
{
    struct event *list = ARENA_ARRAY(a, struct event, (size_t)events.len + 1);
    if (!list)
        return arena_error(a, err, "the events");
    for (uint32_t i = 0; i < events.len; i++)
        TRY(event_from_value(events.u.list[i], &list[i], err));
    *out = list;
    return STATUS_OK;
}
