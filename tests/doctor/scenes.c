#include "scenes.h"

#define SECOND       INT64_C(1000000000)
#define AGO(seconds) (SCENE_NOW_NS - (seconds)*SECOND)

/* An execution with one open step, `fetch`, whose task nobody has taken yet. All of it is well. */
struct scene {
    struct execution_evidence x;
    struct open_work work;
    struct work_evidence seen;
    struct pool_evidence pool;
    struct holder_evidence holder;
    struct unread_fact unread;
    struct open_join join;
    struct str arms[2];
    int64_t near[2];
};

static void make(struct scene *s)
{
    *s = (struct scene){0};
    s->work = (struct open_work){.state = WORK_TASK,
                                 .step = STR("fetch"),
                                 .type = STR("http"),
                                 .visit = 1,
                                 .attempt = 1,
                                 .task_id = STR("s1v1a1"),
                                 .token = STR(""),
                                 .timer_id = STR(""),
                                 .pool = STR("default"),
                                 .signal = STR("")};
    s->pool = (struct pool_evidence){.name = STR("default"),
                                     .consumer = SIGHT_THERE,
                                     .delivered = 11,
                                     .stream_last = 12,
                                     .waiting = 1,
                                     .pending = 1,
                                     .max_ack_pending = 1000,
                                     .workers = 1,
                                     .free_threads = 16,
                                     .because = STR("")};
    s->seen = (struct work_evidence){.work = &s->work,
                                     .since_ns = AGO(720),
                                     .decision_id = 3,
                                     .decision = EVENT_STEP_STARTED,
                                     .task = SIGHT_THERE,
                                     .task_sequence = 12,
                                     .task_stored_ns = AGO(720),
                                     .pool = &s->pool};
    s->x = (struct execution_evidence){.id = SCENE_EXECUTION,
                                       .now_ns = SCENE_NOW_NS,
                                       .events_stream = STR("NOETL_EVENTS"),
                                       .tasks_stream = STR("NOETL_TASKS"),
                                       .partition = {.partition = 7,
                                                     .log = SIGHT_THERE,
                                                     .log_trouble = STR(""),
                                                     .owner = STR("blue-4710"),
                                                     .owner_heard = true,
                                                     .hindered_by = STR(""),
                                                     .committed = 40,
                                                     .committed_ns = AGO(720),
                                                     .newest = 40,
                                                     .newest_ns = AGO(720),
                                                     .stream_last = 43},
                                       .request_sequence = 38,
                                       .request_ns = AGO(721),
                                       .events = 3,
                                       .last_event_ns = AGO(720),
                                       .final = STR(""),
                                       .unfoldable = STR(""),
                                       .works = &s->seen,
                                       .work_count = 1,
                                       .ack_wait_ms = 30000};
}

static void add_unread(struct scene *s, enum event_type type, struct str task_id, int64_t ago)
{
    s->unread = (struct unread_fact){type, task_id, 43, AGO(ago)};
    s->x.unread = &s->unread;
    s->x.unread_count = 1;
    s->x.partition.newest = 43;
    s->x.partition.newest_ns = s->x.partition.oldest_unread_ns = AGO(ago);
}

static void hold(struct scene *s, struct str state, int64_t ago)
{
    s->holder = (struct holder_evidence){STR("blue-4711"), state, AGO(ago), 1};
    s->seen.holder = &s->holder;
    s->pool.delivered = 12;
    s->pool.pending = 0;
    s->pool.ack_pending = 1;
}

static void forget(struct scene *s)
{
    s->x.events = 0;
    s->x.work_count = 0;
}

/* ---- executions -----------------------------------------------------------------------------------------
 */

static bool as_a_whole(enum verdict v, struct scene *s)
{
    switch ((int)v) {
    case VERDICT_OVER:
        s->x.final = STR("execution_complete");
        s->x.work_count = 0;
        return true;
    case VERDICT_IMPORTED: s->x.imported = true; return true;
    case VERDICT_UNKNOWN:
        forget(s);
        s->x.request_sequence = 0;
        s->near[0] = 734120;
        s->near[1] = 734125;
        s->x.near = s->near;
        s->x.near_count = 2;
        return true;
    case VERDICT_REQUEST_LOST: forget(s); return true;
    case VERDICT_FACT_UNREAD:
        forget(s);
        s->x.request_sequence = 43;
        s->x.request_ns = AGO(1);
        return true;
    case VERDICT_PAUSED:
        s->x.paused = true;
        s->x.work_count = 0;
        return true;
    case VERDICT_NOTHING_OPEN: s->x.work_count = 0; return true;
    case VERDICT_UNFOLDABLE: s->x.unfoldable = STR("event 3 comes behind event 1"); return true;
    case VERDICT_JOIN_WAITS:
        s->arms[0] = STR("fetch");
        s->arms[1] = STR("approve");
        s->join = (struct open_join){STR("merge"), 1, s->arms, 2};
        s->x.joins = &s->join;
        s->x.join_count = 1;
        return true;
    default: return false;
    }
}

