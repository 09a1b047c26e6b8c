#include "membership.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"

enum { BEATS_IN_A_LEASE = 6, NAME_TEXT = 160 };

struct other {
    char name[NAME_TEXT];
    struct mono_time heard;
    bool ready;
    bool *held;
};

struct membership {
    struct membership_options options;
    char subject[SUBJECT_MAX];
    struct bus_subscription *listening;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct other *others;
    size_t other_count;
    bool *held;
    bool ready, beat_now, answer_now, leaving;
    bool lapsed;                 /* the lease is lost, or was never confirmed */
    struct mono_time asked_at;   /* when the others were asked, at the start or after a lapse */
    int64_t heard_self_ns;       /* when the newest beat that came back was sent; 0: none since asked_at */
    int64_t first_heard_self_ns; /* when the first since asked_at came back; 0: none */
};

static int64_t lease_ns(const struct membership *m)
{
    return m->options.lease_ms * INT64_C(1000000);
}

/* ---- saying ------------------------------------------------------------------------------------------- */

/* With the lock held. */
static enum status beat_text(const struct membership *m, bool ask, struct arena *a, struct str *out,
                             struct error *err)
{
    struct map_builder b;
    struct list_builder held;
    struct value v, list;
    list_begin(&held, a);
    for (uint32_t p = 0; p < m->options.fence->partitions; p++) {
        if (m->held[p])
            list_add(&held, value_int(p));
    }
    TRY(list_end(&held, &list, err));
    map_begin(&b, a);
    map_put(&b, STR("broker"), value_text(m->options.name));
    map_put(&b, STR("ready"), value_bool(m->ready));
    map_put(&b, STR("leaving"), value_bool(m->leaving));
    map_put(&b, STR("ask"), value_bool(ask));
    map_put(&b, STR("full"), value_bool(occupancy_is_full(m->options.occupancy)));
    map_put(&b, STR("partitions"), list);
    map_put(&b, STR("sent_ns"), value_int(mono_now().ns)); /* its own clock: only it can read that */
    TRY(map_end(&b, &v, err));
    return json_text(a, v, out, err);
}

static void beat(struct membership *m, bool ask)
{
    struct arena a;
    struct str text;
    struct error err = {0};
    arena_init(&a, 0);
    pthread_mutex_lock(&m->lock);
    enum status status = beat_text(m, ask, &a, &text, &err);
    pthread_mutex_unlock(&m->lock);
    if (status == STATUS_OK)
        status = bus_publish(m->options.bus, m->subject, NULL, NULL, 0, text, &err);
    if (status == STATUS_OK)
        bus_push(m->options.bus);
    else
        LOG(LOG_DEBUG, "the broker cannot say that it is there", LOG_ERR(&err));
    arena_free(&a);
}

/* ---- the lease ---------------------------------------------------------------------------------------- */

/* With the lock held. */
static void ask_anew(struct membership *m)
{
    m->asked_at = mono_now();
    m->heard_self_ns = m->first_heard_self_ns = 0;
    m->lapsed = true;
}

static bool heard_self_lately(const struct membership *m)
{
    return m->heard_self_ns > 0 && mono_now().ns - m->heard_self_ns < lease_ns(m);
}

/* With the lock held. Whether a lease that lasted is over. */
static bool notice_lapse(struct membership *m)
{
    if (m->lapsed ? m->first_heard_self_ns == 0 || heard_self_lately(m) : fence_lease_lasts(m->options.fence))
        return false;
    metric_add(METRIC_BROKER_LAPSES, 0, 1);
    LOG_LINE(LOG_WARN,
             "the broker has not heard itself for a lease; it does nothing until it does, and has seen "
             "in the log what it still holds");
    ask_anew(m);
    return true;
}

/* With the lock held. A beat of its own that came back. */
static void heard_self(struct membership *m, int64_t sent_ns)
{
    if (sent_ns < m->asked_at.ns || sent_ns < m->heard_self_ns)
        return;
    m->heard_self_ns = sent_ns;
    if (m->first_heard_self_ns == 0)
        m->first_heard_self_ns = mono_now().ns;
    if (!m->lapsed && fence_lease_lasts(m->options.fence))
        atomic_store(&m->options.fence->lease_until_ns, sent_ns + lease_ns(m));
}

bool membership_lapsed(struct membership *m)
{
    pthread_mutex_lock(&m->lock);
    bool lapsed = m->lapsed && heard_self_lately(m);
    pthread_mutex_unlock(&m->lock);
    return lapsed;
}

void membership_confirm(struct membership *m)
{
    pthread_mutex_lock(&m->lock);
    if (heard_self_lately(m)) {
        m->lapsed = false;
        atomic_store(&m->options.fence->lease_until_ns, m->heard_self_ns + lease_ns(m));
    }
    pthread_mutex_unlock(&m->lock);
}

