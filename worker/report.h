/*
 * Outcomes on their way to the stream. A task is acked only when the stream has its outcome; an outcome that
 * the stream refuses (it is full, say) is offered again every second, while the lease is kept.
 */
#ifndef WORKER_REPORT_H
#define WORKER_REPORT_H

#include "core/event.h"
#include "lease.h"
#include "publisher/subject.h"

struct reporter;

enum status reporter_open(struct bus *bus, const struct subjects *subjects, struct lease_keeper *keeper,
                          struct reporter **out, struct error *err) MUST_CHECK;
/* No handler of the bus may run any more that knows it. */
void reporter_close(struct reporter **r);

/* Publishes `payload`, which is copied; acks and releases the lease when the stream has it. */
enum status report_outcome(struct reporter *r, struct lease *l, const struct task *task, enum event_type type,
                           struct str payload, struct error *err) MUST_CHECK;
/* From time to time, on a thread that may wait: offers again what was refused. */
void reporter_tick(struct reporter *r);
/* Gives the tasks back whose outcomes were refused. */
void reporter_give_up(struct reporter *r);

/*
 * Whether the stream has an outcome of the task, which came as `d`. If the broker says behind which message
 * it would be, what follows there is read; else as far as it shows: the stream is asked for the outcome's id,
 * which it knows for a while (events.duplicates), and the last of each type of the execution is looked at.
 * Where ids do not tell (again_ids_tell()), the first outcomes of the execution are read instead. Waits for
 * the stream; an error means that it is not known.
 */
enum status report_stands(struct reporter *r, const struct bus_delivery *d, const struct task *task,
                          bool ids_tell, bool *stands, struct error *err) MUST_CHECK;

#endif
