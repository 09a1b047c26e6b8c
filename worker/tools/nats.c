/*
 * nats: publishes, asks, and reads and writes key-value buckets.
 *
 * What is written carries the attempt's id as Nats-Msg-Id, so that a task that is delivered again does not
 * write twice, as long as the stream remembers ids (its duplicate_window).
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "nats_call.h"

static const char *const keys[] = {"action", "subject",    "payload",     "headers", "stream",
                                   "bucket", "key",        "value",       "default", "create",
                                   "auth",   "credential", "credentials", NULL};

struct tool_thread {
    struct nats_connections connections;
};

static enum status open_thread(const struct tool_host *host, struct tool_thread **out, struct error *err)
{
    struct tool_thread *t = calloc(1, sizeof(*t));
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the nats tool");
    enum status s = nats_connections_open(&t->connections, host, err);
    if (s != STATUS_OK)
        free(t);
    else
        *out = t;
    return s;
}

static void close_thread(struct tool_thread *t)
{
    nats_connections_close(&t->connections);
    free(t);
}

/* ---- one call ------------------------------------------------------------------------------------- */

enum status nats_need_text(const struct nats_call *c, const char *key, const char **out, struct error *err)
{
    struct value v = value_get(c->task->config, str_of(key));
    struct str text = value_as_str(v);
    if (!value_is_absent(v) && v.type != VALUE_NULL && v.type != VALUE_STRING)
        return error_set(err, STATUS_INVALID, "\"%s\" must be text, not a %s", key, value_type_name(v));
    if (text.len == 0)
        return error_set(err, STATUS_INVALID, "the action \"%" PRISTR "\" needs \"%s\"",
                         ARGSTR(value_as_str(VALUE_GET(c->task->config, "action"))), key);
    *out = arena_strdup(c->arena, text);
    if (!*out)
        return arena_error(c->arena, err, "a nats step");
    return strlen(*out) == text.len ? STATUS_OK
                                    : error_set(err, STATUS_INVALID, "\"%s\" has a zero byte", key);
}

static enum status need_subject(const struct nats_call *c, const char **out, struct error *err)
{
    TRY(nats_need_text(c, "subject", out, err));
    return c->target.is_own ? nats_check_own(c->settings, *out, NULL, err) : STATUS_OK;
}

static void put_ack(struct map_builder *map, struct arena *a, const struct bus_ack *ack)
{
    map_put(map, STR("stream"), value_text(arena_strdup(a, str_of(ack->stream))));
    map_put(map, STR("sequence"), value_int((int64_t)ack->sequence));
    map_put(map, STR("duplicate"), value_bool(ack->duplicate));
}

/* ---- publish -------------------------------------------------------------------------------------- */

/* `stream: true` wants any stream's acknowledgement, a name that stream's. */
static enum status read_stream(const struct nats_call *c, bool *wanted, const char **name, struct error *err)
{
    struct value v = VALUE_GET(c->task->config, "stream");
    *wanted = v.type == VALUE_BOOL && v.u.b;
    *name = NULL;
    if (value_is_absent(v) || v.type == VALUE_NULL || v.type == VALUE_BOOL)
        return STATUS_OK;
    *wanted = true;
    return nats_need_text(c, "stream", name, err);
}

static enum status publish_to_stream(const struct nats_call *c, const char *subject, struct nats_message *m,
                                     const char *stream, struct bus_ack *ack, struct error *err)
{
    if (stream && m->header_count == BUS_MOST_HEADERS)
        return error_set(err, STATUS_LIMIT, "\"headers\" has more than %d headers", BUS_MOST_HEADERS - 1);
    if (stream)
        m->headers[m->header_count++] = (struct bus_header){"Nats-Expected-Stream", stream};
    const struct bus_publication p = {.subject = subject,
                                      .message_id = m->id,
                                      .headers = m->headers,
                                      .header_count = m->header_count,
                                      .needs_stream = true,
                                      .payload = m->payload,
                                      .give_up_ms = c->timeout_ms};
    return bus_publish_wait(c->target.bus, &p, ack, err);
}

static enum status publish_to_all(const struct nats_call *c, const char *subject, struct nats_message *m,
                                  struct error *err)
{
    if (m->header_count == BUS_MOST_HEADERS)
        return error_set(err, STATUS_LIMIT, "\"headers\" has more than %d headers", BUS_MOST_HEADERS - 1);
    m->headers[m->header_count++] = (struct bus_header){"Nats-Msg-Id", m->id};
    return bus_publish_through(c->target.bus, subject, m->headers, m->header_count, m->payload, c->timeout_ms,
                               err);
}

