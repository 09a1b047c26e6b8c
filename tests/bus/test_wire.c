/* The parsers of what servers send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bus/ack_subject.h"
#include "bus/header_block.h"

static void both_forms_of_ack_subjects_are_read(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "$JS.ACK.NOETL_TASKS.default.3.1234567890123.77.1700000000123456789.42",
        "$JS.ACK.hub.ACCHASH.NOETL_TASKS.default.3.1234567890123.77.1700000000123456789.42",
        "$JS.ACK._.ACCHASH.NOETL_TASKS.default.3.1234567890123.77.1700000000123456789.42.token",
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct ack_subject a;
        assert_true(ack_subject_parse(str_of(forms[i]), &a));
        assert_true(str_is(a.stream, "NOETL_TASKS"));
        assert_true(str_is(a.consumer, "default"));
        assert_int_equal(3, a.deliveries);
        assert_int_equal(INT64_C(1234567890123), a.stream_sequence);
        assert_int_equal(77, a.consumer_sequence);
        assert_int_equal(INT64_C(1700000000123456789), a.time_ns);
        assert_int_equal(42, a.pending);
    }
}

static void other_subjects_are_no_ack_subjects(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "_INBOX.abc.1",
        "$JS.ACK.",
        "$JS.ACK.S.C.1.2.3.4",
        "$JS.ACK.S.C.1.2.3.4.5.6",
        "$JS.ACK.S.C.1.2.3.4.x",
        "$JS.ACK.S.C.1.2.3.4.-5",
        "$JS.ACK.S.C.1.2.3.4.",
        "$JS.ACK..C.1.2.3.4.5",
        "$JS.ACK.S.C.1.99999999999999999999999.3.4.5",
        "$JS.API.S.C.1.2.3.4.5",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct ack_subject a;
        assert_false(ack_subject_parse(str_of(others[i]), &a));
    }
}

static void headers_are_found_by_exact_name(void **state)
{
    (void)state;
    struct str block = STR("NATS/1.0\r\nKV-Operation: DEL\r\nEmpty:\r\nTwice: a\r\nTwice: b\r\n\r\n");
    struct str value;
    assert_true(header_block_find(block, STR("KV-Operation"), &value));
    assert_true(str_is(value, "DEL"));
    assert_true(header_block_find(block, STR("Empty"), &value));
    assert_int_equal(0, value.len);
    assert_true(header_block_find(block, STR("Twice"), &value));
    assert_true(str_is(value, "a"));
    assert_false(header_block_find(block, STR("KV"), &value));
    assert_false(header_block_find(block, STR("kv-operation"), &value));
    assert_false(header_block_find(block, STR("NATS/1.0"), &value));
    assert_false(header_block_find(STR(""), STR("X"), &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_ack_subjects_are_read),
        cmocka_unit_test(other_subjects_are_no_ack_subjects),
        cmocka_unit_test(headers_are_found_by_exact_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
