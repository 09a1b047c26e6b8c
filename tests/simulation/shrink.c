#include "shrink.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "chance.h"

enum { SCHEDULES = 12, FAILURE_MAX = 2048, KIND_MAX = 40 };

struct shrinker {
    struct scenario *best;
    run_scenario *run;
    char kind[KIND_MAX]; /* of the failure that is looked for */
    uint32_t ticks;
    bool smaller; /* since the round began */
};

/* The beginning of the sentence, without ids and numbers. */
static void kind_of(const char *failure, char out[KIND_MAX])
{
    size_t len = 0;
    for (; *failure && len + 1 < KIND_MAX; failure++) {
        if (!isdigit((unsigned char)*failure))
            out[len++] = *failure;
    }
    out[len] = '\0';
}

static bool fails_alike(struct shrinker *k, const struct scenario *s, uint32_t *ticks)
{
    char failure[FAILURE_MAX], kind[KIND_MAX];
    k->run(s, failure, sizeof(failure), ticks);
    kind_of(failure, kind);
    return failure[0] && !strcmp(kind, k->kind);
}

/* A smaller scenario has another schedule anyway: several are tried. */
static bool take(struct shrinker *k, struct scenario *s)
{
    uint32_t ticks;
    for (uint32_t i = 0; i < s->draft_count; i++)
        draft_repair(&s->drafts[i]);
    if (!memcmp(s, k->best, sizeof(*s)))
        return false;
    for (uint32_t i = 0; i < SCHEDULES; i++) {
        if (i > 0)
            s->schedule = chance_mix(k->best->schedule, i);
        if (!fails_alike(k, s, &ticks))
            continue;
        *k->best = *s;
        k->ticks = ticks;
        k->smaller = true;
        return true;
    }
    return false;
}

/* ---- what can be left out ------------------------------------------------------------------------------ */

static void drop_faults(struct shrinker *k)
{
    struct scenario s = *k->best;
    s.faults = 0;
    if (s.faults == k->best->faults || take(k, &s))
        return;
    for (uint32_t i = 0; i < 64; i++) {
        s = *k->best;
        s.faults &= ~(UINT64_C(1) << i);
        if (s.faults != k->best->faults)
            take(k, &s);
    }
    s = *k->best;
    s.doomed_tasks = 0;
    if (k->best->doomed_tasks > 0)
        take(k, &s);
    while (k->best->fault_budget > 0) {
        s = *k->best;
        s.fault_budget /= 2;
        if (!take(k, &s))
            break;
    }
}

/* A request goes with the commands of its execution; the others keep their numbers. */
static void drop_commands(struct shrinker *k)
{
    for (uint32_t i = k->best->command_count; i-- > 0;) {
        struct scenario s = *k->best;
        if (i >= s.command_count || s.commands[i].type == EVENT_EXECUTION_REQUESTED)
            continue;
        memmove(&s.commands[i], &s.commands[i + 1], (s.command_count - i - 1) * sizeof(s.commands[0]));
        s.command_count--;
        take(k, &s);
    }
}

static void drop_executions(struct shrinker *k)
{
    for (uint8_t execution = SCENARIO_COMMANDS - 1; execution > 0; execution--) {
        struct scenario s = *k->best;
        uint32_t kept = 0;
        for (uint32_t i = 0; i < s.command_count; i++) {
            if (s.commands[i].execution != execution)
                s.commands[kept++] = s.commands[i];
        }
        if (kept == s.command_count)
            continue;
        s.command_count = kept;
        take(k, &s);
    }
}

static void drop_steps(struct shrinker *k)
{
    for (uint32_t d = 0; d < k->best->draft_count; d++) {
        for (uint32_t i = k->best->drafts[d].count; i-- > 1;) {
            struct scenario s = *k->best;
            s.drafts[d].steps[i].there = false;
            if (k->best->drafts[d].steps[i].there)
                take(k, &s);
        }
    }
}

/* ---- what can be simpler ------------------------------------------------------------------------------ */

typedef void simplification(struct draft_step *s);

