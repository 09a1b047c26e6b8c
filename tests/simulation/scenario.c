#include "scenario.h"

#include <string.h>

#include "chance.h"

static void add_command(struct scenario *s, struct command c)
{
    if (s->command_count < SCENARIO_COMMANDS)
        s->commands[s->command_count++] = c;
}

static void make_request(struct scenario *s, uint8_t execution, uint64_t *random)
{
    static const uint32_t timeouts_ms[] = {50, 1000, 20000, 3600000};
    struct command c = {
        .type = EVENT_EXECUTION_REQUESTED,
        .execution = execution,
        .draft = (uint8_t)chance_below(random, s->draft_count),
        .flag = chance_one_in(random, 2),
    };
    if (chance_one_in(random, 12))
        c.timeout_ms = timeouts_ms[chance_below(random, 4)];
    add_command(s, c);
}

/* Some more often than a step waits for them, some before it does. */
static void send_signals(struct scenario *s, uint8_t execution, uint64_t *random)
{
    uint8_t draft = s->commands[execution].draft;
    for (uint8_t step = 0; step < s->drafts[draft].count; step++) {
        uint32_t times = draft_signal(&s->drafts[draft], step).len ? 2 + chance_below(random, 3) : 0;
        while (times-- > 0)
            add_command(
                s, (struct command){.type = EVENT_SIGNAL_RECEIVED, .execution = execution, .step = step});
    }
}

/* Any of them in any order; the moment of each is found when it is sent. */
static void make_steering(struct scenario *s, uint8_t execution, uint64_t *random)
{
    static const uint8_t types[] = {EVENT_PAUSE_REQUESTED,  EVENT_RESUME_REQUESTED, EVENT_RESUME_REQUESTED,
                                    EVENT_CANCEL_REQUESTED, EVENT_RETRY_REQUESTED,  EVENT_RETRY_REQUESTED,
                                    EVENT_RETRY_REQUESTED};
    static const uint8_t stopped_while_paused[] = {EVENT_PAUSE_REQUESTED, EVENT_CANCEL_REQUESTED,
                                                   EVENT_RETRY_REQUESTED};
    uint32_t count = chance_one_in(random, 3) ? 1 + chance_below(random, 5) : 0;
    for (uint32_t i = 0; count == 3 && i < 3; i++)
        add_command(s, (struct command){.execution = execution, .type = stopped_while_paused[i]});
    while (count-- > 0) {
        struct command c = {.execution = execution, .type = types[chance_below(random, sizeof(types))]};
        c.steers_step = c.type == EVENT_RETRY_REQUESTED && chance_one_in(random, 5);
        c.step = (uint8_t)chance_below(random, DRAFT_STEPS);
        add_command(s, c);
    }
}

static void make_commands(struct scenario *s, uint64_t *random)
{
    uint32_t executions = 1 + chance_below(random, 3);
    for (uint32_t i = 0; i < executions; i++)
        make_request(s, (uint8_t)i, random);
    for (uint32_t i = 0; i < executions; i++) {
        send_signals(s, (uint8_t)i, random);
        make_steering(s, (uint8_t)i, random);
    }
    if (chance_one_in(random, 3))
        make_steering(s, (uint8_t)(COMMAND_CHILD + chance_below(random, 3)), random);
}

static void retry_from(struct scenario *s, uint8_t execution, uint8_t step)
{
    add_command(
        s, (struct command){
               .type = EVENT_RETRY_REQUESTED, .execution = execution, .steers_step = true, .step = step});
}

/*
 * Some executions whose `end` works for some time are cancelled just then, or paused, so that it may end
 * before they are cancelled; and retried from a step. Many steps do not lead to `end`, and it has to begin
 * anew behind them nevertheless. Some are retried from `end` itself, which runs once.
 */
static void steer_end(struct scenario *s, uint64_t *random)
{
    for (uint8_t i = 0; i < SCENARIO_COMMANDS && s->commands[i].type == EVENT_EXECUTION_REQUESTED; i++) {
        const struct draft *d = &s->drafts[s->commands[i].draft];
        uint32_t how = chance_below(random, 10);
        uint8_t from = (uint8_t)(chance_one_in(random, 6) ? DRAFT_END : chance_below(random, d->count));
        bool pauses = how < 4, cancels = how >= 4 && how < 8, from_end = how == 8;
        if (!d->has_end || how > 8 || (!d->end_works && !from_end))
            continue;
        if (pauses)
            add_command(s, (struct command){.type = EVENT_PAUSE_REQUESTED, .execution = i, .at_end = true});
        add_command(s, (struct command){.type = EVENT_CANCEL_REQUESTED, .execution = i, .at_end = cancels});
        retry_from(s, i, from_end ? DRAFT_END : from);
    }
}

/* Few: a world that lost something is looked at less closely. */
static void doom_a_step(struct scenario *s, uint64_t *random)
{
    const struct draft *d = &s->drafts[0];
    uint32_t first = chance_below(random, d->count);
    if (!chance_one_in(random, 20))
        return;
    for (uint32_t i = 0; i < d->count; i++) {
        uint32_t step = (first + i) % d->count;
        const struct draft_step *at = &d->steps[step];
        if (!at->there || at->several || at->pass || (at->kind != DRAFT_TOOL && at->kind != DRAFT_ITERATOR))
            continue;
        s->doomed_step = (uint8_t)step;
        s->doomed_tasks = 6 + chance_below(random, 8);
        return;
    }
}

void scenario_make(struct scenario *s, uint64_t seed)
{
    uint64_t random = chance_mix(seed, 1), listings = chance_mix(seed, 4), ends = chance_mix(seed, 5),
             dooms = chance_mix(seed, 6);
    memset(s, 0, sizeof(*s));
    s->seed = seed;
    s->nature = chance_mix(seed, 2);
    s->schedule = chance_mix(seed, 3);
    s->draft_count = 1 + chance_below(&random, SCENARIO_DRAFTS);
    for (uint32_t i = 0; i < s->draft_count; i++) {
        draft_make(&s->drafts[i], (uint8_t)(i + 1 < s->draft_count ? i + 1 : 0), &random);
        draft_add_later(&s->drafts[i], &listings);
        draft_repair(&s->drafts[i]);
        if (i > 0)
            s->drafts[i].timeout_ms = 0; /* what is called has none, so that it always comes to the same */
    }
    make_commands(s, &random);
    steer_end(s, &ends);
    s->faults = chance_one_in(&random, 4) ? 0 : chance_one_in(&random, 2) ? UINT64_MAX : splitmix64(&random);
    s->fault_budget = chance_below(&random, 30);
    doom_a_step(s, &dooms);
}
