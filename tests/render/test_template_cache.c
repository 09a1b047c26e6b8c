/* A template of the cache is the one that a compile gives, and the same one as long as it is kept. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "render/object.h"
#include "render/template_cache.h"

static struct template_cache *cache_of(uint32_t max_count, size_t max_bytes)
{
    struct template_cache *cache;
    assert_int_equal(template_cache_new(max_count, max_bytes, &cache, NULL), STATUS_OK);
    return cache;
}

static struct template *get_with(struct template_cache *cache, const char *source, enum template_mode mode,
                                 const char *name, const struct template_options *options)
{
    struct template *t;
    assert_int_equal(template_cache_get(cache, str_of(source), mode, name, options, &t, NULL), STATUS_OK);
    return t;
}

/* The template itself is given back at once: what is left is its address, as long as it is kept. */
static const void *kept_with(struct template_cache *cache, const char *source, enum template_mode mode,
                             const char *name, const struct template_options *options)
{
    struct template *t = get_with(cache, source, mode, name, options);
    template_free(t);
    return t;
}

static const void *kept(struct template_cache *cache, const char *source)
{
    return kept_with(cache, source, TEMPLATE_STRING, "", NULL);
}

static void assert_renders(const struct template *t, const char *expected)
{
    struct arena a;
    struct value v;
    struct scope scope = {VALUE_EMPTY_MAP, NULL};
    arena_init(&a, 0);
    assert_int_equal(template_render(t, &scope, NULL, &a, &v, NULL), STATUS_OK);
    assert_true(str_is(value_as_str(v), expected));
    arena_free(&a);
}

static void a_text_is_compiled_once(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(10, 0);
    const void *first = kept(cache, "{{ 1 }}");
    assert_ptr_equal(kept(cache, "{{ 1 }}"), first);
    assert_ptr_not_equal(kept(cache, "{{ 2 }}"), first);
    assert_ptr_equal(kept(cache, "{{ 1 }}"), first);
    assert_int_equal(template_cache_count(cache), 2);
    template_cache_free(&cache);
    assert_null(cache);
    template_cache_free(&cache);
}

static enum status load_nothing(void *user, struct str name, const struct template **out, struct error *err)
{
    (void)user;
    (void)out;
    return error_set(err, STATUS_NOT_FOUND, "%" PRISTR, ARGSTR(name));
}

static void what_is_compiled_otherwise_is_another_template(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(100, 0);
    struct template_options options[12];
    char bytes[2][4] = {"abc", "abd"};
    uint32_t count = 0;
    for (size_t i = 0; i < 12; i++)
        options[i] = TEMPLATE_OPTIONS_DEFAULT;
    options[1].trim_blocks = true;
    options[2].lstrip_blocks = true;
    options[3].keep_trailing_newline = true;
    options[4].autoescape = true;
    options[5].without_do = true;
    options[6].without_loop_controls = true;
    options[7].line_statement_prefix = "%";
    options[8].line_comment_prefix = "%";
    options[9].loader = (struct template_loader){load_nothing, bytes[0], 0};
    options[10].loader = (struct template_loader){load_nothing, bytes[1], 0};
    options[11].loader = (struct template_loader){load_nothing, bytes[0], sizeof bytes[0]};
    for (int mode = TEMPLATE_STRING; mode <= TEMPLATE_NATIVE; mode++) {
        for (int named = 0; named < 2; named++) {
            for (size_t i = 0; i < 12; i++) {
                kept_with(cache, "1", (enum template_mode)mode, named ? "name" : "", &options[i]);
                assert_int_equal(template_cache_count(cache), ++count);
            }
        }
    }
    memcpy(bytes[1], bytes[0], sizeof bytes[0]);
    options[11].loader.user = bytes[1]; /* the same bytes elsewhere */
    kept_with(cache, "1", TEMPLATE_STRING, "", &options[11]);
    assert_int_equal(template_cache_count(cache), count);
    template_cache_free(&cache);
}

static void modes_do_not_mix(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(10, 0);
    for (int again = 0; again < 2; again++) {
        struct template *text = get_with(cache, "'a'", TEMPLATE_STRING, "", NULL),
                        *value = get_with(cache, "'a'", TEMPLATE_EXPRESSION, "", NULL);
        assert_renders(text, "'a'");
        assert_renders(value, "a");
        template_free(text);
        template_free(value);
    }
    template_cache_free(&cache);
}

