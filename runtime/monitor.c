#include "monitor.h"

#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "metrics.h"
#include "problem.h"
#include "process_metrics.h"
#include "pulse.h"

enum { CONNECTIONS = 32, BODY_MAX = 1024, METRICS_MAX = 4 << 20, MEMORY_MAX = 16 << 20 };
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct monitor {
    struct monitor_options options;
    struct http_server *server;
};

/* ---- answers ------------------------------------------------------------------------------------------ */

static void problem(struct http_reply *reply, const struct http_request *r, int code, const struct error *why)
{
    problem_answer(reply, r->arena, code, r->path, why);
}

static void answer_metrics(const struct monitor_options *o, const struct http_request *r,
                           struct http_reply *reply)
{
    struct buf b;
    struct error err;
    process_metrics_sample();
    if (o->sample)
        o->sample(o->context);
    buf_init(&b, METRICS_MAX);
    metrics_write(&b);
    enum status status = buf_status(&b, &err);
    const char *text = status == STATUS_OK ? arena_strdup(r->arena, buf_str(&b)) : NULL;
    if (text)
        *reply = (struct http_reply){.code = 200, .type = METRICS_TYPE, .body = {text, b.len}};
    else
        problem(reply, r, 500, &err);
    buf_free(&b);
}

static void answer_health(const struct http_request *r, struct http_reply *reply)
{
    const char *stuck = pulse_find_stuck(mono_now().ns, pulse_most_ms());
    struct error err;
    if (!stuck) {
        *reply = (struct http_reply){.code = 200, .body = STR("{\"status\":\"ok\"}")};
        return;
    }
    error_set(&err, STATUS_INTERNAL, "the thread \"%s\" has made no progress for more than %lld s", stuck,
              (long long)(pulse_most_ms() / 1000));
    error_hint(&err, "Start the process again; what it had in hand is done again.");
    problem(reply, r, 503, &err);
}

static void answer_ready(const struct monitor_options *o, const struct http_request *r,
                         struct http_reply *reply)
{
    struct error err = {0};
    if (o->ready(o->context, &err) == STATUS_OK)
        *reply = (struct http_reply){.code = 200, .body = STR("{\"status\":\"ready\"}")};
    else
        problem(reply, r, 503, &err);
}

bool monitor_answer(const struct monitor_options *options, const struct http_request *r,
                    struct http_reply *reply)
{
    enum { METRICS, HEALTH, READY, PATHS };
    static const char *const paths[PATHS] = {"/metrics", "/healthz", "/readyz"};
    int path = 0;
    while (path < PATHS && strcmp(r->path, paths[path]) != 0)
        path++;
    if (path == PATHS)
        return false;
    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
        struct error err;
        error_set(&err, STATUS_UNSUPPORTED, "%s is for GET", r->path);
        problem(reply, r, 405, &err);
        reply->allow = "GET, HEAD";
    } else if (path == METRICS) {
        answer_metrics(options, r, reply);
    } else if (path == HEALTH) {
        answer_health(r, reply);
    } else {
        answer_ready(options, r, reply);
    }
    return true;
}

static void on_request(void *context, const struct http_request *r, struct http_reply *reply)
{
    const struct monitor *m = context;
    struct error err;
    if (monitor_answer(&m->options, r, reply))
        return;
    error_set(&err, STATUS_NOT_FOUND, "there is nothing at %s", r->path);
    error_hint(&err, "Here are /metrics, /healthz and /readyz.");
    problem(reply, r, 404, &err);
}

/* ---- its life ----------------------------------------------------------------------------------------- */

enum status monitor_start(const struct settings *settings, const struct monitor_options *options,
                          struct monitor **out, struct error *err)
{
    const char *address = settings_text(settings, SETTING_METRICS_HTTP);
    *out = NULL;
    if (address[0] == '\0')
        return STATUS_OK;
    struct monitor *m = calloc(1, sizeof(*m));
    if (!m)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the metrics");
    m->options = *options;
    struct http_server_options http = {
        .place = {.address = address, .setting = setting_name(SETTING_METRICS_HTTP), .what = "the metrics"},
        .body_max = BODY_MAX,
        .memory_max = MEMORY_MAX,
        .connections = CONNECTIONS,
        .handle = on_request,
        .context = m};
    enum status status = http_server_start(&http, &m->server, err);
    if (status != STATUS_OK) {
        free(m);
        return status;
    }
    LOG(LOG_INFO, "metrics, /healthz and /readyz are served", LOG_TEXT("http", address),
        LOG_NUM("port", http_server_port(m->server)));
    *out = m;
    return STATUS_OK;
}

void monitor_stop(struct monitor **m)
{
    struct monitor *gone = *m;
    *m = NULL;
    if (!gone)
        return;
    http_server_stop(&gone->server);
    free(gone);
}
