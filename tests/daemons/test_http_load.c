/*
 * The HTTP API under load, by wrk: it neither ends nor grows, answers what it can, and clearly refuses the
 * rest. How much it is in a second is measured by hand (docs/API.md).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemons.h"
#include "playbooks.h"

enum { WRK_MS = 60000, OUTPUT = 8192 };

#if defined(__SANITIZE_ADDRESS__)
#    define GROWTH_MAX                                                                                       \
        (512.0 * 1048576) /* of memory that was freed, it keeps that much from being used again */
#else
#    define GROWTH_MAX (32.0 * 1048576)
#endif

/* What wrk says of a second of requests to `path` over so many connections; `script` may be NULL. */
static const char *load(struct daemons *d, const char *connections, const char *path, const char *script)
{
    struct error err = {0};
    struct process wrk;
    struct arena *a = &d->arena;
    int code = -1;
    char *text = arena_alloc(a, OUTPUT);
    const char *file = arena_printf(a, "%s/wrk.txt", d->servers.folder).ptr;
    const char *url = arena_printf(a, "http://127.0.0.1:%u%s", d->api, path).ptr;
    const char *argv[] = {"wrk", "-t1", "-d1s", "-c", connections, url, NULL, NULL, NULL};
    if (script) {
        argv[6] = "-s";
        argv[7] = arena_printf(a, "%s/tests/daemons/%s", getenv("NOETL_SOURCE_DIR"), script).ptr;
    }
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_non_null(text);
    const struct process_options options = {
        .argv = argv, .in = -1, .out = fd, .error = STDERR_FILENO, .die_with_parent = true};
    assert_ok(process_start(&options, &wrk, &err), &err);
    if (!process_wait(&wrk, WRK_MS, &code))
        process_end(&wrk, 0, &code);
    ssize_t n = pread(fd, text, OUTPUT - 1, 0);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    if (code != 0 || !strstr(text, "requests in"))
        fail_msg("wrk (scripts/packages-check.txt): %d %s", code, text);
    return text;
}

static double publisher_metric(struct daemons *d, const char *name, const char *labels)
{
    return daemon_metric(d, PUBLISHER, name, labels);
}

static void all_is_answered_and_nothing_grows(void **state)
{
    struct daemons *d = *state;
    static const char *const paths[] = {"/api/catalog", "/api/executions?limit=5", "/nothing"};
    api_register(d, ONE);
    /* Once for what is made at the first use, and once more to see whether it grows. */
    double before = 0;
    for (int round = 0; round < 2; round++) {
        before = publisher_metric(d, "process_resident_memory_bytes", "");
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            const char *said = load(d, "16", paths[i], NULL);
            bool refused = strstr(said, "Non-2xx") != NULL;
            if (refused != (i == 2) || strstr(said, "Socket errors"))
                fail_msg("%s: %s", paths[i], said);
        }
        assert_null(strstr(load(d, "16", "/api/executions/run", "run.lua"), "Non-2xx"));
    }
    double after = publisher_metric(d, "process_resident_memory_bytes", "");
    if (after > before + GROWTH_MAX)
        fail_msg("it grew from %.0f to %.0f bytes", before, after);
}

static void too_many_clients_are_told_so_and_the_others_served(void **state)
{
    struct daemons *d = *state;
    daemon_stop(d, PUBLISHER);
    daemons_set(d, "publisher.http_connections", "8");
    daemon_start(d, PUBLISHER);
    daemon_await_ready(d, PUBLISHER);
    const char *said = load(d, "24", "/api/catalog", NULL);
    assert_non_null(strstr(said, "Non-2xx"));
    assert_true(publisher_metric(d, "noetl_publisher_http_refused_total", "reason=\"connections\"") > 0);
    assert_true(
        publisher_metric(d, "noetl_publisher_requests_total", "operation=\"playbooks\",status=\"ok\"") > 0);
    /* Those that leave make room; what they had asked for is answered first. */
    while (strstr(load(d, "4", "/api/catalog", NULL), "Non-2xx")) {
    }
}

static void who_asks_too_fast_is_told_so(void **state)
{
    struct daemons *d = *state;
    daemon_stop(d, PUBLISHER);
    daemons_set(d, "publisher.http_rate", "10");
    daemon_start(d, PUBLISHER);
    daemon_await_ready(d, PUBLISHER);
    assert_non_null(strstr(load(d, "4", "/api/catalog", NULL), "Non-2xx"));
    assert_true(publisher_metric(d, "noetl_publisher_http_refused_total", "reason=\"rate\"") > 0);
    assert_int_equal(daemon_get(d, PUBLISHER, "/healthz").code, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_answered_and_nothing_grows),
        cmocka_unit_test(too_many_clients_are_told_so_and_the_others_served),
        cmocka_unit_test(who_asks_too_fast_is_told_so),
    };
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
