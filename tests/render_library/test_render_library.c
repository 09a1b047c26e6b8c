/* The public header, as a program would use it that knows nothing else of this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <noetl/render.h>

static struct noetl_context *context_of(const char *json)
{
    struct noetl_context *c;
    assert_int_equal(noetl_context_from_json(json, strlen(json), &c, NULL), NOETL_OK);
    return c;
}

static struct noetl_template *template_of(const char *source, enum noetl_mode mode)
{
    struct noetl_template_options o = NOETL_TEMPLATE_OPTIONS_INIT;
    struct noetl_template *t;
    o.mode = mode;
    assert_int_equal(noetl_template_compile(source, strlen(source), &o, &t, NULL), NOETL_OK);
    return t;
}

static void assert_text(struct noetl_text *text, const char *expected)
{
    assert_non_null(text->data);
    assert_string_equal(text->data, expected);
    assert_int_equal(text->len, strlen(expected));
    noetl_text_free(text);
    assert_null(text->data);
}

static void a_template_renders_to_text_and_to_json(void **state)
{
    (void)state;
    struct noetl_context *c = context_of("{\"n\": 12345678901234567890123, \"s\": \"a\\\"b\"}");
    struct noetl_text out;
    struct noetl_template *t = template_of("{{ n + 1 }} {{ s }}", NOETL_MODE_STRING);
    assert_int_equal(noetl_template_render(t, c, NULL, &out, NULL), NOETL_OK);
    assert_text(&out, "12345678901234567890124 a\"b");
    assert_int_equal(noetl_template_render_json(t, c, NULL, &out, NULL), NOETL_OK);
    assert_text(&out, "\"12345678901234567890124 a\\\"b\"");
    noetl_template_free(t);
    noetl_context_free(c);
}

static void values_keep_their_type(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        enum noetl_mode mode;
        const char *json;
    } cases[] = {
        {"a + 1", NOETL_MODE_EXPRESSION, "2"},
        {"a / 1", NOETL_MODE_EXPRESSION, "1.0"},
        {"(a, 'x')", NOETL_MODE_EXPRESSION, "[1,\"x\"]"},
        {"missing", NOETL_MODE_EXPRESSION, "null"},
        {"{{ {'k': [a]} }}", NOETL_MODE_NATIVE, "{\"k\":[1]}"},
        {"{{ a }}!", NOETL_MODE_NATIVE, "\"1!\""},
    };
    struct noetl_context *c = context_of("{\"a\": 1}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct noetl_text out;
        struct noetl_template *t = template_of(cases[i].source, cases[i].mode);
        assert_int_equal(noetl_template_render_json(t, c, NULL, &out, NULL), NOETL_OK);
        assert_text(&out, cases[i].json);
        noetl_template_free(t);
    }
    noetl_context_free(c);
}

static void an_error_has_its_kind_place_and_line(void **state)
{
    (void)state;
    struct noetl_template_options o = NOETL_TEMPLATE_OPTIONS_INIT;
    struct noetl_error err;
    struct noetl_template *t;
    struct noetl_text out;
    o.name = "mail";
    assert_int_equal(noetl_template_compile("a\n{% if %}", 10, &o, &t, &err), NOETL_SYNTAX);
    assert_null(t);
    assert_int_equal(err.status, NOETL_SYNTAX);
    assert_int_equal(err.line, 2);
    assert_string_equal(err.place, "mail");
    assert_string_not_equal(err.message, "");

    struct noetl_render_inputs inputs = NOETL_RENDER_INPUTS_INIT;
    struct noetl_context *c = context_of("{\"customer\": 1}");
    inputs.undefined = NOETL_UNDEFINED_STRICT;
    t = template_of("\n\n{{ custmer }}", NOETL_MODE_STRING);
    assert_int_equal(noetl_template_render(t, c, &inputs, &out, &err), NOETL_UNDEFINED);
    assert_null(out.data);
    assert_int_equal(err.line, 3);
    assert_non_null(strstr(err.hint, "customer"));
    assert_string_equal(noetl_status_name(err.status), "undefined");
    noetl_template_free(t);
    noetl_context_free(c);
}

static void a_limit_that_is_set_holds(void **state)
{
    (void)state;
    struct noetl_render_inputs inputs = NOETL_RENDER_INPUTS_INIT;
    struct noetl_template *t =
        template_of("{% for i in range(1000) %}{{ i }}{% endfor %}", NOETL_MODE_STRING);
    struct noetl_text out;
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &out, NULL), NOETL_OK);
    noetl_text_free(&out);
    inputs.limits.max_output = 100;
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &out, NULL), NOETL_LIMIT);
    inputs.limits = (struct noetl_limits){.max_steps = 100};
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &out, NULL), NOETL_LIMIT);
    noetl_template_free(t);
}

static void the_world_comes_from_the_inputs(void **state)
{
    (void)state;
    struct noetl_render_inputs inputs = NOETL_RENDER_INPUTS_INIT;
    struct noetl_context *env = context_of("{\"HOME\": \"/here\"}");
    struct noetl_template *t = template_of("{{ env.HOME }} {{ uuid() }}", NOETL_MODE_STRING);
    struct noetl_text first, second;
    inputs.env = env;
    inputs.seed = 7;
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &first, NULL), NOETL_OK);
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &second, NULL), NOETL_OK);
    assert_memory_equal(first.data, "/here ", 6);
    assert_string_equal(first.data, second.data);
    noetl_text_free(&second);
    inputs.seed = 8;
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &second, NULL), NOETL_OK);
    assert_string_not_equal(first.data, second.data);
    noetl_text_free(&first);
    noetl_text_free(&second);
    noetl_template_free(t);
    noetl_context_free(env);
}

/* ---- Loaders ------------------------------------------------------------------------------------ */

