#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "random_value.h"

/* floats.txt: the bits of a double, and what CPython's repr() says of it. */
static void floats_are_written_as_python_writes_them(void **state)
{
    (void)state;
    char path[1000], line[200];
    int count = 0;
    snprintf(path, sizeof path, "%s/tests/core/floats.txt", getenv("NOETL_SOURCE_DIR"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char got[32], *expected;
        double f;
        uint64_t bits = strtoull(line, &expected, 16);
        assert_int_equal(*expected, ' ');
        expected = strtok(expected, " \n");
        memcpy(&f, &bits, sizeof f);
        size_t len = float_format(f, got);
        assert_int_equal(len, strlen(got));
        assert_string_equal(got, expected);
        count++;
    }
    fclose(file);
    assert_true(count > 3000);
}

static void every_float_reads_back_as_itself(void **state)
{
    (void)state;
    uint64_t seed = random_seed("every_float_reads_back_as_itself");
    for (int i = 0; i < 50000; i++) {
        double f = random_double(&seed);
        char text[32];
        assert_true(float_format(f, text) < sizeof text);
        double back = strtod(text, NULL);
        if (back != f || signbit(back) != signbit(f))
            fail_msg("%a became %s", f, text);
    }
}

static void no_float_has_a_shorter_text(void **state)
{
    (void)state;
    uint64_t seed = random_seed("no_float_has_a_shorter_text");
    for (int i = 0; i < 5000; i++) {
        double f = random_double(&seed);
        char text[32], shorter[64];
        int digits = 0, last = 0;
        float_format(f, text);
        for (const char *p = text; *p != '\0' && *p != 'e'; p++) {
            digits += (*p >= '1' && *p <= '9') || (*p == '0' && digits > 0);
            if (*p >= '1' && *p <= '9')
                last = digits;
        }
        if (last <= 1)
            continue;
        snprintf(shorter, sizeof shorter, "%.*e", last - 2, f);
        if (strtod(shorter, NULL) == f)
            fail_msg("%s could be %s", text, shorter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_written_as_python_writes_them),
        cmocka_unit_test(every_float_reads_back_as_itself),
        cmocka_unit_test(no_float_has_a_shorter_text),
    };
    return cmocka_run_group_tests_name("float", tests, NULL, NULL);
}
