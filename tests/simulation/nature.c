#include "nature.h"

#include <stdlib.h>

#include "chance.h"

/*
 * Visits of a step that run at once come in any order, so all attempts of all of them are answered alike, but
 * those of items differ.
 */
static uint64_t hash_of(const struct nature *n, struct str name, const struct draft_step *step,
                        const struct task_id *id)
{
    bool several = step && step->several;
    uint64_t h = chance_mix(chance_of_text(n->seed, name), several ? 0 : id->visit);
    for (uint32_t i = 0; i <= id->depth; i++) {
        const struct task_place *p = &id->places[i];
        uint64_t place = i ? (uint64_t)p->item << 32 | p->task : 0;
        h = chance_mix(chance_mix(h, place), several ? 0 : p->attempt);
    }
    return h;
}

static struct value finished(struct map_builder *m)
{
    struct value v;
    if (map_end(m, &v, NULL) != STATUS_OK)
        abort();
    return v;
}

/* Whether a loop goes round once more: a step says so up to twice. */
static bool goes_round(const struct nature *n, struct str name, const struct draft_step *step,
                       const struct task_id *id)
{
    uint64_t rounds = chance_mix(chance_of_text(n->seed, name), 77) % 3;
    return !(step && step->several) && id->visit <= rounds;
}

static struct value data_of(uint64_t h, bool again, struct value args, struct arena *a)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("n"), value_int((int64_t)(h >> 8 & 0xffff) % 10));
    map_put(&m, STR("again"), value_bool(again));
    map_put(&m, STR("seen"), args);
    return finished(&m);
}

static struct value error_of(uint64_t h, struct arena *a)
{
    static const char *const kinds[] = {"failed", "timeout", "runtime", "unavailable"};
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("kind"), value_text(kinds[(h >> 16) % 4]));
    map_put(&m, STR("message"), value_text("it broke"));
    map_put(&m, STR("status_code"), value_int((int64_t)(500 + (h >> 20) % 4)));
    return finished(&m);
}

struct answer nature_answer(const struct nature *n, struct str name, const struct task_id *id,
                            struct value args, struct arena *a)
{
    int index = draft_find(n->draft, name);
    const struct draft_step *step = index < 0 ? NULL : &n->draft->steps[index];
    uint64_t h = hash_of(n, name, step, id);
    uint8_t failing = step ? step->failing : 0;
    if (step && step->kind == DRAFT_WORKBOOK && n->draft->failing_action > failing)
        failing = n->draft->failing_action;
    struct answer out = {.success = h % 8 >= failing};
    if (out.success || (h >> 4) % 3 == 0)
        out.data = data_of(h, goes_round(n, name, step, id), args, a);
    if (!out.success)
        out.error = error_of(h, a);
    return out;
}

struct value nature_signal(uint64_t seed, struct str name, struct arena *a)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("n"), value_int((int64_t)(chance_of_text(seed, name) >> 8 & 0xffff) % 10));
    return finished(&m);
}
