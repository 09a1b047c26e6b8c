/* The official clients of NATS for Node drive an execution: tests/daemons/node_clients.cjs. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemons.h"

enum { PATIENCE_MS = 120000 };

static void the_node_clients_of_nats_drive_an_execution(void **state)
{
    struct daemons *d = *state;
    struct error err = {0};
    struct process node;
    int code = -1;
    const char *source = getenv("NOETL_SOURCE_DIR");
    const char *clients = arena_printf(&d->arena, "%s/build/node-clients", source).ptr;
    const char *const argv[] = {"node",
                                arena_printf(&d->arena, "%s/tests/daemons/node_clients.cjs", source).ptr,
                                d->servers.nats.url, clients, NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = STDERR_FILENO, .error = STDERR_FILENO, .die_with_parent = true};
    if (access(clients, R_OK) != 0)
        fail_msg("%s is missing: scripts/node-clients fetches it", clients);
    assert_ok(process_start(&options, &node, &err), &err);
    if (!process_wait(&node, PATIENCE_MS, &code))
        process_end(&node, 0, &code);
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_node_clients_of_nats_drive_an_execution)};
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
