/* What the tests of the bus share: a server of their own that can crash, and records of what handlers heard.
 */
#ifndef TESTS_RUNTIME_FIXTURE_H
#define TESTS_RUNTIME_FIXTURE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/bus.h"
#include "servers.h"

struct fixture {
    struct servers servers;
    struct bus *bus;
};

/* cmocka's group functions: *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* kill -9, and a new server on the same port and the same storage. */
void fixture_crash(struct fixture *f);

/* Fails the test with the error's text. */
void must(enum status status, const struct error *err);
/* Waits for a condition, generously; the test fails when it never comes. */
#define EVENTUALLY(condition)                                                                                \
    do {                                                                                                     \
        int tries_ = 0;                                                                                      \
        while (!(condition) && tries_++ < 6000)                                                              \
            usleep(10000);                                                                                   \
        assert_true(condition);                                                                              \
    } while (0)

/* What handlers heard, in order. */
enum { RECORD_MAX = 200000 };
struct record {
    pthread_mutex_t mutex;
    struct bus *bus;
    uint64_t *sequences; /* of deliveries */
    uint64_t *counts;    /* deliveries->deliveries */
    uint32_t deliveries;
    uint32_t acks, duplicates, failures;
    enum status last_failure;
    enum status trouble; /* what was told last */
    uint32_t troubles;
    bool ack;                  /* deliveries are acked */
    struct bus_delivery *kept; /* the last one, if `keep` */
    bool keep;
};
void record_init(struct record *r, struct bus *bus);
void record_free(struct record *r);
uint32_t record_deliveries(struct record *r);
uint32_t record_acks(struct record *r);
uint32_t record_failures(struct record *r);
enum status record_trouble(struct record *r);
/* The last kept delivery, now the caller's; NULL if there is none. */
struct bus_delivery *record_take(struct record *r);
/* Handlers, with a struct record as context. */
void record_deliver(void *context, struct bus_delivery *d);
void record_published(void *context, const struct bus_ack *ack, const struct error *err);
void record_troubled(void *context, const struct error *err);

/* A stream NAME with the subjects NAME.>, and what is published on it. */
void make_stream(struct bus *bus, const char *name);
void make_consumer(struct bus *bus, const char *stream, const char *durable, int64_t ack_wait_ms);
/* `count` messages NAME.<i> with the ids NAME-<from + i>, acknowledged. */
void fill_stream(struct bus *bus, const char *name, uint32_t from, uint32_t count);

#endif
