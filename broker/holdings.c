#include "holdings.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "assignment.h"
#include "core/id.h"
#include "membership.h"
#include "parts.h"
#include "publisher/topology.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"
#include "taken.h"

enum {
    ANSWERS_WITHIN_MS = 300, /* of the other brokers, to the question who is there */
    PAUSE_MS = 200,          /* between looks while something waits */
    REST_MS = 2000,          /* between looks otherwise */
    CHECK_MS = 5000,         /* between looks at whether the log agrees */
    UNSEEN_MS = 5000,        /* from a stream that did not answer to the next question about its end */
};

struct holdings {
    struct holdings_options options;
    char name[160];
    struct membership *members;
    struct parts parts;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool look, stopping;
    bool log_is_right, said_away, said_ready, said_silent; /* the thread's own */
    bool lapsed_before;
    bool members_are_known;   /* since it hears itself (again) */
    struct mono_time checked; /* when the log was asked what of it is held */
    struct mono_time unseen;  /* when the stream's end could not be seen last; 0: never */
    atomic_bool ready;        /* the first share was taken */
    atomic_bool failed;
    struct error failure;
};

void holdings_look(struct holdings *h)
{
    pthread_mutex_lock(&h->lock);
    h->look = true;
    pthread_cond_signal(&h->news);
    pthread_mutex_unlock(&h->lock);
}

/* Of the members or the readers. */
static void news(void *context)
{
    holdings_look(context);
}

void holdings_left(struct holdings *h, uint32_t partition)
{
    atomic_store(&h->parts.list[partition].left, true);
    holdings_look(h);
}

/* ---- telling the others ------------------------------------------------------------------------------- */

static void tell_members(struct holdings *h)
{
    bool *held = parts_array(&h->parts, sizeof(*held));
    int64_t count = 0;
    if (!held)
        return; /* the next change says it */
    for (uint32_t p = 0; p < h->parts.count; p++) {
        held[p] = h->parts.list[p].state != PART_NONE;
        count += held[p];
    }
    metric_set(METRIC_BROKER_PARTITIONS, 0, count);
    membership_tell(h->members, held, h->log_is_right);
    free(held);
}

/* ---- losing ------------------------------------------------------------------------------------------- */

/* Of one that the fence no longer has: whether another has taken it, or the log lost what was written of it.
 */
static bool is_taken(struct holdings *h, uint32_t p)
{
    const struct in_log *in_log = &h->options.fence->in_log[p];
    if (atomic_load(&in_log->behind) != h->parts.list[p].at.epoch)
        return true;
    metric_add(METRIC_BROKER_PARTITIONS_BEHIND, 0, 1);
    LOG(LOG_WARN,
        "the log is behind what was written: Postgres has lost commits; the partition is read again from the "
        "checkpoint that the log has",
        LOG_NUM("partition", p), LOG_NUM("written", atomic_load(&in_log->stream_seq)));
    return false;
}

/* Drops what the fence no longer has: the writer, or a look at the log, saw a newer epoch, or less than was
 * written. */
static void drop_lost(struct holdings *h)
{
    uint32_t lost = 0, dropped = 0;
    for (uint32_t p = 0; p < h->parts.count; p++) {
        struct part *part = &h->parts.list[p];
        if (part->state == PART_NONE || fence_holds(h->options.fence, p, part->at.epoch))
            continue;
        part_stop_reading(part);
        mailbox_post(h->options.engine, (struct mail){.kind = MAIL_LOST, .u.partition = p});
        part->state = PART_NONE;
        dropped++;
        lost += is_taken(h, p);
    }
    if (lost > 0) {
        metric_add(METRIC_BROKER_PARTITIONS_LOST, 0, lost);
        LOG(LOG_WARN, "other brokers have taken partitions of this one over", LOG_NUM("partitions", lost));
    }
    if (dropped > 0)
        tell_members(h);
}

/* ---- leaving ------------------------------------------------------------------------------------------ */

static void begin_to_leave(struct holdings *h, uint32_t p)
{
    struct part *part = &h->parts.list[p];
    part_stop_reading(part);
    atomic_store(&part->left, false);
    part->state = PART_LEAVING;
    mailbox_post(h->options.engine, (struct mail){.kind = MAIL_LEAVE, .u.partition = p});
}

