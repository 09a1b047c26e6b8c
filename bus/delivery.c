/* Messages of a stream in the hands of their consumer, and what is answered to them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ack_subject.h"
#include "internal.h"
#include "core/buf.h"
#include "spent.h"

struct bus_delivery *delivery_take(natsMsg *msg)
{
    struct ack_subject ack;
    const char *reply = natsMsg_GetReply(msg);
    struct bus_delivery *d = NULL;
    if (reply && ack_subject_parse(str_of(reply), &ack))
        d = malloc(sizeof(*d));
    if (!d) {
        spent_message(msg);
        return NULL;
    }
    *d = (struct bus_delivery){
        .subject = natsMsg_GetSubject(msg),
        .payload = {natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)},
        .stream_sequence = ack.stream_sequence,
        .time_ns = ack.time_ns,
        .deliveries = ack.deliveries,
        .consumer_sequence = ack.consumer_sequence,
        .pending = ack.pending,
        .reply = reply,
        .native = msg,
    };
    return d;
}

const char *bus_delivery_header(const struct bus_delivery *d, const char *name)
{
    return wire_header(d->native, name);
}

void bus_delivery_free(struct bus_delivery *d)
{
    if (!d)
        return;
    spent_message(d->native);
    free(d->owned);
    free(d);
}

/*
 * An answer that gets lost is repaired by the server: the message comes again. So a failure here (the
 * connection is gone for so long that the buffer is full) is nothing to report.
 */
static uint32_t answer(struct bus *bus, const struct bus_delivery *d, struct str text)
{
    uint32_t number = 0;
    (void)loop_send(bus, d->reply, NULL, text, &number);
    bus_push(bus);
    return number;
}

void bus_deliver_ack(struct bus *bus, const struct bus_delivery *d)
{
    answer(bus, d, STR("+ACK"));
}

void bus_deliver_nak(struct bus *bus, const struct bus_delivery *d, int64_t delay_ms)
{
    char text[64];
    int len = delay_ms > 0
                  ? snprintf(text, sizeof(text), "-NAK {\"delay\":%" PRId64 "}", delay_ms * NS_PER_MS)
                  : snprintf(text, sizeof(text), "-NAK");
    answer(bus, d, (struct str){text, (size_t)len});
}

void bus_deliver_term(struct bus *bus, const struct bus_delivery *d, const char *reason)
{
    char text[256];
    /* Servers before 2.10 know the bare word only, and would ignore one with a reason. */
    bool with_reason = reason && *reason && bus_server_version_known(bus) >= 21000;
    int len = snprintf(text, sizeof(text), "+TERM%s%s", with_reason ? " " : "", with_reason ? reason : "");
    size_t shown = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    answer(bus, d, (struct str){text, shown});
}

uint32_t bus_deliver_working(struct bus *bus, const struct bus_delivery *d)
{
    return answer(bus, d, STR("+WPI"));
}
