/* Properties of JSON that have to hold of every document, tried on random ones. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/digest.h"
#include "core/json.h"
#include "random_value.h"

enum { DOCUMENTS = 1500, MUTATIONS = 40 };

static void write(struct buf *b, struct value v, enum json_style style)
{
    struct error err;
    buf_clear(b);
    assert_ok(json_write(b, v, style, &err), &err);
}

static void what_was_written_reads_back_identically(void **state)
{
    (void)state;
    uint64_t seed = random_seed("what_was_written_reads_back_identically");
    struct arena a;
    struct buf text;
    arena_init(&a, 0);
    buf_init(&text, 0);
    for (int i = 0; i < DOCUMENTS; i++) {
        arena_reset(&a);
        struct value v = random_value(&a, &seed, 0), back;
        struct error err;
        for (int style = JSON_COMPACT; style <= JSON_SORTED; style++) {
            write(&text, v, (enum json_style)style);
            assert_ok(json_read(&a, buf_str(&text), NULL, &back, &err), &err);
            assert_true(value_equal(v, back));
            assert_true(value_hash(v) == value_hash(back));
            assert_true(style == JSON_SORTED || value_identical(v, back));
        }
    }
    buf_free(&text);
    arena_free(&a);
}

static void the_sorted_form_is_the_same_whatever_the_order(void **state)
{
    (void)state;
    uint64_t seed = random_seed("the_sorted_form_is_the_same_whatever_the_order");
    struct arena a;
    struct buf one, other;
    arena_init(&a, 0);
    buf_init(&one, 0);
    buf_init(&other, 0);
    for (int i = 0; i < DOCUMENTS; i++) {
        arena_reset(&a);
        struct value v = random_value(&a, &seed, 3), reversed;
        if (v.type != VALUE_MAP)
            continue;
        struct map_builder b;
        map_begin(&b, &a);
        for (uint32_t n = v.len; n > 0; n--)
            map_put_value(&b, v.u.map->entries[n - 1].key, v.u.map->entries[n - 1].value);
        assert_ok(map_end(&b, &reversed, NULL), NULL);
        write(&one, v, JSON_SORTED);
        write(&other, reversed, JSON_SORTED);
        assert_string_equal(one.data, other.data);
    }
    buf_free(&one);
    buf_free(&other);
    arena_free(&a);
}

static double as_double(struct value v)
{
    char digits[64];
    if (v.type == VALUE_FLOAT)
        return v.u.f;
    if (v.type == VALUE_INT)
        return (double)v.u.i;
    snprintf(digits, sizeof digits, "%.*s", (int)v.len, v.u.s);
    return strtod(digits, NULL);
}

static bool agrees(struct value v, const cJSON *c);

static bool list_agrees(struct value v, const cJSON *c)
{
    const cJSON *item = c->child;
    for (uint32_t i = 0; i < v.len; i++, item = item->next) {
        if (item == NULL || !agrees(v.u.list[i], item))
            return false;
    }
    return item == NULL;
}

static bool map_agrees(struct value v, const cJSON *c)
{
    const cJSON *item = c->child;
    for (uint32_t i = 0; i < v.len; i++, item = item->next) {
        const struct value_entry *e = &v.u.map->entries[i];
        if (item == NULL || !str_is(value_as_str(e->key), item->string) || !agrees(e->value, item))
            return false;
    }
    return item == NULL;
}

static bool agrees(struct value v, const cJSON *c)
{
    switch ((enum value_type)v.type) {
    case VALUE_NULL: return cJSON_IsNull(c);
    case VALUE_BOOL: return cJSON_IsBool(c) && cJSON_IsTrue(c) == v.u.b;
    case VALUE_INT:
    case VALUE_BIGINT:
    case VALUE_FLOAT: return cJSON_IsNumber(c) && c->valuedouble == as_double(v);
    case VALUE_STRING: return cJSON_IsString(c) && str_is(value_as_str(v), c->valuestring);
    case VALUE_LIST: return cJSON_IsArray(c) && list_agrees(v, c);
    case VALUE_MAP: return cJSON_IsObject(c) && map_agrees(v, c);
    case VALUE_UNDEFINED:
    case VALUE_OBJECT: break;
    }
    return false;
}

/* cJSON ends strings at U+0000, and cuts numbers after 63 characters. */
static bool cjson_can_say(struct str text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool in_number = strchr("0123456789+-.eE", text.ptr[i]) != NULL;
        digits = in_number ? digits + 1 : 0;
        if (text.ptr[i] == '\0' || digits > 60)
            return false;
    }
    return str_find(text, STR("\\u0000")) < 0;
}

/* Everything that is read here is read the same there; there, more is accepted. */
static void check_against_cjson(struct arena *a, struct str text)
{
    struct value v;
    if (!cjson_can_say(text) || json_read(a, text, NULL, &v, NULL) != STATUS_OK)
        return;
    char *copy = arena_strdup(a, text);
    cJSON *c = cJSON_ParseWithOpts(copy, NULL, true);
    if (c == NULL || !agrees(v, c))
        fail_msg("cJSON %s: %s", c == NULL ? "refuses" : "differs", copy);
    cJSON_Delete(c);
}

static void mutate(char *text, size_t len, uint64_t *seed)
{
    static const char likely[] = "{}[],:\"\\ 0123456789.-+eEtfnu\n";
    for (uint64_t n = 1 + splitmix64(seed) % 3; n > 0; n--)
        text[splitmix64(seed) % len] = likely[splitmix64(seed) % (sizeof likely - 1)];
}

static void what_is_accepted_means_the_same_to_cjson(void **state)
{
    (void)state;
    uint64_t seed = random_seed("what_is_accepted_means_the_same_to_cjson");
    struct arena a;
    struct buf text;
    arena_init(&a, 0);
    buf_init(&text, 0);
    for (int i = 0; i < DOCUMENTS; i++) {
        arena_reset(&a);
        write(&text, random_value(&a, &seed, 2), i % 2 != 0 ? JSON_COMPACT : JSON_PRETTY);
        check_against_cjson(&a, buf_str(&text));
        for (int m = 0; m < MUTATIONS && text.len < 2000; m++) {
            char *mutant = arena_strdup(&a, buf_str(&text));
            mutate(mutant, text.len, &seed);
            check_against_cjson(&a, (struct str){mutant, text.len});
        }
    }
    buf_free(&text);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_reads_back_identically),
        cmocka_unit_test(the_sorted_form_is_the_same_whatever_the_order),
        cmocka_unit_test(what_is_accepted_means_the_same_to_cjson),
    };
    return cmocka_run_group_tests_name("json random", tests, NULL, NULL);
}
