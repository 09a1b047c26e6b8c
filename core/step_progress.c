#include "step_progress.h"

#include "id.h"

enum { MAX_ITEMS = 1000000 }; /* more than an iterator may have */

bool event_is_of_item(const struct event *e)
{
    struct task_id id;
    return task_id_parse(e->task_id, &id, NULL) == STATUS_OK && id.depth > 0;
}

bool step_progress_is_of(const struct step_progress *p, const struct event *fact)
{
    struct task_id id;
    return task_id_parse(fact->task_id, &id, NULL) == STATUS_OK && p->step == id.step + 1 &&
           p->visit == id.visit;
}

struct str step_progress_kind(const struct step_progress *p)
{
    static const struct str kinds[] = {STR("iterator"), STR("playbook"), STR("signal")};
    struct str type = value_as_str(VALUE_GET(p->started, "type"));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_equal(type, kinds[i]))
            return kinds[i];
    return STR("");
}

static enum status expect_items(struct step_progress *p, int64_t count, struct arena *a, struct error *err)
{
    if (count < 1 || count > MAX_ITEMS)
        return STATUS_OK;
    p->outcomes = ARENA_ARRAY(a, uint8_t, (size_t)count);
    if (!p->outcomes)
        return arena_error(a, err, "the items of an iterator");
    p->items = (uint32_t)count;
    return STATUS_OK;
}

static enum status start(struct step_progress *p, const struct event *e, struct arena *a, struct error *err)
{
    struct value count = VALUE_GET(e->context, "count");
    p->started = e->context;
    p->retried = (struct value){0};
    p->items = p->items_done = p->items_failed = 0;
    if (!str_is(step_progress_kind(p), "iterator") || count.type != VALUE_INT)
        return STATUS_OK;
    return expect_items(p, count.u.i, a, err);
}

/* Only now it is known how many there are. */
static enum status list(struct step_progress *p, const struct event *e, struct arena *a, struct error *err)
{
    p->items = p->items_done = p->items_failed = 0;
    return expect_items(p, VALUE_GET(e->context, "playbooks").len, a, err);
}

/* What an event of an item makes of it; -1: nothing. */
static int outcome_of(enum event_type type)
{
    if (type == EVENT_ITERATION_STARTED || type == EVENT_STEP_RETRIED)
        return ITEM_OPEN;
    if (type == EVENT_ACTION_COMPLETED || type == EVENT_CHILD_COMPLETED)
        return ITEM_DONE;
    return type == EVENT_ACTION_ERROR || type == EVENT_CHILD_FAILED ? ITEM_FAILED : -1;
}

/* An item is done while its newest task has an outcome that nothing follows. */
static void note_item(struct step_progress *p, uint32_t item, enum event_type type)
{
    int now = outcome_of(type);
    if (item >= p->items || now < 0)
        return;
    uint8_t *outcome = &p->outcomes[item];
    p->items_done += (now != ITEM_OPEN) - (*outcome != ITEM_OPEN);
    p->items_failed += (now == ITEM_FAILED) - (*outcome == ITEM_FAILED);
    *outcome = (uint8_t)now;
}

enum status step_progress_add(struct step_progress *p, const struct event *e, struct arena *a,
                              struct error *err)
{
    struct task_id id = {0};
    if (task_id_parse(e->task_id, &id, NULL) == STATUS_OK) {
        p->step = id.step + 1;
        p->visit = id.visit;
    }
    /* What is further in belongs to a task that is still at work. */
    if (id.depth == 1)
        note_item(p, id.places[1].item, e->type);
    if (id.depth > 0)
        return STATUS_OK;
    if (e->type == EVENT_STEP_RETRIED)
        p->retried = e->context;
    else if (e->attempt > p->attempts)
        p->attempts = e->attempt;
    if (e->type == EVENT_PLAYBOOKS_LISTED)
        return list(p, e, a, err);
    return e->type == EVENT_STEP_STARTED ? start(p, e, a, err) : STATUS_OK;
}
