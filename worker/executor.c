#include "executor.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "attempt.h"
#include "core/json.h"
#include "heard_end.h"
#include "large.h"
#include "measure.h"
#include "outcome.h"
#include "repetition.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "task_log.h"

enum {
    MAX_TOOLS = 16,
    NO_MEMORY_AGAIN_MS = 2000,
};

struct executor {
    struct crew *crew;
    pthread_t thread;
    struct task_stop stop;
    struct arena arena; /* of one task */
    struct tool_host host;
    struct secret_source secrets;
    pthread_cond_t wake;
    bool woken;                  /* from the stack of idle ones, under the crew's mutex */
    struct executor *idle_below; /* in that stack */
    struct {
        const struct tool *tool;
        struct tool_thread *thread;
    } opened[MAX_TOOLS];
    size_t opened_count;
};

struct crew {
    struct station *station;
    struct executor *executors;
    uint32_t count, started;
    pthread_rwlock_t pull_lock; /* `pull` stays while it is held */
    struct bus_pull *pull;
    pthread_mutex_t mutex;
    pthread_cond_t all_idle;
    struct executor *idle; /* a stack: the one that became idle last is on top */
    bool leading;          /* one that is idle, and not in the stack, reads the connection or is about to */
    struct lease *first, **last; /* the queue */
    bool waking;                 /* a thread was woken for it and has not looked yet */
    uint32_t owed;               /* free threads that the pull has not been asked for */
    uint32_t busy;
    bool attached, finishing;
    struct patience patience; /* of all: until it finishes */
};

/* ---- tools ---------------------------------------------------------------------------------------- */

static enum status open_tool(struct executor *x, const struct tool *tool, struct tool_thread **out,
                             struct error *err)
{
    *out = NULL;
    if (!tool->open)
        return STATUS_OK;
    for (size_t i = 0; i < x->opened_count; i++) {
        if (x->opened[i].tool == tool) {
            *out = x->opened[i].thread;
            return STATUS_OK;
        }
    }
    TRY(tool->open(&x->host, out, err));
    x->opened[x->opened_count].tool = tool;
    x->opened[x->opened_count++].thread = *out;
    return STATUS_OK;
}

static void close_tools(struct executor *x)
{
    for (size_t i = 0; i < x->opened_count; i++)
        if (x->opened[i].tool->close)
            x->opened[i].tool->close(x->opened[i].thread);
    x->opened_count = 0;
}

/* ---- one task ------------------------------------------------------------------------------------- */

static int64_t timeout_of(const struct executor *x, const struct task *task)
{
    const int64_t longest_ms = INT64_C(366) * 86400000; /* so that sums of times cannot overflow */
    int64_t ms = task->timeout_ms > 0 ? task->timeout_ms
                                      : settings_int(x->crew->station->settings, SETTING_WORKER_TASK_TIMEOUT);
    return ms < longest_ms ? ms : longest_ms;
}

static void drop(struct executor *x, struct lease *l)
{
    lease_release(x->crew->station->keeper, l);
}

static void refuse(struct executor *x, struct lease *l, const struct error *err)
{
    char reason[256];
    error_text(err, reason, sizeof(reason));
    LOG(LOG_ERROR, "a message on the tasks stream is no task", LOG_SUBJECT(l->delivery->subject),
        LOG_NUM("sequence", l->delivery->stream_sequence), LOG_ERR(err));
    bus_deliver_term(x->crew->station->bus, l->delivery, reason);
    drop(x, l);
}

static void give_back(struct executor *x, struct lease *l, int64_t delay_ms)
{
    lease_give_back(x->crew->station->keeper, l, delay_ms);
}

static void let_go(struct executor *x, struct lease *l, const struct task *task, const char *why)
{
    LOG(LOG_INFO, why, LOG_TASK(task), LOG_NUM("delivery", l->delivery->deliveries));
    bus_deliver_ack(x->crew->station->bus, l->delivery);
    drop(x, l);
}

/* Nothing is said to the stream: whoever has it does, or it gives it to somebody when its time is over. */
static void leave(struct executor *x, struct lease *l, const struct task *task, const char *why)
{
    LOG(LOG_INFO, why, LOG_TASK(task), LOG_NUM("delivery", l->delivery->deliveries));
    drop(x, l);
}

static void log_end(const struct task *task, enum status s, const struct error *failure, int64_t duration_ms)
{
    if (s == STATUS_OK)
        LOG(LOG_DEBUG, "task done", LOG_TASK(task), LOG_NUM("ms", duration_ms));
    else
        LOG(LOG_INFO, "task failed", LOG_TASK(task), LOG_NUM("ms", duration_ms), LOG_ERR(failure));
}