static bool of_a_task(enum verdict v, struct scene *s)
{
    switch ((int)v) {
    case VERDICT_TASK_QUEUED: return true;
    case VERDICT_TASK_RUNNING: hold(s, STR("running"), 4); return true;
    case VERDICT_TASK_AT_WORKER: hold(s, STR("waiting"), 4); return true;
    case VERDICT_OUTCOME_UNSENT: hold(s, STR("reporting"), 60); return true;
    case VERDICT_WORKERS_BUSY:
        s->pool.waiting = s->pool.free_threads = 0;
        s->pool.ack_pending = 16;
        return true;
    case VERDICT_POOL_FULL: s->pool.ack_pending = 1000; return true;
    case VERDICT_NO_WORKER: s->pool.waiting = s->pool.workers = 0; return true;
    case VERDICT_WORKER_DEAF: s->pool.waiting = 0; return true;
    case VERDICT_CONSUMER_MISSING: s->pool.consumer = SIGHT_ABSENT; return true;
    case VERDICT_CONSUMER_PAUSED: s->pool.paused = true; return true;
    case VERDICT_CONSUMER_AHEAD: s->pool.delivered = 90; return true;
    case VERDICT_TASK_HELD: s->pool.delivered = 12; return true;
    case VERDICT_TASK_DEAD:
        s->pool.delivered = 12;
        s->seen.dead = true;
        return true;
    case VERDICT_TASK_UNSENT:
        s->x.tasks_fill = (struct stream_evidence){STR("NOETL_TASKS"), 1000, 524288, 1000, 0};
        s->seen.task = SIGHT_ABSENT;
        return true;
    case VERDICT_TASK_LOST: s->seen.task = SIGHT_ABSENT; return true;
    case VERDICT_OUTCOME_UNREAD: add_unread(s, EVENT_ACTION_COMPLETED, STR("s1v1a1"), 1); return true;
    default: return false;
    }
}

static bool of_another_wait(enum verdict v, struct scene *s)
{
    switch ((int)v) {
    case VERDICT_CHILD_OPEN:
    case VERDICT_CHILD_LOST:
    case VERDICT_CHILD_UNHEARD:
        s->work.state = WORK_CHILD;
        s->work.child = 734999;
        s->seen.child = v == VERDICT_CHILD_LOST ? SIGHT_ABSENT : SIGHT_THERE;
        s->seen.child_over = v == VERDICT_CHILD_UNHEARD;
        return true;
    case VERDICT_LIST_AWAITED: s->work.state = WORK_LISTING; return true;
    case VERDICT_SIGNAL_AWAITED:
        s->work.state = WORK_SIGNAL;
        s->work.signal = STR("approved");
        return true;
    case VERDICT_TIMER_SET:
    case VERDICT_TIMER_OVERDUE:
        s->work.state = WORK_DELAYED;
        s->work.timer_id = STR("s1v1a2");
        s->work.due_ns = v == VERDICT_TIMER_SET ? AGO(-30) : AGO(90);
        return true;
    default: return false;
    }
}

static bool of_the_broker(enum verdict v, struct scene *s)
{
    add_unread(s, EVENT_ACTION_COMPLETED, STR("s1v1a1"), 45);
    switch ((int)v) {
    case VERDICT_NO_OWNER: s->x.partition.owner = STR(""); return true;
    case VERDICT_BROKER_SILENT: s->x.partition.owner_heard = false; return true;
    case VERDICT_BROKER_STALLED:
        s->x.partition.hindered_by = STR("as much waits for the event log as may; no facts are taken");
        return true;
    case VERDICT_STREAM_BEHIND:
        make(s);
        s->x.partition.stream_last = 12;
        return true;
    default: return false;
    }
}

static bool scene_of(enum verdict v, struct scene *s)
{
    make(s);
    return as_a_whole(v, s) || of_a_task(v, s) || of_another_wait(v, s) || of_the_broker(v, s);
}

/* ---- installations
 * ----------------------------------------------------------------------------------------- */

