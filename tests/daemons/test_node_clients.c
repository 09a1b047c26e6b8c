/* The official clients of NATS for Node drive an execution: tests/daemons/node_clients.cjs. */
#include "daemons.h"

static void the_node_clients_of_nats_drive_an_execution(void **state)
{
    struct daemons *d = *state;
    daemons_run_node(d, "node_clients.cjs", d->servers.nats.url, "node-clients");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_node_clients_of_nats_drive_an_execution)};
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
