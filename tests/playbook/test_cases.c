/*
 * cases/NAME.yaml is compiled; what is said about it, and the graph if it compiles, is cases/NAME.expected.
 * NOETL_UPDATE_EXPECTED=1 writes the expectations instead, for looking at in a diff.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "dump.h"
#include "files.h"

#define FOLDER "tests/playbook/cases"

static void describe(struct str text, const char *file, struct buf *out)
{
    struct diagnostics d;
    struct playbook *p;
    struct error err = {0};
    char message[1600];
    diagnostics_init(&d);
    char *exact = malloc(text.len); /* with nothing behind it that reading too far could find */
    memcpy(exact, text.ptr, text.len);
    enum status status = playbook_compile((struct str){exact, text.len}, file, &d, &p, &err);
    free(exact);
    diagnostics_print(&d, text, file, out);
    if (status == STATUS_OK) {
        assert_int_equal(d.errors, 0);
        buf_add_text(out, "--\n");
        playbook_dump(p, out);
        playbook_unref(p);
    } else {
        assert_null(p);
        assert_int_equal(status, err.status);
        buf_printf(out, "-- %s\n%s\n", status_name(status), error_text(&err, message, sizeof message));
    }
    diagnostics_free(&d);
}

static void check_case(const char *name, bool update)
{
    char yaml[300], expected_file[300], file[120];
    struct buf text, expected, got, again;
    buf_init(&text, 0);
    buf_init(&expected, 0);
    buf_init(&got, 0);
    buf_init(&again, 0);
    snprintf(yaml, sizeof yaml, FOLDER "/%s.yaml", name);
    snprintf(expected_file, sizeof expected_file, FOLDER "/%s.expected", name);
    snprintf(file, sizeof file, "%s.yaml", name);
    file_load(yaml, &text);
    describe(buf_str(&text), file, &got);
    describe(buf_str(&text), file, &again);
    assert_string_equal(got.data, again.data);
    if (update) {
        file_store(expected_file, buf_str(&got));
    } else {
        file_load(expected_file, &expected);
        if (!str_equal(buf_str(&got), buf_str(&expected)))
            fail_msg("%s gives\n%s\nand not\n%s", yaml, got.data, expected.data ? expected.data : "");
    }
    buf_free(&text);
    buf_free(&expected);
    buf_free(&got);
    buf_free(&again);
}

static void every_playbook_is_read_as_expected(void **state)
{
    (void)state;
    char **names;
    size_t count = folder_list(FOLDER, ".yaml", &names);
    bool update = getenv("NOETL_UPDATE_EXPECTED") != NULL;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        check_case(names[i], update);
        free(names[i]);
    }
    free(names);
}

static void every_expectation_has_its_playbook(void **state)
{
    (void)state;
    char **names;
    struct buf text;
    char yaml[300];
    size_t count = folder_list(FOLDER, ".expected", &names);
    for (size_t i = 0; i < count; i++) {
        buf_init(&text, 0);
        snprintf(yaml, sizeof yaml, FOLDER "/%s.yaml", names[i]);
        file_load(yaml, &text);
        buf_free(&text);
        free(names[i]);
    }
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_playbook_is_read_as_expected),
        cmocka_unit_test(every_expectation_has_its_playbook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
