/* The description of the HTTP API, and whether the API is as it says: tests/daemons/openapi.mjs. */
#include "daemons.h"

static void the_api_is_as_its_description_says(void **state)
{
    struct daemons *d = *state;
    const char *api = arena_printf(&d->arena, "http://127.0.0.1:%u", d->api).ptr;
    daemons_run_node(d, "openapi.mjs", api, "openapi-validator");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_api_is_as_its_description_says)};
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
