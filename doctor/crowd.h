/*
 * Who is there: the brokers that say so on <prefix>.brokers, and the brokers and workers that answer when all
 * of them are asked for their status (docs/API.md). Their answers are kept as they are; nothing in them is
 * trusted but as what they say of themselves.
 */
#ifndef DOCTOR_CROWD_H
#define DOCTOR_CROWD_H

#include "publisher/subject.h"
#include "bus/bus.h"

enum { CROWD_MOST = 1000 }; /* brokers of whose beats the newest is kept */

struct crowd {
    struct value *beats; /* maps */
    uint32_t beat_count;
    struct value brokers, workers; /* lists of maps: publisher/roll_call.h */
};

/*
 * Listens for `listen_ms` at least, and up to `longest_ms` while a broker of `expected` has not been heard.
 * In `a`.
 */
enum status crowd_hear(struct bus *bus, const struct subjects *s, const struct str *expected,
                       size_t expected_count, int64_t listen_ms, int64_t longest_ms, struct arena *a,
                       struct crowd *out, struct error *err) MUST_CHECK;
/* Whether the broker of that name has been heard, and did not say that it leaves. */
bool crowd_has_broker(const struct crowd *c, struct str name);
/* What the broker of that name says of itself; absent if it has not answered. */
struct value crowd_broker(const struct crowd *c, struct str name);

#endif