int64_t membership_heard_ms(struct membership *m)
{
    pthread_mutex_lock(&m->lock);
    int64_t since = heard_self_lately(m) ? (mono_now().ns - m->first_heard_self_ns) / 1000000 : -1;
    pthread_mutex_unlock(&m->lock);
    return since;
}

/* ---- hearing ------------------------------------------------------------------------------------------ */

/* With the lock held. NULL if it is not there. */
static struct other *find_other(const struct membership *m, struct str name)
{
    for (size_t i = 0; i < m->other_count; i++) {
        if (str_is(name, m->others[i].name))
            return &m->others[i];
    }
    return NULL;
}

/* With the lock held. NULL if there is no memory: then it is heard the next time. */
static struct other *other_of(struct membership *m, struct str name)
{
    struct other *known = find_other(m, name);
    if (known || name.len >= NAME_TEXT)
        return known;
    struct other *moved = realloc(m->others, (m->other_count + 1) * sizeof(*moved));
    if (!moved)
        return NULL;
    m->others = moved;
    struct other *o = &moved[m->other_count];
    *o = (struct other){.held = calloc(m->options.fence->partitions, sizeof(bool))};
    if (!o->held)
        return NULL;
    memcpy(o->name, name.ptr, name.len);
    m->other_count++;
    LOG(LOG_INFO, "another broker is there", LOG_TEXT("broker", o->name));
    return o;
}

/* With the lock held. */
static void forget(struct membership *m, size_t i, const char *why)
{
    LOG(LOG_INFO, "a broker is gone", LOG_TEXT("broker", m->others[i].name), LOG_TEXT("why", why));
    free(m->others[i].held);
    m->others[i] = m->others[--m->other_count];
}

static bool says(struct value beat, struct str member)
{
    struct value v = value_get(beat, member);
    return v.type == VALUE_BOOL && v.u.b;
}

/* The partitions that a beat names, in `a`; NULL if there is no memory. */
static bool *named_partitions(struct value beat, uint32_t partitions, struct arena *a)
{
    bool *held = ARENA_ARRAY(a, bool, partitions);
    struct value list = VALUE_GET(beat, "partitions");
    for (uint32_t i = 0; held && list.type == VALUE_LIST && i < list.len; i++) {
        struct value p = list.u.list[i];
        if (p.type == VALUE_INT && p.u.i >= 0 && p.u.i < partitions)
            held[p.u.i] = true;
    }
    return held;
}

/* With the lock held. Whether anything is new. */
static bool hear_other(struct membership *m, struct str name, struct value beat, struct arena *a)
{
    uint32_t partitions = m->options.fence->partitions;
    size_t before = m->other_count;
    struct other *o = other_of(m, name);
    bool *held = named_partitions(beat, partitions, a);
    if (!o || !held)
        return false;
    if (says(beat, STR("leaving"))) {
        forget(m, (size_t)(o - m->others), "it left");
        return true;
    }
    bool changed = m->other_count != before || o->ready != says(beat, STR("ready")) ||
                   memcmp(o->held, held, partitions * sizeof(bool)) != 0;
    o->heard = mono_now();
    o->ready = says(beat, STR("ready"));
    memcpy(o->held, held, partitions * sizeof(bool));
    return changed;
}

static void on_beat(void *context, const struct bus_message *message)
{
    struct membership *m = context;
    struct arena a;
    struct value v, name, sent;
    struct error err = {0};
    bool changed = false;
    arena_init(&a, 0);
    if (json_read_map(&a, message->payload, "a broker's beat", &v, &err) != STATUS_OK ||
        (name = VALUE_GET(v, "broker")).type != VALUE_STRING) {
        LOG(LOG_DEBUG, "a message is no broker's beat", LOG_TEXT("subject", message->subject));
        arena_free(&a);
        return;
    }
    sent = VALUE_GET(v, "sent_ns");
    pthread_mutex_lock(&m->lock);
    if (str_is(value_as_str(name), m->options.name)) {
        bool first = m->first_heard_self_ns == 0;
        if (sent.type == VALUE_INT)
            heard_self(m, sent.u.i);
        changed = first && m->first_heard_self_ns != 0;
    } else {
        changed = hear_other(m, value_as_str(name), v, &a);
        m->answer_now = m->answer_now || says(v, STR("ask"));
        if (m->answer_now)
            pthread_cond_signal(&m->news);
    }
    pthread_mutex_unlock(&m->lock);
    arena_free(&a);
    if (changed)
        m->options.changed(m->options.context);
}

/* With the lock held. */
static bool forget_silent(struct membership *m)
{
    size_t before = m->other_count;
    for (size_t i = 0; i < m->other_count;) {
        if (mono_now().ns - m->others[i].heard.ns > lease_ns(m))
            forget(m, i, "it has not been heard for a lease");
        else
            i++;
    }
    return m->other_count != before;
}

