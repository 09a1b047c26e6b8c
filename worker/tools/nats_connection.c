#include "nats_connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"

enum status nats_connections_open(struct nats_connections *c, const struct tool_host *host, struct error *err)
{
    *c = (struct nats_connections){.host = host};
    return credentials_open(settings_text(host->settings, SETTING_WORKER_CREDENTIALS), &c->credentials, err);
}

static void drop(struct nats_kept *k)
{
    bus_close(&k->bus);
    free(k->key);
    *k = (struct nats_kept){0};
}

void nats_connections_close(struct nats_connections *c)
{
    for (size_t i = 0; i < NATS_KEPT; i++)
        drop(&c->kept[i]);
    credentials_close(&c->credentials);
}

/* ---- another server ------------------------------------------------------------------------------- */

static const char *field(struct arena *a, struct value credential, const char *const *names)
{
    struct str text = value_as_str(tool_config(credential, names));
    return text.len > 0 ? arena_strdup(a, text) : NULL;
}

static enum status open_bus(struct nats_connections *c, struct value credential, struct arena *a,
                            struct bus **out, struct error *err)
{
    const struct bus_options options = {
        .servers = field(a, credential, TOOL_KEYS("url", "servers", "nats_url")),
        .name = "noetl-worker nats step",
        .user = field(a, credential, TOOL_KEYS("user", "username", "nats_user")),
        .password = field(a, credential, TOOL_KEYS("password", "nats_password")),
        .token = field(a, credential, TOOL_KEYS("token", "nats_token")),
        .credentials = field(a, credential, TOOL_KEYS("creds")),
        .nkey = field(a, credential, TOOL_KEYS("nkey")),
        .tls_cert = field(a, credential, TOOL_KEYS("tls_cert")),
        .tls_key = field(a, credential, TOOL_KEYS("tls_key")),
        .tls_ca = field(a, credential, TOOL_KEYS("tls_ca")),
        .connect_timeout_ms = settings_int(c->host->settings, SETTING_NATS_TIMEOUT),
    };
    if (!options.servers) {
        error_set(err, STATUS_INVALID, "the credential names no NATS server");
        return error_hint(err, "Give it \"url\": nats://host:4222.");
    }
    enum status s = bus_open(&options, out, err);
    if (s == STATUS_UNAVAILABLE || s == STATUS_DENIED)
        error_hint(err,
                   "Look at the \"url\", \"user\", \"password\", \"token\", \"creds\" and \"nkey\" of the "
                   "step's credential.");
    return s;
}

/* The place of the connection that was opened with the key; else a free one, or that of the least recent. */
static struct nats_kept *place_of(struct nats_connections *c, struct str key)
{
    struct nats_kept *found = &c->kept[0];
    for (size_t i = 0; i < NATS_KEPT; i++) {
        if (c->kept[i].key && str_is(key, c->kept[i].key))
            return &c->kept[i];
        if (c->kept[i].used < found->used)
            found = &c->kept[i];
    }
    return found;
}

static enum status get_other(struct nats_connections *c, struct value credential, struct arena *a,
                             struct bus **out, struct error *err)
{
    struct str key;
    TRY(json_text(a, credential, &key, err));
    struct nats_kept *k = place_of(c, key);
    bool is_good = k->key && str_is(key, k->key) && bus_is_connected(k->bus);
    if (!is_good) {
        drop(k);
        TRY(open_bus(c, credential, a, &k->bus, err));
        k->key = strdup(key.ptr);
        if (!k->key) {
            drop(k);
            return error_set(err, STATUS_NO_MEMORY, "no memory for a connection to NATS");
        }
    }
    k->used = ++c->uses;
    *out = k->bus;
    return STATUS_OK;
}

enum status nats_target_get(struct nats_connections *c, struct value config, struct arena *a,
                            struct nats_target *out, struct error *err)
{
    struct value credential;
    *out = (struct nats_target){.bus = c->host->bus, .is_own = true};
    TRY(credentials_resolve(c->credentials, config, a, &credential, &out->secrets, err));
    if (!value_is_absent(credential)) {
        out->is_own = false;
        enum status s = get_other(c, credential, a, &out->bus, err);
        if (s != STATUS_OK)
            secrets_redact_error(&out->secrets, err);
        return s;
    }
    return out->bus ? STATUS_OK : error_set(err, STATUS_UNAVAILABLE, "this worker has no connection to NATS");
}

/* ---- what is not a playbook's --------------------------------------------------------------------- */

static bool is_reserved(struct str subject, struct str prefix)
{
    static const char *const kept[] = {"events", "tasks", "live", NULL};
    if (str_starts_with(subject, STR("$")) || str_starts_with(subject, STR("_")))
        return true;
    if (!str_equal(str_split(&subject, '.'), prefix))
        return false;
    struct str word = str_split(&subject, '.');
    for (const char *const *k = kept; *k; k++)
        if (str_is(word, *k))
            return true;
    return false;
}

enum status nats_check_own(const struct settings *settings, const char *subject, const char *bucket,
                           struct error *err)
{
    struct str prefix = str_of(settings_text(settings, SETTING_NATS_PREFIX));
    bool is_kept = bucket ? str_starts_with(str_of(bucket), prefix) && bucket[prefix.len] == '_'
                          : is_reserved(str_of(subject), prefix);
    if (!is_kept)
        return STATUS_OK;
    error_set(err, STATUS_DENIED, "%s is not for playbooks over the worker's own connection",
              bucket ? "this bucket" : "this subject");
    error_place(err, "%s", bucket ? bucket : subject);
    return error_hint(err, "Give the step \"auth\": a credential of type nats, with a user who may do it.");
}
