/* The functions of render/template.h, render/object.h and render/context.h, as other rooms use them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/event.h"
#include "render/context.h"
#include "render/object.h"
#include "core/json.h"
#include "fixture.h"

static const struct render_inputs STRICT = {.undefined = UNDEFINED_STRICT};

/* ---- template.h --------------------------------------------------------------------------------- */

static void a_single_print_keeps_its_type_and_other_text_is_text(void **state)
{
    struct fixture *f = *state;
    struct value v;
    assert_int_equal(render(f, "  {{ a.b }}\n", TEMPLATE_NATIVE, "{\"a\":{\"b\":[1,\"007\"]}}", &STRICT, &v),
                     STATUS_OK);
    assert_json(f, v, "[1,\"007\"]");
    assert_int_equal(render(f, " {{ a }} {{ a }}", TEMPLATE_NATIVE, "{\"a\":7}", &STRICT, &v), STATUS_OK);
    assert_json(f, v, "\" 7 7\"");
    assert_int_equal(render(f, "{{ '{{' }}", TEMPLATE_NATIVE, "{}", &STRICT, &v), STATUS_OK);
    assert_json(f, v, "\"{{\"");
    assert_int_equal(render(f, "no template", TEMPLATE_NATIVE, "{}", &STRICT, &v), STATUS_OK);
    assert_json(f, v, "\"no template\"");
}

static void an_undefined_name_is_named_with_what_is_in_scope(void **state)
{
    struct fixture *f = *state;
    struct value v;
    assert_int_equal(
        render(f, "a\n {{ temprature }}", TEMPLATE_STRING, "{\"temperature\":1,\"city\":2}", &STRICT, &v),
        STATUS_UNDEFINED);
    assert_string_equal(f->err.message, "'temprature' is undefined; in scope: temperature, city");
    assert_string_equal(f->err.hint, "did you mean 'temperature'?");
    assert_string_equal(f->err.place, "workflow[2].args.x");
    assert_int_equal(f->err.line, 2);
    assert_int_equal(f->err.column, 5);
}

static void a_missing_attribute_is_named_with_those_that_are_there(void **state)
{
    struct fixture *f = *state;
    struct value v;
    assert_int_equal(render(f, "{{ a.nmae }}", TEMPLATE_NATIVE, "{\"a\":{\"name\":1}}", &STRICT, &v),
                     STATUS_UNDEFINED);
    assert_string_equal(f->err.message, "'dict object' has no attribute 'nmae'; it has: name");
    assert_string_equal(f->err.hint, "did you mean 'name'?");
}

static void a_syntax_error_has_its_place(void **state)
{
    struct fixture *f = *state;
    struct template *t;
    assert_int_equal(template_compile(STR("x\n{{ a b }}"), TEMPLATE_STRING, "msg", &t, &f->err),
                     STATUS_SYNTAX);
    assert_null(t);
    assert_string_equal(f->err.message, "expected token 'end of print statement', got 'b'");
    assert_string_equal(f->err.place, "msg");
    assert_int_equal(f->err.line, 2);
    assert_int_equal(f->err.column, 6);
}

static void a_map_s_own_key_wins_over_a_method_that_is_not_called(void **state)
{
    struct fixture *f = *state;
    struct value v;
    assert_int_equal(render(f, "[d['items'], d.items, d.items()|list, e.items()|list]", TEMPLATE_EXPRESSION,
                            "{\"d\":{\"items\":1},\"e\":{}}", &STRICT, &v),
                     STATUS_OK);
    assert_json(f, v, "[1,1,[[\"items\",1]],[]]");
}

