/* A record that is as it was decided has no difference; whatever is changed in it is found, where it is. */
#include "fixture.h"

#include "core/json.h"
#include "replay/view.h"

/* Plays the fixture's log, as far as there is no difference. */
static void play(struct fixture *f, struct replay *r, struct mismatch *found)
{
    struct error e = {0};
    *found = (struct mismatch){0};
    replay_open(r, EXECUTION, f->playbooks);
    for (size_t i = 0; i < f->logged && found->kind == MISMATCH_NONE; i++)
        assert_ok(replay_take(r, &f->log[i], found, &e), &e);
    if (found->kind == MISMATCH_NONE)
        assert_ok(replay_end(r, found, &e), &e);
}

static void assert_found(struct fixture *f, enum mismatch_kind kind, uint32_t event_id, const char *path)
{
    struct replay r;
    struct mismatch found;
    play(f, &r, &found);
    assert_int_equal(found.kind, kind);
    assert_int_equal(found.event_id, event_id);
    assert_str(found.at.path, path);
    replay_close(&r);
}

static size_t first_of(const struct fixture *f, enum event_type type)
{
    size_t i = 0;
    while (i < f->logged && f->log[i].type != type)
        i++;
    assert_true(i < f->logged);
    return i;
}

static void a_record_as_it_was_decided_has_no_difference(void **state)
{
    struct fixture *f = *state;
    struct replay r;
    struct mismatch found;
    struct str left, right;
    struct error e = {0};
    play(f, &r, &found);
    assert_int_equal(found.kind, MISMATCH_NONE);
    assert_ok(execution_encode(f->x, &f->arena, &left, &e), &e);
    assert_ok(execution_encode(r.x, &f->arena, &right, &e), &e);
    assert_true(str_equal(left, right));
    replay_close(&r);
}

/* As `noetl export` writes it. */
static void a_record_without_tokens_has_no_difference(void **state)
{
    struct fixture *f = *state;
    struct replay r;
    struct mismatch found;
    struct error e = {0};
    for (size_t i = 0; i < f->logged; i++)
        assert_ok(event_shown(&f->arena, &f->log[i], &f->log[i], &e), &e);
    assert_true(value_is_absent(VALUE_GET(f->log[0].context, "token_seed")));
    play(f, &r, &found);
    assert_int_equal(found.kind, MISMATCH_NONE);
    replay_close(&r);
}

static void a_wrong_token_is_named(void **state)
{
    struct fixture *f = *state;
    struct event *outcome = &f->log[first_of(f, EVENT_ACTION_COMPLETED)];
    outcome->meta = fixture_map(f, "token", value_text("0123"), NULL, value_null());
    assert_found(f, MISMATCH_IGNORED, outcome->event_id, "");
}

static void what_is_changed_in_an_event_is_named(void **state)
{
    struct fixture *f = *state;
    size_t at = first_of(f, EVENT_STEP_STARTED);
    f->log[at].context = fixture_map(f, "type", value_text("other"), NULL, value_null());
    struct replay r;
    struct mismatch found;
    play(f, &r, &found);
    assert_int_equal(found.kind, MISMATCH_EVENT);
    assert_int_equal(found.event_id, f->log[at].event_id);
    assert_str(found.at.path, "context.type");
    assert_str(value_as_str(found.at.left), "other");
    assert_str(value_as_str(found.at.right), "iterator");
    replay_close(&r);
}

static void a_decision_that_is_missing_is_named(void **state)
{
    struct fixture *f = *state;
    fixture_give(f, (struct event){.type = EVENT_CANCEL_REQUESTED});
    f->logged--;
    assert_found(f, MISMATCH_MISSING, f->log[f->logged].event_id, "");
}

static void a_decision_too_many_is_named(void **state)
{
    struct fixture *f = *state;
    struct event more = f->log[first_of(f, EVENT_STEP_COMPLETED)];
    more.event_id = f->log[f->logged - 1].event_id + 1;
    f->log[f->logged++] = more;
    assert_found(f, MISMATCH_ADDITIONAL, more.event_id, "");
}

static void a_gap_is_named(void **state)
{
    struct fixture *f = *state;
    memmove(&f->log[2], &f->log[3], (f->logged - 3) * sizeof f->log[0]);
    f->logged--;
    assert_found(f, MISMATCH_ORDER, 4, "");
}

