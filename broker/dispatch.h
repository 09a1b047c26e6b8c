/*
 * Publishing what a fact led to: tasks, the events that mark an execution's life, facts for other executions,
 * and, by way of a desk, the requests of sub-playbooks. Each message has an id that is a function of what it
 * says, so that publishing it again after a crash changes nothing.
 */
#ifndef BROKER_DISPATCH_H
#define BROKER_DISPATCH_H

#include "batch.h"
#include "child_desk.h"
#include "fence.h"
#include "mailbox.h"
#include "publisher/subject.h"
#include "runtime/clock.h"
#include "transition/transition.h"
#include "writer.h"

/* Which fact a task comes from, for a worker that has to see whether it has been run (core/task.h). */
struct task_origin {
    char behind[24]; /* the fact's sequence; "": it is no task */
    bool again;      /* it may have been published before */
};

struct dispatcher {
    struct bus *bus;
    struct subjects subjects;
    struct writer *writer;
    struct child_desk *children;
    struct mailbox *engine; /* gets MAIL_REFUSED */
    atomic_uint refused;    /* messages that were refused and are not in their stream yet */
    /* Of the fact that is folded, the engine's to set: */
    struct tenure tenure;
    uint64_t fact_sequence;
    bool may_repeat; /* what it leads to may have been published before */
    /* The engine's thread's: messages that could not be sent, and when they are sent again. */
    struct outgoing *to_resend, *last_to_resend;
    struct mono_time resend_at;
};

enum { RESEND_AFTER_MS = 500 };

/* A message that its stream has not acknowledged yet. Lives in its batch, which waits for it. */
struct outgoing {
    struct dispatcher *dispatcher;
    struct batch *batch;
    struct tenure tenure;
    const char *subject, *message_id;
    const char *traceparent; /* NULL: it is part of no trace */
    struct str payload;
    struct task_origin origin; /* of a task; else of nothing */
    struct error refusal;      /* the newest */
    bool is_first;             /* when it was refused, no other was */
    struct outgoing *next;
};

/* Everything that the decisions of an execution ask for goes out, but timers; the batch counts what is open.
 */
enum status dispatch_decisions(struct dispatcher *d, struct batch *b, const struct execution *x,
                               const struct decisions *decisions, struct error *err) MUST_CHECK;
struct task_origin task_origin_now(const struct dispatcher *d);
/* Says it in the publication's headers; `header` is to live as long. */
void task_origin_say(const struct task_origin *o, struct bus_header *header, struct bus_publication *p);
/* Whether messages wait that their streams would not take. */
bool dispatch_is_refused(const struct dispatcher *d);
/* What MAIL_REFUSED brings, since its stream would not take it or the lease had lapsed, is kept for another
 * try. */
void dispatch_refused(struct dispatcher *d, struct outgoing *o);
/* Sends them again, half a second behind the newest: what is still this broker's to say. While the lease
 * lasts. */
enum status dispatch_resend(struct dispatcher *d, struct error *err) MUST_CHECK;

#endif