static void time_and_chance_come_from_the_inputs(void **state)
{
    struct fixture *f = *state;
    struct value v, again;
    struct render_inputs inputs = {
        .now_ns = INT64_C(1700000000123456789), .seed = 42, .env = json(f, "{\"HOME\":\"/h\"}")};
    assert_int_equal(render(f, "{{ [now(), now('%Y/%j %A'), env.HOME, uuid(), uuid()] }}", TEMPLATE_NATIVE,
                            "{}", &inputs, &v),
                     STATUS_OK);
    assert_int_equal(v.len, 5);
    assert_json(f, v.u.list[0], "\"2023-11-14T22:13:20.123456+00:00\"");
    assert_json(f, v.u.list[1], "\"2023/318 Tuesday\"");
    assert_json(f, v.u.list[2], "\"/h\"");
    assert_int_equal(v.u.list[3].len, 36);
    assert_false(value_equal(v.u.list[3], v.u.list[4]));
    assert_int_equal(render(f, "{{ [now(), now('%Y/%j %A'), env.HOME, uuid(), uuid()] }}", TEMPLATE_NATIVE,
                            "{}", &inputs, &again),
                     STATUS_OK);
    assert_true(value_equal(v, again));
}

static void each_limit_is_said_by_its_own_error(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *source;
        struct render_limits limits;
    } CASES[] = {
        {"{% for i in range(1000) %}{% endfor %}", {.max_steps = 100}},
        {"{{ ([1] * 100000)|length }}", {.max_memory = 100000}},
        {"{{ 'x' * 1000 }}", {.max_output = 100}},
        {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", {.max_depth = 5}},
        {"{{ 10 ** 50 }}", {.max_digits = 40}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct value v;
        struct render_inputs inputs = {.limits = CASES[i].limits};
        assert_int_equal(render(f, CASES[i].source, TEMPLATE_STRING, "{}", &inputs, &v), STATUS_LIMIT);
        assert_true(strlen(f->err.message) > 0);
    }
}

static void a_value_of_the_context_may_be_passed_on_whatever_its_size(void **state)
{
    struct fixture *f = *state;
    struct value v;
    struct render_inputs inputs = {.limits = {.max_memory = 20000}};
    struct buf context;
    buf_init(&context, 0);
    buf_add_text(&context, "{\"a\":{\"rows\":[0");
    for (int i = 1; i < 10000; i++)
        buf_printf(&context, ",%d", i);
    buf_add_text(&context, "]}}");
    assert_int_equal(render(f, "{{ a.rows }}", TEMPLATE_NATIVE, context.data, &inputs, &v), STATUS_OK);
    assert_int_equal(v.len, 10000);
    assert_int_equal(v.u.list[9999].u.i, 9999);
    assert_int_equal(render(f, "{{ a }}", TEMPLATE_NATIVE, context.data, &inputs, &v), STATUS_OK);
    assert_int_equal(render(f, "{{ a.rows + [1] }}", TEMPLATE_NATIVE, context.data, &inputs, &v),
                     STATUS_LIMIT);
    assert_int_equal(render(f, "{{ [a, a] }}", TEMPLATE_NATIVE, context.data, &inputs, &v), STATUS_LIMIT);
    buf_free(&context);
}

static void a_result_outlives_its_template_and_context(void **state)
{
    struct fixture *f = *state;
    struct arena other;
    struct value context, v;
    struct template *t;
    arena_init(&other, 0);
    assert_int_equal(json_read(&other, STR("{\"a\":{\"b\":\"text\"}}"), NULL, &context, &f->err), STATUS_OK);
    assert_int_equal(template_compile(STR("[a, 'constant']"), TEMPLATE_EXPRESSION, "", &t, &f->err),
                     STATUS_OK);
    struct scope scope = {context, NULL};
    assert_int_equal(template_render(t, &scope, NULL, &f->arena, &v, &f->err), STATUS_OK);
    template_free(t);
    arena_free(&other);
    assert_json(f, v, "[{\"b\":\"text\"},\"constant\"]");
}

static void the_innermost_scope_comes_first(void **state)
{
    struct fixture *f = *state;
    struct template *t;
    struct value v;
    struct scope outer = {json(f, "{\"a\":1,\"b\":2}"), NULL}, inner = {json(f, "{\"b\":3}"), &outer};
    assert_int_equal(template_compile(STR("[a, b]"), TEMPLATE_EXPRESSION, "", &t, &f->err), STATUS_OK);
    assert_int_equal(template_render(t, &inner, &STRICT, &f->arena, &v, &f->err), STATUS_OK);
    template_free(t);
    assert_json(f, v, "[1,3]");
}

static bool condition(struct fixture *f, const char *source)
{
    struct template *t;
    struct value v;
    struct scope scope = {json(f, "{\"n\":3,\"s\":\"no\",\"y\":\"Yes\",\"e\":[]}"), NULL};
    assert_int_equal(condition_compile(str_of(source), "when", &t, &f->err), STATUS_OK);
    assert_int_equal(template_render(t, &scope, &STRICT, &f->arena, &v, &f->err), STATUS_OK);
    template_free(t);
    return condition_is_true(v);
}

static void a_condition_is_bare_or_in_braces_and_text_has_to_read_true(void **state)
{
    struct fixture *f = *state;
    assert_true(condition(f, "n > 2"));
    assert_true(condition(f, "  {{ n > 2 }} "));
    assert_true(condition(f, "{{ y }}"));
    assert_true(condition(f, "'TRUE'"));
    assert_true(condition(f, "'1'"));
    assert_false(condition(f, "s"));
    assert_false(condition(f, "'on'"));
    assert_false(condition(f, "e"));
    assert_false(condition(f, "{% if n > 5 %}true{% endif %}"));
}

static void an_undefined_condition_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct template *t;
    struct value v;
    assert_int_equal(condition_compile(STR("missing"), "when", &t, &f->err), STATUS_OK);
    assert_int_equal(template_render(t, NULL, &STRICT, &f->arena, &v, &f->err), STATUS_UNDEFINED);
    template_free(t);
}

