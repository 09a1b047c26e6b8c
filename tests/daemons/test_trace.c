/* A trace goes from the request through all messages to what the tools ask. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/trace.h"
#include "daemons.h"
#include "plain_client.h"

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00-" TRACE "-00f067aa0ba902b7-01"

static const char CALLED[] = "metadata: {path: trace/called}\nworkflow:\n"
                             "  - {step: start, type: shell, command: 'echo $TRACEPARENT'}\n";
static const char CALLER[] =
    "metadata: {path: trace/caller}\nworkflow:\n"
    "  - {step: start, type: shell, command: 'echo $TRACEPARENT', next: py}\n"
    "  - {step: py, type: python, code: 'import os\n\n\n      result = os.environ.get(\"TRACEPARENT\", "
    "\"\")', next: say}\n"
    "  - {step: say, type: nats, operation: publish, subject: trace.said, payload: x, next: called}\n"
    "  - {step: called, type: playbook, path: trace/called, next: post}\n"
    "  - {step: post, type: http, method: POST, endpoint: 'http://127.0.0.1:%u/api/executions/run',\n"
    "     payload: {path: trace/called}, next: end}\n"
    "  - {step: end, result: ['{{ start.stdout }}', '{{ py }}', '{{ called.start.stdout }}', '{{ "
    "post.data.execution_id }}']}\n";

enum { MOST = 64 };
static char spans[MOST][TRACEPARENT_TEXT];
static size_t span_count;

/* Of this trace, and seen by nobody else. */
static void must_be_own_span(const char *traceparent)
{
    struct str s = str_trim(str_of(traceparent));
    if (!traceparent_is_valid(s))
        fail_msg("\"%s\" is no traceparent", traceparent);
    assert_memory_equal(s.ptr, "00-" TRACE "-", 36);
    for (size_t i = 0; i < span_count; i++)
        assert_memory_not_equal(spans[i], s.ptr, s.len);
    assert_memory_not_equal(s.ptr, PARENT, s.len);
    assert_true(span_count < MOST);
    memcpy(spans[span_count++], s.ptr, s.len);
}

static struct value result_of(struct daemons *d, const char *traceparent)
{
    int64_t id = 0;
    struct str request =
        arena_printf(&d->arena, "{\"path\":\"trace/caller\",\"traceparent\":\"%s\"}", traceparent);
    struct value answer = api_call(d, "run", request.ptr);
    assert_int_equal(id_parse(value_as_str(VALUE_GET(answer, "execution_id")), &id, NULL), STATUS_OK);
    struct event_list events = await_end(d, id, EVENT_EXECUTION_COMPLETE);
    return events.items[events.count - 1].result;
}

static const char *text(struct daemons *d, struct value list, uint32_t i)
{
    return arena_strdup(&d->arena, value_as_str(list.u.list[i]));
}

/* What the step of an execution said that a step of type http asked for over HTTP. */
static const char *output_of_posted(struct daemons *d, const char *execution_id)
{
    int64_t id;
    assert_int_equal(id_parse(str_of(execution_id), &id, NULL), STATUS_OK);
    struct event_list events = await_end(d, id, EVENT_EXECUTION_COMPLETE);
    struct value out = value_get_path(events.items[events.count - 1].result, STR("start.stdout"));
    return arena_strdup(&d->arena, value_as_str(out));
}

/* The value of the header, "" if there is none. */
static void read_trace(const struct plain_message *m, char out[128])
{
    const char *at = strstr(m->headers, "traceparent:");
    out[0] = '\0';
    if (at)
        (void)sscanf(at + strlen("traceparent:"), "%127s", out);
}

/* Everything that is published up to what the nats step says: how many messages; all are of the trace, or
 * none. */
static size_t see_messages(struct plain_client *c, bool traced)
{
    size_t count = 0;
    for (bool said = false; !said;) {
        struct plain_message m;
        char trace[128];
        plain_next(c, &m);
        read_trace(&m, trace);
        /* A worker asks whether an outcome stands, with a message that no stream takes. */
        bool is_question = strstr(m.headers, "Nats-Expected-Last-Sequence") != NULL;
        if (traced && !is_question && strncmp(trace, "00-" TRACE "-", 36) != 0)
            fail_msg("%s has \"%s\"", m.subject, trace);
        if (!traced && trace[0])
            fail_msg("%s has \"%s\"", m.subject, trace);
        said = strcmp(m.subject, "trace.said") == 0;
        if (said && traced)
            must_be_own_span(trace);
        count++;
        free(m.payload);
    }
    return count;
}

/* To all that is to carry a trace, of playbooks that it registers. */
static void listen_to_traced(struct daemons *d, struct plain_client *c)
{
    plain_connect(c, d->servers.nats.port);
    plain_subscribe(c, "noetl.events.>");
    plain_subscribe(c, "noetl.tasks.>");
    plain_subscribe(c, "trace.said");
    api_register(d, CALLED);
    api_register(d, arena_printf(&d->arena, CALLER, d->api).ptr);
}

static void a_trace_goes_from_the_request_to_the_tools(void **state)
{
    struct daemons *d = *state;
    struct plain_client c;
    listen_to_traced(d, &c);
    struct value result = result_of(d, PARENT);
    assert_int_equal(result.len, 4);
    for (uint32_t i = 0; i < 3; i++)
        must_be_own_span(text(d, result, i));
    must_be_own_span(output_of_posted(d, text(d, result, 3)));
    assert_true(see_messages(&c, true) >= 7); /* request, start, three tasks, two outcomes, what is said */
    plain_close(&c);
}

static void a_bad_value_is_as_good_as_none(void **state)
{
    struct daemons *d = *state;
    struct plain_client c;
    listen_to_traced(d, &c);
    struct value result = result_of(d, "00-" TRACE "-0000000000000000-01");
    for (uint32_t i = 0; i < 3; i++)
        assert_string_equal(text(d, result, i)[0] == '\n' ? "" : text(d, result, i), "");
    assert_true(see_messages(&c, false) >= 7);
    plain_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_goes_from_the_request_to_the_tools),
        cmocka_unit_test(a_bad_value_is_as_good_as_none),
    };
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
