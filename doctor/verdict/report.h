/*
 * What was found, as a list: each finding says of one thing where it is, since when, what it waits for and
 * what to do. Everything is in the report's arena. A failed allocation sticks; report_status() tells.
 */
#ifndef VERDICT_REPORT_H
#define VERDICT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"
#include "verdict.h"

/* One hop on the way of a step: "task", "sequence 12 of NOETL_TASKS". */
struct hop {
    const char *name;
    enum hop_state { HOP_PASSED, HOP_HERE, HOP_AHEAD } state;
    struct str text;
    int64_t time_ns; /* since 1970; 0: none */
};

enum { FINDING_HOPS = 8 };
struct finding {
    enum verdict verdict;
    int64_t execution_id; /* 0: of the installation */
    uint32_t depth;       /* in executions that were called, 0: the one that was asked for */
    struct str subject;   /* the thing: "step fetch", "stream NOETL_TASKS"; "": the execution itself */
    struct str step, task_id;
    struct str part; /* the stream, consumer or bucket that --fix would make, zero-terminated; "": none */
    uint32_t visit, attempt;
    int64_t since_ns;  /* when it came to be so; 0: not known */
    struct str text;   /* sentences */
    struct str advice; /* what to do: a command, or a sentence; "": nothing */
    struct hop hops[FINDING_HOPS];
    size_t hop_count;
};

struct report {
    struct arena *arena;
    struct finding *items;
    uint32_t count, capacity;
    bool failed;
    struct finding spare; /* written to when there is no memory; nobody reads it */
};

void report_init(struct report *r, struct arena *a);
/* A finding with its verdict and nothing else; never NULL, but of no use once the report has failed. Valid
 * until the next is added. */
struct finding *report_add(struct report *r, enum verdict v);
/* A text in the report's arena; one without a pointer is a failed allocation. */
struct str report_keep(struct report *r, struct str text);
#define REPORT_TEXT(report, ...) report_keep((report), arena_printf((report)->arena, __VA_ARGS__))
void finding_hop(struct finding *f, const char *name, enum hop_state state, struct str text, int64_t time_ns);
enum status report_status(const struct report *r, struct error *err) MUST_CHECK;
/* The worst of all; GRAVITY_WELL for none. */
enum gravity report_gravity(const struct report *r);

#endif
