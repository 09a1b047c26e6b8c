#include "traffic.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"

/* There is no memory for a benchmark: nothing to do but say so and end. */
static void need(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "noetl-bench: no memory\n");
    exit(status_exit_code(STATUS_NO_MEMORY));
}

uint32_t shape_tasks(const struct shape *s)
{
    return s->width + s->stages - 1;
}

/* start ─▶ step_1 … step_<width> ─▶ step_<width + 1> ─▶ … */
static void write_steps(struct buf *b, const struct shape *s)
{
    uint32_t tasks = shape_tasks(s);
    buf_add_text(b, "  - step: start\n    next: [");
    for (uint32_t i = 1; i <= s->width; i++)
        buf_printf(b, "%sstep_%u", i > 1 ? ", " : "", i);
    buf_add_text(b, "]\n");
    for (uint32_t i = 1; i <= tasks; i++) {
        uint32_t next = i <= s->width ? s->width + 1 : i + 1;
        buf_printf(b, "  - step: step_%u\n    type: noop\n    args: {n: %u}\n", i, i);
        if (next <= tasks)
            buf_printf(b, "    next: step_%u\n", next);
    }
}

struct str traffic_playbook(struct arena *a, const struct shape *shape)
{
    struct buf b;
    buf_init(&b, 0);
    buf_add_text(&b, "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata:\n  path: bench/noop\nworkflow:\n");
    write_steps(&b, shape);
    struct str s = {arena_strdup(a, buf_str(&b)), b.len};
    need(s.ptr != NULL);
    buf_free(&b);
    return s;
}

struct str traffic_waiting_playbook(void)
{
    return STR("apiVersion: noetl.io/v1\nkind: Playbook\nmetadata:\n  path: bench/waiting\nworkflow:\n"
               "  - step: start\n    type: signal\n    name: never\n    timeout: 2592000\n");
}

struct value traffic_request_context(struct arena *a, struct str playbook)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, a);
    map_put(&m, STR("path"), value_text("bench/noop"));
    map_put(&m, STR("version"), value_int(1));
    map_put(&m, STR("playbook"), value_str(playbook));
    map_put(&m, STR("workload"), VALUE_EMPTY_MAP);
    map_put(&m, STR("token_seed"), value_text("00112233445566778899aabbccddeeff"));
    map_put(&m, STR("requested_by"), value_text("bench"));
    need(map_end(&m, &v, NULL) == STATUS_OK);
    return v;
}

struct str traffic_request(struct arena *a, int64_t execution_id, struct value context)
{
    struct event e = {.execution_id = execution_id,
                      .type = EVENT_EXECUTION_REQUESTED,
                      .node_name = STR("bench/noop"),
                      .node_type = STR("playbook"),
                      .context = context};
    struct value v;
    struct str text;
    need(event_to_value(a, &e, &v, NULL) == STATUS_OK && json_text(a, v, &text, NULL) == STATUS_OK);
    return text;
}

size_t traffic_task(int64_t execution_id, const char *task_id, char out[TRAFFIC_MESSAGE])
{
    return (size_t)snprintf(
        out, TRAFFIC_MESSAGE,
        "{\"execution_id\":\"%lld\",\"task_id\":\"%s\",\"step\":\"step_1\",\"type\":\"noop\","
        "\"path\":\"bench/noop\",\"visit\":1,\"attempt\":1,\"token\":"
        "\"00112233445566778899aabbccddeeff\",\"args\":{\"n\":1},\"config\":{}}",
        (long long)execution_id, task_id);
}

size_t traffic_outcome(int64_t execution_id, const char *task_id, char out[TRAFFIC_MESSAGE])
{
    return (size_t)snprintf(
        out, TRAFFIC_MESSAGE,
        "{\"execution_id\":\"%lld\",\"event_type\":\"action_completed\",\"node_name\":\"step_1\",\"node_"
        "type\":\"noop\","
        "\"status\":\"COMPLETED\",\"task_id\":\"%s\",\"visit\":1,\"attempt\":1,\"result\":{\"status\":"
        "\"success\","
        "\"data\":{\"n\":1}},\"meta\":{\"token\":\"00112233445566778899aabbccddeeff\",\"worker\":\"bench-1\","
        "\"started_at\":\"2026-01-02T03:04:05.678901234Z\",\"duration_ms\":0.01,\"delivery\":1}}",
        (long long)execution_id, task_id);
}
