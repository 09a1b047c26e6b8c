/*
 * What hostile.jsonl holds ends as it says, within the limits of a render, and never hangs or crashes. How
 * long each takes is a figure of noetl-hostile-bench, not of a test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "case.h"
#include "hostile_case.h"
#include "read_file.h"

static const size_t MEMORY = (size_t)64 << 20;

static bool ends_well(struct str want, enum status s)
{
    if (str_is(want, "limit"))
        return s == STATUS_LIMIT;
    if (str_is(want, "finish"))
        return s == STATUS_OK;
    return s != STATUS_INTERNAL && s != STATUS_NO_MEMORY;
}

static bool run_case(struct str text)
{
    struct arena input, output;
    struct value c, result;
    struct error err = {0};
    arena_init(&input, 0);
    arena_init(&output, 0);
    assert_int_equal(hostile_case_read(&input, text, &c, &err), STATUS_OK);
    enum status s = case_render(c, NULL, &output, &result, &err);
    struct str want = value_as_str(VALUE_GET(c, "want"));
    bool good = ends_well(want, s) && output.used <= MEMORY + (1 << 20);
    if (!good)
        print_message("%" PRISTR ": want %" PRISTR ", got %s: %s; %zu bytes\n",
                      ARGSTR(value_as_str(VALUE_GET(c, "id"))), ARGSTR(want), status_name(s),
                      s == STATUS_OK ? "" : err.message, output.used);
    arena_free(&input);
    arena_free(&output);
    return good;
}

static void every_hostile_template_ends_within_the_limits(void **state)
{
    (void)state;
    struct buf cases = read_test_file("hostile.jsonl");
    struct str rest = buf_str(&cases);
    unsigned bad = 0;
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        bad += line.len > 0 && !run_case(line);
    }
    buf_free(&cases);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_hostile_template_ends_within_the_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
