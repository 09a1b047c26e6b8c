/* The render service as a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "daemon_process.h"
#include "plain_client.h"
#include "render_service/service.h"
#include "servers.h"

static struct servers servers;
static char no_postgres[64]; /* a URL where nobody answers */

static int start(void **state)
{
    (void)state;
    servers_start_nats(&servers);
    snprintf(no_postgres, sizeof no_postgres, "postgresql://noetl@127.0.0.1:%u/noetl", port_find_free());
    return 0;
}

static int stop(void **state)
{
    (void)state;
    servers_stop(&servers);
    return 0;
}

/* Asks until the daemon is there; the kind of the error that it answers. */
static void ask_kind(uint16_t port, const char *payload, char *kind, size_t size)
{
    struct plain_client client;
    struct plain_message m = {0};
    struct arena a;
    struct value v;
    struct error err;
    plain_connect(&client, port);
    for (int i = 0; i < 600 && m.len == 0; i++) { /* nobody listens: an answer without payload */
        if (i > 0)
            usleep(50000);
        free(m.payload);
        plain_request_message(&client, "noetl.api.status", payload, &m);
    }
    plain_close(&client);
    arena_init(&a, 0);
    assert_int_equal(json_read(&a, (struct str){m.payload, m.len}, NULL, &v, &err), STATUS_OK);
    snprintf(kind, size, "%.*s", ARGSTR(value_as_str(VALUE_GET(VALUE_GET(v, "error"), "kind"))));
    arena_free(&a);
    free(m.payload);
}

static void without_a_log_it_ends_and_names_the_setting(void **state)
{
    (void)state;
    const char *const settings[] = {"nats.url", servers.nats.url, NULL};
    int code = daemon_process_wait(daemon_process_start(render_service_serve, settings));
    assert_int_equal(code, status_exit_code(STATUS_INVALID));
}

static void with_postgres_down_it_answers_that(void **state)
{
    (void)state;
    char kind[32];
    const char *const settings[] = {"nats.url", servers.nats.url, "postgres.url", no_postgres, NULL};
    pid_t pid = daemon_process_start(render_service_serve, settings);
    ask_kind(servers.nats.port, "{\"execution_id\":\"1\"}", kind, sizeof kind);
    assert_string_equal(kind, "unavailable");
    assert_int_equal(daemon_process_stop(pid), 0);
}

static void it_may_be_started_before_its_server(void **state)
{
    (void)state;
    struct servers later = {0};
    uint16_t port = port_find_free();
    char kind[32], url[64];
    snprintf(url, sizeof url, "nats://127.0.0.1:%u", port);
    const char *const settings[] = {"nats.url", url, "postgres.url", no_postgres, NULL};
    pid_t pid = daemon_process_start(render_service_serve, settings);
    usleep(300000); /* so that it most likely met nobody */
    servers_start_nats_at(&later, port, NULL);
    ask_kind(later.nats.port, "{}", kind, sizeof kind);
    int code = daemon_process_stop(pid);
    servers_stop(&later);
    assert_string_equal(kind, "invalid");
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_log_it_ends_and_names_the_setting),
        cmocka_unit_test(with_postgres_down_it_answers_that),
        cmocka_unit_test(it_may_be_started_before_its_server),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
