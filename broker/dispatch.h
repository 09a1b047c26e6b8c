/*
 * Publishing what a fact led to: tasks, the events that mark an execution's life, facts for other executions,
 * and, by way of a desk, the requests of sub-playbooks. Each message has an id that is a function of what it
 * says, so that publishing it again after a crash changes nothing.
 */
#ifndef BROKER_DISPATCH_H
#define BROKER_DISPATCH_H

#include "batch.h"
#include "child_desk.h"
#include "mailbox.h"
#include "publisher/subject.h"
#include "transition/transition.h"
#include "writer.h"

struct dispatcher {
    struct bus *bus;
    struct subjects subjects;
    struct writer *writer;
    struct child_desk *children;
    struct mailbox *engine; /* gets MAIL_REFUSED */
    atomic_uint refused;    /* messages that were refused and are not in their stream yet */
};

/* A message that its stream has not acknowledged yet. Lives in its batch, which waits for it. */
struct outgoing {
    struct dispatcher *dispatcher;
    struct batch *batch;
    const char *subject, *message_id;
    struct str payload;
    struct error refusal; /* of the newest try */
    bool is_first;        /* when it was refused, no other was */
    struct outgoing *next;
};

/* Everything that the decisions of an execution ask for goes out, but timers; the batch counts what is open.
 */
enum status dispatch_decisions(struct dispatcher *d, struct batch *b, int64_t execution_id,
                               const struct decisions *decisions, struct error *err) MUST_CHECK;
/* Once more, after a refusal. */
enum status dispatch_again(struct outgoing *o, struct error *err) MUST_CHECK;

#endif