/* What the engine is done with is nobody's from now on. */
static enum status end_leaving(struct holdings *h, struct error *err)
{
    struct checkpoint *gone = parts_array(&h->parts, sizeof(*gone));
    size_t count = 0;
    if (!gone)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the partitions");
    for (uint32_t p = 0; p < h->parts.count; p++) {
        if (h->parts.list[p].state == PART_LEAVING && atomic_load(&h->parts.list[p].left))
            gone[count++] = h->parts.list[p].at;
    }
    enum status status = eventlog_release_partitions(h->options.log, gone, count, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        fence_lose(h->options.fence, gone[i].partition, gone[i].epoch);
        h->parts.list[gone[i].partition].state = PART_NONE;
    }
    if (count > 0 && status == STATUS_OK) {
        metric_add(METRIC_BROKER_PARTITIONS_GIVEN, 0, (int64_t)count);
        tell_members(h);
    }
    free(gone);
    return status;
}

/* Partitions whose place is no longer in the stream leave, and are taken again by their time. */
static void rebase(struct holdings *h)
{
    for (uint32_t p = 0; p < h->parts.count; p++) {
        struct part *part = &h->parts.list[p];
        if (part->state != PART_HELD || !atomic_load(&part->place_gone))
            continue;
        part->by_time = true;
        metric_add(METRIC_BROKER_PARTITIONS_REBASED, 0, 1);
        begin_to_leave(h, p);
    }
}

/* ---- taking ------------------------------------------------------------------------------------------- */

/* The engine learns of them before the first fact. */
static void begin_to_hold(struct holdings *h, struct taken *t)
{
    for (size_t i = 0; i < t->checkpoint_count; i++) {
        struct part *part = &h->parts.list[t->checkpoints[i].partition];
        part->at = t->checkpoints[i];
        part->claimed = (struct mono_time){0};
        part->state = PART_HELD;
        fence_set(h->options.fence, &part->at, t->stream_end);
    }
    mailbox_post(h->options.engine, (struct mail){.kind = MAIL_TAKEN, .u.taken = t});
}

static enum status take(struct holdings *h, const enum wanted *wanted, struct error *err)
{
    struct bus_stream_info info;
    struct taken *t;
    TRY(topology_check_partitions(h->options.bus, h->options.subjects, STREAM_EVENTS, err));
    TRY(bus_stream_info(h->options.bus, h->parts.stream, &info, err));
    const struct taking taking = {.log = h->options.log,
                                  .bus = h->options.bus,
                                  .stream = h->parts.stream,
                                  .stream_created_ns = info.created_ns,
                                  .owner = h->name,
                                  .wanted = wanted,
                                  .partitions = h->parts.count};
    TRY(taken_read(&taking, &t, err));
    size_t partitions = t->checkpoint_count, timers = t->timer_count;
    begin_to_hold(h, t);
    metric_add(METRIC_BROKER_PARTITIONS_TAKEN, 0, (int64_t)partitions);
    LOG(LOG_INFO, "partitions taken", LOG_NUM("partitions", partitions), LOG_NUM("timers", timers));
    tell_members(h);
    return parts_read(&h->parts, err);
}

/* ---- sharing out -------------------------------------------------------------------------------------- */

/* Those that count, with their places in `members`. */
static size_t list_ready(const struct member *members, size_t count, struct str *names, size_t *places)
{
    size_t ready = 0;
    for (size_t i = 0; i < count; i++) {
        if (!members[i].ready)
            continue;
        names[ready] = members[i].name;
        places[ready++] = i;
    }
    return ready;
}

static const struct member *holder_of(const struct member *members, size_t count, uint32_t p)
{
    for (size_t i = 0; i < count; i++) {
        if (!members[i].self && members[i].held[p])
            return &members[i];
    }
    return NULL;
}

/* Who holds what is to be taken gives it back soon. A broker that does not, for two leases, has it taken. */
static bool may_take(struct holdings *h, uint32_t p, bool is_held_elsewhere)
{
    struct part *part = &h->parts.list[p];
    if (!is_held_elsewhere) {
        part->claimed = (struct mono_time){0};
        return true;
    }
    if (part->claimed.ns == 0)
        part->claimed = mono_now();
    return mono_ms_since(part->claimed) > 2 * h->options.lease_ms;
}

