/* What every daemon tells of itself over NATS: discovery, and the status of brokers and workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "daemons.h"
#include "page.h"
#include "plain_client.h"
#include "runtime/clock.h"

enum { PATIENCE_S = 60 };

/* Its task runs until the test makes a file. */
static const char WAITING[] =
    "metadata: {path: test/waiting}\nworkflow:\n"
    "  - {step: start, next: wait}\n"
    "  - {step: wait, type: shell, command: 'while test ! -e %s/go; do sleep 0.02; done'}\n";

struct services {
    struct daemons *daemons;
    struct plain_client client;
    int64_t execution; /* whose task runs */
};
static struct services s;

static struct value ask(const char *subject)
{
    struct arena *a = &s.daemons->arena;
    struct value v;
    struct error err = {0};
    char *answer = plain_request(&s.client, subject, "");
    assert_ok(json_read(a, str_of(arena_strdup(a, str_of(answer))), NULL, &v, &err), &err);
    free(answer);
    return v;
}

static const char *text(struct value v, const char *path)
{
    return arena_strdup(&s.daemons->arena, value_as_str(value_get_path(v, str_of(path))));
}

static void await_running(int64_t tasks)
{
    int64_t running = -1;
    for (int i = 0; i < PATIENCE_S * 50 && running != tasks; i++) {
        running = VALUE_GET(ask("noetl.worker.status"), "running").u.i;
        usleep(20000);
    }
    assert_int_equal(running, tasks);
}

static int start(void **state)
{
    if (daemons_start_all(state) != 0)
        return -1;
    struct daemons *d = s.daemons = *state;
    plain_connect(&s.client, d->servers.nats.port);
    api_register(d, arena_printf(&d->arena, WAITING, d->servers.folder).ptr);
    s.execution = api_run(d, "test/waiting");
    await_running(1);
    return 0;
}

static int stop(void **state)
{
    plain_close(&s.client);
    return daemons_stop(state);
}

/* ---- discovery ---------------------------------------------------------------------------------------- */

/* The answers of everybody, one from each part. */
static void ask_all(const char *subject, struct value out[PART_COUNT])
{
    struct arena *a = &s.daemons->arena;
    struct error err = {0};
    char inbox[64];
    static int number;
    snprintf(inbox, sizeof(inbox), "_INBOX.all.%d", ++number);
    plain_subscribe(&s.client, inbox);
    plain_publish(&s.client, subject, inbox, "");
    for (int i = 0; i < PART_COUNT;) {
        struct plain_message m;
        plain_next(&s.client, &m);
        if (strcmp(m.subject, inbox) == 0)
            assert_ok(json_read(a, str_of(arena_strdup(a, str_of(m.payload))), NULL, &out[i++], &err), &err);
        free(m.payload);
    }
}

static struct value of_part(const struct value answers[PART_COUNT], enum part part)
{
    char name[64];
    snprintf(name, sizeof(name), "noetl-%s", part_name(part));
    for (int i = 0; i < PART_COUNT; i++) {
        if (strcmp(text(answers[i], "name"), name) == 0)
            return answers[i];
    }
    fail_msg("%s did not answer", name);
    return value_null();
}

static void every_daemon_is_found_by_all_subjects_of_discovery(void **state)
{
    struct daemons *d = *state;
    static const struct {
        const char *subject, *type;
    } verbs[] = {{"$SRV.PING", "io.nats.micro.v1.ping_response"},
                 {"$SRV.INFO", "io.nats.micro.v1.info_response"},
                 {"$SRV.STATS", "io.nats.micro.v1.stats_response"}};
    for (size_t v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++) {
        struct value answers[PART_COUNT];
        ask_all(verbs[v].subject, answers);
        for (int part = 0; part < PART_COUNT; part++) {
            struct value all = of_part(answers, (enum part)part);
            const char *name = text(all, "name"), *id = text(all, "id");
            struct value by_name = ask(arena_printf(&d->arena, "%s.%s", verbs[v].subject, name).ptr);
            struct value by_id = ask(arena_printf(&d->arena, "%s.%s.%s", verbs[v].subject, name, id).ptr);
            assert_string_equal(text(all, "type"), verbs[v].type);
            assert_string_equal(text(by_name, "id"), id);
            assert_string_equal(text(by_id, "id"), id);
            assert_int_equal(atoi(text(all, "metadata.pid")), d->parts[part].pid);
            assert_true(text(all, "metadata.host")[0]);
        }
    }
}

/* An endpoint's statistics by its name. */
static struct value endpoint(struct value answer, const char *name)
{
    struct value list = VALUE_GET(answer, "endpoints");
    for (uint32_t i = 0; i < list.len; i++) {
        if (str_is(value_as_str(VALUE_GET(list.u.list[i], "name")), name))
            return list.u.list[i];
    }
    fail_msg("there is no endpoint %s", name);
    return value_null();
}

