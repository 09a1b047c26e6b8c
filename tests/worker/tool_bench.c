#include "tool_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>

#include "core/json.h"
#include "worker/attempt.h"
#include "worker/lease.h"
#include "worker/outcome.h"
#include "worker/task_log.h"

static void check(enum status s, const struct error *err)
{
    char text[2048];
    if (s != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof(text)));
}

void bench_open(struct tool_bench *b, const char *tool)
{
    struct error err;
    signal(SIGPIPE, SIG_IGN); /* as in the daemon */
    *b = (struct tool_bench){.tool = tool};
    assert_non_null(tool_find(str_of(tool)));
    arena_init(&b->arena, 0);
    check(settings_new(&b->settings, &err), &err);
    b->host.settings = b->settings;
    bench_set(b, "worker.result_limit", "512KiB"); /* so that the cases need not make much to go over it */
}

void bench_set(struct tool_bench *b, const char *name, const char *text)
{
    struct error err;
    check(settings_set(b->settings, SOURCE_FLAG, "test", str_of(name), str_of(text), &err), &err);
}

void bench_close(struct tool_bench *b)
{
    for (size_t i = 0; i < b->opened_count; i++)
        if (b->opened[i].tool->close)
            b->opened[i].tool->close(b->opened[i].thread);
    secret_source_close(&b->secrets);
    settings_free(&b->settings);
    arena_free(&b->arena);
}

struct timer {
    struct task_stop *stop;
    struct bench_stop wish;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    bool is_done;
};

static void *set_later(void *context)
{
    struct timer *t = context;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += t->wish.after_ms / 1000;
    until.tv_nsec += t->wish.after_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&t->mutex);
    while (!t->is_done && pthread_cond_timedwait(&t->done, &t->mutex, &until) == 0)
        ;
    if (!t->is_done)
        task_stop_set(t->stop, t->wish.reason);
    pthread_mutex_unlock(&t->mutex);
    return NULL;
}

static enum status open_tool(struct tool_bench *b, const struct tool *tool, struct tool_thread **out,
                             struct error *err)
{
    *out = NULL;
    for (size_t i = 0; i < b->opened_count; i++)
        if (b->opened[i].tool == tool)
            *out = b->opened[i].thread;
    if (*out || !tool->open)
        return STATUS_OK;
    TRY(tool->open(&b->host, out, err));
    b->opened[b->opened_count].tool = tool;
    b->opened[b->opened_count++].thread = *out;
    return STATUS_OK;
}

struct bench_context {
    struct tool_bench *bench;
    struct task_stop *stop;
};

static enum status run_part(void *context, const struct task *task, struct value data, struct outcome *out,
                            struct error *err)
{
    struct bench_context *c = context;
    const struct tool *tool;
    struct tool_thread *thread;
    TRY(tool_for(task, !value_is_absent(data), &tool, err));
    TRY(open_tool(c->bench, tool, &thread, err));
    return value_is_absent(data) ? tool->run(thread, task, c->stop, &c->bench->arena, out, err)
                                 : tool->save(thread, task, data, c->stop, &c->bench->arena, out, err);
}

static enum status run_attempt(struct tool_bench *b, const struct task *task, struct task_stop *stop,
                               struct outcome *out, struct error *err)
{
    struct bench_context context = {b, stop};
    const struct tool_runner runner = {.run = run_part, .context = &context};
    if (!b->secrets.credentials) /* now that the settings are made */
        check(secret_source_open(&b->secrets, b->settings, err), err);
    return attempt_run(&runner, &b->secrets, task,
                       (size_t)settings_int(b->settings, SETTING_WORKER_RESULT_LIMIT), &b->arena, out, err);
}

static enum status run_timed(struct tool_bench *b, const struct task *task, struct bench_stop wish,
                             struct outcome *out, struct error *err)
{
    struct task_stop stop;
    struct timer timer = {
        .stop = &stop, .wish = wish, .mutex = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    check(task_stop_open(&stop, err), err);
    if (wish.after_ms > 0)
        assert_int_equal(pthread_create(&thread, NULL, set_later, &timer), 0);
    enum status s = run_attempt(b, task, &stop, out, err);
    if (wish.after_ms > 0) {
        pthread_mutex_lock(&timer.mutex);
        timer.is_done = true;
        pthread_cond_signal(&timer.done);
        pthread_mutex_unlock(&timer.mutex);
        pthread_join(thread, NULL);
    }
    task_stop_close(&stop);
    return s;
}

struct value bench_run(struct tool_bench *b, struct value config, struct value args, struct bench_stop stop)
{
    struct task task = {.execution_id = 42,
                        .task_id = STR("s1v1a1"),
                        .step = STR("probe"),
                        .type = str_of(b->tool),
                        .path = STR("test"),
                        .visit = 1,
                        .attempt = 1,
                        .token = STR("token"),
                        .seal = str_of(b->seal),
                        .args = args,
                        .config = config,
                        .returns = VALUE_GET(b->after, "returns"),
                        .saves = VALUE_GET(b->after, "saves"),
                        .names = VALUE_GET(b->after, "names")};
    struct buf log;
    struct str json;
    task_log_init(&log, (size_t)settings_int(b->settings, SETTING_WORKER_LOG_LIMIT));
    struct outcome out = {.log = &log};
    struct error failure = {0}, err = {0};
    enum status s = run_timed(b, &task, stop, &out, &failure);
    struct attempt_report attempt = {.task = &task, .worker = "bench", .delivery = 1};
    struct event event;
    struct value v;
    check(outcome_event(&attempt, s, &out, &failure, &b->arena, &event, &err), &err);
    check(event_to_value(&b->arena, &event, &v, &err), &err);
    check(json_text(&b->arena, v, &json, &err), &err); /* as it travels */
    check(json_read(&b->arena, json, NULL, &v, &err), &err);
    buf_free(&log);
    return v;
}

struct value bench_run_json(struct tool_bench *b, const char *config, const char *args)
{
    struct value config_map, args_map;
    struct error err;
    check(json_read(&b->arena, str_of(config), NULL, &config_map, &err), &err);
    check(json_read(&b->arena, str_of(args), NULL, &args_map, &err), &err);
    return bench_run(b, config_map, args_map, (struct bench_stop){0});
}

const char *bench_text(struct tool_bench *b, struct value event, const char *path)
{
    struct value v = value_get_path(event, str_of(path));
    struct str text;
    struct error err;
    if (value_is_absent(v))
        return "";
    if (v.type == VALUE_STRING)
        return arena_strdup(&b->arena, value_as_str(v));
    check(json_text(&b->arena, v, &text, &err), &err);
    return text.ptr;
}

bool value_has(struct value whole, struct value part)
{
    if (part.type == VALUE_MAP && whole.type == VALUE_MAP) {
        for (uint32_t i = 0; i < part.len; i++) {
            struct value_entry e = part.u.map->entries[i];
            if (!value_has(value_get_by_value(whole, e.key), e.value))
                return false;
        }
        return true;
    }
    if (part.type == VALUE_LIST && whole.type == VALUE_LIST && part.len == whole.len) {
        for (uint32_t i = 0; i < part.len; i++)
            if (!value_has(whole.u.list[i], part.u.list[i]))
                return false;
        return true;
    }
    return whole.type == part.type && value_equal(whole, part);
}
