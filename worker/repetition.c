#include "repetition.h"

#include "inquiry.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "task_log.h"

enum {
    PATIENCE_MS = 30000, /* with brokers, which may all be away, and */
    ACK_WAITS = 3        /* no longer than so many times ack_wait */
};

/* One question about one task. */
struct sight {
    struct station *st;
    const struct lease *l;
    const struct task *task;
    const struct patience *patience;
};

/* Waits while the stream cannot say it. */
static enum status look_in_stream(const struct sight *s, bool *stands, struct error *err)
{
    struct mono_time begin = mono_now();
    bool ids_tell = again_ids_tell(&s->st->again), told = false;
    enum status status;
    do {
        status = report_stands(s->st->reporter, s->l->delivery, s->task, ids_tell, stands, err);
        if (status_may_retry(status) && !told && mono_ms_since(begin) > PATIENCE_MS) {
            LOG(LOG_WARN, "whether a task has an outcome already cannot be seen now; it waits",
                LOG_TASK(s->task), LOG_ERR(err));
            told = true;
        }
    } while (patience_tries_again(s->patience, status));
    return status;
}

static int64_t patience_with_brokers(const struct station *st)
{
    int64_t ms = ACK_WAITS * atomic_load(&st->again.ack_wait_ns) / 1000000;
    return ms < PATIENCE_MS ? ms : PATIENCE_MS;
}

/*
 * Asks the stream, and the brokers of what that does not show. Nobody's silence counts while NATS does not
 * answer: so the stream is asked before each further question, and a new connection is a new beginning.
 * *stands is false when nobody says it for long; the error is that the worker ends meanwhile, or why it
 * cannot be seen.
 */
static enum status look_for_outcome(const struct sight *s, bool *stands, struct error *err)
{
    struct bus *bus = s->st->bus;
    int64_t silent_ms = 0;
    uint32_t connection = bus_connections(bus);
    enum status status = look_in_stream(s, stands, err);
    while (!*stands && !status_may_retry(status)) {
        struct error silence;
        struct mono_time asked = mono_now();
        enum status said = attempt_has_ended(bus, s->st->subjects, s->task, stands, &silence);
        if (!patience_tries_again(s->patience, said)) {
            *err = silence;
            return said;
        }
        silent_ms += mono_ms_since(asked);
        status = look_in_stream(s, stands, err);
        if (connection != bus_connections(bus))
            silent_ms = 0;
        connection = bus_connections(bus);
        if (*stands || status_may_retry(status) || silent_ms <= patience_with_brokers(s->st))
            continue;
        LOG(LOG_WARN, "no broker says whether a task that comes again has ended; it counts as open",
            LOG_TASK(s->task), LOG_ERR(&silence));
        break;
    }
    return status;
}

/* Waits while that cannot be heard. */
static bool is_elsewhere(const struct sight *s)
{
    bool is_new = again_is_told(&s->st->again, s->l->delivery), has = false;
    int64_t came_ns = mono_now().ns;
    while (!elsewhere_has(&s->st->elsewhere, s->task, is_new, came_ns, &has) && patience_pauses(s->patience))
        ;
    return has;
}

static enum repetition look(const struct sight *s)
{
    bool stands = false;
    struct error err = {0};
    enum status status = look_for_outcome(s, &stands, &err);
    if (stands)
        return REPETITION_STANDS;
    bool elsewhere = !status_may_retry(status) && is_elsewhere(s);
    if (status_may_retry(status) || patience_is_over(s->patience))
        return REPETITION_GIVEN_BACK;
    return elsewhere ? REPETITION_ELSEWHERE : REPETITION_RUNS;
}

/*
 * The last delivery of a task that is at work elsewhere, be it another message of it: left, the stream would
 * give it up, and the attempt would fail. So it waits here, no longer than the task can be at work.
 */
static enum repetition wait_for_other(const struct sight *s, int64_t longest_ms)
{
    struct mono_time begin = mono_now();
    enum repetition r = REPETITION_ELSEWHERE;
    while (r == REPETITION_ELSEWHERE && mono_ms_since(begin) < longest_ms + PATIENCE_MS) {
        (void)patience_lasts_a_second(s->patience);
        r = look(s);
    }
    return r == REPETITION_ELSEWHERE ? REPETITION_RUNS : r;
}

enum repetition repetition_see(struct station *st, const struct lease *l, const struct task *task,
                               int64_t longest_ms, const struct patience *patience)
{
    const struct sight s = {st, l, task, patience};
    enum repetition r = look(&s);
    return r == REPETITION_ELSEWHERE && again_is_last(&st->again, l->deliveries)
               ? wait_for_other(&s, longest_ms)
               : r;
}
