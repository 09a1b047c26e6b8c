/* Who logs in to NATS, when several sources have something to say about it. */
#include "nats_context.h"
#include "settings_private.h"

enum { METHODS = 4, METHOD_SETTINGS = 2 };

/* The ways to log in; the first names the method, and SETTING_COUNT fills up. */
static const enum setting LOGIN[METHODS][METHOD_SETTINGS] = {
    {SETTING_NATS_USER, SETTING_NATS_PASSWORD},
    {SETTING_NATS_TOKEN, SETTING_COUNT},
    {SETTING_NATS_CREDS, SETTING_COUNT},
    {SETTING_NATS_NKEY, SETTING_COUNT},
};

/* Of a setting that says nothing, SOURCE_DEFAULT. */
static enum setting_source strength(const struct settings *s, enum setting id)
{
    if (id == SETTING_COUNT || settings_text(s, id)[0] == '\0')
        return SOURCE_DEFAULT;
    return settings_source(s, id, NULL);
}

static enum setting_source method_strength(const struct settings *s, size_t method)
{
    enum setting_source first = strength(s, LOGIN[method][0]), second = strength(s, LOGIN[method][1]);
    return first > second ? first : second;
}

static enum status user_alone_is_token(struct settings *s, struct error *err)
{
    const char *where;
    enum setting_source source = settings_source(s, SETTING_NATS_USER, &where);
    bool of_nats_cli = strcmp(where, "--user") == 0 || strcmp(where, "NATS_USER") == 0;
    if (!of_nats_cli || settings_text(s, SETTING_NATS_USER)[0] == '\0' ||
        strength(s, SETTING_NATS_PASSWORD) >= SOURCE_ENVIRONMENT)
        return STATUS_OK;
    TRY(settings_assign(s, SETTING_NATS_TOKEN, source, where, str_of(settings_text(s, SETTING_NATS_USER)),
                        err));
    settings_reset(s, SETTING_NATS_USER);
    return STATUS_OK;
}

enum status nats_settle_login(struct settings *s, struct error *err)
{
    TRY(user_alone_is_token(s, err));
    enum setting_source strongest = SOURCE_DEFAULT;
    for (size_t i = 0; i < METHODS; i++) {
        if (method_strength(s, i) > strongest)
            strongest = method_strength(s, i);
    }
    for (size_t i = 0; i < METHODS; i++) {
        if (method_strength(s, i) == strongest)
            continue;
        for (size_t j = 0; j < METHOD_SETTINGS && LOGIN[i][j] != SETTING_COUNT; j++)
            settings_reset(s, LOGIN[i][j]);
    }
    return STATUS_OK;
}
