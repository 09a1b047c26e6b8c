#include "child_run.h"

#include <unistd.h>

#include "runtime/clock.h"
#include "task_log.h"

enum { ASK_AGAIN_MS = 20 };

struct running {
    struct process process;
    struct child_stream in, out, error;
};

static enum status start(struct child_run *r, struct running *p, struct error *err)
{
    int in = -1, out = -1, error = -1;
    enum status s = child_pipe(&p->in, true, &in, err);
    if (s == STATUS_OK)
        s = child_pipe(&p->out, false, &out, err);
    if (s == STATUS_OK)
        s = child_pipe(&p->error, false, &error, err);
    struct process_options options = {.argv = r->argv,
                                      .env = r->env,
                                      .cwd = r->cwd,
                                      .in = in,
                                      .out = out,
                                      .error = error,
                                      .own_group = true,
                                      .die_with_parent = true};
    if (s == STATUS_OK)
        s = process_start(&options, &p->process, err);
    for (size_t i = 0; i < 3; i++) {
        int end = (const int[]){in, out, error}[i];
        if (end >= 0)
            close(end);
    }
    return s;
}

/* Serves the streams until the program has ended, has said too much, or its time is over. */
static void serve(const struct child_run *r, struct running *p, int stop_fd, int exit_fd, int64_t until_ns)
{
    struct child_stream *streams[] = {&p->in, &p->out, &p->error};
    bool has_limit = until_ns < INT64_MAX;
    while (p->out.total <= r->output_max) {
        int64_t left_ms = has_limit ? (until_ns - mono_now().ns) / 1000000 : INT64_MAX;
        if (left_ms <= 0)
            return;
        int timeout_ms = exit_fd >= 0 && !has_limit ? -1
                         : left_ms < ASK_AGAIN_MS   ? (int)left_ms
                                                    : ASK_AGAIN_MS;
        int events = child_serve(streams, 3, stop_fd, exit_fd, timeout_ms);
        if ((events & CHILD_STOP) || child_has_ended(&p->process))
            return;
    }
}

static void follow(struct child_run *r, struct running *p, const struct task_stop *stop)
{
    int exit_fd = child_exit_fd(&p->process);
    serve(r, p, stop->fd, exit_fd, INT64_MAX);
    if (stop->reason != 0 && r->polite_signal != 0 && !child_has_ended(&p->process)) {
        process_signal(&p->process, r->polite_signal);
        serve(r, p, -1, exit_fd, mono_now().ns + r->grace_ms * 1000000);
    }
    child_drain(&p->out);
    child_drain(&p->error);
    r->exit_code = child_kill(&p->process);
    if (exit_fd >= 0)
        close(exit_fd);
}

enum status child_run(struct child_run *r, const struct task_stop *stop, struct error *err)
{
    struct running p = {.in = {.fd = -1, .unsent = r->input},
                        .out = {.fd = -1, .keep = &r->output, .keep_max = r->output_max},
                        .error = {.fd = -1, .keep = &r->errors, .keep_max = r->error_max}};
    buf_init(&r->output, 0);
    task_log_init(&r->errors, r->error_max);
    enum status s = start(r, &p, err);
    if (s == STATUS_OK) {
        follow(r, &p, stop);
        r->output_bytes = p.out.total;
        task_log_end(&r->errors, p.error.total);
    }
    child_stream_close(&p.in);
    child_stream_close(&p.out);
    child_stream_close(&p.error);
    return s;
}

void child_run_free(struct child_run *r)
{
    buf_free(&r->output);
    buf_free(&r->errors);
}
