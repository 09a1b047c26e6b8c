#include "rejection.h"

#include <stdio.h>

#include "core/error_value.h"
#include "core/json.h"
#include "core/utf8.h"
#include "runtime/log.h"

/* As much of a payload as is worth showing. */
static struct str beginning(struct str payload)
{
    enum { SHOWN = 1024 };
    struct str s = {payload.ptr, payload.len < SHOWN ? payload.len : SHOWN};
    s.len = utf8_check(s);
    return s;
}

static enum status describe(struct arena *a, const struct command *c, const struct error *why,
                            struct str *text, struct error *err)
{
    struct map_builder m;
    struct value error, v;
    TRY(error_value(a, why, &error, err));
    map_begin(&m, a);
    map_put(&m, STR("command"), value_text(c->name));
    map_put(&m, STR("sequence"), value_int((int64_t)c->sequence));
    map_put(&m, STR("error"), error);
    map_put(&m, STR("payload"), value_str(beginning(c->payload)));
    TRY(map_end(&m, &v, err));
    return json_text(a, v, text, err);
}

void reject_command(struct bus *bus, const struct subjects *s, const struct command *c,
                    const struct error *why)
{
    struct arena a;
    struct str text;
    struct error e = {0};
    char subject[SUBJECT_MAX];
    arena_init(&a, 0);
    LOG(LOG_WARN, "a command cannot be done and is given up", LOG_TEXT("command", c->name),
        LOG_NUM("sequence", c->sequence), LOG_ERR(why));
    snprintf(subject, sizeof(subject), "%s.live.rejected.%s", s->prefix, c->name);
    if (describe(&a, c, why, &text, &e) != STATUS_OK ||
        bus_publish(bus, subject, NULL, NULL, 0, text, &e) != STATUS_OK)
        LOG(LOG_WARN, "watchers could not be told of a rejected command", LOG_ERR(&e));
    arena_free(&a);
}
