#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/http_listen.h"

static enum status listen_at(const char *address, int *out, struct error *err)
{
    const struct http_place place = {.address = address, .setting = "publisher.http", .what = "the HTTP API"};
    return http_listen(&place, out, err);
}

static void a_taken_port_names_the_setting(void **state)
{
    (void)state;
    int first = -1, second = -1;
    char address[32];
    struct error err;
    assert_int_equal(listen_at("127.0.0.1:0", &first, &err), STATUS_OK);
    assert_true(http_listen_port(first) > 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", http_listen_port(first));
    assert_int_equal(listen_at(address, &second, &err), STATUS_CONFLICT);
    assert_string_equal(err.place, "publisher.http");
    assert_non_null(strstr(err.message, address));
    assert_non_null(strstr(err.hint, "publisher.http"));
    close(first);
}

static void an_address_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "localhost", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int fd = -1;
        struct error err;
        assert_int_equal(listen_at(wrong[i], &fd, &err), STATUS_INVALID);
        assert_string_equal(err.place, "publisher.http");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taken_port_names_the_setting),
        cmocka_unit_test(an_address_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
