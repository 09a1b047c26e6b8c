#include "event_page.h"

#include "core/json.h"

enum { ENVELOPE_BYTES = 256 };

size_t event_page_room(size_t answer_max, size_t used)
{
    return used + ENVELOPE_BYTES < answer_max ? answer_max - used - ENVELOPE_BYTES : 0;
}

enum status event_page_length(struct arena *a, struct value v, size_t *out, struct error *err)
{
    struct str text;
    TRY(json_text(a, v, &text, err));
    *out = text.len;
    return STATUS_OK;
}

enum status event_page(const struct found_execution *found, uint32_t after, size_t room, bool at_least_one,
                       struct arena *a, struct value *out, int64_t *next, struct error *err)
{
    const struct event_list *events = &found->events;
    struct list_builder list;
    list_begin(&list, a);
    *next = -1;
    int64_t last = after;
    for (size_t i = 0; i < events->count && *next < 0; i++) {
        struct event shown;
        struct value v;
        size_t length;
        if (events->items[i].event_id <= after && events->items[i].event_id > 0)
            continue;
        TRY(event_shown(a, &events->items[i], &shown, err));
        TRY(event_to_value(a, &shown, &v, err));
        TRY(event_page_length(a, v, &length, err));
        if (length + 1 > room && !(at_least_one && list.len == 0)) {
            *next = last;
            break;
        }
        room -= length + 1 < room ? length + 1 : room;
        last = events->items[i].event_id;
        list_add(&list, v);
    }
    if (found->cut && *next < 0)
        *next = last;
    return list_end(&list, out, err);
}
