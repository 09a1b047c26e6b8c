/* Token buckets, with times that the test makes. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/rate_limit.h"

#define SECOND INT64_C(1000000000)

static bool take(struct rate_limit *r, uint32_t client, int64_t now_ns)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(client)};
    return rate_limit_take(r, (const struct sockaddr *)&a, now_ns);
}

static int takes(struct rate_limit *r, uint32_t client, int64_t now_ns, int times)
{
    int taken = 0;
    for (int i = 0; i < times; i++)
        taken += take(r, client, now_ns);
    return taken;
}

static void a_client_has_two_seconds_worth_and_then_its_rate(void **state)
{
    (void)state;
    struct rate_limit *r;
    struct error err;
    assert_int_equal(rate_limit_new(10, &r, &err), STATUS_OK);
    assert_int_equal(takes(r, 1, SECOND, 100), 20);
    assert_int_equal(takes(r, 1, SECOND + SECOND / 2, 100), 5);
    assert_int_equal(takes(r, 1, SECOND + SECOND / 2 + SECOND / 20, 100), 0);
    assert_int_equal(takes(r, 1, SECOND + SECOND / 2 + SECOND / 10, 100), 1);
    assert_int_equal(takes(r, 1, 100 * SECOND, 100), 20);
    rate_limit_free(&r);
}

static void clients_take_nothing_from_one_another(void **state)
{
    (void)state;
    struct rate_limit *r;
    struct error err;
    assert_int_equal(rate_limit_new(1, &r, &err), STATUS_OK);
    assert_int_equal(takes(r, 1, SECOND, 10), 2);
    assert_int_equal(takes(r, 2, SECOND, 10), 2);
    assert_false(take(r, 1, SECOND));
    rate_limit_free(&r);
}

/* More clients than there is room for: none is refused that has not used up its own. */
static void any_number_of_clients_is_served(void **state)
{
    (void)state;
    struct rate_limit *r;
    struct error err;
    assert_int_equal(rate_limit_new(1, &r, &err), STATUS_OK);
    for (uint32_t client = 1; client < 100000; client++)
        assert_true(take(r, client, SECOND));
    rate_limit_free(&r);
}

static void a_network_of_ipv6_is_one_client(void **state)
{
    (void)state;
    struct rate_limit *r;
    struct error err;
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x20, 1, 0xd, 0xb8}};
    assert_int_equal(rate_limit_new(1, &r, &err), STATUS_OK);
    for (uint8_t i = 0; i < 4; i++) {
        a.sin6_addr.s6_addr[15] = i;
        assert_int_equal(rate_limit_take(r, (const struct sockaddr *)&a, SECOND), i < 2);
    }
    a.sin6_addr.s6_addr[7] = 1;
    assert_true(rate_limit_take(r, (const struct sockaddr *)&a, SECOND));
    rate_limit_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_has_two_seconds_worth_and_then_its_rate),
        cmocka_unit_test(clients_take_nothing_from_one_another),
        cmocka_unit_test(any_number_of_clients_is_served),
        cmocka_unit_test(a_network_of_ipv6_is_one_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
