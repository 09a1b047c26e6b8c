/* What a nats step sends and gets, between values and bytes. No I/O. */
#ifndef WORKER_TOOLS_NATS_MESSAGE_H
#define WORKER_TOOLS_NATS_MESSAGE_H

#include "bus/bus.h"
#include "worker/tool.h"

struct nats_message {
    struct str payload;
    struct bus_header headers[BUS_MOST_HEADERS];
    size_t header_count;
    const char *id; /* Nats-Msg-Id: the header if there is one, else the attempt's */
};

/* Text goes as it is, nothing as no bytes, all else as JSON. */
enum status nats_payload(struct arena *a, struct value v, struct str *out, struct error *err) MUST_CHECK;
/*
 * The payload, the headers of the step ({"Name": text, number, boolean or a list of these}) without
 * Nats-Msg-Id, and the id: "<execution>.<attempt>" unless the headers have one.
 */
enum status nats_message_read(struct nats_message *m, const struct task *task, struct value payload,
                              struct arena *a, struct error *err) MUST_CHECK;
/* JSON as a value, other text as text; bytes that are no text: null, with true in *is_binary. */
enum status nats_value(struct arena *a, struct str bytes, struct value *out, bool *is_binary,
                       struct error *err) MUST_CHECK;
/* Puts the bytes as `name`, and as NAME_base64 if they are no text. */
enum status nats_put_value(struct map_builder *map, struct arena *a, const char *name, struct str bytes,
                           struct error *err) MUST_CHECK;

#endif
