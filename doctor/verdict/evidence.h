/*
 * What was seen of an execution and of what carries it, before anything is concluded from it. Filled by
 * whoever looks at the servers (doctor/), or by a test. Texts are borrowed; times are nanoseconds since 1970,
 * 0 where there is none.
 */
#ifndef VERDICT_EVIDENCE_H
#define VERDICT_EVIDENCE_H

#include "core/event.h"
#include "core/status.h"
#include "transition/open_work.h"

/* Whether something could be looked at. */
enum sight {
    SIGHT_NONE, /* it could not, or was not */
    SIGHT_ABSENT,
    SIGHT_THERE
};

/* The way from a partition of the event stream into the log. */
struct partition_evidence {
    uint32_t partition;
    enum sight log; /* ABSENT: the database does not answer */
    struct str log_trouble;
    struct str owner;       /* of the partition, in the log; "": nobody */
    bool owner_heard;       /* it says that it is there */
    struct str hindered_by; /* what the owner says keeps it from going on; "": nothing, or it does not say */
    uint64_t committed;     /* the last message that the log has; its stream sequence */
    int64_t committed_ns;   /* when the stream stored that one */
    uint64_t newest;        /* the last message that the stream has of the partition; 0: none */
    int64_t newest_ns;      /* when it was stored */
    uint64_t stream_last;   /* the stream's last message, of whatever partition */
    int64_t oldest_unread_ns; /* of the partition, behind `committed`; 0: none is */
};

struct pool_evidence {
    struct str name;
    enum sight consumer;
    uint64_t delivered;   /* the last sequence of the tasks stream that it has delivered */
    uint64_t settled;     /* up to here it will deliver nothing any more */
    uint64_t stream_last; /* that the tasks stream has */
    uint64_t waiting;     /* requests for tasks that are open */
    uint64_t pending, ack_pending, max_ack_pending;
    bool paused;
    uint32_t workers;      /* of the pool, that answer */
    uint32_t free_threads; /* of these together */
    struct str because;    /* what one of them says keeps it from working; "": nothing */
};

/* A task that a worker says it has. */
struct holder_evidence {
    struct str worker, state; /* "waiting", "running", "reporting" */
    int64_t since_ns;
    uint64_t delivery;
};

/* A fact of the execution that is in the event stream and behind what the log has. */
struct unread_fact {
    enum event_type type;
    struct str task_id; /* "" if it is of none */
    uint64_t sequence;
    int64_t time_ns;
};

struct work_evidence {
    const struct open_work *work;
    int64_t since_ns;     /* when the attempt began, or the wait */
    uint32_t decision_id; /* the event of the log that says so; 0: not found */
    enum event_type decision;
    /* of a task */
    enum sight task;
    uint64_t task_sequence;
    int64_t task_stored_ns;
    const struct pool_evidence *pool;
    const struct holder_evidence *holder; /* NULL: no worker that answers has it */
    bool dead;                            /* the server says that it was delivered too often */
    bool left;                            /* its consumer has it as acknowledged, and delivers it no more */
    /* of another execution */
    enum sight child;     /* in the log */
    bool child_requested; /* in the event stream */
    bool child_over;
};

/* How full a stream is. */
struct stream_evidence {
    struct str name;
    uint64_t messages, bytes, max_messages, max_bytes; /* 0: no bound */
};

struct execution_evidence {
    int64_t id;
    uint32_t depth; /* in executions that were called */
    int64_t now_ns;
    struct str events_stream, tasks_stream; /* their names */
    struct partition_evidence partition;
    struct stream_evidence events_fill, tasks_fill;
    uint64_t request_sequence; /* in the event stream; 0: it is not there */
    int64_t request_ns;
    uint32_t events; /* that the log has */
    int64_t last_event_ns;
    struct str final; /* the event that ended it; "": it is not over */
    bool paused, imported;
    struct str unfoldable; /* why its events cannot be evaluated; "": they can */
    const struct unread_fact *unread;
    size_t unread_count;
    const struct work_evidence *works;
    size_t work_count;
    const struct open_join *joins;
    size_t join_count;
    const int64_t *near; /* ids that look like this one, if there is none such */
    size_t near_count;
    int64_t ack_wait_ms; /* after which a silent worker's task is delivered again */
};

/* ---- of an installation ---------------------------------------------------------------------------------
 */

/* A stream, consumer or bucket, against what `noetl setup` would make. */
struct part_evidence {
    const char *kind; /* "stream" */
    struct str name;  /* zero-terminated */
    enum sight seen;
    struct str difference; /* the first member of its configuration that is another; "": none */
};

struct log_evidence {
    enum sight log;
    struct error trouble; /* why it is not THERE */
    struct str version;
    int64_t size_bytes;
    bool may_read, may_write, is_standby;
};

struct clocks_evidence {
    int64_t nats_ahead_ms, postgres_ahead_ms; /* of this machine's */
    bool has_nats, has_postgres;
};

#endif
