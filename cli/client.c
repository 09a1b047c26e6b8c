#include "client.h"

#include <stdio.h>

#include "core/json.h"
#include "publisher/answer.h"
#include "publisher/ask.h"
#include "bus/connect.h"

#include "dev_registry.h"
#include "execution_name.h"

/* ---- which server ------------------------------------------------------------------------------------- */

/* The servers of a running `noetl dev`, as if flags had named them; nothing changes when none runs. */
static enum status use_dev(struct invocation *in, const char *data_dir, bool must_run, const char **from,
                           struct error *err)
{
    struct dev_entry entry;
    enum status status = dev_registry_find(data_dir, &entry, err);
    if (status == STATUS_NOT_FOUND && !must_run)
        return STATUS_OK;
    TRY(status);
    struct str where = arena_printf(&in->arena, "noetl dev in %s", entry.data_dir);
    if (!where.ptr)
        return arena_error(&in->arena, err, "the server's name");
    *from = where.ptr;
    if (settings_source(in->settings, SETTING_POSTGRES_URL, NULL) < SOURCE_FLAG)
        TRY(settings_set(in->settings, SOURCE_FLAG, where.ptr, STR("postgres.url"),
                         str_of(entry.postgres_url), err));
    return settings_set(in->settings, SOURCE_FLAG, where.ptr, STR("nats.url"), str_of(entry.nats_url), err);
}

/* Where the server's name comes from, for messages. */
static const char *named_by(const struct invocation *in)
{
    const char *where;
    if (settings_source(in->settings, SETTING_NATS_URL, &where) == SOURCE_DEFAULT)
        return "the default";
    return where;
}

/* Whether a data folder was named for this call, and no server that goes before it. */
static bool names_dev(const struct invocation *in)
{
    enum setting_source url = settings_source(in->settings, SETTING_NATS_URL, NULL);
    enum setting_source dir = settings_source(in->settings, SETTING_DATA_DIR, NULL);
    return dir >= SOURCE_ENVIRONMENT && url < dir;
}

enum status client_use_named_dev(struct invocation *in, struct error *err)
{
    const char *from;
    return names_dev(in) ? use_dev(in, settings_text(in->settings, SETTING_DATA_DIR), true, &from, err)
                         : STATUS_OK;
}

/*
 * A flag for the server is the last word; then a data folder that was named for this call; then whatever else
 * names a server; then a dev that happens to run.
 */
static enum status choose_server(struct invocation *in, const char **from, struct error *err)
{
    const char *data_dir = settings_text(in->settings, SETTING_DATA_DIR);
    *from = named_by(in);
    if (names_dev(in))
        return use_dev(in, data_dir, true, from, err);
    if (settings_source(in->settings, SETTING_NATS_URL, NULL) != SOURCE_DEFAULT)
        return STATUS_OK;
    return use_dev(in, data_dir[0] ? data_dir : NULL, false, from, err);
}

/* The URL as `noetl config show` would print it. */
static enum status shown_url(struct invocation *in, const char **out, struct error *err)
{
    struct value all;
    TRY(settings_to_value(in->settings, &in->arena, &all, err));
    *out = arena_strdup(&in->arena, value_as_str(VALUE_GET(all.u.list[SETTING_NATS_URL], "value")));
    return *out ? STATUS_OK : arena_error(&in->arena, err, "the server's name");
}

/* What the transport said, unless it only says again that nobody answers. */
static void add_reason(const char *said, char *out, size_t size)
{
    bool is_news = said[0] && !strstr(said, "No server available");
    (void)snprintf(out, size, "%s%.250s", is_news ? ": " : "", is_news ? said : "");
}

static enum status explain_connect(const struct client *c, enum status status, struct error *err)
{
    if (status == STATUS_UNAVAILABLE || status == STATUS_TIMEOUT) {
        char reason[256];
        add_reason(err->message, reason, sizeof(reason));
        (void)error_set(err, STATUS_UNAVAILABLE, "no NATS server answers at %s (from %s)%s", c->url, c->from,
                        reason);
        return error_hint(
            err, "`noetl dev` starts one with all parts; --server, NATS_URL or --context name another.");
    }
    if (status == STATUS_DENIED) {
        (void)error_set(err, STATUS_DENIED, "NATS at %s (from %s) refuses the login", c->url, c->from);
        return error_hint(err,
                          "`noetl config show nats` says who logs in; --creds, --nkey or --user change it.");
    }
    return error_wrap(err, "NATS at %s (from %s)", c->url, c->from);
}

