#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "publisher/topology.h"

static void must(enum status status, const struct error *err)
{
    char text[2048];
    if (status != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof text));
}

static void start_log(struct fixture *f)
{
    struct error err;
    int applied;
    servers_start_postgres(&f->servers);
    must(eventlog_open(f->servers.postgres.url, "test", &f->log, &err), &err);
    must(eventlog_migrate(f->log, &applied, &err), &err);
    must(eventlog_take_partitions(f->log, &(uint32_t){0}, NULL, 1, "test", &f->checkpoint, &err), &err);
    must(log_pool_open(f->servers.postgres.url, 2, &f->render.log, &err), &err);
}

static void start_bus(struct fixture *f)
{
    static const char *const pools[] = {"default", NULL};
    struct topology_options options = {.replicas = 1,
                                       .duplicates_ms = 120000,
                                       .task_ack_wait_ms = 30000,
                                       .task_max_deliver = 5,
                                       .pools = pools};
    struct error err;
    servers_start_nats(&f->servers);
    f->bus = servers_connect(&f->servers, "test services");
    f->client = servers_connect(&f->servers, "test client");
    must(subjects_init(&f->subjects, STR("noetl"), 1, &err), &err);
    must(topology_ensure(f->bus, &f->subjects, &options, &err), &err);
}

static void start_services(struct fixture *f)
{
    struct error err;
    f->render.bus = f->bus;
    f->render.subjects = &f->subjects;
    f->render.answer_max = (size_t)bus_max_payload(f->bus) - 1024;
    f->render.wait_ms = 10000;
    f->publisher =
        (struct publisher){.bus = f->bus, .subjects = &f->subjects, .node = 1, .timeout_ms = 10000};
    struct service_options render = {.bus = f->bus,
                                     .subjects = &f->subjects,
                                     .name = "noetl-render",
                                     .description = "test",
                                     .table = render_service_operations(&f->render),
                                     .threads = 4};
    struct service_options publisher = {.bus = f->bus,
                                        .subjects = &f->subjects,
                                        .name = "noetl-publisher",
                                        .description = "test",
                                        .table = publisher_operations(&f->publisher),
                                        .threads = 2};
    struct http_options http = {.listen = "127.0.0.1:0",
                                .bus = f->bus,
                                .subjects = &f->subjects,
                                .table = publisher.table,
                                .connections = 64,
                                .idle_ms = 60000};
    must(brokers_listen(f->bus, &f->subjects, &f->publisher.brokers, &err), &err);
    must(service_start(&render, &f->render_api, &err), &err);
    must(service_start(&publisher, &f->publisher_api, &err), &err);
    must(http_start(&http, &f->http, &err), &err);
    must(bus_flush(f->bus, 10000, &err), &err); /* the server has the subscriptions now */
}

void fixture_start(struct fixture *f)
{
    start_log(f);
    start_bus(f);
    start_services(f);
}

void fixture_stop(struct fixture *f)
{
    http_stop(&f->http);
    service_stop(&f->publisher_api);
    brokers_close(&f->publisher.brokers);
    service_stop(&f->render_api);
    log_pool_close(&f->render.log);
    eventlog_close(&f->log);
    bus_close(&f->client);
    bus_close(&f->bus);
    servers_stop(&f->servers);
}

struct event_list fixture_events(const char *name, int64_t id, struct arena *a)
{
    char path[512];
    struct value v;
    struct error err;
    snprintf(path, sizeof path, "%s/tests/render_service/documents/%s.json", getenv("NOETL_SOURCE_DIR"),
             name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t most = 1 << 20;
    char *text = arena_alloc(a, most);
    size_t len = fread(text, 1, most, file);
    fclose(file);
    must(json_read(a, (struct str){text, len}, NULL, &v, &err), &err);
    struct value list = VALUE_GET(v, "events");
    struct event *events = ARENA_ARRAY(a, struct event, list.len);
    for (uint32_t i = 0; i < list.len; i++) {
        must(event_from_value(list.u.list[i], &events[i], &err), &err);
        events[i].execution_id = id;
    }
    return (struct event_list){events, list.len};
}

int64_t fixture_next_id(void)
{
    static int64_t last = INT64_C(213437568143953920);
    return last += 4096;
}

void fixture_commit(struct fixture *f, const struct event *events, size_t count)
{
    struct error err;
    f->checkpoint.stream_seq++;
    must(eventlog_commit(f->log, events, count, &f->checkpoint, 1, &err), &err);
}

void fixture_publish(struct fixture *f, const struct event *requested)
{
    struct arena a;
    struct event fact = *requested;
    struct value v;
    struct str text;
    struct bus_ack ack;
    struct error err;
    char subject[SUBJECT_MAX];
    fact.event_id = 0;
    fact.time_ns = 0;
    arena_init(&a, 0);
    must(event_to_value(&a, &fact, &v, &err), &err);
    must(json_text(&a, v, &text, &err), &err);
    struct bus_publication p = {.subject = subject_event(&f->subjects, fact.execution_id, fact.type, subject),
                                .payload = text,
                                .give_up_ms = 10000};
    must(bus_publish_wait(f->client, &p, &ack, &err), &err);
    arena_free(&a);
}

struct value fixture_ask(struct fixture *f, const char *operation, const char *payload, struct arena *a)
{
    char subject[SUBJECT_MAX];
    struct str reply;
    struct value v;
    struct error err;
    subject_api(&f->subjects, operation, subject);
    must(bus_request(f->client, subject, NULL, 0, str_of(payload), 30000, a, &reply, &err), &err);
    must(json_read(a, reply, NULL, &v, &err), &err);
    return v;
}