static bool is_finishing(void *crew)
{
    struct crew *c = crew;
    pthread_mutex_lock(&c->mutex);
    bool finishing = c->finishing;
    pthread_mutex_unlock(&c->mutex);
    return finishing;
}

/* False: it was given back. */
static bool report(struct executor *x, struct lease *l, const struct attempt_report *attempt, enum status s,
                   const struct outcome *out, const struct error *failure)
{
    const struct station *st = x->crew->station;
    const struct task *task = attempt->task;
    struct buf json;
    struct error err;
    enum event_type type;
    buf_init(&json, 0);
    enum status written = large_outcome(st->bus, st->subjects, attempt, s, out, failure, &x->crew->patience,
                                        &x->arena, &json, &type, &err);
    if (written == STATUS_OK)
        written = report_outcome(st->reporter, l, task, type, buf_str(&json), &err);
    buf_free(&json);
    if (written == STATUS_OK)
        return true;
    LOG(LOG_ERROR, "an outcome could not be written; the task is given back", LOG_TASK(task), LOG_ERR(&err));
    give_back(x, l, 1000);
    return false;
}

/* What the tool says when it was stopped is less than what is known here. */
static enum status explain_stop(int reason, int64_t timeout_ms, struct error *failure)
{
    if (reason != STATUS_TIMEOUT)
        return error_set(failure, (enum status)reason, "the attempt was stopped");
    error_set(failure, STATUS_TIMEOUT, "the attempt took longer than its time of %g s and was stopped",
              (double)timeout_ms / 1000);
    return error_hint(failure, "Set \"timeout\" (seconds) on the step, or worker.task_timeout for all.");
}

static enum status run_tool(struct executor *x, const struct task *task, struct value data,
                            struct outcome *out, struct error *err)
{
    const struct tool *tool;
    struct tool_thread *thread;
    bool as_storage = !value_is_absent(data);
    TRY(tool_for(task, as_storage, &tool, err));
    TRY(open_tool(x, tool, &thread, err));
    return as_storage ? tool->save(thread, task, data, &x->stop, &x->arena, out, err)
                      : tool->run(thread, task, &x->stop, &x->arena, out, err);
}

/* A tool_runner's. What comes when the time is over does not begin. */
static enum status run_part(void *executor, const struct task *task, struct value data, struct outcome *out,
                            struct error *err)
{
    struct executor *x = executor;
    enum status s = STATUS_OK;
    bool is_over = atomic_load(&x->stop.reason) != 0;
    if (!is_over)
        s = run_tool(x, task, data, out, err);
    int reason = atomic_load(&x->stop.reason);
    return (is_over || s != STATUS_OK) && reason != 0 ? explain_stop(reason, timeout_of(x, task), err) : s;
}

static enum status run_attempt(struct executor *x, const struct task *task, struct outcome *out,
                               struct error *failure)
{
    const struct tool_runner runner = {.run = run_part, .context = x};
    size_t limit = (size_t)settings_int(x->crew->station->settings, SETTING_WORKER_RESULT_LIMIT);
    return attempt_run(&runner, &x->secrets, task, limit, &x->arena, out, failure);
}

static void run_task(struct executor *x, struct lease *l, const struct task *task)
{
    struct station *st = x->crew->station;
    struct attempt_report attempt = {
        .task = task, .worker = st->name, .started_ns = wall_now().ns, .delivery = l->delivery->deliveries};
    struct buf log;
    task_log_init(&log, (size_t)settings_int(st->settings, SETTING_WORKER_LOG_LIMIT));
    struct outcome out = {.log = &log};
    struct error failure = {0};
    struct mono_time begin = mono_now();

    lease_begin(st->keeper, l, task, &x->stop, timeout_of(x, task));
    enum status s = run_attempt(x, task, &out, &failure);
    bool is_over = lease_end(st->keeper, l);
    attempt.duration_ms = mono_ms_since(begin);
    int reason = atomic_load(&x->stop.reason);
    task_stop_clear(&x->stop);
    log_end(task, s, &failure, attempt.duration_ms);

    enum task_end end = s == STATUS_OK ? TASK_COMPLETED : TASK_FAILED;
    if (s == STATUS_CANCELLED && is_over) {
        end = TASK_DROPPED;
        let_go(x, l, task, "task stopped, nobody waits for it any more");
    } else if (s == STATUS_CANCELLED && reason != 0) {
        end = TASK_GIVEN_BACK;
        give_back(x, l, 0);
    } else if (!report(x, l, &attempt, s, &out, &failure)) {
        end = TASK_GIVEN_BACK;
    }
    measure_task(task->type, end, mono_now().ns - begin.ns);
    buf_free(&log);
}