static enum status share_out(struct holdings *h, const struct member *members, size_t count, struct arena *a,
                             bool *waits, struct error *err)
{
    struct str *names = ARENA_ARRAY(a, struct str, count);
    size_t *places = ARENA_ARRAY(a, size_t, count);
    uint32_t *owner = ARENA_ARRAY(a, uint32_t, h->parts.count);
    enum wanted *wanted = ARENA_ARRAY(a, enum wanted, h->parts.count); /* nothing at first */
    bool any = false, away = atomic_load(&h->options.fence->log_away);
    if (!names || !places || !owner || !wanted)
        return arena_error(a, err, "the partitions");
    size_t ready = list_ready(members, count, names, places);
    if (ready == 0)
        return STATUS_OK; /* this one is about to say that it is */
    TRY(assign_partitions(names, ready, owner, h->parts.count, err));
    for (uint32_t p = 0; p < h->parts.count; p++) {
        bool mine = members[places[owner[p]]].self;
        bool elsewhere = holder_of(members, count, p) != NULL;
        if (mine && h->parts.list[p].state == PART_NONE) {
            bool may = may_take(h, p, elsewhere);
            if (may)
                wanted[p] = h->parts.list[p].by_time ? WANTED_LOST : WANTED;
            any = any || may;
            *waits = *waits || !may;
        } else if (!mine && h->parts.list[p].state == PART_HELD && !away) {
            begin_to_leave(h, p);
        }
        *waits = *waits || h->parts.list[p].state == PART_LEAVING;
    }
    return any ? take(h, wanted, err) : STATUS_OK;
}

/* Whether another says that it holds what is held here: one of the two is wrong, and the log knows which. */
static bool is_disputed(const struct holdings *h, const struct member *members, size_t count)
{
    for (uint32_t p = 0; p < h->parts.count; p++) {
        if (h->parts.list[p].state == PART_HELD && holder_of(members, count, p))
            return true;
    }
    return false;
}

/*
 * Drops what the log says is another's. Two that start at the same time may both take everything, and each
 * give back a half before it has heard so of the other: so the log is asked now and then in any case. It may
 * also have lost what was written, which a partition where nothing happens would not see otherwise.
 */
static enum status see_lost(struct holdings *h, const struct member *members, size_t count, struct error *err)
{
    bool disputed = is_disputed(h, members, count);
    if (disputed)
        fence_doubt(h->options.fence);
    if (!disputed && mono_ms_since(h->checked) <= CHECK_MS)
        return STATUS_OK;
    TRY(parts_compare(&h->parts, h->options.log, err));
    h->checked = mono_now();
    drop_lost(h);
    return STATUS_OK;
}

/* The others that the log names as owners. */
struct owners {
    bool any;
    struct str silent; /* one that is not heard; "": all are */
};

static enum status see_owners(struct holdings *h, struct arena *a, struct owners *out, struct error *err)
{
    struct str *owners = ARENA_ARRAY(a, struct str, h->parts.count);
    *out = (struct owners){0};
    if (!owners)
        return arena_error(a, err, "the partitions' owners");
    TRY(eventlog_partition_owners(h->options.log, a, owners, h->parts.count, err));
    for (uint32_t p = 0; p < h->parts.count; p++) {
        if (owners[p].len == 0 || str_is(owners[p], h->name))
            continue;
        out->any = true;
        if (!membership_hears(h->members, owners[p]))
            out->silent = owners[p];
    }
    return STATUS_OK;
}

static void say_silent(struct holdings *h, struct str owner)
{
    if (!h->said_silent)
        LOG(LOG_INFO,
            "a broker that holds partitions does not answer; it may have a lease, and is waited for",
            LOG_STR("broker", owner));
    h->said_silent = true;
}

/*
 * Sees whether it is known who is there. Others answer at once when asked. An owner that does not may stand
 * still, or be cut off, and have a lease: that is waited for, and behind a lapse in any case, since others
 * may have been cut off with this one. Nobody is waited for where nobody owns anything.
 */
static enum status see_members(struct holdings *h, struct arena *a, struct error *err)
{
    struct owners owners;
    int64_t heard_ms = membership_heard_ms(h->members);
    bool answered = heard_ms >= ANSWERS_WITHIN_MS;
    h->members_are_known = heard_ms >= h->options.lease_ms || (heard_ms >= 0 && h->members_are_known);
    if (h->members_are_known || heard_ms < 0 || h->lapsed_before)
        return STATUS_OK;
    TRY(see_owners(h, a, &owners, err));
    h->members_are_known = !owners.any || (answered && owners.silent.len == 0);
    if (answered && owners.silent.len > 0)
        say_silent(h, owners.silent);
    return STATUS_OK;
}

/* ---- doubt -------------------------------------------------------------------------------------------- */

