/*
 * Making the connection: options, and natsConnection_Connect() under a time limit.
 *
 * nats.c before 3.8 never returns from a server that freezes after its greeting, and spins. So the connect
 * runs on a thread of its own; when its time is up that thread is left behind, with what it refers to, and
 * the caller gets an error with which a program can only end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_internal.h"
#include "clock.h"
#include "core/buf.h"
#include "nkey.h"

enum {
    MOST_SERVERS = 16,
    LOGIN_TRIES = 3, /* nats.c before 3.8 makes a wrong signature once in some hundred logins */
    PING_MS = 20000,
    GRACE_MS = 3000,
};

/* ---- options ----------------------------------------------------------------------------------------- */

static natsStatus set_servers(natsOptions *options, const char *list)
{
    const char *urls[MOST_SERVERS];
    int count = 0;
    char *copy = strdup(list ? list : "");
    if (!copy)
        return NATS_NO_MEMORY;
    for (char *rest = copy, *url; count < MOST_SERVERS && (url = strsep(&rest, ", "));)
        if (*url)
            urls[count++] = url;
    natsStatus s = count ? natsOptions_SetServers(options, urls, count) : NATS_ADDRESS_MISSING;
    free(copy);
    return s;
}

static bool given(const char *text)
{
    return text && *text;
}

/* Said here: the library says it as if no server answered, and a daemon would try again for ever. */
static enum status check_files(const struct bus_options *o, struct error *err)
{
    const char *const files[] = {o->tls_ca, o->tls_cert, o->tls_key, o->credentials};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (!given(files[i]) || access(files[i], R_OK) == 0)
            continue;
        error_set(err, STATUS_NOT_FOUND, "cannot read the file: %s", strerror(errno));
        return error_place(err, "%s", files[i]);
    }
    char public_key[NKEY_TEXT];
    return given(o->credentials) ? nkey_public(o->credentials, public_key, err) : STATUS_OK;
}

static enum status set_tls(natsOptions *options, const struct bus_options *o, struct error *err)
{
    natsStatus s = NATS_OK;
    if (given(o->tls_ca) || given(o->tls_cert))
        s = natsOptions_SetSecure(options, true);
    if (s == NATS_OK && given(o->tls_ca))
        s = natsOptions_LoadCATrustedCertificates(options, o->tls_ca);
    if (s == NATS_OK && given(o->tls_cert))
        s = natsOptions_LoadCertificatesChain(options, o->tls_cert, o->tls_key);
    if (s == NATS_OK)
        return STATUS_OK;
    const char *detail = nats_GetLastError(NULL);
    error_set(err, STATUS_INVALID, "cannot use the TLS certificates: %s",
              detail && *detail ? detail : natsStatus_GetText(s));
    return error_hint(err, "See nats.tlsca, nats.tlscert and nats.tlskey: PEM files, the last two together.");
}

static natsStatus set_user(natsOptions *options, const struct bus_options *o)
{
    natsStatus s = NATS_OK;
    if (given(o->user))
        s = natsOptions_SetUserInfo(options, o->user, o->password ? o->password : "");
    if (s == NATS_OK && given(o->token))
        s = natsOptions_SetToken(options, o->token);
    if (s == NATS_OK && given(o->credentials))
        s = natsOptions_SetUserCredentialsFromFiles(options, o->credentials, NULL);
    return s;
}

static enum status set_nkey(natsOptions *options, const char *seed_file, struct error *err)
{
    char public_key[NKEY_TEXT];
    if (!given(seed_file))
        return STATUS_OK;
    TRY(nkey_public(seed_file, public_key, err));
    natsStatus s = natsOptions_SetNKeyFromSeed(options, public_key, seed_file);
    return s == NATS_OK ? STATUS_OK : wire_error(s, err, "using the NKey", seed_file);
}

static natsStatus set_behaviour(natsOptions *options, const struct bus_options *o, struct bus *bus)
{
    natsStatus s = natsOptions_SetName(options, o->name ? o->name : "noetl");
    if (s == NATS_OK)
        s = natsOptions_SetTimeout(options, bus->request_timeout_ms);
    if (s == NATS_OK)
        s = natsOptions_SetWriteDeadline(options, 2 * bus->request_timeout_ms);
    if (s == NATS_OK)
        s = natsOptions_SetPingInterval(options, PING_MS);
    if (s == NATS_OK)
        s = natsOptions_SetMaxReconnect(options, -1);
    if (s == NATS_OK && o->inbox_prefix)
        s = natsOptions_SetCustomInboxPrefix(options, o->inbox_prefix);
    if (s == NATS_OK && o->retry_connect)
        s = events_set_retry(options, bus);
    return s == NATS_OK ? events_set(options, bus) : s;
}

static enum status make_options(const struct bus_options *o, struct bus *bus, natsOptions **out,
                                struct error *err)
{
    natsOptions *options = NULL;
    natsStatus s = natsOptions_Create(&options);
    const char *what = "making the options of a connection", *place = "nats";
    if (s == NATS_OK && (s = set_servers(options, o->servers)) != NATS_OK) {
        what = "reading the addresses of the NATS servers";
        place = o->servers ? o->servers : "";
    }
    if (s == NATS_OK)
        s = set_user(options, o);
    if (s == NATS_OK)
        s = set_behaviour(options, o, bus);
    if (s == NATS_OK)
        s = loop_set(options, bus);
    enum status status = s == NATS_OK ? set_tls(options, o, err) : wire_error(s, err, what, place);
    if (status == STATUS_OK)
        status = set_nkey(options, o->nkey, err);
    if (status == STATUS_OK)
        *out = options;
    else
        natsOptions_Destroy(options);
    return status;
}