/* What came was only a reference to the task, and that leads nowhere: the attempt fails with that reason. */
static void fail_task(struct executor *x, struct lease *l, const struct task *task, const struct error *why)
{
    const struct outcome nothing = {.data = {.type = VALUE_UNDEFINED}};
    struct attempt_report attempt = {.task = task,
                                     .worker = x->crew->station->name,
                                     .started_ns = wall_now().ns,
                                     .delivery = l->delivery->deliveries};
    log_end(task, why->status, why, 0);
    bool reported = report(x, l, &attempt, why->status, &nothing, why);
    measure_task(task->type, reported ? TASK_FAILED : TASK_GIVEN_BACK, 0);
}

/*
 * Not run any more where another worker may have the task by now and not have ended it, so that no outcome
 * tells. One that nobody has after all is delivered again; the last delivery that there may be is run.
 */
static bool is_of_another(struct executor *x, struct lease *l)
{
    const struct station *st = x->crew->station;
    return !again_is_last(&st->again, l->deliveries) && lease_has_lapsed(st->keeper, l);
}

/* `task` is what the message says of it. */
static void run_whole(struct executor *x, struct lease *l, const struct task *task)
{
    const struct station *st = x->crew->station;
    struct task whole = *task;
    struct error err;
    bool told = false;
    enum status s;
    do {
        s = large_task(st->bus, st->subjects, l->delivery->payload, &x->arena, &whole, &err);
        if (status_may_retry(s) && !told)
            LOG(LOG_WARN, "a large task cannot be fetched now, and waits", LOG_TASK(task), LOG_ERR(&err));
        told = true;
    } while (s != STATUS_NO_MEMORY &&
             patience_tries_again(&x->crew->patience, s)); /* another worker may have that */
    if (is_of_another(x, l)) {
        leave(x, l, task, "a task came too late; it is left to whom the stream gives it next");
    } else if (s == STATUS_OK) {
        run_task(x, l, &whole);
    } else if (status_may_retry(s)) {
        give_back(x, l, s == STATUS_NO_MEMORY ? NO_MEMORY_AGAIN_MS : 0);
    } else {
        fail_task(x, l, task, &err);
    }
}

static void run_again(struct executor *x, struct lease *l, const struct task *task)
{
    switch (repetition_see(x->crew->station, l, task, timeout_of(x, task), &x->crew->patience)) {
    case REPETITION_RUNS:
        LOG(LOG_DEBUG, "task may have been run before, and is run", LOG_TASK(task),
            LOG_NUM("delivery", l->delivery->deliveries));
        run_whole(x, l, task);
        break;
    case REPETITION_STANDS:
        metric_add(METRIC_WORKER_STOOD, 0, 1);
        let_go(x, l, task, "task not run again, its outcome stands");
        break;
    case REPETITION_ELSEWHERE:
        leave(x, l, task, "a task that comes again is at work at another worker, and left to it");
        break;
    case REPETITION_GIVEN_BACK: give_back(x, l, 0); break;
    }
}

static void run_open(struct executor *x, struct lease *l, const struct task *task)
{
    if (again_is_possible(&x->crew->station->again, l->delivery))
        run_again(x, l, task);
    else
        run_whole(x, l, task);
}

static void run_claimed(struct executor *x, struct lease *l, const struct task *task)
{
    switch (heard_end_see(x->crew->station, l, task, &x->crew->patience)) {
    case HEARD_END_NONE: run_open(x, l, task); break;
    case HEARD_END_STANDS:
        metric_add(METRIC_WORKER_STOOD, 0, 1);
        let_go(x, l, task, "task not run, nobody waits for it any more");
        break;
    case HEARD_END_UNSAID: give_back(x, l, 0); break;
    }
}

/* A task that this worker has not got already. */
static void take_task(struct executor *x, struct lease *l, const struct task *task)
{
    switch (lease_claim(x->crew->station->keeper, l, task)) {
    case LEASE_CLAIMED: run_claimed(x, l, task); break;
    case LEASE_IS_HERE: drop(x, l); break;
    case LEASE_IS_HERE_AS_ANOTHER:
        let_go(x, l, task, "a second message of a task that is at work here is not run");
        break;
    }
}

