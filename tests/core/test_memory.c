/* Whatever an arena's limit is, an operation that does not fit says so, and does nothing else. */
#include "check.h"
#include "core/event.h"
#include "core/json.h"
#include "core/task.h"

static const char TEXT[] =
    "{\"a\":[1,2.5,\"text\",{\"b\":null}],\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,"
    "\"k7\":7,\"k8\":8,\"k9\":{\"deep\":[[[1]]]},\"n\":123456789012345678901234567890}";

static struct value document; /* TEXT, in an arena of its own */

static enum status read_it(struct arena *a, struct error *err)
{
    struct value v;
    return json_read(a, str_of(TEXT), NULL, &v, err);
}

static enum status copy_it(struct arena *a, struct error *err)
{
    struct value v;
    return value_copy(a, document, &v, err);
}

static enum status merge_it(struct arena *a, struct error *err)
{
    struct value_entry entry = {value_text("k9"), document};
    struct value_map map = {.entries = &entry};
    struct value over = {.type = VALUE_MAP, .len = 1, .u.map = &map}, v;
    return value_merge(a, document, over, &v, err);
}

static enum status write_it(struct arena *a, struct error *err)
{
    struct str text;
    return json_text(a, document, &text, err);
}

static enum status build_it(struct arena *a, struct error *err)
{
    struct list_builder list;
    struct map_builder map;
    struct value v;
    list_begin(&list, a);
    map_begin(&map, a);
    for (uint32_t i = 0; i < document.len; i++) {
        list_add(&list, document);
        map_put_value(&map, document.u.map->entries[i].key, document);
    }
    TRY(list_end(&list, &v, err));
    return map_end(&map, &v, err);
}

static enum status event_it(struct arena *a, struct error *err)
{
    struct event e = {.execution_id = 1,
                      .event_id = 2,
                      .type = EVENT_STEP_STARTED,
                      .time_ns = 3,
                      .node_name = STR("s"),
                      .result = document};
    struct value v;
    return event_to_value(a, &e, &v, err);
}

static enum status task_it(struct arena *a, struct error *err)
{
    struct task t = {.execution_id = 1, .args = document};
    struct value v;
    return task_to_value(a, &t, &v, err);
}

static void check(enum status (*operation)(struct arena *, struct error *))
{
    enum status s = STATUS_LIMIT;
    for (size_t limit = 1; s != STATUS_OK; limit++) {
        struct arena a;
        struct error err = {.status = STATUS_OK};
        arena_init(&a, limit);
        s = operation(&a, &err);
        assert_true(a.used <= limit);
        if (s != STATUS_OK) {
            assert_status(s, STATUS_LIMIT);
            assert_status(err.status, STATUS_LIMIT);
            assert_true(strlen(err.message) > 10);
        }
        assert_true(limit < 100000);
        arena_free(&a);
    }
}

static void every_limit_gives_an_error_or_the_result(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    arena_init(&a, 0);
    assert_ok(json_read(&a, str_of(TEXT), NULL, &document, &err), &err);
    check(read_it);
    check(copy_it);
    check(merge_it);
    check(write_it);
    check(build_it);
    check(event_it);
    check(task_it);
    arena_free(&a);
}

static void more_values_than_the_arena_has_room_for_are_refused_early(void **state)
{
    (void)state;
    enum { VALUES = 100000 };
    static char text[2 * VALUES + 1];
    struct arena a;
    struct value v;
    struct error err;
    memset(text, '1', sizeof text);
    text[0] = '[';
    for (size_t i = 2; i < sizeof text; i += 2)
        text[i] = i == sizeof text - 1 ? ']' : ',';
    arena_init(&a, 2 * sizeof text); /* the text fits; its values, sixteen bytes each, do not */
    assert_status(json_read(&a, (struct str){text, sizeof text}, NULL, &v, &err), STATUS_LIMIT);
    arena_free(&a);
    assert_ok(json_read(&a, STR("[1]"), NULL, &v, &err), &err);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_gives_an_error_or_the_result),
        cmocka_unit_test(more_values_than_the_arena_has_room_for_are_refused_early),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