/* ---- the attempt ------------------------------------------------------------------------------------- */

/* Shared by the caller and the thread; whoever is last frees it. */
struct attempt {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    natsOptions *options;
    bool may_retry_login;
    bool done, abandoned;
    natsConnection *nc;
    natsStatus status;
    struct error error;
    char *place;
};

static void attempt_free(struct attempt *t)
{
    natsOptions_Destroy(t->options);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->mutex);
    free(t->place);
    free(t);
}

static natsStatus connect_and_login(struct attempt *t)
{
    natsStatus s = NATS_ERR;
    for (int i = 0; i < LOGIN_TRIES; i++) {
        s = natsConnection_Connect(&t->nc, t->options);
        if (s != NATS_CONNECTION_AUTH_FAILED || !t->may_retry_login)
            break;
    }
    return s;
}

static void *attempt(void *argument)
{
    struct attempt *t = argument;
    natsStatus s = connect_and_login(t);
    pthread_mutex_lock(&t->mutex);
    t->status = s;
    if (s != NATS_OK && s != NATS_NOT_YET_CONNECTED)
        (void)wire_error(s, &t->error, "connecting to NATS", t->place);
    t->done = true;
    bool abandoned = t->abandoned;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->mutex);
    nats_ReleaseThreadMemory();
    if (abandoned) {
        natsConnection_Destroy(t->nc);
        attempt_free(t);
    }
    return NULL;
}

/* The addresses without what stands before an "@": that is a password. */
static char *without_credentials(const char *servers)
{
    struct buf b;
    struct str rest = str_of(servers);
    buf_init(&b, 0);
    while (rest.len > 0) {
        struct str url = str_split(&rest, ',');
        ptrdiff_t at = str_find(url, STR("@"));
        if (at >= 0)
            url = (struct str){url.ptr + at + 1, url.len - (size_t)at - 1};
        if (b.len > 0)
            buf_add_char(&b, ',');
        buf_add_str(&b, url);
    }
    buf_add_text(&b, "");
    char *text = buf_take(&b, NULL);
    buf_free(&b);
    return text;
}

static enum status attempt_new(const struct bus_options *o, struct bus *bus, struct attempt **out,
                               struct error *err)
{
    natsOptions *options = NULL;
    TRY(check_files(o, err));
    TRY(make_options(o, bus, &options, err));
    struct attempt *t = calloc(1, sizeof(*t));
    char *place = without_credentials(o->servers);
    if (!t || !place) {
        free(t);
        free(place);
        natsOptions_Destroy(options);
        error_set(err, STATUS_NO_MEMORY, "no memory for a connection to NATS");
        return STATUS_NO_MEMORY;
    }
    t->options = options;
    t->place = place;
    t->may_retry_login = given(o->nkey) || given(o->credentials);
    pthread_mutex_init(&t->mutex, NULL);
    mono_cond_init(&t->changed);
    *out = t;
    return STATUS_OK;
}

static int64_t time_limit_ms(const struct bus *bus, const char *servers)
{
    int64_t count = 1;
    for (const char *c = servers; *c; c++)
        count += *c == ',';
    return count * bus->request_timeout_ms * LOGIN_TRIES + GRACE_MS;
}

/* False when the time is up and the thread was left behind. */
static bool await_attempt(struct attempt *t, int64_t limit_ms)
{
    int64_t until_ns = mono_now().ns + limit_ms * NS_PER_MS;
    pthread_mutex_lock(&t->mutex);
    bool in_time = true;
    while (!t->done && in_time)
        in_time = mono_cond_wait_until(&t->changed, &t->mutex, until_ns);
    t->abandoned = !t->done;
    bool done = t->done;
    pthread_mutex_unlock(&t->mutex);
    return done;
}

static enum status run(struct attempt *t, struct bus *bus, int64_t limit_ms, struct error *err)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, attempt, t) != 0) {
        attempt_free(t);
        return error_set(err, STATUS_NO_MEMORY, "the system gives no thread for connecting");
    }
    if (!await_attempt(t, limit_ms)) {
        pthread_detach(thread);
        bus->abandoned = true;
        error_set(err, STATUS_UNAVAILABLE, "the NATS server took the connection and went silent");
        return error_place(err, "%s", t->place);
    }
    pthread_join(thread, NULL);
    bus->nc = t->nc;
    enum status status =
        t->status == NATS_OK || t->status == NATS_NOT_YET_CONNECTED ? STATUS_OK : t->error.status;
    if (status != STATUS_OK && err)
        *err = t->error;
    if (t->status == NATS_OK)
        events_connected(bus, bus->nc, "connected to");
    attempt_free(t);
    return status;
}

enum status connecting_open(const struct bus_options *o, struct bus *bus, struct error *err)
{
    struct attempt *t = NULL;
    TRY(attempt_new(o, bus, &t, err));
    enum status status = run(t, bus, time_limit_ms(bus, o->servers), err);
    if (status == STATUS_UNAVAILABLE)
        error_hint(err, "Start nats-server there, or set nats.url (NOETL_NATS_URL) to where it is.");
    if (status == STATUS_DENIED)
        error_hint(err, "The server does not accept these credentials: see nats.user, nats.token, nats.creds "
                        "and nats.nkey.");
    return status;
}