static bool can_settle(const struct holdings *h)
{
    bool waits = h->unseen.ns != 0 && mono_ms_since(h->unseen) < UNSEEN_MS;
    return !waits && fence_is_in_doubt(h->options.fence) && !atomic_load(&h->options.fence->log_away);
}

/* Whether there is nobody who may fold what is held here. Who does has a lease, so it has been heard within
 * one. */
static bool is_alone(struct holdings *h, struct arena *a)
{
    struct member *members;
    size_t count;
    struct error err = {0};
    return membership_heard_ms(h->members) >= h->options.lease_ms &&
           membership_look(h->members, a, &members, &count, &err) == STATUS_OK &&
           !is_disputed(h, members, count);
}

/* Sees up to where others may have folded what is held here, once none does so any more. Without an answer
 * every fact may be one of these, until it is asked again. */
static void settle_doubt(struct holdings *h, struct arena *a)
{
    struct bus_stream_info info;
    struct error err = {0};
    uint64_t doubts = atomic_load(&h->options.fence->doubts); /* before anything is looked at */
    if (!can_settle(h) || !is_alone(h, a))
        return;
    if (bus_stream_info(h->options.bus, h->parts.stream, &info, &err) != STATUS_OK) {
        LOG(LOG_DEBUG, "the end of the event stream cannot be seen", LOG_ERR(&err));
        h->unseen = mono_now();
        return;
    }
    parts_share(&h->parts, info.last_sequence);
    atomic_store(&h->options.fence->settled, doubts);
}

/* ---- the thread --------------------------------------------------------------------------------------- */

/* The first contact with the database: its schema, and whose it is. */
static enum status see_log(struct holdings *h, struct error *err)
{
    TRY(eventlog_check(h->options.log, err));
    TRY(eventlog_claim(h->options.log, h->options.subjects->prefix, err));
    h->log_is_right = true;
    tell_members(h);
    return STATUS_OK;
}

/* What the log still gives to this broker may have been another's meanwhile: the log may have lost that. */
static enum status mend_lapse(struct holdings *h, struct error *err)
{
    if (!membership_lapsed(h->members))
        return STATUS_OK;
    h->lapsed_before = h->lapsed_before || h->said_ready;
    h->members_are_known = false;
    TRY(parts_compare(&h->parts, h->options.log, err));
    if (parts_any(&h->parts))
        fence_doubt(h->options.fence);
    membership_confirm(h->members);
    return STATUS_OK;
}

static void say_ready(struct holdings *h)
{
    uint32_t held = 0;
    for (uint32_t p = 0; p < h->parts.count; p++)
        held += h->parts.list[p].state == PART_HELD;
    if (!h->said_ready)
        LOG(LOG_INFO, "ready", LOG_TEXT("name", h->name), LOG_NUM("partitions", held));
    h->said_ready = true;
    atomic_store(&h->ready, true);
}

static enum status share_out_if_known(struct holdings *h, struct arena *a, bool *waits, struct error *err)
{
    struct member *members;
    size_t count;
    *waits = true;
    TRY(see_members(h, a, err));
    if (!h->members_are_known)
        return STATUS_OK;
    *waits = false;
    TRY(membership_look(h->members, a, &members, &count, err));
    TRY(see_lost(h, members, count, err));
    TRY(share_out(h, members, count, a, waits, err));
    say_ready(h);
    return STATUS_OK;
}

/* Everything that is to be done now. *waits: something is to be looked at again soon. */
static enum status look(struct holdings *h, bool *waits, struct error *err)
{
    struct arena a;
    if (!h->log_is_right)
        TRY(see_log(h, err));
    TRY(mend_lapse(h, err));
    drop_lost(h);
    TRY(end_leaving(h, err));
    rebase(h);
    TRY(parts_read(&h->parts, err)); /* where that failed before */
    arena_init(&a, 0);
    enum status status = share_out_if_known(h, &a, waits, err);
    settle_doubt(h, &a);
    *waits = *waits || can_settle(h);
    arena_free(&a);
    return status;
}

/* Trouble that passes by itself is said once; other trouble ends the broker. */
static bool can_go_on(struct holdings *h, enum status status, const struct error *err)
{
    if (status == STATUS_OK) {
        if (h->said_away)
            LOG_LINE(LOG_INFO, "partitions can be taken and given back again");
        h->said_away = false;
        return true;
    }
    if (!status_may_retry(status)) {
        h->failure = *err;
        atomic_store(&h->failed, true);
        return false;
    }
    if (!h->said_away)
        LOG(LOG_ERROR, "no partition can be taken or given back; the broker tries on", LOG_ERR(err));
    h->said_away = true;
    return true;
}