static enum noetl_status load_one(void *user, const char *name, const struct noetl_template **out,
                                  struct noetl_error *err)
{
    if (strcmp(name, "one") == 0) {
        *out = *(struct noetl_template *const *)user;
        return NOETL_OK;
    }
    if (strcmp(name, "nothing") == 0)
        return NOETL_OK;
    if (strcmp(name, "broken") != 0)
        return NOETL_NOT_FOUND;
    snprintf(err->message, sizeof err->message, "the disk is gone");
    snprintf(err->place, sizeof err->place, "/templates/broken");
    snprintf(err->hint, sizeof err->hint, "put it back");
    err->line = 3;
    err->column = 5;
    return NOETL_RUNTIME;
}

static enum noetl_status render_with_loader(const char *source, struct noetl_text *out,
                                            struct noetl_error *err)
{
    struct noetl_template *one = template_of("one", NOETL_MODE_STRING), *t;
    struct noetl_template_options o = NOETL_TEMPLATE_OPTIONS_INIT;
    o.load = load_one;
    o.load_user = &one;
    assert_int_equal(noetl_template_compile(source, strlen(source), &o, &t, NULL), NOETL_OK);
    enum noetl_status s = noetl_template_render(t, NULL, NULL, out, err);
    noetl_template_free(t);
    noetl_template_free(one);
    return s;
}

static void the_loader_finds_other_templates(void **state)
{
    (void)state;
    struct noetl_text out;
    struct noetl_error err;
    assert_int_equal(render_with_loader("<{% include 'one' %}>", &out, &err), NOETL_OK);
    assert_text(&out, "<one>");
    assert_int_equal(render_with_loader("{% include 'two' %}", &out, &err), NOETL_NOT_FOUND);
    assert_non_null(strstr(err.message, "two"));
    assert_int_equal(render_with_loader("{% include 'two' ignore missing %}", &out, &err), NOETL_OK);
    assert_text(&out, "");
    assert_int_equal(render_with_loader("{% include 'broken' %}", &out, &err), NOETL_RUNTIME);
    assert_non_null(strstr(err.message, "the disk is gone"));
    assert_string_equal(err.place, "/templates/broken");
    assert_string_equal(err.hint, "put it back");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 5);
    assert_int_equal(render_with_loader("{% include 'nothing' %}", &out, &err), NOETL_INTERNAL);
    assert_non_null(strstr(err.message, "gave no template for 'nothing'"));
}

/* ---- Caches ------------------------------------------------------------------------------------- */

static void assert_renders(struct noetl_cache *cache, const char *source,
                           const struct noetl_template_options *o, const char *expected)
{
    struct noetl_template *t;
    struct noetl_text out;
    assert_int_equal(noetl_cache_get(cache, source, strlen(source), o, &t, NULL), NOETL_OK);
    assert_int_equal(noetl_template_render(t, NULL, NULL, &out, NULL), NOETL_OK);
    assert_text(&out, expected);
    noetl_template_free(t);
}

static void a_cache_gives_what_a_compile_gives(void **state)
{
    (void)state;
    struct noetl_template *one = template_of("one", NOETL_MODE_STRING),
                          *other = template_of("other", NOETL_MODE_STRING), *t;
    struct noetl_template_options o = NOETL_TEMPLATE_OPTIONS_INIT;
    struct noetl_cache *cache;
    struct noetl_error err;
    struct noetl_text out;
    assert_int_equal(noetl_cache_new(2, 0, &cache, NULL), NOETL_OK);
    o.load = load_one;
    for (int again = 0; again < 3; again++) {
        o.load_user = &one;
        assert_renders(cache, "{% include 'one' %}", &o, "one");
        o.load_user = &other;
        assert_renders(cache, "{% include 'one' %}", &o, "other");
        assert_renders(cache, "{{ 1 + 1 }}", NULL, "2");
        assert_int_equal(noetl_cache_get(cache, "{{", 2, NULL, &t, &err), NOETL_SYNTAX);
        assert_null(t);
    }
    assert_int_equal(noetl_cache_get(cache, "{{ 1 + 1 }}", 11, NULL, &t, NULL), NOETL_OK);
    noetl_cache_free(cache);
    assert_int_equal(noetl_template_render(t, NULL, NULL, &out, NULL), NOETL_OK);
    assert_text(&out, "2");
    noetl_template_free(t);
    noetl_template_free(one);
    noetl_template_free(other);
}