static enum status publish(struct nats_call *c, struct error *err)
{
    struct nats_message m;
    struct bus_ack ack;
    const char *subject = NULL, *stream = NULL;
    bool wanted;
    struct map_builder map;
    TRY(need_subject(c, &subject, err));
    TRY(read_stream(c, &wanted, &stream, err));
    TRY(nats_message_read(&m, c->task, VALUE_GET(c->task->config, "payload"), c->arena, err));
    TRY(wanted ? publish_to_stream(c, subject, &m, stream, &ack, err) : publish_to_all(c, subject, &m, err));
    map_begin(&map, c->arena);
    map_put(&map, STR("subject"), value_text(subject));
    map_put(&map, STR("bytes"), value_int((int64_t)m.payload.len));
    map_put(&map, STR("id"), value_text(m.id));
    if (wanted)
        put_ack(&map, c->arena, &ack);
    return map_end(&map, &c->out->data, err);
}

/* ---- request -------------------------------------------------------------------------------------- */

static bool is_over(void *context)
{
    const struct nats_call *c = context;
    return atomic_load(&c->stop->reason) != 0;
}

static struct str first_header(struct value headers, const char *name)
{
    struct value list = value_get(headers, str_of(name));
    return list.type == VALUE_LIST && list.len > 0 ? value_as_str(list.u.list[0]) : STR("");
}

/* A service tells of its error in headers, beside whatever its reply is. */
static enum status check_service(struct value headers, struct error *err)
{
    struct str code = first_header(headers, "Nats-Service-Error-Code"),
               text = first_header(headers, "Nats-Service-Error");
    if (code.len == 0 && text.len == 0)
        return STATUS_OK;
    return error_set(err, STATUS_FAILED, "the service answers with an error: %" PRISTR "%s%" PRISTR,
                     ARGSTR(code), code.len > 0 && text.len > 0 ? " " : "", ARGSTR(text));
}

static enum status request(struct nats_call *c, struct error *err)
{
    struct nats_message m;
    struct bus_reply reply;
    const char *subject = NULL;
    struct map_builder map;
    TRY(need_subject(c, &subject, err));
    TRY(nats_message_read(&m, c->task, VALUE_GET(c->task->config, "payload"), c->arena, err));
    const struct bus_ask ask = {.subject = subject,
                                .headers = m.headers,
                                .header_count = m.header_count,
                                .payload = m.payload,
                                .timeout_ms = c->timeout_ms,
                                .is_over = is_over,
                                .context = c};
    enum status s = bus_ask(c->target.bus, &ask, c->arena, &reply, err);
    if (s == STATUS_TIMEOUT)
        error_hint(err, "Somebody listens on the subject, but did not answer: \"timeout\" (seconds) on the "
                        "step gives more time.");
    TRY(s);
    map_begin(&map, c->arena);
    map_put(&map, STR("subject"), value_text(subject));
    TRY(nats_put_value(&map, c->arena, "reply", reply.payload, err));
    map_put(&map, STR("headers"), reply.headers);
    TRY(map_end(&map, &c->out->data, err));
    return check_service(reply.headers, err);
}

/* ---- the step ------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum status (*run)(struct nats_call *c, struct error *err);
} actions[] = {{"publish", publish},
               {"request", request},
               {"kv_get", nats_kv_get},
               {"kv_put", nats_kv_put},
               {"kv_delete", nats_kv_delete}};
enum { ACTION_COUNT = sizeof(actions) / sizeof(actions[0]) };

static enum status find_action(struct value config, size_t *out, struct error *err)
{
    struct str word, words[ACTION_COUNT];
    TRY(tool_config_text(config, TOOL_KEYS("action"), &word, err));
    for (*out = 0; *out < ACTION_COUNT; ++*out) {
        words[*out] = str_of(actions[*out].word);
        if (str_is(word, actions[*out].word))
            return STATUS_OK;
    }
    struct str near = str_nearest(word, words, ACTION_COUNT);
    error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is no action of a nats step", ARGSTR(word));
    return error_hint(err, "The actions are publish, request, kv_get, kv_put and kv_delete.%s%" PRISTR "%s",
                      near.len > 0 ? " Did you mean \"" : "", ARGSTR(near), near.len > 0 ? "\"?" : "");
}

static enum status run(struct tool_thread *t, const struct task *task, const struct task_stop *stop,
                       struct arena *a, struct outcome *out, struct error *err)
{
    size_t action;
    struct nats_call c = {
        .task = task, .stop = stop, .arena = a, .settings = t->connections.host->settings, .out = out};
    c.timeout_ms = task->timeout_ms > 0 ? task->timeout_ms : settings_int(c.settings, SETTING_NATS_TIMEOUT);
    TRY(find_action(task->config, &action, err));
    TRY(nats_target_get(&t->connections, task->config, a, &c.target, err));
    enum status s = actions[action].run(&c, err);
    if (s != STATUS_OK)
        secrets_redact_error(&c.target.secrets, err);
    return s;
}

const struct tool tool_nats = {
    .name = "nats", .keys = keys, .open = open_thread, .run = run, .close = close_thread};
