/*
 * A state that was written down: whatever becomes of the text, reading it gives a state whose invariants
 * hold, or says that it is none.
 */
#include "core/json.h"
#include "fixture.h"

/* ---- damage ------------------------------------------------------------------------------------------- */

/* The value with its `n`-th part, counted in depth, put in another's place; *n is what is left to count. */
static struct value damage(struct arena *a, struct value v, size_t *n, struct value other)
{
    if ((*n)-- == 0)
        return other;
    if (v.type == VALUE_LIST) {
        struct list_builder b;
        list_begin(&b, a);
        for (uint32_t i = 0; i < v.len; i++)
            list_add(&b, damage(a, v.u.list[i], n, other));
        assert_int_equal(list_end(&b, &v, NULL), STATUS_OK);
    } else if (v.type == VALUE_MAP) {
        struct map_builder b;
        map_begin(&b, a);
        for (uint32_t i = 0; i < v.len; i++)
            map_put_value(&b, v.u.map->entries[i].key, damage(a, v.u.map->entries[i].value, n, other));
        assert_int_equal(map_end(&b, &v, NULL), STATUS_OK);
    }
    return v;
}

/* That part as it is; absent if there are fewer. */
static struct value part_of(struct value v, size_t *n)
{
    struct value found = {.type = VALUE_UNDEFINED};
    if ((*n)-- == 0)
        return v;
    for (uint32_t i = 0; v.type == VALUE_LIST && i < v.len && value_is_absent(found); i++)
        found = part_of(v.u.list[i], n);
    for (uint32_t i = 0; v.type == VALUE_MAP && i < v.len && value_is_absent(found); i++)
        found = part_of(v.u.map->entries[i].value, n);
    return found;
}

static size_t count_parts(struct value v)
{
    size_t n = 1;
    for (uint32_t i = 0; v.type == VALUE_LIST && i < v.len; i++)
        n += count_parts(v.u.list[i]);
    for (uint32_t i = 0; v.type == VALUE_MAP && i < v.len; i++)
        n += count_parts(v.u.map->entries[i].value);
    return n;
}

static bool is_refused_or_sound(struct fixture *f, struct str text)
{
    struct execution *x;
    struct error e = {0};
    enum status s = execution_decode(text, f->x->playbook, &x, &e);
    if (s != STATUS_OK)
        return x == NULL && (s == STATUS_INVALID || s == STATUS_SYNTAX) && e.message[0] != '\0';
    bool sound = execution_check(x, &e) == STATUS_OK;
    execution_free(x);
    return sound;
}

static void a_damaged_state_is_refused_or_sound(void **state)
{
    struct fixture *f = *state;
    const struct value others[] = {value_int(99),    value_null(),         value_int(-1),
                                   value_int(1),     value_int(INT64_MAX), value_text("x"),
                                   value_bool(true), VALUE_EMPTY_LIST,     VALUE_EMPTY_MAP};
    struct str text, damaged;
    struct value v;
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    assert_int_equal(json_read(&f->arena, text, NULL, &v, NULL), STATUS_OK);
    size_t parts = count_parts(v);
    assert_true(parts > 100);
    for (size_t part = 0; part < parts; part++) {
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            struct arena a;
            size_t n = part;
            arena_init(&a, 0);
            assert_int_equal(json_text(&a, damage(&a, v, &n, others[i]), &damaged, NULL), STATUS_OK);
            if (!is_refused_or_sound(f, damaged))
                fail_msg("part %zu, damage %zu: %" PRISTR, part, i, ARGSTR(damaged));
            arena_free(&a);
        }
    }
}

/* ---- what is there too often or too much --------------------------------------------------------------- */

static struct value encoded(struct fixture *f)
{
    struct str text;
    struct value v;
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    assert_int_equal(json_read(&f->arena, text, NULL, &v, NULL), STATUS_OK);
    return v;
}

/* The value with its `n`-th part, if that is a list, `times` times as long; else as it was. */
static struct value lengthen(struct arena *a, struct value v, size_t n, size_t times)
{
    struct list_builder b;
    size_t at = n, behind = n;
    struct value part = part_of(v, &at);
    if (part.type != VALUE_LIST)
        return v;
    list_begin(&b, a);
    for (size_t i = 0; i < times * part.len; i++)
        list_add(&b, part.u.list[i % part.len]);
    assert_int_equal(list_end(&b, &part, NULL), STATUS_OK);
    return damage(a, v, &behind, part);
}

static void a_list_that_is_too_long_is_refused_or_sound(void **state)
{
    struct fixture *f = *state;
    struct value v = encoded(f);
    const size_t times[] = {2, 1001};
    for (size_t part = 0, parts = count_parts(v); part < parts; part++) {
        for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
            struct arena a;
            struct str longer;
            arena_init(&a, 0);
            assert_int_equal(json_text(&a, lengthen(&a, v, part, times[i]), &longer, NULL), STATUS_OK);
            if (!is_refused_or_sound(f, longer))
                fail_msg("part %zu, %zu times: %" PRISTR, part, times[i], ARGSTR(longer));
            arena_free(&a);
        }
    }
}

/* The first map in depth that has the key. */
static struct value find_map_with(struct value v, const char *key)
{
    for (size_t i = 0, parts = count_parts(v); i < parts; i++) {
        size_t n = i;
        struct value part = part_of(v, &n);
        if (part.type == VALUE_MAP && !value_is_absent(value_get(part, str_of(key))))
            return part;
    }
    fail_msg("nothing has %s", key);
    return value_null();
}