static void *run(void *context)
{
    struct membership *m = context;
    bool ask = true;
    pulse_begin("membership");
    pthread_mutex_lock(&m->lock);
    while (!m->leaving) {
        m->beat_now = m->answer_now = false;
        pthread_mutex_unlock(&m->lock);
        pulse_work();
        beat(m, ask);
        pulse_rest();
        pthread_mutex_lock(&m->lock);
        int64_t next_ns = mono_now().ns + lease_ns(m) / BEATS_IN_A_LEASE;
        while (!m->leaving && !m->beat_now && !m->answer_now &&
               mono_cond_wait_until(&m->news, &m->lock, next_ns))
            continue;
        ask = notice_lapse(m) || (m->lapsed && m->first_heard_self_ns == 0);
        bool changed = ask | forget_silent(m);
        pthread_mutex_unlock(&m->lock);
        if (changed)
            m->options.changed(m->options.context);
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
    pulse_end();
    return NULL;
}

/* ---- the calls ---------------------------------------------------------------------------------------- */

void membership_tell(struct membership *m, const bool *held, bool ready)
{
    pthread_mutex_lock(&m->lock);
    memcpy(m->held, held, m->options.fence->partitions * sizeof(bool));
    m->ready = ready;
    m->beat_now = true;
    pthread_cond_signal(&m->news);
    pthread_mutex_unlock(&m->lock);
}

static enum status copy_member(struct arena *a, struct str name, const bool *held, uint32_t partitions,
                               struct member *out, struct error *err)
{
    *out =
        (struct member){.name = {arena_strdup(a, name), name.len}, .held = ARENA_ARRAY(a, bool, partitions)};
    if (!out->name.ptr || !out->held)
        return arena_error(a, err, "the brokers that are there");
    memcpy(out->held, held, partitions * sizeof(bool));
    return STATUS_OK;
}

enum status membership_look(struct membership *m, struct arena *a, struct member **out, size_t *count,
                            struct error *err)
{
    uint32_t partitions = m->options.fence->partitions;
    pthread_mutex_lock(&m->lock);
    struct member *list = ARENA_ARRAY(a, struct member, m->other_count + 1);
    enum status status = list ? copy_member(a, str_of(m->options.name), m->held, partitions, &list[0], err)
                              : arena_error(a, err, "the brokers that are there");
    if (status == STATUS_OK) {
        list[0].self = true;
        list[0].ready = m->ready;
    }
    for (size_t i = 0; i < m->other_count && status == STATUS_OK; i++) {
        status = copy_member(a, str_of(m->others[i].name), m->others[i].held, partitions, &list[i + 1], err);
        list[i + 1].ready = m->others[i].ready;
    }
    *out = list;
    *count = m->other_count + 1;
    pthread_mutex_unlock(&m->lock);
    return status;
}

bool membership_hears(struct membership *m, struct str name)
{
    pthread_mutex_lock(&m->lock);
    bool heard = find_other(m, name) != NULL;
    pthread_mutex_unlock(&m->lock);
    return heard;
}

static void membership_free(struct membership *m)
{
    for (size_t i = 0; i < m->other_count; i++)
        free(m->others[i].held);
    free(m->others);
    free(m->held);
    pthread_cond_destroy(&m->news);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

enum status membership_start(const struct membership_options *options, struct membership **out,
                             struct error *err)
{
    struct membership *m = calloc(1, sizeof(*m));
    bool *held = calloc(options->fence->partitions, sizeof(*held));
    if (!m || !held) {
        free(m);
        free(held);
        return error_set(err, STATUS_NO_MEMORY, "no memory for the brokers that are there");
    }
    *m = (struct membership){.options = *options, .held = held};
    pthread_mutex_init(&m->lock, NULL);
    mono_cond_init(&m->news);
    ask_anew(m);
    subject_brokers(options->subjects, m->subject);
    enum status status = bus_subscribe(options->bus, m->subject, NULL, on_beat, m, &m->listening, err);
    int code = status == STATUS_OK ? pthread_create(&m->thread, NULL, run, m) : 0;
    if (code != 0) {
        status = error_set(err, STATUS_IO, "the membership could not start a thread: %s", strerror(code));
        bus_unsubscribe(&m->listening);
    }
    if (status != STATUS_OK) {
        membership_free(m);
        return status;
    }
    *out = m;
    return STATUS_OK;
}

void membership_stop(struct membership **m)
{
    struct membership *gone = *m;
    if (!gone)
        return;
    *m = NULL;
    pthread_mutex_lock(&gone->lock);
    gone->leaving = true;
    memset(gone->held, 0, gone->options.fence->partitions * sizeof(bool));
    pthread_cond_signal(&gone->news);
    pthread_mutex_unlock(&gone->lock);
    pthread_join(gone->thread, NULL);
    beat(gone, false);
    bus_unsubscribe(&gone->listening);
    membership_free(gone);
}
