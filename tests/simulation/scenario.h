/*
 * All that determines a world: a seed, playbooks, executions, what clients do and which faults may happen.
 * Made from one number; taken apart to find the smallest scenario that still fails.
 */
#ifndef SIMULATION_SCENARIO_H
#define SIMULATION_SCENARIO_H

#include "core/event.h"
#include "draft.h"

enum { SCENARIO_DRAFTS = 3, SCENARIO_COMMANDS = 64, COMMAND_CHILD = 32 };

struct command {
    enum event_type type; /* EVENT_EXECUTION_REQUESTED, EVENT_CANCEL_REQUESTED, … */
    uint8_t execution;    /* the how manyth that was requested; from COMMAND_CHILD on, of the sub-playbooks */
    uint8_t draft;        /* of a request */
    bool flag;            /* of its workload */
    bool steers_step;     /* of a retry: from a step on, rather than from where it stood */
    uint8_t step;         /* that step */
    bool at_end;          /* while the step `end` is at work, or not at all */
    uint32_t timeout_ms;  /* of a request; 0: none */
};

struct scenario {
    uint64_t seed;     /* the number that it was made from */
    uint64_t nature;   /* seed of the answers */
    uint64_t schedule; /* seed of the order of things */
    struct draft drafts[SCENARIO_DRAFTS];
    uint32_t draft_count;
    struct command commands[SCENARIO_COMMANDS]; /* sent in this order */
    uint32_t command_count;
    uint64_t faults;       /* a bit for each action that is a fault */
    uint32_t fault_budget; /* how many may happen */
    uint8_t doomed_step;   /* of the first draft: whose tasks are lost, one after the other */
    uint32_t doomed_tasks; /* how many; 0: none */
};

void scenario_make(struct scenario *s, uint64_t seed);
#endif