static void a_fact_that_would_change_nothing_is_named(void **state)
{
    struct fixture *f = *state;
    struct event again = f->log[first_of(f, EVENT_ACTION_COMPLETED)];
    again.event_id = f->log[f->logged - 1].event_id + 1;
    again.time_ns = f->clock_ns + 1;
    again.stream_seq++;
    f->log[f->logged++] = again;
    assert_found(f, MISMATCH_IGNORED, again.event_id, "");
}

static void an_event_of_another_execution_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct replay r;
    struct mismatch found;
    struct error e = {0};
    f->log[0].execution_id++;
    replay_open(&r, EXECUTION, f->playbooks);
    assert_status(replay_take(&r, &f->log[0], &found, &e), STATUS_INVALID);
    replay_close(&r);
}

/* The log's text columns have U+FFFD for what they cannot hold, and that is no difference. */
static void text_that_a_column_cannot_hold_is_no_difference(void **state)
{
    struct fixture *f = *state;
    struct replay r;
    struct mismatch found;
    struct event end = {.type = EVENT_CANCEL_REQUESTED};
    end.context = fixture_map(f, "reason", value_str((struct str){"a\0b", 3}), NULL, value_null());
    fixture_give(f, end);
    struct event *cancelled = &f->log[first_of(f, EVENT_EXECUTION_CANCELLED)];
    assert_int_equal(cancelled->error.len, 3);
    cancelled->error = STR("a\xEF\xBF\xBD"
                           "b");
    play(f, &r, &found);
    assert_int_equal(found.kind, MISMATCH_NONE);
    replay_close(&r);
}

/* ---- what is shown ------------------------------------------------------------------------------------ */

static void the_view_has_what_is_open_and_what_has_changed(void **state)
{
    struct fixture *f = *state;
    struct replay r;
    struct mismatch found;
    struct value v;
    struct error e = {0};
    play(f, &r, &found);
    assert_ok(view_of_state(&f->arena, r.x, &v, &e), &e);
    assert_str(value_as_str(VALUE_GET(v, "status")), "paused");
    assert_true(VALUE_GET(v, "open").len >= 4);
    replay_close(&r);
    replay_open(&r, EXECUTION, f->playbooks);
    assert_ok(replay_take(&r, &f->log[0], &found, &e), &e);
    assert_ok(view_of_fact(&f->arena, &r, &v, &e), &e);
    assert_str(value_as_str(value_get_path(v, STR("event.event_type"))), "execution_requested");
    assert_int_equal(value_get_path(v, STR("context.workload")).type, VALUE_MAP);
    assert_true(VALUE_GET(v, "decisions").len > 0);
    replay_close(&r);
}

/* ---- differences -------------------------------------------------------------------------------------- */

static void the_places_where_two_values_differ_are_found(void **state)
{
    struct fixture *f = *state;
    struct value left, right;
    struct difference d[8];
    size_t count;
    struct error e = {0};
    assert_ok(
        json_read(&f->arena, STR("{\"a\":1,\"b\":{\"c\":[1,2],\"d\":null},\"e\":\"x\"}"), NULL, &left, &e),
        &e);
    assert_ok(json_read(&f->arena, STR("{\"e\":\"x\",\"b\":{\"c\":[1,3,4]},\"a\":1.0,\"f\":true}"), NULL,
                        &right, &e),
              &e);
    assert_ok(differences(&f->arena, left, right, d, 8, &count, &e), &e);
    static const char *const paths[] = {"a", "b.c[1]", "b.c[2]", "b.d", "f"};
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        assert_str(d[i].path, paths[i]);
    assert_true(value_is_absent(d[2].left) && value_is_absent(d[3].right));
    assert_ok(differences(&f->arena, left, right, d, 2, &count, &e), &e);
    assert_int_equal(count, 2);
    assert_ok(differences(&f->arena, left, left, d, 8, &count, &e), &e);
    assert_int_equal(count, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, fixture_of_everything, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_record_as_it_was_decided_has_no_difference),
        T(a_record_without_tokens_has_no_difference),
        T(a_wrong_token_is_named),
        T(what_is_changed_in_an_event_is_named),
        T(a_decision_that_is_missing_is_named),
        T(a_decision_too_many_is_named),
        T(a_gap_is_named),
        T(a_fact_that_would_change_nothing_is_named),
        T(an_event_of_another_execution_is_an_error),
        T(text_that_a_column_cannot_hold_is_no_difference),
        T(the_view_has_what_is_open_and_what_has_changed),
        T(the_places_where_two_values_differ_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