static void the_oldest_goes_when_there_are_too_many(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(2, 0);
    struct template *first = get_with(cache, "{{ 1 }}", TEMPLATE_STRING, "", NULL);
    kept(cache, "{{ 2 }}");
    assert_ptr_equal(kept(cache, "{{ 1 }}"), first);
    kept(cache, "{{ 3 }}");
    assert_ptr_equal(kept(cache, "{{ 1 }}"), first);
    assert_int_equal(template_cache_count(cache), 2);
    struct template *again = get_with(cache, "{{ 2 }}", TEMPLATE_STRING, "", NULL);
    kept(cache, "{{ 4 }}");
    kept(cache, "{{ 5 }}");
    template_cache_free(&cache);
    assert_renders(first, "1"); /* both live on */
    assert_renders(again, "2");
    template_free(first);
    template_free(again);
}

static void memory_has_a_bound(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(1000, 100000);
    char source[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(source, sizeof source, "{{ %d }}", i);
        kept(cache, source);
    }
    uint32_t count = template_cache_count(cache);
    assert_in_range(count, 2, 200); /* of a template of this length some hundred bytes at least are kept */
    struct buf large;
    buf_init(&large, 0);
    for (int i = 0; i < 20000; i++)
        buf_add_str(&large, STR("{{ x }}"));
    buf_add_char(&large, '\0');
    kept(cache, large.data); /* compiled and given, but not kept */
    assert_int_equal(template_cache_count(cache), count);
    buf_free(&large);
    template_cache_free(&cache);
}

static void what_does_not_compile_is_not_kept(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(10, 0);
    struct template *t;
    struct error err;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(template_cache_get(cache, STR("{{"), TEMPLATE_STRING, "name", NULL, &t, &err),
                         STATUS_SYNTAX);
        assert_null(t);
        assert_string_equal(err.place, "name");
    }
    assert_int_equal(template_cache_count(cache), 0);
    template_cache_free(&cache);
}

static void without_a_cache_it_is_a_compile(void **state)
{
    (void)state;
    struct template *t = get_with(NULL, "{{ 1 }}", TEMPLATE_STRING, "", NULL);
    assert_renders(t, "1");
    template_free(t);
}

static void leaves_of_documents_are_kept(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(10, 0);
    struct value leaves[] = {value_text("{{ 1 }}"), value_text("plain"), value_text("{{ 2 }}")};
    struct value document = {.type = VALUE_LIST, .len = 3, .u.list = leaves};
    for (int again = 0; again < 2; again++) {
        struct object_template *o;
        struct scope scope = {VALUE_EMPTY_MAP, NULL};
        struct arena a;
        struct value v;
        arena_init(&a, 0);
        assert_int_equal(object_compile_cached(document, "args", cache, &o, NULL), STATUS_OK);
        assert_int_equal(template_cache_count(cache), 2);
        assert_int_equal(object_render(o, &scope, NULL, &a, &v, NULL), STATUS_OK);
        assert_int_equal(v.u.list[0].u.i, 1);
        assert_int_equal(v.u.list[2].u.i, 2);
        object_free(o);
        arena_free(&a);
    }
    template_cache_free(&cache);
}

static void *use_from_a_thread(void *cache)
{
    for (int i = 0; i < 2000; i++) {
        char source[32], expected[32];
        snprintf(source, sizeof source, "{{ %d }}", i % 7);
        snprintf(expected, sizeof expected, "%d", i % 7);
        struct template *t;
        struct value v;
        struct arena a;
        struct scope scope = {VALUE_EMPTY_MAP, NULL};
        arena_init(&a, 0);
        bool good = template_cache_get((struct template_cache *)cache, str_of(source), TEMPLATE_STRING, "",
                                       NULL, &t, NULL) == STATUS_OK &&
                    template_render(t, &scope, NULL, &a, &v, NULL) == STATUS_OK &&
                    str_is(value_as_str(v), expected);
        arena_free(&a);
        if (!good)
            return NULL;
        template_free(t);
    }
    return cache;
}

/* Fewer places than templates, so that some are let go of while they render elsewhere. */
static void threads_share_one(void **state)
{
    (void)state;
    struct template_cache *cache = cache_of(3, 0);
    pthread_t threads[4];
    void *result;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_from_a_thread, cache), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    template_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_compiled_once),
        cmocka_unit_test(what_is_compiled_otherwise_is_another_template),
        cmocka_unit_test(modes_do_not_mix),
        cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
        cmocka_unit_test(memory_has_a_bound),
        cmocka_unit_test(what_does_not_compile_is_not_kept),
        cmocka_unit_test(without_a_cache_it_is_a_compile),
        cmocka_unit_test(leaves_of_documents_are_kept),
        cmocka_unit_test(threads_share_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
