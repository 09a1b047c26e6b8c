/*
 * A token bucket for each client address: it fills with `rate` tokens a second up to two seconds' worth, and
 * each request takes one. By client, so that one that asks too much takes nothing from the others; an IPv6
 * client is its /64. Memory is fixed: of more addresses than there is room for, the fullest bucket is
 * forgotten, whose owner loses nothing by it.
 */
#ifndef RUNTIME_RATE_LIMIT_H
#define RUNTIME_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/status.h"

struct rate_limit;
/* `rate` from 1 on. STATUS_NO_MEMORY. */
enum status rate_limit_new(uint32_t rate, struct rate_limit **out, struct error *err) MUST_CHECK;
void rate_limit_free(struct rate_limit **r);
/* Whether the client may go on; `now_ns` of the monotonic clock. Any thread. */
bool rate_limit_take(struct rate_limit *r, const struct sockaddr *client, int64_t now_ns);

#endif
