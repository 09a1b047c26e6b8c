#include "scenario.h"

#include <string.h>

#include "chance.h"

struct str scenario_path(uint32_t draft)
{
    static const struct str paths[SCENARIO_DRAFTS] = {
        {"simulation/a", 12}, {"simulation/b", 12}, {"simulation/c", 12}};
    return paths[draft % SCENARIO_DRAFTS];
}

static void add_command(struct scenario *s, struct command c)
{
    if (s->command_count < SCENARIO_COMMANDS)
        s->commands[s->command_count++] = c;
}

static void make_commands(struct scenario *s, uint64_t *random)
{
    uint32_t executions = 1 + chance_below(random, 3);
    for (uint32_t i = 0; i < executions; i++) {
        add_command(s, (struct command){.type = EVENT_EXECUTION_REQUESTED,
                                        .execution = (uint8_t)i,
                                        .draft = (uint8_t)chance_below(random, s->draft_count),
                                        .flag = chance_one_in(random, 2)});
    }
    if (chance_one_in(random, 8))
        add_command(s, (struct command){.type = EVENT_CANCEL_REQUESTED,
                                        .execution = (uint8_t)chance_below(random, executions)});
}

void scenario_make(struct scenario *s, uint64_t seed)
{
    uint64_t random = chance_mix(seed, 1);
    memset(s, 0, sizeof(*s));
    s->seed = seed;
    s->nature = chance_mix(seed, 2);
    s->schedule = chance_mix(seed, 3);
    s->draft_count = 1 + chance_below(&random, 2);
    for (uint32_t i = 0; i < s->draft_count; i++) {
        draft_make(&s->drafts[i], &random);
        draft_repair(&s->drafts[i]);
    }
    make_commands(s, &random);
    s->faults = chance_one_in(&random, 4) ? 0 : chance_one_in(&random, 2) ? UINT64_MAX : splitmix64(&random);
    s->fault_budget = chance_below(&random, 30);
}
