/*
 * Which broker is to read which partition: a function of who is there, so that brokers that see the same
 * others agree without asking.
 *
 * Rendezvous hashing (Thaler and Ravishankar, 1998): each partition prefers the brokers in an order of its
 * own, and goes to the first that has room. Each has room for its even share, so the shares differ by one at
 * most, and when a broker comes or goes most partitions stay where they are.
 */
#ifndef BROKER_ASSIGNMENT_H
#define BROKER_ASSIGNMENT_H

#include "core/status.h"
#include "core/str.h"

/*
 * owner[p], for each p below `partitions`: the index in `members` of the one that is to read it. The order of
 * the members makes no difference to who gets what; two of one name do not occur. Without members nothing is
 * set.
 */
enum status assign_partitions(const struct str *members, size_t member_count, uint32_t *owner,
                              uint32_t partitions, struct error *err) MUST_CHECK;

#endif