static void to_tool(struct draft_step *s)
{
    s->kind = DRAFT_TOOL;
}
static void to_route(struct draft_step *s)
{
    s->kind = DRAFT_ROUTE;
}
static void without_retry(struct draft_step *s)
{
    s->retry = (struct draft_retry){0};
}
static void without_tasks(struct draft_step *s)
{
    s->loop.task_count = 1;
    s->loop.tasks[0] = (struct draft_task){.kind = DRAFT_TOOL};
}
static void without_loop_options(struct draft_step *s)
{
    s->loop.where = s->loop.order_by = s->loop.limit = s->loop.chunk = s->loop.concurrency = 0;
}
static void without_loop(struct draft_step *s)
{
    s->loop_to = DRAFT_NONE;
}
static void without_save(struct draft_step *s)
{
    s->saves = 0;
}
static void without_assert(struct draft_step *s)
{
    s->expects = s->returns = 0;
}
static void without_args(struct draft_step *s)
{
    s->has_args = s->bad_args = s->has_result = false;
    s->reads = DRAFT_NONE;
}
static void without_failure(struct draft_step *s)
{
    s->failing = 0;
}
static void failing_plainly(struct draft_step *s)
{
    s->on_error = DRAFT_FAIL;
}
static void without_limits(struct draft_step *s)
{
    s->pass = false;
    s->max_visits = 0;
}
static void joining_all(struct draft_step *s)
{
    s->join = DRAFT_ALL;
}
static void without_entry(struct draft_step *s)
{
    if (s->entry_count)
        s->entry_count--;
}
static void without_first_entry(struct draft_step *s)
{
    if (s->entry_count == 0)
        return;
    memmove(&s->entries[0], &s->entries[1], (DRAFT_ENTRIES - 1) * sizeof(s->entries[0]));
    s->entry_count--;
}
static void plain_entries(struct draft_step *s)
{
    for (uint8_t i = 0; i < s->entry_count; i++) {
        s->entries[i].with_args = false;
        s->entries[i].then_count = s->entries[i].then_count > 1 ? 1 : s->entries[i].then_count;
        s->entries[i].else_count = s->entries[i].else_count > 1 ? 1 : s->entries[i].else_count;
        if (s->entries[i].form == FORM_WHEN)
            s->entries[i].form = FORM_NAME;
    }
}

static simplification *const simplifications[] = {
    to_tool,      to_route,       without_retry,       without_tasks,   without_loop_options, without_loop,
    without_save, without_assert, without_args,        without_failure, failing_plainly,      without_limits,
    joining_all,  without_entry,  without_first_entry, plain_entries,
};

static void simplify_steps(struct shrinker *k)
{
    for (uint32_t d = 0; d < k->best->draft_count; d++) {
        for (uint32_t i = 0; i < k->best->drafts[d].count; i++) {
            for (size_t n = 0; n < sizeof(simplifications) / sizeof(simplifications[0]); n++) {
                struct scenario s = *k->best;
                simplifications[n](&s.drafts[d].steps[i]);
                if (s.drafts[d].steps[i].there)
                    take(k, &s);
            }
        }
    }
}

static void simplify_drafts(struct shrinker *k)
{
    for (uint32_t d = 0; d < k->best->draft_count; d++) {
        struct scenario s = *k->best;
        s.drafts[d].has_end = s.drafts[d].end_result = false;
        take(k, &s);
        s = *k->best;
        s.drafts[d].timeout_ms = 0;
        s.drafts[d].failing_action = 0;
        take(k, &s);
    }
}

/* The schedule that fails soonest. */
static void shorten(struct shrinker *k)
{
    enum { TRIES = 200 };
    struct scenario s = *k->best;
    for (uint32_t i = 1; i <= TRIES; i++) {
        uint32_t ticks;
        s.schedule = chance_mix(k->best->schedule, 1000 + i);
        if (!fails_alike(k, &s, &ticks) || ticks >= k->ticks)
            continue;
        *k->best = s;
        k->ticks = ticks;
    }
}

void shrink(struct scenario *s, run_scenario *run)
{
    char failure[FAILURE_MAX];
    struct shrinker k = {.best = s, .run = run};
    run(s, failure, sizeof(failure), &k.ticks);
    kind_of(failure, k.kind);
    if (!failure[0])
        return;
    for (uint32_t round = 0; round < 4 && (round == 0 || k.smaller); round++) {
        k.smaller = false;
        drop_executions(&k);
        drop_faults(&k);
        drop_commands(&k);
        drop_steps(&k);
        simplify_steps(&k);
        simplify_drafts(&k);
    }
    shorten(&k);
}
