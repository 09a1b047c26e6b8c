/*
 * Whoever comes to hold a task once more, and finds no outcome in the event stream, asks the brokers whether
 * the attempt has ended all the same: a stream that was restored, or that lost its end, has tasks again whose
 * outcomes it has not.
 *
 *   <prefix>.broker.ended   {"execution_id":"…","task_id":"s3v1a1"}   →   {"ended":true|false}
 *
 * Who holds the execution's partition answers, from what it has folded; the others say nothing, and nobody
 * does while the partition changes hands or the log cannot be asked. The engine's thread answers, so that all
 * facts count that came before the question.
 */
#ifndef BROKER_INQUIRY_H
#define BROKER_INQUIRY_H

#include "core/id.h"
#include "fence.h"
#include "mailbox.h"
#include "publisher/subject.h"

struct inquiries;

/* One question: the engine's with MAIL_ASKED. */
struct inquiry {
    struct inquiries *of;
    int64_t execution_id;
    struct task_id attempt;
    char reply[];
};

enum status inquiries_start(struct bus *bus, const struct subjects *s, const struct fence *fence,
                            struct mailbox *engine, struct inquiries **out, struct error *err) MUST_CHECK;
/* No more are taken; those that were are answered still. NULL is allowed. */
void inquiries_stop(struct inquiries *i);
/* Once the mailbox has none of them any more. */
void inquiries_free(struct inquiries **i);

/* Sends the answer with the next bus_push(). */
void inquiry_answer(const struct inquiry *q, bool ended);
/* Every inquiry that was posted, answered or not. NULL is allowed. */
void inquiry_free(struct inquiry *q);

#endif
