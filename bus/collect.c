#include "collect.h"

#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

/*
 * A subscription of its own, not an exchange: messages of a stream come with the subject that they were
 * published on, which does not tell whose request they answer.
 */
static enum status gather(natsSubscription *sub, const char *subject, int64_t patience_ms, collect_one *one,
                          void *context, struct error *err)
{
    for (;;) {
        natsMsg *msg = NULL;
        natsStatus s = natsSubscription_NextMsg(&msg, sub, patience_ms);
        if (s == NATS_TIMEOUT) {
            error_set(err, STATUS_TIMEOUT, "no answer within %" PRId64 " ms", patience_ms);
            return error_place(err, "%s", subject);
        }
        if (s != NATS_OK)
            return wire_error(s, err, "asking", subject);
        bool more = one(context, msg);
        natsMsg_Destroy(msg);
        if (!more)
            return STATUS_OK;
    }
}

enum status collect(struct bus *bus, const char *subject, struct str payload, int64_t patience_ms,
                    collect_one *one, void *context, struct error *err)
{
    char inbox[SUBJECT_MAX];
    natsSubscription *sub = NULL;
    snprintf(inbox, sizeof(inbox), "%s.C.%" PRIu64, bus->inbox, (uint64_t)atomic_fetch_add(&bus->ids, 1));
    natsStatus s = NATS_CONNECTION_DISCONNECTED;
    natsConnection *nc = line_hold(bus);
    if (nc) {
        s = natsConnection_SubscribeSync(&sub, nc, inbox);
        line_release(bus);
    }
    if (s == NATS_OK)
        s = loop_send(bus, subject, inbox, payload, NULL);
    enum status status;
    if (s == NATS_OK) {
        bus_push(bus);
        status = gather(sub, subject, patience_ms, one, context, err);
    } else {
        status = wire_error(s, err, "asking", subject);
    }
    natsSubscription_Destroy(sub);
    return status;
}