/* ---- object.h ----------------------------------------------------------------------------------- */

static struct object_template *compile_object(struct fixture *f, const char *document)
{
    struct object_template *o;
    assert_int_equal(object_compile(json(f, document), "args", &o, &f->err), STATUS_OK);
    return o;
}

static void a_document_is_rendered_leaf_by_leaf_keys_too(void **state)
{
    struct fixture *f = *state;
    struct value v;
    struct scope scope = {json(f, "{\"n\":3,\"k\":\"key\"}"), NULL};
    struct object_template *o =
        compile_object(f, "{\"a\":[\"{{ n }}\",{\"{{ k }}1\":\"x{{ n }}\"}],\"b\":{\"c\":true},\"d\":1.5}");
    assert_false(object_is_constant(o));
    assert_int_equal(object_render(o, &scope, &STRICT, &f->arena, &v, &f->err), STATUS_OK);
    assert_json(f, v, "{\"a\":[3,{\"key1\":\"x3\"}],\"b\":{\"c\":true},\"d\":1.5}");
    object_free(o);
}

/* The names, each once, with spaces between. */
static void collect_name(void *user, struct str name)
{
    char *names = user;
    char found[64];
    snprintf(found, sizeof found, " %.*s ", (int)name.len, name.ptr);
    if (!strstr(names, found))
        strcat(names, found);
}

static void assert_names(struct fixture *f, const char *document, const char *wanted)
{
    struct object_template *o;
    char names[512] = "";
    assert_int_equal(object_compile(json(f, document), "args", &o, &f->err), STATUS_OK);
    object_each_name(o, collect_name, names);
    object_free(o);
    assert_string_equal(names, wanted);
}

static void the_names_that_a_document_takes_from_its_context_are_found(void **state)
{
    struct fixture *f = *state;
    assert_names(f, "{\"a\": [\"text\", 7]}", "");
    assert_names(
        f, "{\"{{ key }}\": [\"{{ a.b[c] }}\", {\"x\": \"{{ a | default(d) }} and {{ e if g else h }}\"}]}",
        " key  a  c  d  g  e  h ");
    /* A name that is given somewhere is the context's elsewhere, and a function's may be. */
    assert_names(f, "\"{% for x in rows if x.ok and limit %}{{ x }}{{ outer }}{{ loop.index }}{% endfor %}\"",
                 " rows  loop  x  outer  limit ");
    assert_names(
        f, "\"{% set s = first %}{{ s }}{% macro m(p) %}{{ p }}{{ deep }}{% endmacro %}{{ m(second) }}\"",
        " first  s  m  second  deep ");
    assert_names(
        f, "\"{{ rows | map('upper') | list | length }} {{ rows is defined }} {{ range(n) }} {{ now() }}\"",
        " rows  range  n  now ");
}

