/* Random drafts. */
#include "draft.h"

#include <string.h>

#include "chance.h"

static uint8_t some_target(const struct draft *d, uint32_t from, uint64_t *random)
{
    uint32_t behind = d->count - from - 1;
    if (behind == 0 || (d->has_end && chance_one_in(random, 8)))
        return DRAFT_END;
    /* Mostly near, so that playbooks are long and not only wide. */
    uint32_t reach = behind < 4 || chance_one_in(random, 5) ? behind : 4;
    return (uint8_t)(from + 1 + chance_below(random, reach));
}

static uint8_t make_targets(const struct draft *d, uint32_t from, uint8_t least, uint8_t *targets,
                            uint64_t *random)
{
    uint8_t count = (uint8_t)(least + chance_below(random, DRAFT_TARGETS + 1 - least));
    for (uint8_t i = 0; i < count; i++)
        targets[i] = some_target(d, from, random);
    return count;
}

static int8_t earlier(uint32_t step, uint64_t *random)
{
    return step == 0 || chance_one_in(random, 2) ? DRAFT_NONE : (int8_t)chance_below(random, step);
}

static void make_entry(const struct draft *d, uint32_t from, struct draft_entry *e, uint64_t *random)
{
    static const uint8_t forms[] = {FORM_NAME, FORM_NAME,      FORM_NAME,      FORM_WHEN,
                                    FORM_WHEN, FORM_THEN_ELSE, FORM_THEN_ELSE, FORM_ELSE};
    *e = (struct draft_entry){
        .form = forms[chance_below(random, sizeof(forms))],
        .condition = (uint8_t)chance_below(random, 48),
        .about = earlier(from, random),
        .with_args = chance_one_in(random, 3),
    };
    if (e->form == FORM_THEN_ELSE) {
        e->then_count = make_targets(d, from, 0, e->thens, random);
        e->else_count = make_targets(d, from, 0, e->elses, random);
        return;
    }
    e->then_count = 1;
    e->thens[0] = some_target(d, from, random);
    if (e->form == FORM_ELSE)
        e->then_count = make_targets(d, from, 1, e->thens, random);
    else if (e->form == FORM_WHEN)
        e->else_count = (uint8_t)(chance_one_in(random, 2) ? make_targets(d, from, 1, e->elses, random) : 0);
}

static void make_next(struct draft *d, uint32_t s, struct draft_step *step, uint64_t *random)
{
    step->entry_count = (uint8_t)(s + 1 == d->count ? chance_below(random, 2) : chance_below(random, 5));
    if (step->entry_count == 0 && chance_one_in(random, 2))
        step->entry_count = 1;
    for (uint8_t i = 0; i < step->entry_count; i++)
        make_entry(d, s, &step->entries[i], random);
}

static void make_errors(const struct draft *d, uint32_t s, struct draft_step *step, uint64_t *random)
{
    static const uint8_t failing[] = {0, 0, 0, 0, 0, 2, 5, 8};
    step->failing = failing[chance_below(random, sizeof(failing))];
    step->on_error = (uint8_t)(chance_one_in(random, 3) ? chance_below(random, 3) : DRAFT_FAIL);
    if (step->failing && !chance_one_in(random, 4))
        step->on_error = (uint8_t)(DRAFT_CONTINUE + chance_below(random, 2));
    step->on_error_step = (int8_t)some_target(d, s, random);
    step->bad_args = chance_one_in(random, 60);
}

static void make_retry(struct draft_retry *r, bool is_tool, uint64_t *random)
{
    *r = (struct draft_retry){
        .attempts = (uint8_t)(1 + chance_below(random, 4)),
        .delay = (uint8_t)chance_below(random, 4),
        .when = (uint8_t)(chance_one_in(random, 2) ? chance_below(random, is_tool ? 5 : 4) : 0),
        .stop = (uint8_t)(chance_one_in(random, 3) ? chance_below(random, 3) : 0),
        .jitter = chance_one_in(random, 3),
    };
    if (r->when == 3 && !chance_one_in(random, 8))
        r->when = 0; /* one that cannot be rendered */
}

static void make_loop(struct draft_loop *l, uint64_t *random)
{
    static const uint8_t kinds[] = {DRAFT_TOOL,     DRAFT_TOOL,     DRAFT_TOOL,    DRAFT_TOOL,
                                    DRAFT_WORKBOOK, DRAFT_ITERATOR, DRAFT_PLAYBOOK};
    *l = (struct draft_loop){
        .collection = (uint8_t)chance_below(random, 24),
        .where = (uint8_t)(chance_one_in(random, 3) ? 1 + chance_below(random, 2) : 0),
        .order_by = (uint8_t)(chance_one_in(random, 3) ? 1 + chance_below(random, 2) : 0),
        .limit = (uint8_t)(chance_one_in(random, 4) ? 1 + chance_below(random, 4) : 0),
        .chunk = (uint8_t)(chance_one_in(random, 5) ? 1 + chance_below(random, 3) : 0),
        .concurrency = (uint8_t)(chance_one_in(random, 2) ? 1 + chance_below(random, 3) : 0),
        .async = chance_one_in(random, 2),
        .enumerate = chance_one_in(random, 4),
        .on_error = (uint8_t)chance_below(random, 3),
        .task_count = (uint8_t)(chance_one_in(random, 2) ? 1 : 1 + chance_below(random, DRAFT_TASKS)),
    };
    for (uint8_t i = 0; i < l->task_count; i++) {
        struct draft_task *t = &l->tasks[i];
        t->kind = kinds[chance_below(random, sizeof(kinds))];
        t->saves = chance_one_in(random, 6);
        if (chance_one_in(random, 3))
            make_retry(&t->retry, t->kind == DRAFT_TOOL, random);
    }
}

