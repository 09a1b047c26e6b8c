/*
 * The render service in this process, with a real NATS server, a real Postgres with the schema, and a
 * publisher beside it.
 */
#ifndef TESTS_RENDER_SERVICE_FIXTURE_H
#define TESTS_RENDER_SERVICE_FIXTURE_H

#include "core/event.h"
#include "eventlog/eventlog.h"
#include "publisher/http.h"
#include "publisher/operations.h"
#include "render_service/operations.h"
#include "servers.h"

struct fixture {
    struct servers servers;
    struct subjects subjects;
    struct bus *bus;      /* of the services */
    struct bus *client;   /* of the test */
    struct eventlog *log; /* of the test, which writes as a broker would */
    struct checkpoint checkpoint;
    struct render_service render;
    struct publisher publisher;
    struct service *render_api, *publisher_api;
    struct http *http;
};

/* Any trouble fails the test. */
void fixture_start(struct fixture *f);
void fixture_stop(struct fixture *f);

/* The events of a file in documents/, in `a`, as those of the execution `id`. */
struct event_list fixture_events(const char *name, int64_t id, struct arena *a);
/* Writes events to the log. */
void fixture_commit(struct fixture *f, const struct event *events, size_t count);
/* Publishes the first event, a request, as a publisher would. */
void fixture_publish(struct fixture *f, const struct event *requested);
/* Asks noetl.api.<operation> and reads the answer. */
struct value fixture_ask(struct fixture *f, const char *operation, const char *payload, struct arena *a);

/* An execution's id that no other test of the program has. */
int64_t fixture_next_id(void);

#endif