static void a_document_without_templates_is_constant(void **state)
{
    struct fixture *f = *state;
    struct value v;
    struct object_template *o = compile_object(f, "{\"a\":[1,\"{ x }\",null]}");
    assert_true(object_is_constant(o));
    assert_int_equal(object_render(o, NULL, &STRICT, &f->arena, &v, &f->err), STATUS_OK);
    assert_json(f, v, "{\"a\":[1,\"{ x }\",null]}");
    object_free(o);
}

static void a_leaf_that_fails_is_named_by_its_path(void **state)
{
    struct fixture *f = *state;
    struct object_template *o = compile_object(f, "{\"items\":[1,{\"x\":\"{{ nope }}\"}]}");
    struct value v;
    assert_int_equal(object_render(o, NULL, &STRICT, &f->arena, &v, &f->err), STATUS_UNDEFINED);
    assert_string_equal(f->err.place, "args.items[1].x");
    object_free(o);
    assert_int_equal(object_compile(json(f, "{\"a\":\"{{ 1 + }}\"}"), "args", &o, &f->err), STATUS_SYNTAX);
    assert_string_equal(f->err.place, "args.a");
}

static void a_relaxed_render_keeps_and_reports_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct scope scope = {json(f, "{\"n\":3}"), NULL};
    struct object_template *o =
        compile_object(f, "{\"a\":\"{{ n }}\",\"b\":[\"{{ later.id }} and {{ n }}\"]}");
    struct value v, unresolved;
    assert_int_equal(object_render_partial(o, &scope, NULL, &f->arena, &v, &unresolved, &f->err), STATUS_OK);
    assert_json(f, v, "{\"a\":3,\"b\":[\"{{ later.id }} and {{ n }}\"]}");
    assert_int_equal(unresolved.len, 1);
    assert_json(f, VALUE_GET(unresolved.u.list[0], "path"), "\"args.b[0]\"");
    object_free(o);
}

static void what_is_no_text_is_no_key_of_a_document(void **state)
{
    struct fixture *f = *state;
    struct value v;
    struct scope scope = {json(f, "{\"n\":3}"), NULL};
    struct object_template *o = compile_object(f, "{\"x\":{\"{{ n }}\":1}}");
    assert_int_equal(object_render(o, &scope, &STRICT, &f->arena, &v, &f->err), STATUS_RUNTIME);
    assert_string_equal(f->err.message, "the key renders to a integer, but a key has to be text");
    assert_string_equal(f->err.place, "args.x.{{ n }}");
    object_free(o);
}

static void a_name_that_is_not_there_is_null_in_a_document_that_is_not_strict(void **state)
{
    struct fixture *f = *state;
    struct value v;
    struct object_template *o = compile_object(f, "[\"{{ nope }}\",\"<{{ nope }}>\"]");
    assert_int_equal(object_render(o, NULL, NULL, &f->arena, &v, NULL), STATUS_OK);
    assert_json(f, v, "[null,\"<>\"]");
    object_free(o);
    object_free(NULL);
}

static void a_document_has_a_greatest_depth(void **state)
{
    struct fixture *f = *state;
    struct object_template *o;
    struct value v = value_text("{{ n }}");
    for (int i = 0; i < 130; i++) {
        struct list_builder b;
        list_begin(&b, &f->arena);
        list_add(&b, v);
        assert_int_equal(list_end(&b, &v, &f->err), STATUS_OK);
    }
    assert_int_equal(object_compile(v, "args", &o, &f->err), STATUS_LIMIT);
    assert_null(o);
    assert_string_equal(f->err.message, "the document is nested more than 128 levels deep");
    assert_int_equal(strncmp(f->err.place, "args[0][0]", 10), 0);
}

