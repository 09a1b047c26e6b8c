#include "stranded.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/value.h"
#include "publisher/topology.h"
#include "runtime/log.h"

/* The furthest that any consumer of the stream has come. */
static enum status furthest_consumer(struct bus *bus, const char *stream, struct arena *a, uint64_t *sequence,
                                     struct error *err)
{
    char verb[160], name[128];
    struct value answer;
    snprintf(verb, sizeof(verb), "CONSUMER.NAMES.%s", stream);
    TRY(bus_api(bus, verb, STR(""), a, &answer, err));
    struct value names = VALUE_GET(answer, "consumers");
    *sequence = 0;
    for (uint32_t i = 0; names.type == VALUE_LIST && i < names.len; i++) {
        struct bus_consumer_info info;
        snprintf(name, sizeof(name), "%" PRISTR, ARGSTR(value_as_str(names.u.list[i])));
        enum status status = bus_consumer_info(bus, stream, name, &info, err);
        if (status == STATUS_NOT_FOUND)
            continue; /* it went meanwhile */
        TRY(status);
        if (info.delivered_stream_sequence > *sequence)
            *sequence = info.delivered_stream_sequence;
    }
    return STATUS_OK;
}

static enum status drop_below(struct bus *bus, const char *stream, uint64_t sequence, struct arena *a,
                              uint64_t *dropped, struct error *err)
{
    char verb[160], body[64];
    struct value answer;
    snprintf(verb, sizeof(verb), "STREAM.PURGE.%s", stream);
    int len = snprintf(body, sizeof(body), "{\"seq\":%" PRIu64 "}", sequence);
    TRY(bus_api(bus, verb, (struct str){body, (size_t)len}, a, &answer, err));
    struct value purged = VALUE_GET(answer, "purged");
    *dropped = purged.type == VALUE_INT ? (uint64_t)purged.u.i : 0;
    return STATUS_OK;
}

static enum status look(struct bus *bus, const char *stream, struct arena *a, uint64_t *dropped,
                        struct error *err)
{
    uint64_t furthest;
    struct bus_stream_info info;
    TRY(furthest_consumer(bus, stream, a, &furthest, err));
    TRY(bus_stream_info(bus, stream, &info, err)); /* afterwards: its end only moves on */
    if (furthest <= info.last_sequence)
        return STATUS_OK;
    LOG(LOG_WARN, "the tasks stream ends before the place where its consumers stand; it goes on behind that",
        LOG_NUM("last", info.last_sequence), LOG_NUM("consumers", furthest),
        LOG_NUM("messages", info.messages));
    return drop_below(bus, stream, furthest + 1, a, dropped, err);
}

enum status stranded_tasks_drop(struct bus *bus, const struct subjects *s, uint64_t *dropped,
                                struct error *err)
{
    char stream[96];
    struct arena a;
    *dropped = 0;
    arena_init(&a, 0);
    enum status status = look(bus, stream_name(s, STREAM_TASKS, stream), &a, dropped, err);
    arena_free(&a);
    return status;
}