static void run_lease(struct executor *x, struct lease *l)
{
    struct value message;
    struct task task;
    struct error err;
    enum status s = json_read_map(&x->arena, l->delivery->payload, "the task", &message, &err);
    if (s == STATUS_OK)
        s = task_from_value(message, &task, &err);
    bool again = l->delivery->deliveries > 1;
    metric_add(METRIC_WORKER_REDELIVERED, 0, again);
    metric_add(METRIC_WORKER_RUNNING, 0, 1);
    if (s != STATUS_OK) {
        refuse(x, l, &err);
    } else if (again_is_copy(l->delivery, &task)) {
        metric_add(METRIC_WORKER_COPIES, 0, 1);
        let_go(x, l, &task, "a task that the broker did not publish is not run");
    } else {
        take_task(x, l, &task);
    }
    metric_add(METRIC_WORKER_RUNNING, 0, -1);
    arena_reset(&x->arena);
}

/* ---- threads -------------------------------------------------------------------------------------- */

/* With the mutex held, which is let go meanwhile. */
static void ask_for_work(struct crew *c)
{
    uint32_t n = c->owed;
    if (!c->attached || n == 0)
        return;
    c->owed = 0;
    pthread_mutex_unlock(&c->mutex);
    pthread_rwlock_rdlock(&c->pull_lock);
    if (c->pull)
        bus_pull_want(c->pull, n);
    pthread_rwlock_unlock(&c->pull_lock);
    pthread_mutex_lock(&c->mutex);
}

static struct lease *take_queued(struct crew *c)
{
    struct lease *l = c->first;
    if (l) {
        c->first = l->next;
        c->last = c->first ? c->last : &c->first;
        l->next = NULL;
        c->busy++;
    }
    return l;
}

/*
 * With the mutex held: wakes one thread for what is queued, unless one is on its way. That one wakes the next
 * when it has come, so that all start within a few wake-ups, while short tasks are run one after the other by
 * a few threads that are awake. The one that leads takes the first by itself.
 */
static void wake_one(struct crew *c)
{
    struct executor *x = c->idle;
    if (!x || !c->first || c->waking || (c->leading && !c->first->next))
        return;
    c->idle = x->idle_below;
    c->waking = x->woken = true;
    pthread_cond_signal(&x->wake);
    bus_lead_offer(c->station->bus);
}

/* With the mutex held. */
static bool has_call(const struct crew *c)
{
    return c->first || c->finishing;
}

static bool is_called(void *crew)
{
    struct crew *c = crew;
    pthread_mutex_lock(&c->mutex);
    bool called = has_call(c);
    pthread_mutex_unlock(&c->mutex);
    return called;
}

/* With the mutex held, which is let go meanwhile. False, at once, when another thread leads. */
static bool lead(struct crew *c)
{
    if (c->leading)
        return false;
    c->leading = true;
    pthread_mutex_unlock(&c->mutex);
    bool led = bus_lead(c->station->bus, INT64_MAX, is_called, c);
    pthread_mutex_lock(&c->mutex);
    c->leading = false;
    return led;
}

/* With the mutex held. A thread that becomes idle asks for all that are free. */
static void wait_idle(struct executor *x)
{
    struct crew *c = x->crew;
    ask_for_work(c);
    if (has_call(c) || lead(c) || has_call(c))
        return;
    x->idle_below = c->idle;
    c->idle = x;
    while (!x->woken && !c->finishing)
        pthread_cond_wait(&x->wake, &c->mutex);
    if (x->woken)
        c->waking = x->woken = false;
}

/* The next lease; NULL when there will be none. */
static struct lease *next_lease(struct executor *x)
{
    struct crew *c = x->crew;
    struct lease *l = NULL;
    pthread_mutex_lock(&c->mutex);
    while (!c->finishing && !(l = take_queued(c)))
        wait_idle(x);
    wake_one(c);
    pthread_mutex_unlock(&c->mutex);
    return l;
}

static void done_lease(struct crew *c)
{
    pthread_mutex_lock(&c->mutex);
    c->busy--;
    c->owed++;
    if (c->busy == 0)
        pthread_cond_broadcast(&c->all_idle);
    if (c->owed >= c->count / 2) /* threads that find the queue filled do not become idle */
        ask_for_work(c);
    pthread_mutex_unlock(&c->mutex);
}

static void *work(void *context)
{
    struct executor *x = context;
    struct lease *l;
    while ((l = next_lease(x))) {
        run_lease(x, l);
        done_lease(x->crew);
    }
    close_tools(x); /* here: a child may be bound to the thread that started it */
    return NULL;
}

