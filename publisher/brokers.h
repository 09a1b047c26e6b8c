/* What the brokers say of themselves, as far as it matters to a publisher: whether they have room for
 * executions. */
#ifndef PUBLISHER_BROKERS_H
#define PUBLISHER_BROKERS_H

#include "bus/bus.h"
#include "subject.h"

struct brokers;

enum status brokers_listen(struct bus *bus, const struct subjects *s, struct brokers **out,
                           struct error *err) MUST_CHECK;
/* NULL is allowed. */
void brokers_close(struct brokers **b);
/*
 * STATUS_UNAVAILABLE when every broker that was heard lately has as many executions at work as it may have.
 * When none was heard there is nothing to say: a request waits in its stream.
 */
enum status brokers_have_room(struct brokers *b, struct error *err) MUST_CHECK;

#endif
