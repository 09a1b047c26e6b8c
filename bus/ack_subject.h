/*
 * The reply subject of a message that a consumer delivers: what the message is, and where its ack goes.
 *
 *   $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time ns>.<pending>
 *   $JS.ACK.<domain>.<account hash>.<stream>.<consumer>.<deliveries>.….<pending>[.<more>…]
 */
#ifndef BUS_ACK_SUBJECT_H
#define BUS_ACK_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

struct ack_subject {
    struct str stream, consumer; /* borrowed */
    uint64_t deliveries, stream_sequence, consumer_sequence, pending;
    int64_t time_ns;
};

/* False for a subject that is none. */
bool ack_subject_parse(struct str subject, struct ack_subject *out);

#endif