/* False when the thread is to end. */
static bool wait_for_news(struct holdings *h, int64_t most_ms)
{
    int64_t until_ns = mono_now().ns + most_ms * 1000000;
    pthread_mutex_lock(&h->lock);
    while (!h->look && !h->stopping && mono_cond_wait_until(&h->news, &h->lock, until_ns))
        continue;
    h->look = false;
    bool go_on = !h->stopping;
    pthread_mutex_unlock(&h->lock);
    return go_on;
}

static void *run(void *context)
{
    struct holdings *h = context;
    bool waits = true, go_on = true;
    pulse_begin("partitions");
    while (go_on) {
        struct error err = {0};
        pulse_work();
        enum status status = look(h, &waits, &err);
        pulse_rest();
        go_on =
            can_go_on(h, status, &err) && wait_for_news(h, status != STATUS_OK || waits ? PAUSE_MS : REST_MS);
    }
    pulse_end();
    return NULL;
}

/* ---- the calls ---------------------------------------------------------------------------------------- */

static void holdings_free(struct holdings *h)
{
    eventlog_close(&h->options.log);
    parts_free(&h->parts);
    pthread_cond_destroy(&h->news);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static enum status start(struct holdings *h, struct error *err)
{
    struct membership_options members = {.bus = h->options.bus,
                                         .subjects = h->options.subjects,
                                         .name = h->name,
                                         .lease_ms = h->options.lease_ms,
                                         .fence = h->options.fence,
                                         .occupancy = h->options.occupancy,
                                         .changed = news,
                                         .context = h};
    const struct parts_options parts = {.bus = h->options.bus,
                                        .subjects = h->options.subjects,
                                        .engine = h->options.engine,
                                        .fence = h->options.fence,
                                        .place_gone = news,
                                        .context = h};
    TRY(parts_init(&h->parts, &parts, err));
    TRY(membership_start(&members, &h->members, err));
    int code = pthread_create(&h->thread, NULL, run, h);
    if (code != 0)
        return error_set(err, STATUS_IO, "no thread for the partitions: %s", strerror(code));
    h->has_thread = true;
    return STATUS_OK;
}

enum status holdings_start(const struct holdings_options *options, struct holdings **out, struct error *err)
{
    struct holdings *h = calloc(1, sizeof(*h));
    if (!h)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the holdings");
    h->options = *options;
    pthread_mutex_init(&h->lock, NULL);
    mono_cond_init(&h->news);
    /* A name that was given may be that of one before, which the log still names as an owner. */
    snprintf(h->name, sizeof(h->name), "%s/%llx", options->name, (unsigned long long)mono_now().ns);
    enum status status = start(h, err);
    if (status != STATUS_OK) {
        membership_stop(&h->members);
        h->options.log = NULL; /* the caller's still */
        holdings_free(h);
        return status;
    }
    *out = h;
    return STATUS_OK;
}

bool holdings_are_ready(struct holdings *h)
{
    return atomic_load(&h->ready);
}

bool holdings_wait(struct holdings *h, uint32_t partition)
{
    return arrivals_wait(h->parts.arrivals, partition);
}

bool holdings_failed(struct holdings *h, struct error *err)
{
    if (!atomic_load(&h->failed))
        return false;
    *err = h->failure;
    return true;
}

void holdings_stop_reading(struct holdings *h)
{
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_signal(&h->news);
    pthread_mutex_unlock(&h->lock);
    if (h->has_thread)
        pthread_join(h->thread, NULL);
    h->has_thread = false;
    for (uint32_t p = 0; p < h->parts.count; p++)
        part_stop_reading(&h->parts.list[p]);
}

static void give_back(struct holdings *h)
{
    struct error err = {0};
    struct checkpoint *held = parts_array(&h->parts, sizeof(*held));
    size_t count = held ? parts_list(&h->parts, held) : 0;
    for (size_t i = 0; i < count; i++)
        fence_lose(h->options.fence, held[i].partition, held[i].epoch);
    if (eventlog_release_partitions(h->options.log, held, count, &err) != STATUS_OK)
        LOG(LOG_WARN,
            "the partitions could not be given back; they are taken over once this broker's lease is over",
            LOG_ERR(&err));
    free(held);
}

void holdings_close(struct holdings **h)
{
    struct holdings *gone = *h;
    if (!gone)
        return;
    *h = NULL;
    give_back(gone);
    membership_stop(&gone->members);
    holdings_free(gone);
}
