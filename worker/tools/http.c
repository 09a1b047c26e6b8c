/* http: one request by libcurl. A thread keeps its handles, and with them its connections to servers. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "http_response.h"

static const char *const keys[] = {"method",     "endpoint",    "url",    "headers",   "params",
                                   "payload",    "body",        "data",   "verify",    "auth",
                                   "credential", "credentials", "follow", "max_bytes", NULL};

struct tool_thread {
    CURL *easy;
    CURLM *multi;
    struct credentials *credentials;
    int64_t max_bytes; /* of a body, where the step names none */
};

static void global_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void close_thread(struct tool_thread *t)
{
    curl_easy_cleanup(t->easy);
    curl_multi_cleanup(t->multi);
    credentials_close(&t->credentials);
    free(t);
}

static enum status open_thread(const struct tool_host *host, struct tool_thread **out, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_start);
    struct tool_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for HTTP");
    t->max_bytes = settings_int(host->settings, SETTING_WORKER_RESULT_LIMIT);
    t->easy = curl_easy_init();
    t->multi = curl_multi_init();
    enum status s =
        credentials_open(settings_text(host->settings, SETTING_WORKER_CREDENTIALS), &t->credentials, err);
    if (s == STATUS_OK && (!t->easy || !t->multi))
        s = error_set(err, STATUS_NO_MEMORY, "no memory for HTTP");
    if (s != STATUS_OK)
        close_thread(t);
    else
        *out = t;
    return s;
}

/* ---- sending -------------------------------------------------------------------------------------- */

static void set_auth(CURL *curl, const struct http_request *r)
{
    if (r->bearer) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, r->bearer);
    } else if (r->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, r->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, r->password);
    }
}

static void set_method(CURL *curl, const struct http_request *r)
{
    if (r->has_body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.len > 0 ? r->body.ptr : "");
    }
    if (strcmp(r->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (strcmp(r->method, "POST") == 0 && !r->has_body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    if (strcmp(r->method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
    else if (r->has_body || (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0))
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_options(CURL *curl, const struct http_request *r)
{
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "noetl");
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, r->headers);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, r->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)r->redirects);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, r->verify ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, r->verify ? 2L : 0L);
    if (r->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, r->ca_file);
    set_method(curl, r);
    set_auth(curl, r);
}

/* CURLE_ABORTED_BY_CALLBACK when `stop` came first. */
static CURLcode perform(struct tool_thread *t, const struct task_stop *stop)
{
    struct curl_waitfd wait = {.fd = stop->fd, .events = CURL_WAIT_POLLIN};
    int running = 1, queued;
    while (atomic_load(&stop->reason) == 0) {
        CURLMcode code = curl_multi_perform(t->multi, &running);
        CURLMsg *message = curl_multi_info_read(t->multi, &queued);
        if (message && message->msg == CURLMSG_DONE)
            return message->data.result;
        if (code == CURLM_OK && running)
            code = curl_multi_poll(t->multi, &wait, 1, 60000, NULL);
        if (code != CURLM_OK)
            return CURLE_FAILED_INIT;
    }
    return CURLE_ABORTED_BY_CALLBACK;
}

/* ---- judging -------------------------------------------------------------------------------------- */

static enum status status_of(CURLcode code)
{
    /* Not a switch: libcurl has a hundred codes, and most mean that the other side could not be talked to. */
    if (code == CURLE_OPERATION_TIMEDOUT) /* of connecting; of the whole, the attempt's time is the bound */
        return STATUS_TIMEOUT;
    if (code == CURLE_TOO_MANY_REDIRECTS)
        return STATUS_LIMIT;
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
        return STATUS_INVALID;
    if (code == CURLE_OUT_OF_MEMORY)
        return STATUS_NO_MEMORY;
    return STATUS_UNAVAILABLE;
}

static enum status transfer_error(CURLcode code, const char *detail, const struct http_request *request,
                                  const struct http_response *response, const struct task_stop *stop,
                                  struct error *err)
{
    int reason = atomic_load(&stop->reason);
    if (reason != 0)
        return error_set(err, (enum status)reason, "%s %s was stopped", request->method, request->shown);
    if (response->too_long) {
        error_set(err, STATUS_LIMIT, "%s %s: the body has more than %lld bytes", request->method,
                  request->shown, (long long)request->max_bytes);
        return error_hint(err,
                          "Raise max_bytes of the step, and worker.result_limit if the result needs it.");
    }
    return error_set(err, status_of(code), "%s %s: %s", request->method, request->shown,
                     detail[0] ? detail : curl_easy_strerror(code));
}

static enum status status_error(const struct http_response *response, const struct http_request *request,
                                long code, struct arena *a, struct outcome *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("kind"), value_text("http"));
    map_put(&map, STR("status_code"), value_int(code));
    TRY(map_end(&map, &out->error, err));
    return error_set(err, STATUS_FAILED, "%s %s answered %ld %s", request->method, request->shown, code,
                     response->reason);
}

static enum status send_request(struct tool_thread *t, const struct http_request *request,
                                struct http_response *response, const struct task_stop *stop, struct arena *a,
                                struct outcome *out, struct error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    set_options(t->easy, request);
    http_response_attach(response, t->easy);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, detail);
    if (curl_multi_add_handle(t->multi, t->easy) != CURLM_OK)
        return error_set(err, STATUS_INTERNAL, "libcurl refused the request");
    CURLcode code = perform(t, stop);
    curl_multi_remove_handle(t->multi, t->easy);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
    if (code != CURLE_OK)
        return transfer_error(code, detail, request, response, stop, err);
    TRY(http_response_data(response, t->easy, request, a, &out->data, &out->meta, err));
    long status_code = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status_code);
    return status_code < 400 ? STATUS_OK : status_error(response, request, status_code, a, out, err);
}

static enum status run(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    struct http_request request;
    enum status s = http_request_read(&request, t->credentials, task, t->max_bytes, a, err);
    if (s == STATUS_OK) {
        struct http_response response;
        http_response_init(&response, request.max_bytes);
        s = send_request(t, &request, &response, stop, a, out, err);
        http_response_free(&response);
    }
    if (s != STATUS_OK)
        secrets_redact_error(&request.secrets, err);
    http_request_free(&request);
    return s;
}

/* POST, with what is to be saved as the payload, unless the entry says otherwise. */
static enum status save(struct tool_thread *t, const struct task *task, struct value data,
                        const struct task_stop *stop, struct arena *a, struct outcome *out, struct error *err)
{
    struct task step = *task;
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("method"), value_text("POST"));
    map_put_all(&map, task->config);
    if (value_is_absent(tool_config(task->config, TOOL_KEYS("payload", "body"))))
        map_put(&map, STR("payload"), data);
    TRY(map_end(&map, &step.config, err));
    return run(t, &step, stop, a, out, err);
}

const struct tool tool_http = {
    .name = "http", .keys = keys, .open = open_thread, .run = run, .save = save, .close = close_thread};