static enum status start_executor(struct crew *c, struct error *err)
{
    struct executor *x = &c->executors[c->started];
    x->crew = c;
    x->host = (struct tool_host){.settings = c->station->settings, .bus = c->station->bus};
    arena_init(&x->arena, 0);
    TRY(task_stop_open(&x->stop, err));
    enum status s = secret_source_open(&x->secrets, c->station->settings, err);
    if (s != STATUS_OK) {
        task_stop_close(&x->stop);
        return s;
    }
    pthread_cond_init(&x->wake, NULL);
    if (pthread_create(&x->thread, NULL, work, x) != 0) {
        secret_source_close(&x->secrets);
        pthread_cond_destroy(&x->wake);
        task_stop_close(&x->stop);
        return error_set(err, STATUS_IO, "the system gives no more than %u threads for tasks", c->started);
    }
    c->started++;
    return STATUS_OK;
}

static void init_sync(struct crew *c)
{
    pthread_rwlock_init(&c->pull_lock, NULL);
    pthread_mutex_init(&c->mutex, NULL);
    mono_cond_init(&c->all_idle);
}

enum status crew_open(struct station *station, uint32_t threads, struct crew **out, struct error *err)
{
    struct crew *c = calloc(1, sizeof(*c));
    if (c)
        c->executors = calloc(threads, sizeof(*c->executors));
    if (!c || !c->executors) {
        free(c);
        return error_set(err, STATUS_NO_MEMORY, "no memory for %u executing threads", threads);
    }
    c->station = station;
    c->patience = (struct patience){is_finishing, c};
    c->count = c->owed = threads;
    c->last = &c->first;
    init_sync(c);
    enum status s = STATUS_OK;
    while (s == STATUS_OK && c->started < c->count)
        s = start_executor(c, err);
    if (s != STATUS_OK)
        crew_close(&c);
    *out = c;
    return s;
}

/* With the mutex held. */
static void enqueue(struct crew *c, struct lease *l)
{
    *c->last = l;
    c->last = &l->next;
    wake_one(c);
}

void crew_deliver(void *crew, struct bus_delivery *delivery)
{
    struct crew *c = crew;
    struct lease *l = lease_take(c->station->keeper, delivery);
    again_note(&c->station->again, delivery);
    pthread_mutex_lock(&c->mutex);
    bool finishing = c->finishing;
    if (!l)
        c->owed++;
    else if (!finishing)
        enqueue(c, l);
    pthread_mutex_unlock(&c->mutex);
    if (!l) { /* the stream gives it to somebody when its time is over */
        LOG_LINE(LOG_ERROR, "no memory for a task that came");
        bus_delivery_free(delivery);
    } else if (finishing) {
        lease_give_back(c->station->keeper, l, 0);
    }
}

void crew_attach(struct crew *c, struct bus_pull *pull)
{
    pthread_rwlock_wrlock(&c->pull_lock);
    c->pull = pull;
    pthread_rwlock_unlock(&c->pull_lock);
    pthread_mutex_lock(&c->mutex);
    c->attached = pull != NULL;
    ask_for_work(c);
    pthread_mutex_unlock(&c->mutex);
}

static void give_back_queue(struct crew *c)
{
    while (c->first) {
        struct lease *l = c->first;
        c->first = l->next;
        lease_give_back(c->station->keeper, l, 0);
    }
    c->last = &c->first;
}

uint32_t crew_finish(struct crew *c, int64_t timeout_ms)
{
    int64_t due_ns = mono_now().ns + timeout_ms * 1000000;
    struct timespec until = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
    pthread_mutex_lock(&c->mutex);
    c->finishing = true;
    give_back_queue(c);
    for (uint32_t i = 0; i < c->started; i++)
        pthread_cond_signal(&c->executors[i].wake);
    if (c->leading)
        bus_lead_look(c->station->bus);
    while (c->busy > 0 && pthread_cond_timedwait(&c->all_idle, &c->mutex, &until) == 0)
        ;
    uint32_t busy = c->busy;
    pthread_mutex_unlock(&c->mutex);
    return busy;
}

void crew_close(struct crew **crew)
{
    struct crew *c = *crew;
    if (!c)
        return;
    *crew = NULL;
    crew_finish(c, 0);
    lease_keeper_stop_all(c->station->keeper);
    for (uint32_t i = 0; i < c->started; i++) {
        pthread_join(c->executors[i].thread, NULL);
        pthread_cond_destroy(&c->executors[i].wake);
        task_stop_close(&c->executors[i].stop);
        secret_source_close(&c->executors[i].secrets);
        arena_free(&c->executors[i].arena);
    }
    pthread_cond_destroy(&c->all_idle);
    pthread_mutex_destroy(&c->mutex);
    pthread_rwlock_destroy(&c->pull_lock);
    free(c->executors);
    free(c);
}
