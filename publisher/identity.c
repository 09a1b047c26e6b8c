#include "identity.h"

#include <unistd.h>

#include "payload.h"
#include "runtime/daemon.h"

enum status put_time(struct map_builder *m, struct str key, int64_t time_ns, struct error *err)
{
    char time[32];
    if (time_ns == 0) {
        map_put(m, key, value_null());
        return STATUS_OK;
    }
    time_format(time_ns, time);
    const char *copy = arena_strdup(m->arena, str_of(time));
    if (!copy)
        return arena_error(m->arena, err, "a time");
    map_put(m, key, value_text(copy));
    return STATUS_OK;
}

static enum status put_readiness(struct map_builder *m, const struct identity *identity, struct error *err)
{
    struct error why = {0};
    bool ready = identity->ready(identity->context, &why) == STATUS_OK;
    map_put(m, STR("ready"), value_bool(ready));
    if (ready)
        return STATUS_OK;
    const char *because = arena_strdup(m->arena, str_of(why.message));
    const char *hint = arena_strdup(m->arena, str_of(why.hint));
    if (!because || !hint)
        return arena_error(m->arena, err, "the status");
    map_put(m, STR("because"), value_text(because));
    map_put(m, STR("hint"), value_text(hint));
    return STATUS_OK;
}

enum status identity_begin(struct map_builder *m, const struct identity *identity, const struct call *call,
                           const char *what, struct error *err)
{
    struct value payload;
    char host[DAEMON_HOST_MAX];
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, NULL, 0, what, err));
    const char *copy = arena_strdup(call->arena, str_of(daemon_host(host)));
    if (!copy)
        return arena_error(call->arena, err, "the status");
    map_begin(m, call->arena);
    map_put(m, STR("id"), value_text(call->service_id));
    map_put(m, STR("name"), value_text(identity->name));
    map_put(m, STR("host"), value_text(copy));
    map_put(m, STR("pid"), value_int(getpid()));
    map_put(m, STR("version"), value_text(NOETL_VERSION));
    return put_readiness(m, identity, err);
}
