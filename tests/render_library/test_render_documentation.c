/*
 * What docs/RENDER.md shows is what happens. A fenced block `json context` is what the templates behind it
 * see; a block `jinja`, or `jinja expression`, `jinja native`, with `strict` or `chainable`, is rendered, and
 * the block behind it has to be the result: `text` the text, `json` the value, `error` the kind and the
 * message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <noetl/render.h>

enum { MAX_FILE = 1 << 20, LEAST_EXAMPLES = 20 };

static char *read_document(void)
{
    const char *root = getenv("NOETL_SOURCE_DIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/docs/RENDER.md", root ? root : ".");
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = (char *)malloc(MAX_FILE + 1);
    assert_non_null(text);
    text[fread(text, 1, MAX_FILE, f)] = '\0';
    fclose(f);
    return text;
}

struct block {
    char *info, *body; /* zero-terminated where the block ends */
    unsigned line;
};

/* Cuts the next fenced block out of *at; false at the end. */
static bool next_block(char **at, unsigned *line, struct block *out)
{
    for (char *p = *at; *p;) {
        char *end = strchr(p, '\n');
        assert_non_null(end);
        (*line)++;
        if (strncmp(p, "```", 3) != 0) {
            p = end + 1;
            continue;
        }
        char *close = strstr(end, "\n```");
        assert_non_null(close);
        *end = *close = '\0';
        *out = (struct block){.info = p + 3, .body = close > end ? end + 1 : end, .line = *line};
        *at = strchr(close + 1, '\n');
        assert_non_null(*at);
        for (const char *c = out->body; *c; c++)
            *line += *c == '\n';
        *line += 2;
        ++*at;
        return true;
    }
    return false;
}

static enum noetl_status render(const struct block *b, const struct noetl_context *context,
                                struct noetl_text *out, struct noetl_error *err)
{
    struct noetl_template_options o = NOETL_TEMPLATE_OPTIONS_INIT;
    struct noetl_render_inputs inputs = NOETL_RENDER_INPUTS_INIT;
    struct noetl_template *t;
    o.mode = strstr(b->info, "expression") ? NOETL_MODE_EXPRESSION
             : strstr(b->info, "native")   ? NOETL_MODE_NATIVE
                                           : NOETL_MODE_STRING;
    inputs.undefined = strstr(b->info, "strict")      ? NOETL_UNDEFINED_STRICT
                       : strstr(b->info, "chainable") ? NOETL_UNDEFINED_CHAINABLE
                                                      : NOETL_UNDEFINED_DEFAULT;
    inputs.now_ns = INT64_C(1767323045678901000);
    enum noetl_status s = noetl_template_compile(b->body, strlen(b->body), &o, &t, err);
    if (s != NOETL_OK)
        return s;
    s = o.mode == NOETL_MODE_STRING ? noetl_template_render(t, context, &inputs, out, err)
                                    : noetl_template_render_json(t, context, &inputs, out, err);
    noetl_template_free(t);
    return s;
}

static bool check_example(const struct block *example, const struct block *result,
                          const struct noetl_context *context)
{
    struct noetl_text out = {0};
    struct noetl_error err = {0};
    char failure[1200];
    const char *got, *kind;
    if (render(example, context, &out, &err) == NOETL_OK) {
        kind = strstr(example->info, "expression") || strstr(example->info, "native") ? "json" : "text";
        got = out.data;
    } else {
        kind = "error";
        snprintf(failure, sizeof failure, "%s: %s", noetl_status_name(err.status), err.message);
        got = failure;
    }
    bool good = strcmp(result->info, kind) == 0 && strcmp(result->body, got) == 0;
    if (!good)
        print_message("docs/RENDER.md:%u: the block %s has\n%s\nand the template gives %s\n%s\n",
                      example->line, result->info, result->body, kind, got);
    noetl_text_free(&out);
    return good;
}

static void the_examples_of_the_page_give_what_it_says(void **state)
{
    (void)state;
    char *text = read_document(), *at = text;
    struct noetl_context *context = NULL;
    struct block b, result;
    unsigned line = 0, examples = 0, bad = 0;
    while (next_block(&at, &line, &b)) {
        if (strcmp(b.info, "json context") == 0) {
            noetl_context_free(context);
            assert_int_equal(noetl_context_from_json(b.body, strlen(b.body), &context, NULL), NOETL_OK);
        } else if (strncmp(b.info, "jinja", 5) == 0) {
            assert_true(next_block(&at, &line, &result));
            bad += !check_example(&b, &result, context);
            examples++;
        }
    }
    noetl_context_free(context);
    free(text);
    assert_true(examples >= LEAST_EXAMPLES);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_examples_of_the_page_give_what_it_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