/* ---- context.h ---------------------------------------------------------------------------------- */

static void steps_stand_over_the_workload_and_extra_over_both(void **state)
{
    struct fixture *f = *state;
    struct value names, v;
    struct context_source source = {
        .execution_id = 7,
        .workload = json(f, "{\"city\":\"Oslo\",\"fetch\":\"shadowed\",\"n\":1}"),
        .results = json(f, "{\"fetch\":{\"rows\":[1,2]},\"list\":[5],\"own\":{\"data\":9}}"),
        .errors = json(f, "{\"list\":{\"kind\":\"timeout\"}}"),
        .aliases = json(f, "{\"fetch\":\"action\"}"),
        .extra = json(f, "{\"n\":2}"),
    };
    assert_int_equal(build_rendering_context(&f->arena, &source, &names, &f->err), STATUS_OK);
    struct scope scope = {names, NULL};
    struct template *t;
    static const char EXPRESSION[] =
        "[city, n, workload.n, work.n, fetch.rows, fetch.data.rows, fetch.result.rows, own.data, action.rows,"
        " list.error.kind, list.data, results.fetch.rows, execution_id, job.uuid]";
    assert_int_equal(template_compile(str_of(EXPRESSION), TEMPLATE_EXPRESSION, "", &t, &f->err), STATUS_OK);
    assert_int_equal(template_render(t, &scope, &STRICT, &f->arena, &v, &f->err), STATUS_OK);
    template_free(t);
    assert_json(f, v, "[\"Oslo\",2,1,1,[1,2],[1,2],[1,2],9,[1,2],\"timeout\",[5],[1,2],\"7\",\"7\"]");
}

static size_t read_events(struct fixture *f, struct event events[3])
{
    static const char *const EVENTS[] = {
        "{\"execution_id\":\"7\",\"event_id\":1,\"event_type\":\"execution_requested\",\"node_name\":\"p\","
        "\"context\":{\"path\":\"a/b\",\"version\":3,\"playbook\":\"kind: "
        "Playbook\",\"workload\":{\"n\":1}}}",
        "{\"execution_id\":\"7\",\"event_id\":2,\"event_type\":\"action_completed\",\"node_name\":\"s\","
        "\"result\":{\"data\":1}}",
        "{\"execution_id\":\"7\",\"event_id\":3,\"event_type\":\"step_completed\",\"node_name\":\"s\","
        "\"result\":{\"x\":5}}"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(event_from_value(json(f, EVENTS[i]), &events[i], &f->err), STATUS_OK);
    return 3;
}

static void the_log_gives_the_context_and_what_a_client_sent_is_rendered_in_it(void **state)
{
    struct fixture *f = *state;
    struct event events[3];
    size_t count = read_events(f, events);
    struct value rendered, keys, unresolved;
    struct value object = json(f, "{\"work\":{\"k\":\"{{ n }}\",\"w\":2},\"task\":\"{\\\"v\\\": {{ s.x }}, "
                                  "\\\"w\\\": {{ w }}}\",\"raw\":\"{{ n }}\"}");
    assert_int_equal(render_context(&f->arena, events, count, object, (struct value){0}, true, NULL, &STRICT,
                                    &rendered, &keys, &unresolved, &f->err),
                     STATUS_OK);
    assert_json(f, rendered, "{\"work\":{\"k\":1,\"w\":2},\"task\":{\"v\":5,\"w\":2},\"raw\":\"{{ n }}\"}");
    assert_json(f, unresolved, "[]");
    assert_true(keys.len > 5);
}

static void a_failed_step_stands_under_its_name_with_its_error(void **state)
{
    struct fixture *f = *state;
    struct value names, v;
    struct context_source source = {
        .execution_id = 7,
        .results = json(f, "{\"map\":{\"x\":1}}"),
        .errors = json(f, "{\"map\":{\"kind\":\"k\"},\"gone\":{\"kind\":\"timeout\"}}"),
    };
    assert_int_equal(build_rendering_context(&f->arena, &source, &names, &f->err), STATUS_OK);
    assert_int_equal(
        evaluate(f, "[map.x, map.error.kind, gone.error.kind, gone is mapping]", names, &STRICT, &v),
        STATUS_OK);
    assert_json(f, v, "[1,\"k\",\"timeout\",true]");
    assert_int_equal(context_step_value(&f->arena, (struct value){0}, (struct value){0}, &v, &f->err),
                     STATUS_OK);
    assert_json(f, v, "null");
}

static struct event event(struct fixture *f, const char *text)
{
    struct event e;
    assert_int_equal(event_from_value(json(f, text), &e, &f->err), STATUS_OK);
    return e;
}

static void the_log_tells_what_failed_and_bears_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct execution_context context;
    struct event events[] = {
        event(f, "{\"execution_id\":\"7\",\"event_id\":1,\"event_type\":\"execution_requested\",\"node_"
                 "name\":\"p\","
                 "\"context\":{\"version\":\"x\",\"workload\":5}}"),
        event(f, "{\"execution_id\":\"7\",\"event_id\":2,\"event_type\":\"step_failed\",\"node_name\":\"a\","
                 "\"error\":\"it broke\",\"context\":{\"handled\":\"continue\"},\"result\":{\"half\":1}}"),
        event(f, "{\"execution_id\":\"7\",\"event_id\":3,\"event_type\":\"step_failed\",\"node_name\":\"b\","
                 "\"context\":{\"error\":{\"kind\":\"timeout\"}}}"),
        event(f,
              "{\"execution_id\":\"8\",\"event_id\":1,\"event_type\":\"step_skipped\",\"node_name\":\"c\"}"),
    };
    assert_int_equal(fetch_execution_context(&f->arena, events, 3, &context, &f->err), STATUS_OK);
    assert_json(f, context.errors, "{\"a\":\"it broke\",\"b\":{\"kind\":\"timeout\"}}");
    assert_json(f, context.results, "{\"a\":{\"half\":1},\"b\":null}");
    assert_json(f, context.workload, "{}");
    assert_int_equal(context.version, 0);
    assert_true(str_is(context.path, "p"));
    assert_int_equal(fetch_execution_context(&f->arena, events, 4, &context, &f->err), STATUS_INTERNAL);
}

