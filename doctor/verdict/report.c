#include "report.h"

#include <string.h>

void report_init(struct report *r, struct arena *a)
{
    *r = (struct report){.arena = a};
}

struct finding *report_add(struct report *r, enum verdict v)
{
    struct finding *room = arena_grow(r->arena, r->items, sizeof(*room), r->count, &r->capacity);
    if (!room) {
        r->failed = true;
        return &r->spare;
    }
    r->items = room;
    struct finding *f = &r->items[r->count++];
    *f = (struct finding){.verdict = v,
                          .subject = STR(""),
                          .step = STR(""),
                          .task_id = STR(""),
                          .part = STR(""),
                          .text = STR(""),
                          .advice = STR("")};
    return f;
}

struct str report_keep(struct report *r, struct str text)
{
    r->failed = r->failed || !text.ptr;
    return text.ptr ? text : STR("");
}

void finding_hop(struct finding *f, const char *name, enum hop_state state, struct str text, int64_t time_ns)
{
    if (f->hop_count < FINDING_HOPS)
        f->hops[f->hop_count++] = (struct hop){name, state, text, time_ns};
}

enum status report_status(const struct report *r, struct error *err)
{
    return r->failed ? arena_error(r->arena, err, "a report") : STATUS_OK;
}

enum gravity report_gravity(const struct report *r)
{
    enum gravity worst = GRAVITY_WELL;
    for (size_t i = 0; i < r->count; i++) {
        enum gravity s = verdict_gravity(r->items[i].verdict);
        worst = s > worst ? s : worst;
    }
    return worst;
}
