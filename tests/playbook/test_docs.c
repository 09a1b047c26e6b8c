/*
 * docs/PLAYBOOK.md, docs/TOOLS.md: every yaml block compiles without a warning, or fails if it is marked
 * `yaml fails`. docs/LINT.md: a section for each code, its sentence, an example, and what is printed for it.
 * NOETL_UPDATE_EXPECTED=1 writes what is printed into LINT.md instead.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "files.h"
#include "playbook/playbook.h"

/* A fenced block of a page: its info string, its text, and what the page has from the block before to its
 * fence. */
struct block {
    struct str before, info, text;
};

/* Cuts the next block off `page`; false if there is none. */
static bool next_block(struct str *page, struct block *out)
{
    struct str whole = *page, rest = *page;
    while (rest.len) {
        size_t line_at = (size_t)(rest.ptr - whole.ptr);
        struct str line = str_split(&rest, '\n');
        if (!str_starts_with(line, STR("```")))
            continue;
        out->before = (struct str){whole.ptr, line_at};
        out->info = (struct str){line.ptr + 3, line.len - 3};
        out->text = (struct str){rest.ptr, 0};
        while (rest.len) {
            const char *at = rest.ptr;
            line = str_split(&rest, '\n');
            if (str_is(line, "```")) {
                out->text.len = (size_t)(at - out->text.ptr);
                *page = rest;
                return true;
            }
        }
        fail_msg("a block that is not closed: %.*s", ARGSTR(out->info));
    }
    return false;
}

static void compile(struct str text, const char *file, struct diagnostics *d)
{
    struct playbook *p;
    struct error err = {0};
    diagnostics_init(d);
    enum status status = playbook_compile(text, file, d, &p, &err);
    assert_int_equal(status == STATUS_OK, d->errors == 0);
    playbook_unref(p);
}

static void check_example(struct block b, const char *page, unsigned number)
{
    struct diagnostics d;
    struct buf shown;
    char file[40];
    bool fails = str_is(b.info, "yaml fails");
    buf_init(&shown, 0);
    snprintf(file, sizeof file, "example-%u", number);
    compile(b.text, file, &d);
    diagnostics_print(&d, b.text, file, &shown);
    bool bare = !str_starts_with(b.text, STR("apiVersion:")); /* then it shows older spellings */
    if (fails ? d.errors == 0 : d.errors > 0 || (d.warnings > 0 && !bare))
        fail_msg("example %u of %s %s:\n%.*s\n%s", number, page, fails ? "compiles" : "does not compile",
                 ARGSTR(b.text), shown.data ? shown.data : "");
    diagnostics_free(&d);
    buf_free(&shown);
}

static void check_examples(const char *path, unsigned least)
{
    struct buf page;
    struct block b = {0};
    unsigned number = 0;
    buf_init(&page, 0);
    file_load(path, &page);
    struct str rest = buf_str(&page);
    while (next_block(&rest, &b)) {
        if (str_starts_with(b.info, STR("yaml")))
            check_example(b, path, ++number);
    }
    assert_true(number >= least);
    buf_free(&page);
}

static void examples_of_the_language_compile(void **state)
{
    (void)state;
    check_examples("docs/PLAYBOOK.md", 10);
}

static void examples_of_the_tools_compile(void **state)
{
    (void)state;
    check_examples("docs/TOOLS.md", 6);
}

static bool has_code(const struct diagnostics *d, const char *code)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (str_is(d->items[i].code, code))
            return true;
    }
    return false;
}

/* "## code" and the table's sentence stand in front of the example. */
static void check_heading(struct str before, enum diagnostic_code code)
{
    static const char *const SEVERITIES[] = {"Error", "Warning", "Hint"};
    char heading[300];
    snprintf(heading, sizeof heading, "## %s\n%s: %s.\n\n", diagnostic_code_name(code),
             SEVERITIES[diagnostic_code_severity(code)], diagnostic_code_doc(code));
    if (!str_ends_with(before, str_of(heading)))
        fail_msg("LINT.md has to have, in the order of diagnostic.def:\n%s", heading);
}

/* The page with what is printed for its examples. */
static void print_page(struct str page, struct buf *out)
{
    struct block example = {0}, printed = {0};
    struct diagnostics d;
    for (int code = 0; code < DIAGNOSTIC_CODE_COUNT; code++) {
        assert_true(next_block(&page, &example) && next_block(&page, &printed));
        assert_str(example.info, "yaml");
        assert_str(printed.info, "text");
        check_heading(example.before, (enum diagnostic_code)code);
        compile(example.text, "flow.yaml", &d);
        if (!has_code(&d, diagnostic_code_name((enum diagnostic_code)code)))
            fail_msg("the example of %s does not give it", diagnostic_code_name((enum diagnostic_code)code));
        buf_printf(out, "%.*s```yaml\n%.*s```\n```text\n", ARGSTR(example.before), ARGSTR(example.text));
        diagnostics_print(&d, example.text, "flow.yaml", out);
        buf_add_text(out, "```\n");
        diagnostics_free(&d);
    }
    buf_add_str(out, page);
}

static void every_code_is_documented_with_what_is_printed(void **state)
{
    (void)state;
    struct buf page, expected;
    buf_init(&page, 0);
    buf_init(&expected, 0);
    file_load("docs/LINT.md", &page);
    print_page(buf_str(&page), &expected);
    if (getenv("NOETL_UPDATE_EXPECTED"))
        file_store("docs/LINT.md", buf_str(&expected));
    else
        assert_string_equal(page.data, expected.data);
    buf_free(&page);
    buf_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_language_compile),
        cmocka_unit_test(examples_of_the_tools_compile),
        cmocka_unit_test(every_code_is_documented_with_what_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
