/*
 * The report that this program began with: a step was started and its task never came into a queue, an
 * execution that stood still was said to be complete, and rendering in its context answered null. The calls
 * and the SQL of it, with the answers that they ought to have had.
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "daemons.h"
#include "playbooks.h"

static const char PLAYBOOK[] =
    "metadata: {path: report/two}\nworkload: {city: Oslo}\nworkflow:\n"
    "  - {step: start, next: fetch}\n"
    "  - {step: fetch, type: noop, args: {degrees: 21}, next: tell}\n"
    "  - step: tell\n    type: noop\n"
    "    args: {text: \"{{ workload.city }}: {{ fetch.degrees }}\"}\n    next: end\n"
    "  - step: end\n";

static struct value call(struct daemons *d, const char *method, const char *path, const char *body, long code)
{
    struct http_answer answer;
    struct value v;
    struct error err = {0};
    http_send(d->api, method, path, body, body ? strlen(body) : 0, false, &answer);
    if (answer.code != code)
        fail_msg("%s %s: %ld %s", method, path, answer.code, answer.text);
    const char *text = arena_strdup(&d->arena, (struct str){answer.text, answer.len});
    free(answer.text);
    assert_ok(json_read(&d->arena, str_of(text), NULL, &v, &err), &err);
    return v;
}

static const char *text_at(struct daemons *d, struct value v, const char *path)
{
    return arena_strdup(&d->arena, value_as_str(value_get_path(v, str_of(path))));
}

static const char *path_of(struct daemons *d, int64_t id, const char *rest)
{
    return arena_printf(&d->arena, "/api/executions/%" PRId64 "%s", id, rest).ptr;
}

/* SELECT event_type, node_name, status: a line a row. */
static const char *select_events(struct daemons *d, int64_t id)
{
    PGconn *pg = PQconnectdb(d->servers.postgres.url);
    char sql[256];
    struct str told = STR("");
    snprintf(sql, sizeof sql,
             "SELECT event_type, node_name, status FROM noetl.event WHERE execution_id = %" PRId64
             " ORDER BY event_id",
             id);
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(pg));
    for (int i = 0; i < PQntuples(r); i++)
        told = arena_printf(&d->arena, "%.*s%s %s %s\n", ARGSTR(told), PQgetvalue(r, i, 0),
                            PQgetvalue(r, i, 1), PQgetvalue(r, i, 2));
    PQclear(r);
    PQfinish(pg);
    return arena_strdup(&d->arena, told);
}

static int64_t run(struct daemons *d, const char *path)
{
    struct str body = arena_printf(&d->arena, "{\"path\":\"%s\"}", path);
    int64_t id;
    struct value answer = call(d, "POST", "/api/executions/run", body.ptr, 200);
    assert_true(str_to_int64(value_as_str(VALUE_GET(answer, "execution_id")), &id));
    return id;
}

static void a_step_that_is_started_is_run_and_the_next_one_too(void **state)
{
    struct daemons *d = *state;
    call(d, "POST", "/api/catalog/register", PLAYBOOK, 200);
    int64_t id = run(d, "report/two");
    await_end(d, id, EVENT_EXECUTION_COMPLETE);
    assert_string_equal(select_events(d, id), "execution_requested report/two PENDING\n"
                                              "execution_start report/two STARTED\n"
                                              "step_completed start COMPLETED\n"
                                              "step_started fetch RUNNING\n"
                                              "action_completed fetch COMPLETED\n"
                                              "step_completed fetch COMPLETED\n"
                                              "step_started tell RUNNING\n"
                                              "action_completed tell COMPLETED\n"
                                              "step_completed tell COMPLETED\n"
                                              "step_completed end COMPLETED\n"
                                              "execution_complete report/two COMPLETED\n");
    struct value status = call(d, "GET", path_of(d, id, ""), NULL, 200);
    assert_string_equal(text_at(d, status, "status"), "completed");
    assert_string_equal(text_at(d, status, "result.tell.text"), "Oslo: 21");
    assert_int_equal(VALUE_GET(call(d, "GET", path_of(d, id, "/events"), NULL, 200), "events").len, 11);
}

static void a_template_is_rendered_in_the_context_of_its_execution(void **state)
{
    struct daemons *d = *state;
    int64_t id = run(d, "report/two");
    await_end(d, id, EVENT_EXECUTION_COMPLETE);
    struct str body = arena_printf(
        &d->arena,
        "{\"execution_id\":\"%" PRId64 "\",\"template\":{\"msg\":\"{{ city }}, {{ fetch.degrees }}\"}}", id);
    struct value v = call(d, "POST", "/api/context/render", body.ptr, 200);
    assert_string_equal(text_at(d, v, "status"), "ok");
    assert_string_equal(text_at(d, v, "rendered.msg"), "Oslo, 21");
}

/* None of them is `null`, and none is the template handed back. */
static void what_cannot_be_rendered_is_an_error_that_says_why(void **state)
{
    struct daemons *d = *state;
    int64_t id = run(d, "report/two");
    await_end(d, id, EVENT_EXECUTION_COMPLETE);
    struct str unknown =
        arena_printf(&d->arena, "{\"execution_id\":\"%" PRId64 "\",\"template\":\"{{ humidity }}\"}", id);
    const struct {
        const char *body;
        long code;
        const char *kind, *place;
    } cases[] = {
        {"{\"execution_id\":\"test\",\"template\":\"{{ city }}\"}", 400, "invalid", "execution_id"},
        {"{\"execution_id\":\"12\",\"template\":\"{{ city }}\"}", 404, "not_found", "execution_id"},
        {"{\"execution_id\":\"12\"}", 400, "invalid", "template"},
        {unknown.ptr, 422, "undefined", "template"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value v = call(d, "POST", "/api/context/render", cases[i].body, cases[i].code);
        assert_string_equal(text_at(d, v, "kind"), cases[i].kind);
        assert_true(str_starts_with(value_as_str(VALUE_GET(v, "place")), str_of(cases[i].place)));
        assert_true(value_is_absent(VALUE_GET(v, "rendered")));
    }
}

/* Its task waits in a pool where nobody works: it runs, and is not said to be complete; and where it is can
 * be seen. */
static void an_execution_that_stands_still_is_not_complete(void **state)
{
    struct daemons *d = *state;
    call(d, "POST", "/api/catalog/register", DEAD, 200);
    int64_t id = run(d, "test/dead");
    struct value v = call(d, "GET", path_of(d, id, "/tasks?at_least=4"), NULL, 200);
    struct value tasks = VALUE_GET(v, "tasks");
    assert_int_equal(tasks.len, 1);
    assert_string_equal(text_at(d, tasks.u.list[0], "status"), "scheduled");
    assert_string_equal(text_at(d, tasks.u.list[0], "pool"), "dead");
    assert_string_equal(select_events(d, id), "execution_requested test/dead PENDING\n"
                                              "execution_start test/dead STARTED\n"
                                              "step_completed start COMPLETED\n"
                                              "step_started a RUNNING\n");
    assert_string_equal(text_at(d, call(d, "GET", path_of(d, id, ""), NULL, 200), "status"), "running");
    call(d, "POST", path_of(d, id, "/cancel"), "{}", 200);
    await_end(d, id, EVENT_EXECUTION_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_is_started_is_run_and_the_next_one_too),
        cmocka_unit_test(a_template_is_rendered_in_the_context_of_its_execution),
        cmocka_unit_test(what_cannot_be_rendered_is_an_error_that_says_why),
        cmocka_unit_test(an_execution_that_stands_still_is_not_complete),
    };
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