static void an_endpoint_answers_at_its_subject_and_counts(void **state)
{
    static const char *const services[] = {"noetl-broker", "noetl-worker"};
    struct arena *a = &((struct daemons *)*state)->arena;
    for (size_t i = 0; i < 2; i++) {
        struct value info = ask(arena_printf(a, "$SRV.INFO.%s", services[i]).ptr);
        const char *stats = arena_printf(a, "$SRV.STATS.%s", services[i]).ptr;
        int64_t requests = VALUE_GET(endpoint(ask(stats), "status"), "num_requests").u.i;
        struct value status = ask(text(endpoint(info, "status"), "subject"));
        struct value all = ask(text(endpoint(info, "status_of_all"), "subject"));
        assert_string_equal(text(status, "id"), text(info, "id"));
        assert_string_equal(text(all, "id"), text(info, "id"));
        free(plain_request(&s.client, text(endpoint(info, "status"), "subject"), "{\"unknown\":1}"));
        struct value after = endpoint(ask(stats), "status");
        assert_int_equal(VALUE_GET(after, "num_requests").u.i, requests + 2);
        assert_true(VALUE_GET(after, "num_errors").u.i > 0);
        assert_non_null(strstr(text(after, "last_error"), "400:"));
        assert_true(VALUE_GET(after, "processing_time").u.i > 0);
        assert_true(VALUE_GET(after, "average_processing_time").u.i > 0);
    }
}

/* ---- status ------------------------------------------------------------------------------------------- */

static void a_worker_tells_what_runs(void **state)
{
    struct daemons *d = *state;
    struct value status = ask("noetl.worker.status");
    struct value task = VALUE_GET(status, "tasks").u.list[0];
    assert_int_equal(VALUE_GET(status, "running").u.i, 1);
    assert_string_equal(text(status, "pool"), "default");
    assert_string_equal(text(task, "execution_id"),
                        arena_printf(&d->arena, "%lld", (long long)s.execution).ptr);
    assert_string_equal(text(task, "state"), "running");
    assert_string_equal(text(task, "step"), "wait");
    assert_string_equal(text(task, "type"), "shell");
    assert_int_equal(VALUE_GET(task, "attempt").u.i, 1);
    int64_t since_ns;
    assert_int_equal(time_parse(value_as_str(VALUE_GET(task, "since")), &since_ns, NULL), STATUS_OK);
    assert_true(since_ns <= wall_now().ns);
}

static bool is_all_committed(struct value status)
{
    struct value list = VALUE_GET(status, "partitions");
    bool all = true;
    for (uint32_t i = 0; i < list.len; i++)
        all = all && !VALUE_GET(list.u.list[i], "behind").u.b;
    return all;
}

static void a_broker_tells_its_partitions_and_how_far_it_is(void **state)
{
    (void)state;
    struct value status = ask("noetl.broker.status");
    for (int i = 0; i < PATIENCE_S * 50 && !is_all_committed(status); i++) {
        usleep(20000);
        status = ask("noetl.broker.status");
    }
    assert_true(is_all_committed(status));
    struct value list = VALUE_GET(status, "partitions");
    int64_t newest = 0;
    assert_int_equal(list.len, 4);
    assert_int_equal(VALUE_GET(status, "hindered_by").len, 0);
    for (uint32_t i = 0; i < list.len; i++) {
        struct value p = list.u.list[i];
        assert_true(VALUE_GET(p, "epoch").u.i > 0);
        assert_int_equal(VALUE_GET(p, "committed").u.i, VALUE_GET(p, "newest").u.i);
        newest = VALUE_GET(p, "newest").u.i > newest ? VALUE_GET(p, "newest").u.i : newest;
    }
    assert_true(newest > 0);
    assert_true(value_get_path(status, STR("executions.open")).u.i >= 1);
}

static void the_examples_of_the_page_answer_as_shown(void **state)
{
    struct daemons *d = *state;
    struct str page = page_read("docs/API.md", &d->arena);
    struct page_block block;
    struct value made = {0}, shown;
    const char *subject = NULL;
    int examples = 0;
    while (page_next(&page, &block)) {
        bool is_command = str_is(block.language, "sh") && str_find(block.text, STR("--replies=0")) >= 0;
        if (is_command) {
            struct str word = page_between(block.text, "--replies=0 ", ' ');
            struct str quoted = page_between(word, "'", '\'');
            subject = arena_strdup(&d->arena, quoted.len > 0 ? quoted : word);
            made = ask(subject);
        } else if (subject && str_is(block.language, "json")) {
            struct error err = {0};
            assert_ok(json_read(&d->arena, block.text, NULL, &shown, &err), &err);
            page_compare(shown, made, subject);
            subject = NULL;
            examples++;
        }
    }
    assert_int_equal(examples, 5);
}

/* Needs the log no more: the broker still answers, and says what hinders it. */
static void a_broker_without_its_log_says_so(void **state)
{
    struct daemons *d = *state;
    bool told = false;
    postgres_leave(d);
    FILE *go = fopen(arena_printf(&d->arena, "%s/go", d->servers.folder).ptr, "w");
    assert_non_null(go);
    (void)fclose(go);
    for (int i = 0; i < PATIENCE_S * 50 && !told; i++) {
        struct value list = VALUE_GET(ask("noetl.broker.status"), "hindered_by");
        told = list.len > 0 && strcmp(text(list.u.list[0], "what"), "log") == 0;
        usleep(20000);
    }
    assert_true(told);
    postgres_return(d);
    await_end(d, s.execution, EVENT_EXECUTION_COMPLETE);
    await_running(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_daemon_is_found_by_all_subjects_of_discovery),
        cmocka_unit_test(an_endpoint_answers_at_its_subject_and_counts),
        cmocka_unit_test(a_worker_tells_what_runs),
        cmocka_unit_test(a_broker_tells_its_partitions_and_how_far_it_is),
        cmocka_unit_test(the_examples_of_the_page_answer_as_shown),
        cmocka_unit_test(a_broker_without_its_log_says_so),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
