/*
 * What the publisher answers at <prefix>.api.*, and over HTTP: run, register, playbooks, playbook, and
 * what steers an execution (control.def). docs/API.md describes each.
 */
#ifndef PUBLISHER_OPERATIONS_H
#define PUBLISHER_OPERATIONS_H

#include <stdatomic.h>

#include "brokers.h"
#include "service.h"

/* The context of the table; outlives it. */
struct publisher {
    struct bus *bus;
    struct brokers *brokers;
    const struct subjects *subjects;
    uint32_t node;       /* of the ids that are made here */
    int64_t timeout_ms;  /* of a request to another service */
    struct value env;    /* what playbooks may see of the environment; absent: nothing */
    atomic_bool started; /* the bus is there, and the streams were */
    atomic_bool full;    /* the newest request for an execution was refused, as the brokers have no room */
};

struct operation_table publisher_operations(struct publisher *publisher);

#endif
