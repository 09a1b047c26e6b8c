/*
 * Whenever memory runs out, a compile and a render end with that and nothing else: no crash, no leak, no
 * result that lacks something. Every request of every case is refused once, alone and with all that follow;
 * and the memory of a render is made as small as it can be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "failing_memory.h"
#include "read_file.h"
#include "render/object.h"
#include "render/template_cache.h"
#include "case.h"

enum {
    MOST_REQUESTS = 300, /* of one case that are refused; of more, so many spread over them all */
};

struct outcome {
    enum status status;
    struct value result;
    struct arena arena;
    struct error err;
};

/* A case, or a document of templates under "document". */
static enum status render(struct value c, const struct render_inputs *inputs, struct outcome *o)
{
    struct value document = VALUE_GET(c, "document");
    struct scope scope = {VALUE_GET(c, "context"), NULL};
    struct object_template *t;
    if (value_is_absent(document))
        return case_render(c, inputs, &o->arena, &o->result, &o->err);
    TRY(object_compile(document, "args", &t, &o->err));
    enum status s = object_render(t, &scope, inputs, &o->arena, &o->result, &o->err);
    object_free(t);
    return s;
}

static void run(struct value c, size_t max_memory, struct outcome *o)
{
    struct render_inputs inputs = {.limits.max_memory = max_memory};
    arena_init(&o->arena, 0);
    o->err.message[0] = '\0';
    o->status = render(c, &inputs, o);
}

/* It ends as it would with all the memory, or says that there was too little. */
static bool is_clean(const struct outcome *o, const struct outcome *expected)
{
    if (o->status == STATUS_NO_MEMORY || o->status == STATUS_LIMIT)
        return o->err.message[0] != '\0';
    if (o->status != expected->status)
        return false;
    return o->status != STATUS_OK || value_identical(o->result, expected->result);
}

/* Frees the outcome, and says what was wrong with it. */
static bool check(struct value c, struct outcome *o, const struct outcome *expected, size_t held,
                  const char *what, size_t n)
{
    struct str id = value_as_str(VALUE_GET(c, "id"));
    bool clean = is_clean(o, expected);
    if (!clean)
        print_message("%" PRISTR ": %s %zu: %s: %s\n", ARGSTR(id), what, n, status_name(o->status),
                      o->status == STATUS_OK ? "another result" : o->err.message);
    arena_free(&o->arena);
    size_t leaked = memory_held() - held;
    if (leaked)
        print_message("%" PRISTR ": %s %zu: %zu pieces of memory are not given back\n", ARGSTR(id), what, n,
                      leaked);
    return clean && !leaked;
}

static bool refuse(struct value c, const struct outcome *expected, size_t n, bool ever_after)
{
    struct outcome o;
    size_t held = memory_held();
    memory_fail_at(n, ever_after);
    run(c, 0, &o);
    memory_fail_never();
    return check(c, &o, expected, held, ever_after ? "no memory from request" : "no memory at request", n);
}

static unsigned refuse_each(struct value c, const struct outcome *expected, size_t requests)
{
    unsigned bad = 0;
    size_t step = requests / MOST_REQUESTS + 1;
    for (size_t n = 0; n < requests; n += step)
        bad += !refuse(c, expected, n, false) + !refuse(c, expected, n, true);
    return bad;
}

static unsigned shrink_limit(struct value c, const struct outcome *expected)
{
    unsigned bad = 0;
    for (size_t bytes = 1; bytes <= (size_t)64 << 10; bytes *= 4) {
        struct outcome o;
        size_t held = memory_held();
        run(c, bytes, &o);
        bad += !check(c, &o, expected, held, "a limit of bytes", bytes);
    }
    return bad;
}

static unsigned run_case(struct str text)
{
    struct arena input;
    struct value c;
    struct outcome expected;
    arena_init(&input, 0);
    assert_int_equal(json_read(&input, text, NULL, &c, NULL), STATUS_OK);
    memory_fail_never();
    run(c, 0, &expected);
    size_t requests = memory_fail_never();
    assert_true(requests > 0);
    unsigned bad = refuse_each(c, &expected, requests) + shrink_limit(c, &expected);
    arena_free(&expected.arena);
    arena_free(&input);
    return bad;
}

static unsigned run_cases(const char *file)
{
    struct buf cases = read_test_file(file);
    struct str rest = buf_str(&cases);
    unsigned bad = 0;
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        if (line.len > 0)
            bad += run_case(line);
    }
    buf_free(&cases);
    return bad;
}

static void memory_that_runs_out_is_an_error_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(run_cases("cases.jsonl") + run_cases("more_cases.jsonl"), 0);
}

static void the_same_goes_for_documents(void **state)
{
    (void)state;
    assert_int_equal(
        run_case(STR("{\"id\":\"document\",\"context\":{\"n\":3,\"k\":\"key\"},\"document\":"
                     "{\"a\":[1,\"{{ n }}\",[\"<{{ n }}>\",null]],\"{{ k }}\":{\"b\":{\"c\":\"plain\"}}}}")),
        0);
}

/* ---- The cache ---------------------------------------------------------------------------------- */

static struct template_cache *new_cache(void)
{
    struct template_cache *cache;
    assert_int_equal(template_cache_new(10, 0, &cache, NULL), STATUS_OK);
    return cache;
}

/* Gets a new template with each request for memory refused, until none is: a template, or no memory. */
static void a_cache_that_finds_no_memory_goes_on(void **state)
{
    (void)state;
    size_t held = memory_held();
    struct template_cache *cache = new_cache();
    bool given_without_being_kept = false;
    for (size_t n = 0;; n++) {
        struct template *t;
        struct error err;
        memory_fail_at(n, false);
        enum status s = template_cache_get(cache, STR("{{ 1 }}"), TEMPLATE_STRING, "name", NULL, &t, &err);
        if (memory_fail_never() <= n) {
            assert_int_equal(s, STATUS_OK);
            template_free(t);
            break;
        }
        assert_true(s == STATUS_OK || s == STATUS_NO_MEMORY || s == STATUS_LIMIT);
        if (s == STATUS_OK) {
            given_without_being_kept |= template_cache_count(cache) == 0;
            template_free(t);
        }
        if (template_cache_count(cache) > 0) { /* begin anew, so that the next one is not just found */
            template_cache_free(&cache);
            cache = new_cache();
        }
    }
    assert_true(given_without_being_kept);
    assert_int_equal(template_cache_count(cache), 1);
    template_cache_free(&cache);
    assert_int_equal(memory_held(), held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_that_runs_out_is_an_error_and_nothing_else),
                                       cmocka_unit_test(the_same_goes_for_documents),
                                       cmocka_unit_test(a_cache_that_finds_no_memory_goes_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