/* ---- Documents ---------------------------------------------------------------------------------- */

static void a_document_renders_leaf_by_leaf(void **state)
{
    (void)state;
    static const char JSON[] =
        "{\"to\": \"{{ user.name }}\", \"n\": \"{{ user.age + 1 }}\", \"keep\": [true]}";
    static const char LATER[] = "{\"a\": \"{{ user.age }}\", \"b\": [\"{{ later.x }}\"]}";
    struct noetl_context *c = context_of("{\"user\": {\"name\": \"Ada\", \"age\": 36}}");
    struct noetl_document *d;
    struct noetl_text out, unresolved;
    struct noetl_error err;
    assert_int_equal(noetl_document_compile(JSON, strlen(JSON), NULL, &d, NULL), NOETL_OK);
    assert_int_equal(noetl_document_render(d, c, NULL, &out, NULL), NOETL_OK);
    assert_text(&out, "{\"to\":\"Ada\",\"n\":37,\"keep\":[true]}");
    noetl_document_free(d);

    assert_int_equal(noetl_document_compile(LATER, strlen(LATER), "args", &d, NULL), NOETL_OK);
    assert_int_equal(noetl_document_render(d, c, NULL, &out, &err), NOETL_UNDEFINED);
    assert_string_equal(err.place, "args.b[0]");
    assert_int_equal(noetl_document_render_partial(d, c, NULL, &out, &unresolved, &err), NOETL_OK);
    assert_text(&out, "{\"a\":36,\"b\":[\"{{ later.x }}\"]}");
    assert_non_null(strstr(unresolved.data, "\"path\":\"args.b[0]\""));
    noetl_text_free(&unresolved);
    noetl_document_free(d);
    noetl_context_free(c);
}

/* ---- Calls of the wrong form -------------------------------------------------------------------- */

static void a_call_of_the_wrong_form_is_an_error(void **state)
{
    (void)state;
    struct noetl_error err;
    struct noetl_context *c;
    struct noetl_document *d;
    struct noetl_template *t;
    struct noetl_text out;
    assert_int_equal(noetl_context_from_json("[1]", 3, &c, &err), NOETL_INVALID);
    assert_null(c);
    assert_int_equal(noetl_context_from_json("{\"a\":", 5, &c, &err), NOETL_SYNTAX);
    assert_int_equal(noetl_context_from_json(NULL, 5, &c, &err), NOETL_INVALID);
    assert_int_equal(noetl_document_compile("\"{{\"", 4, "x", &d, &err), NOETL_SYNTAX);
    assert_string_equal(err.place, "x");

    struct noetl_template_options o = {0};
    assert_int_equal(noetl_template_compile("x", 1, &o, &t, &err), NOETL_INVALID);
    o = (struct noetl_template_options)NOETL_TEMPLATE_OPTIONS_INIT;
    o.block_end_string = "";
    assert_int_equal(noetl_template_compile("x", 1, &o, &t, &err), NOETL_INVALID);
    o = (struct noetl_template_options)NOETL_TEMPLATE_OPTIONS_INIT;
    o.mode = (enum noetl_mode)9;
    assert_int_equal(noetl_template_compile("x", 1, &o, &t, &err), NOETL_INVALID);

    struct noetl_cache *cache;
    assert_int_equal(noetl_cache_new(0, 0, &cache, &err), NOETL_INVALID);
    assert_null(cache);

    struct noetl_render_inputs inputs = {0};
    t = template_of("1e308 * 10", NOETL_MODE_EXPRESSION);
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &out, &err), NOETL_INVALID);
    assert_int_equal(noetl_template_render_json(t, NULL, NULL, &out, &err), NOETL_INVALID);
    assert_null(out.data);
    inputs = (struct noetl_render_inputs)NOETL_RENDER_INPUTS_INIT;
    inputs.undefined = (enum noetl_undefined)9;
    assert_int_equal(noetl_template_render(t, NULL, &inputs, &out, &err), NOETL_INVALID);
    assert_string_equal(err.message, "9 is no mode of undefined names");
    noetl_template_free(t);
    assert_string_equal(noetl_status_name((enum noetl_status)99), "internal");
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    noetl_text_free(NULL);
    noetl_template_free(NULL);
    noetl_document_free(NULL);
    noetl_context_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_renders_to_text_and_to_json),
        cmocka_unit_test(values_keep_their_type),
        cmocka_unit_test(an_error_has_its_kind_place_and_line),
        cmocka_unit_test(a_limit_that_is_set_holds),
        cmocka_unit_test(the_world_comes_from_the_inputs),
        cmocka_unit_test(the_loader_finds_other_templates),
        cmocka_unit_test(a_cache_gives_what_a_compile_gives),
        cmocka_unit_test(a_document_renders_leaf_by_leaf),
        cmocka_unit_test(a_call_of_the_wrong_form_is_an_error),
        cmocka_unit_test(nothing_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