static struct value pair_of(struct fixture *f, struct value first, struct value second)
{
    struct list_builder b;
    struct value v;
    list_begin(&b, &f->arena);
    list_add(&b, first);
    list_add(&b, second);
    assert_int_equal(list_end(&b, &v, NULL), STATUS_OK);
    return v;
}

/* The value with one more member in its `n`-th part, if that is a map without it; else as it was. */
static struct value with_member(struct arena *a, struct value v, size_t n, const char *key, struct value more)
{
    struct map_builder b;
    size_t at = n, behind = n;
    struct value part = part_of(v, &at);
    if (part.type != VALUE_MAP || !value_is_absent(value_get(part, str_of(key))))
        return v;
    map_begin(&b, a);
    map_put_all(&b, part);
    map_put(&b, str_of(key), more);
    assert_int_equal(map_end(&b, &part, NULL), STATUS_OK);
    return damage(a, v, &behind, part);
}

/* Members that are not written while they are 0, or absent. */
static void a_member_too_many_is_refused_or_sound(void **state)
{
    static const char *const keys[] = {
        "paused",
        "last_seq",
        "playbook_version",
        "timeout_ms",
        "retries",
        "parent",
        "variables",
        "failed",
        "item",
        "task",
        "attempt",
        "due_ns",
        "attempts_before",
        "child",
        "loop",
        "earlier",
        "joins",
        "work",
        "signal",
        "error",
        "config",
        "lost",
        "token_seed",
        "env",
        "args",
    };
    struct fixture *f = *state;
    struct value v = encoded(f), loop = VALUE_GET(find_map_with(v, "loop"), "loop");
    assert_int_equal(loop.type, VALUE_MAP);
    const struct value others[] = {
        value_int(-1),
        value_int(1),
        value_int(INT64_MAX),
        value_text("x"),
        value_bool(true),
        VALUE_EMPTY_LIST,
        pair_of(f, value_int(1), value_int(1)),
        pair_of(f, value_int(99), value_int(1)),
        pair_of(f, value_text("x"), value_int(1)),
        pair_of(f, value_int(1), value_text("x")),
        loop,
    };
    for (size_t part = 0, parts = count_parts(v); part < parts; part++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                struct arena a;
                struct str more;
                arena_init(&a, 0);
                struct value with = with_member(&a, v, part, keys[k], others[i]);
                assert_int_equal(json_text(&a, with, &more, NULL), STATUS_OK);
                if (!is_refused_or_sound(f, more))
                    fail_msg("part %zu, %s %zu: %" PRISTR, part, keys[k], i, ARGSTR(more));
                arena_free(&a);
            }
        }
    }
}

/* A work in a list that no visit has gets a number that no work has. */
static void a_state_with_a_stray_work_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    struct execution *x;
    struct str text;
    struct error e = {0};
    struct work stray = {.state = WORK_READY};
    work_append(&f->x->queue, &stray);
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    assert_int_equal(execution_decode(text, f->x->playbook, &x, &e), STATUS_INVALID);
    assert_non_null(strstr(e.message, "queue"));
    work_remove(&stray);
}

static void a_state_of_many_works_is_read_as_it_was(void **state)
{
    struct fixture f;
    struct execution *x;
    struct str text, again;
    struct error e = {0};
    (void)state;
    fixture_open(&f);
    fixture_request(&f,
                    "metadata: {path: test}\n"
                    "workflow:\n"
                    "  - {step: start, type: iterator, collection: '{{ range(200) | list }}', element: n,\n"
                    "     mode: async, concurrency: 200, task: {type: noop}}\n");
    assert_int_equal(f.task_count, 200);
    assert_ok(execution_encode(f.x, &f.arena, &text, &e), &e);
    assert_ok(execution_decode(text, f.x->playbook, &x, NULL), &e);
    assert_ok(execution_encode(x, &f.arena, &again, &e), &e);
    assert_true(str_equal(text, again));
    execution_free(x);
    fixture_close(&f);
}

static void a_text_cut_short_is_refused(void **state)
{
    struct fixture *f = *state;
    struct str text;
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    for (size_t len = 0; len < text.len; len++)
        assert_true(is_refused_or_sound(f, (struct str){text.ptr, len}));
}

static void a_state_is_of_its_playbook(void **state)
{
    struct fixture *f = *state;
    struct playbook *other;
    struct execution *x;
    struct str text;
    struct error e = {0};
    assert_ok(playbook_cache_get(f->playbooks, STR("metadata: {path: test}\nworkflow: [{step: start}]\n"),
                                 "other", &other, &e),
              &e);
    assert_int_equal(execution_encode(f->x, &f->arena, &text, NULL), STATUS_OK);
    assert_int_equal(execution_decode(text, other, &x, &e), STATUS_INVALID);
    assert_non_null(strstr(e.message, "another playbook"));
    playbook_unref(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_of_everything, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_of_many_works_is_read_as_it_was),
        TEST(a_damaged_state_is_refused_or_sound),
        TEST(a_list_that_is_too_long_is_refused_or_sound),
        TEST(a_member_too_many_is_refused_or_sound),
        TEST(a_state_with_a_stray_work_cannot_be_read),
        TEST(a_text_cut_short_is_refused),
        TEST(a_state_is_of_its_playbook),
    };
#undef TEST
    return cmocka_run_group_tests_name("states", tests, NULL, NULL);
}
