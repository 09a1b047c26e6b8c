/*
 * Tasks, and facts for other executions, that are larger than a message: stored, and referred to by a short
 * one (publisher/parcel.h). That takes its time, so the desk for sub-playbooks does it. What can never be
 * stored ends as the failure of the attempt, or of the call.
 */
#ifndef BROKER_LARGE_H
#define BROKER_LARGE_H

#include "dispatch.h"

/*
 * `text` is the task's or the fact's JSON; it and the id are in the batch's arena. The rest is copied. The
 * batch waits for the message.
 */
enum status large_task_send(struct dispatcher *d, struct batch *b, const struct task *task,
                            const char *subject, struct str message_id, struct str text,
                            struct error *err) MUST_CHECK;
enum status large_notice_send(struct dispatcher *d, struct batch *b, const struct event *fact,
                              const char *subject, struct str message_id, struct str traceparent,
                              struct str text, struct error *err) MUST_CHECK;

#endif