/* To the server that the settings have by now; `from` says why it is that one. */
static enum status connect_to(struct invocation *in, const char *from, struct client *out, struct error *err)
{
    *out = (struct client){.from = from};
    TRY(shown_url(in, &out->url, err));
    TRY(subjects_from_settings(in->settings, &out->subjects, err));
    out->timeout_ms = settings_int(in->settings, SETTING_NATS_TIMEOUT);
    enum status status = bus_connect(in->settings, "cli", false, &out->bus, err);
    return status == STATUS_OK ? STATUS_OK : explain_connect(out, status, err);
}

enum status client_open(struct invocation *in, struct client *out, struct error *err)
{
    const char *from;
    *out = (struct client){0};
    TRY(choose_server(in, &from, err));
    return connect_to(in, from, out, err);
}

enum status client_open_named(struct invocation *in, struct client *out, struct error *err)
{
    return connect_to(in, named_by(in), out, err);
}

enum status client_open_for(struct invocation *in, const char *name, struct client *out, int64_t *id,
                            struct error *err)
{
    *out = (struct client){0};
    TRY(execution_name_check(name, err));
    TRY(client_open(in, out, err));
    return execution_named(out, name, &in->arena, id, err);
}

void client_close(struct client *c)
{
    bus_close(&c->bus);
}

/* ---- asking ------------------------------------------------------------------------------------------- */

struct responder {
    const char *operation;
    const char *part;  /* for `noetl serve` */
    const char *title; /* for people */
};
static const struct responder RESPONDERS[] = {
    {"status", "render", "render part"},  {"show", "render", "render part"},
    {"list", "render", "render part"},    {"render", "render", "render part"},
    {"resolve", "render", "render part"}, {NULL, "publisher", "publisher"},
};

static const struct responder *responder_of(const char *operation)
{
    const struct responder *r = RESPONDERS;
    while (r->operation && strcmp(r->operation, operation) != 0)
        r++;
    return r;
}

static enum status explain_silence(const struct client *c, const char *operation, enum status status,
                                   int64_t waited_ms, struct error *err)
{
    const struct responder *r = responder_of(operation);
    if (!bus_is_connected(c->bus)) {
        (void)error_set(err, STATUS_UNAVAILABLE, "the connection to NATS at %s (from %s) is lost", c->url,
                        c->from);
        return error_hint(err, "Look at the server; the same command may be given again.");
    }
    if (status == STATUS_UNAVAILABLE) {
        (void)error_set(err, STATUS_UNAVAILABLE,
                        "no %s answers at %s (from %s): NATS is there, that part of noetl is not", r->title,
                        c->url, c->from);
        return error_hint(err, "`noetl serve %s` starts it; `noetl dev` starts everything.", r->part);
    }
    if (status == STATUS_TIMEOUT) {
        (void)error_set(err, STATUS_TIMEOUT, "the %s did not answer \"%s\" within %lld ms", r->title,
                        operation, (long long)waited_ms);
        return error_hint(err, "Its log may say why; --set-option nats.timeout=30s waits longer.");
    }
    return error_wrap(err, "asking the %s for \"%s\"", r->title, operation);
}

enum status client_call(struct client *c, const char *operation, struct value request, int64_t extra_ms,
                        struct arena *a, struct value *answer, struct error *err)
{
    struct str payload, reply;
    int64_t timeout_ms = c->timeout_ms + extra_ms;
    *answer = (struct value){0};
    TRY(json_text(a, request, &payload, err));
    struct question q = {.operation = operation, .payload = payload, .timeout_ms = timeout_ms};
    enum status status = ask(c->bus, &c->subjects, &q, a, &reply, err);
    if (status != STATUS_OK)
        return explain_silence(c, operation, status, timeout_ms, err);
    if (json_read_map(a, reply, "the answer", answer, err) != STATUS_OK)
        return error_wrap(err, "the %s answered \"%s\" with something that is no answer",
                          responder_of(operation)->title, operation);
    return answer_error(*answer, err);
}