/* What is more than running a tool once. */
static void make_work(struct draft_step *step, uint64_t *random)
{
    if (chance_one_in(random, 3))
        make_retry(&step->retry, step->kind == DRAFT_TOOL, random);
    step->saves = (uint8_t)(chance_one_in(random, 4) ? 1 + chance_below(random, 3) : 0);
    if (step->saves == 3 && !chance_one_in(random, 6))
        step->saves = 1; /* one that cannot be rendered */
    step->expects = (uint8_t)(chance_one_in(random, 6) ? chance_one_in(random, 6) ? 2 : 1 : 0);
    step->returns = (uint8_t)(chance_one_in(random, 6) ? chance_one_in(random, 4) ? 2 : 1 : 0);
    step->waits = (uint8_t)(chance_one_in(random, 4) ? chance_one_in(random, 6) ? 2 : 1 : 0);
    step->detached = chance_one_in(random, 6);
    step->one_step = chance_one_in(random, 5);
    make_loop(&step->loop, random);
}

static void make_step(struct draft *d, uint32_t s, uint64_t *random)
{
    static const uint8_t joins[] = {DRAFT_ALL, DRAFT_ALL, DRAFT_ALL, DRAFT_ANY, DRAFT_EACH};
    static const uint8_t kinds[] = {DRAFT_ROUTE,    DRAFT_ROUTE,    DRAFT_TOOL,     DRAFT_TOOL,
                                    DRAFT_TOOL,     DRAFT_TOOL,     DRAFT_WORKBOOK, DRAFT_ITERATOR,
                                    DRAFT_ITERATOR, DRAFT_PLAYBOOK, DRAFT_SIGNAL};
    struct draft_step *step = &d->steps[s];
    *step = (struct draft_step){
        .there = true,
        .kind = kinds[chance_below(random, sizeof(kinds))],
        .join = joins[chance_below(random, sizeof(joins))],
        .loop_to = DRAFT_NONE,
        .reads = earlier(s, random),
        .pass = chance_one_in(random, 20),
        .has_args = chance_one_in(random, 3),
        .has_result = chance_one_in(random, 3),
        .max_visits = (uint8_t)(chance_one_in(random, 12) ? 1 + chance_below(random, 4) : 0),
    };
    if (chance_one_in(random, 3))
        step->loop_to = (int8_t)(s - chance_below(random, s < 3 ? s + 1 : 4));
    make_errors(d, s, step, random);
    make_work(step, random);
    make_next(d, s, step, random);
}

void draft_make(struct draft *d, uint8_t calls, uint64_t *random)
{
    static const uint32_t timeouts_ms[] = {20, 2000, 3600000};
    memset(d, 0, sizeof(*d));
    d->count = (uint8_t)(1 + chance_below(random, chance_one_in(random, 3) ? 3 : DRAFT_STEPS));
    d->has_end = !chance_one_in(random, 3);
    d->end_result = d->has_end && chance_one_in(random, 2);
    d->calls = calls;
    d->timeout_ms = chance_one_in(random, 12) ? timeouts_ms[chance_below(random, 3)] : 0;
    d->failing_action = (uint8_t)(chance_one_in(random, 4) ? 3 : 0);
    for (uint32_t s = 0; s < d->count; s++)
        make_step(d, s, random);
}

/* A retry that reopens `end` has to keep what edges brought to it. */
static void bring_args_to_end(struct draft_step *step)
{
    for (uint8_t i = 0; i < step->entry_count; i++)
        step->entries[i].with_args = step->entries[i].with_args || step->entries[i].thens[0] == DRAFT_END;
}

void draft_add_later(struct draft *d, uint64_t *random)
{
    d->end_works = d->has_end && !d->end_result && chance_one_in(random, 2);
    for (uint32_t s = 0; s < d->count; s++) {
        struct draft_step *step = &d->steps[s];
        if (d->end_works)
            bring_args_to_end(step);
        if (step->kind == DRAFT_PLAYBOOK && chance_one_in(random, 2))
            step->kind = DRAFT_PLAYBOOKS;
        for (uint8_t i = 0; i < step->loop.task_count; i++) {
            if (step->loop.tasks[i].kind == DRAFT_PLAYBOOK && chance_one_in(random, 3))
                step->loop.tasks[i].kind = DRAFT_PLAYBOOKS;
        }
    }
}