static void judge_topology(enum verdict v, struct report *r)
{
    struct part_evidence p = {"consumer", STR("default"), SIGHT_THERE, STR("")};
    if (v == VERDICT_SETUP_MISSING)
        p.seen = SIGHT_ABSENT;
    if (v == VERDICT_NATS_DENIED)
        p.seen = SIGHT_NONE;
    if (v == VERDICT_SETUP_DIFFERS)
        p.difference = STR("ack_wait");
    judge_part(r, &p);
}

static void judge_the_log(enum verdict v, struct report *r)
{
    struct log_evidence l = {.log = SIGHT_THERE,
                             .version = STR("15.8"),
                             .size_bytes = INT64_C(812) << 20,
                             .may_read = v == VERDICT_LOG_WELL,
                             .may_write = true};
    if (v == VERDICT_LOG_AWAY)
        (void)error_set(&l.trouble, STATUS_UNAVAILABLE,
                        "connection to server at \"db\", port 5432 failed: refused");
    if (v == VERDICT_LOG_SCHEMA)
        (void)error_set(&l.trouble, STATUS_CONFLICT,
                        "the event log's schema is of version 4, this program needs 5");
    if (v == VERDICT_LOG_UNSEEN)
        (void)error_set(&l.trouble, STATUS_INVALID, "the setting postgres.url is empty");
    if (v == VERDICT_LOG_AWAY || v == VERDICT_LOG_SCHEMA)
        l.log = SIGHT_ABSENT;
    if (v == VERDICT_LOG_UNSEEN)
        l.log = SIGHT_NONE;
    judge_log(r, &l);
}

static void add_plain(enum verdict v, const char *subject, const char *text, struct report *r)
{
    struct finding *f = report_add(r, v);
    f->subject = str_of(subject);
    f->text = str_of(text);
}

static bool judge_installed(enum verdict v, struct report *r)
{
    struct scene s;
    struct report of_execution;
    make(&s);
    switch ((int)v) {
    case VERDICT_BROKER_WELL: judge_partitions(r, &s.x.partition, 1, SCENE_NOW_NS); return true;
    case VERDICT_LOG_WELL:
    case VERDICT_LOG_AWAY:
    case VERDICT_LOG_UNSEEN:
    case VERDICT_LOG_SCHEMA:
    case VERDICT_LOG_DENIED: judge_the_log(v, r); return true;
    case VERDICT_NATS_WELL: add_plain(v, "NATS", "nats-server 2.9.10.", r); return true;
    case VERDICT_SETUP_WELL:
        add_plain(v, "streams", "They, their consumers and the buckets are as `noetl setup` makes them.", r);
        return true;
    case VERDICT_NATS_AWAY:
        add_plain(v, "NATS", "no NATS server answers at nats://127.0.0.1:4222 (from the default).", r);
        return true;
    case VERDICT_NATS_DENIED:
    case VERDICT_SETUP_MISSING:
    case VERDICT_SETUP_DIFFERS: judge_topology(v, r); return true;
    case VERDICT_STREAM_FULL:
    case VERDICT_STREAM_FILLS:
        judge_stream(r, &(struct stream_evidence){STR("NOETL_EVENTS"), v == VERDICT_STREAM_FULL ? 1000 : 900,
                                                  524288, 1000, 0});
        return true;
    case VERDICT_POOL_WELL: judge_pool(r, &s.pool); return true;
    case VERDICT_DEAD_LETTERS: judge_dead_letters(r, 2, AGO(3600)); return true;
    case VERDICT_PART_WELL:
    case VERDICT_PART_SILENT: judge_service(r, "render", v == VERDICT_PART_WELL); return true;
    case VERDICT_CLOCK_WELL:
    case VERDICT_CLOCK_OFF:
        judge_clocks(r, &(struct clocks_evidence){v == VERDICT_CLOCK_OFF ? -4200 : 3, 1, true, true});
        return true;
    case VERDICT_STANDS_STILL:
        report_init(&of_execution, r->arena);
        (void)scene_judge(VERDICT_NO_WORKER, &of_execution);
        judge_still(r, &of_execution, SCENE_EXECUTION);
        return true;
    default: return false;
    }
}

bool scene_is_of_execution(enum verdict v)
{
    struct scene s;
    return scene_of(v, &s);
}

bool scene_judge(enum verdict v, struct report *r)
{
    struct scene s;
    if (!scene_of(v, &s))
        return judge_installed(v, r);
    judge_execution(r, &s.x);
    return true;
}
