/* What a connection is made with, as the library's options. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "nkey.h"

enum { PING_MS = 20000 };

static bool given(const char *text)
{
    return text && *text;
}

bool options_sign(const struct bus_options *o)
{
    return given(o->nkey) || given(o->credentials);
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
        s = natsOptions_SetAllowReconnect(options, false); /* connector.c does it */
    if (s == NATS_OK && o->inbox_prefix)
        s = natsOptions_SetCustomInboxPrefix(options, o->inbox_prefix);
    return s == NATS_OK ? events_set(options, bus) : s;
}

static enum status set_all(natsOptions *options, const struct bus_options *o, struct bus *bus,
                           struct error *err)
{
    natsStatus s = set_user(options, o);
    if (s == NATS_OK)
        s = set_behaviour(options, o, bus);
    if (s == NATS_OK)
        s = loop_set(options, bus);
    if (s != NATS_OK)
        return wire_error(s, err, "making the options of a connection", "nats");
    TRY(set_tls(options, o, err));
    return set_nkey(options, o->nkey, err);
}

enum status options_make(const struct bus_options *o, struct bus *bus, natsOptions **out, struct error *err)
{
    natsOptions *options = NULL;
    TRY(check_files(o, err));
    natsStatus s = natsOptions_Create(&options);
    if (s != NATS_OK)
        return wire_error(s, err, "making the options of a connection", "nats");
    enum status status = set_all(options, o, bus, err);
    if (status == STATUS_OK)
        *out = options;
    else
        natsOptions_Destroy(options);
    return status;
}