static void an_execution_without_events_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct execution_context context;
    assert_int_equal(fetch_execution_context(&f->arena, NULL, 0, &context, &f->err), STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_single_print_keeps_its_type_and_other_text_is_text),
        TEST(an_undefined_name_is_named_with_what_is_in_scope),
        TEST(a_missing_attribute_is_named_with_those_that_are_there),
        TEST(a_syntax_error_has_its_place),
        TEST(a_map_s_own_key_wins_over_a_method_that_is_not_called),
        TEST(time_and_chance_come_from_the_inputs),
        TEST(each_limit_is_said_by_its_own_error),
        TEST(a_value_of_the_context_may_be_passed_on_whatever_its_size),
        TEST(a_result_outlives_its_template_and_context),
        TEST(the_innermost_scope_comes_first),
        TEST(a_condition_is_bare_or_in_braces_and_text_has_to_read_true),
        TEST(an_undefined_condition_is_an_error),
        TEST(a_document_is_rendered_leaf_by_leaf_keys_too),
        TEST(the_names_that_a_document_takes_from_its_context_are_found),
        TEST(a_document_without_templates_is_constant),
        TEST(a_leaf_that_fails_is_named_by_its_path),
        TEST(a_relaxed_render_keeps_and_reports_what_is_missing),
        TEST(what_is_no_text_is_no_key_of_a_document),
        TEST(a_name_that_is_not_there_is_null_in_a_document_that_is_not_strict),
        TEST(a_document_has_a_greatest_depth),
        TEST(steps_stand_over_the_workload_and_extra_over_both),
        TEST(the_log_gives_the_context_and_what_a_client_sent_is_rendered_in_it),
        TEST(a_failed_step_stands_under_its_name_with_its_error),
        TEST(the_log_tells_what_failed_and_bears_what_is_missing),
        TEST(an_execution_without_events_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
