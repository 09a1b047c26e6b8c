/* What became of each attempt, from events alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/json.h"
#include "render_service/attempts.h"

enum { EVENTS_MAX = 16 };

static const struct {
    const char *name;
    const char *events[EVENTS_MAX]; /* type, task id, step */
    const char *expected;           /* "id:status …" in order */
} cases[] = {
    {"a task that nothing is heard of is scheduled", {"step_started s0v1a1 a P"}, "s0v1a1:scheduled"},
    {"a failed attempt is followed by the next",
     {"step_started s0v1a1 a P", "action_error s0v1a1 a", "step_retried s0v1a2 a", "step_started s0v1a2 a P",
      "action_completed s0v1a2 a", "step_completed - a"},
     "s0v1a1:failed s0v1a2:completed"},
    {"what is lost is made again",
     {"step_started s0v1a1 a P", "action_lost s0v1a1 a", "step_started s0v1a2 a P"},
     "s0v1a1:lost s0v1a2:scheduled"},
    {"an iterator is none, its items are",
     {"step_started s0v1a1 a", "iteration_started s0v1a1i0a1 a P", "iteration_started s0v1a1i1a1 a P",
      "action_completed s0v1a1i1a1 a"},
     "s0v1a1i0a1:scheduled s0v1a1i1a1:completed"},
    {"withdrawn tasks are cancelled",
     {"iteration_started s0v1a1i0a1 a P", "iteration_started s0v1a1i1a1 a P", "action_error s0v1a1i0a1 a",
      "tasks_withdrawn s0v1a1 a W:s0v1a1i1a1"},
     "s0v1a1i0a1:failed s0v1a1i1a1:cancelled"},
    {"the end of a step ends only its own",
     {"step_started s0v1a1 a P", "step_started s1v1a1 b P", "step_failed - a"},
     "s0v1a1:cancelled s1v1a1:scheduled"},
    {"the end of the execution ends what is open",
     {"step_started s0v1a1 a P", "step_started s1v1a1 b C", "execution_cancelled - p"},
     "s0v1a1:cancelled s1v1a1:cancelled"},
    {"a call is an attempt too", {"step_started s0v1a1 a C", "child_failed s0v1a1 other"}, "s0v1a1:failed"},
    {"a second outcome changes nothing",
     {"step_started s0v1a1 a P", "action_completed s0v1a1 a", "action_error s0v1a1 a"},
     "s0v1a1:completed"},
    {"an outcome without a start is told", {"action_completed s0v1a1 a"}, "s0v1a1:completed"},
};

static struct value context_of(struct arena *a, struct str word)
{
    struct value v = {0};
    struct str json = STR("{}");
    if (str_is(word, "P"))
        json = STR("{\"pool\":\"default\"}");
    else if (str_is(word, "C"))
        json = STR("{\"child\":\"7\"}");
    else if (str_starts_with(word, STR("W:")))
        json = arena_printf(a, "{\"tasks\":[\"%.*s\"]}", (int)word.len - 2, word.ptr + 2);
    assert_int_equal(json_read(a, json, NULL, &v, NULL), STATUS_OK);
    return v;
}

static struct event event_of(struct arena *a, const char *line, uint32_t number)
{
    struct str rest = str_of(line), type = str_split(&rest, ' '), id = str_split(&rest, ' ');
    struct event e = {.execution_id = 1, .event_id = number, .time_ns = number, .visit = 1, .attempt = 1};
    e.type = event_type_from_name(type);
    assert_int_not_equal(e.type, EVENT_COUNT);
    e.task_id = str_is(id, "-") ? STR("") : id;
    e.node_name = str_split(&rest, ' ');
    e.context = context_of(a, rest);
    return e;
}

static void each_attempt_stands_as_its_events_say(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct arena a;
        struct event events[EVENTS_MAX];
        struct attempt *attempts;
        struct error err;
        size_t count = 0, found;
        struct str told = STR("");
        arena_init(&a, 0);
        for (; cases[c].events[count]; count++)
            events[count] = event_of(&a, cases[c].events[count], (uint32_t)count + 1);
        assert_int_equal(attempts_build(&a, events, count, &attempts, &found, &err), STATUS_OK);
        for (size_t i = 0; i < found; i++)
            told = arena_printf(&a, "%.*s%s%.*s:%s", ARGSTR(told), i ? " " : "", ARGSTR(attempts[i].task_id),
                                attempt_status_name(attempts[i].status));
        if (!str_is(told, cases[c].expected))
            fail_msg("%s: %.*s", cases[c].name, ARGSTR(told));
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_attempt_stands_as_its_events_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
