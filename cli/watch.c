#include "watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "runtime/clock.h"

#include "history.h"
#include "letterbox.h"

enum {
    GAP_MS = 300,      /* how long a missing number may be on its way */
    SILENCE_MS = 5000, /* after which the log is asked, less and less often */
    SILENCE_MAX_MS = 30000,
    MAX_AHEAD = 1 << 20, /* numbers ahead of the next one that are kept */
};

struct watch {
    struct client *client;
    int64_t execution_id;
    int interrupt;
    struct bus_subscription *subscription;
    struct letterbox box;
    struct arena arena;
    struct event *events; /* by number - 1; event_id 0: not here yet */
    size_t capacity;
    size_t told;    /* how many were handed out */
    size_t highest; /* the highest number that is here */
    bool connected;
    struct mono_time heard; /* when something new came last, or the log was asked */
    int64_t silence_ms;
    char trouble[256];
};

/* ---- keeping events in order -------------------------------------------------------------------------- */

static enum status grow(struct watch *w, size_t number, struct error *err)
{
    size_t capacity = w->capacity ? w->capacity : 64;
    while (capacity < number)
        capacity *= 2;
    struct event *events = ARENA_ARRAY(&w->arena, struct event, capacity);
    if (!events)
        return arena_error(&w->arena, err, "the events of the execution");
    if (w->capacity)
        memcpy(events, w->events, w->capacity * sizeof(*events));
    w->events = events;
    w->capacity = capacity;
    return STATUS_OK;
}

/* Of this execution, with a number that is new and not absurd; others change nothing. `v` is in the arena. */
static enum status keep(struct watch *w, struct value v, struct error *err)
{
    struct event e;
    if (event_from_value(v, &e, NULL) != STATUS_OK || e.execution_id != w->execution_id)
        return STATUS_OK;
    if (e.event_id == 0 || e.event_id <= w->told || e.event_id > w->told + MAX_AHEAD)
        return STATUS_OK;
    if (e.event_id > w->capacity)
        TRY(grow(w, e.event_id, err));
    if (w->events[e.event_id - 1].event_id != 0)
        return STATUS_OK;
    w->events[e.event_id - 1] = e;
    if (e.event_id > w->highest)
        w->highest = e.event_id;
    w->heard = mono_now();
    w->silence_ms = SILENCE_MS;
    return STATUS_OK;
}

static enum status read_letters(struct watch *w, struct error *err)
{
    enum status status = STATUS_OK;
    for (struct letter *letter = letterbox_take(&w->box), *next; letter; letter = next) {
        struct value v;
        next = letter->next;
        /* Anybody may publish on the subject: what is no event is not ours to complain about. */
        if (status == STATUS_OK &&
            json_read(&w->arena, (struct str){letter->text, letter->len}, NULL, &v, NULL) == STATUS_OK)
            status = keep(w, v, err);
        free(letter);
    }
    return status;
}

static enum status keep_all(struct watch *w, struct value events, struct error *err)
{
    for (uint32_t i = 0; i < events.len; i++)
        TRY(keep(w, events.u.list[i], err));
    return STATUS_OK;
}

/* Takes what the log has. That it cannot be asked is remembered, not fatal: live events may still come. */
static enum status read_log(struct watch *w, struct error *err)
{
    struct error trouble = {0};
    struct value events;
    int64_t next = (int64_t)w->told;
    enum status status = STATUS_OK;
    while (next >= 0 && status == STATUS_OK) {
        status = history_page(w->client, w->execution_id, next, 0, &w->arena, &events, &next, &trouble);
        if (status == STATUS_OK)
            TRY(keep_all(w, events, err));
    }
    bool quiet = status == STATUS_OK || status == STATUS_NOT_FOUND; /* not found: nothing was written yet */
    (void)snprintf(w->trouble, sizeof(w->trouble), "%.255s", quiet ? "" : trouble.message);
    w->heard = mono_now();
    return STATUS_OK;
}

/* ---- waiting ------------------------------------------------------------------------------------------ */

/* Milliseconds until the log should be asked, if nothing comes before. */
static int64_t until_log(const struct watch *w)
{
    int64_t patience = w->highest > w->told ? GAP_MS : w->silence_ms;
    int64_t left = patience - mono_ms_since(w->heard);
    return left > 0 ? left : 0;
}

static enum status ask_log_when_due(struct watch *w, struct error *err)
{
    if (!w->connected || until_log(w) > 0)
        return STATUS_OK;
    bool silence = w->highest == w->told;
    TRY(read_log(w, err));
    if (silence && w->silence_ms < SILENCE_MAX_MS)
        w->silence_ms *= 2;
    return STATUS_OK;
}

/* Whether the connection changed; after a loss the log is asked at once. */
static bool connection_changed(struct watch *w, enum watch_news *news)
{
    bool connected = bus_is_connected(w->client->bus);
    if (connected == w->connected)
        return false;
    w->connected = connected;
    *news = connected ? WATCH_BACK : WATCH_LOST;
    if (connected)
        w->heard = (struct mono_time){w->heard.ns - (int64_t)SILENCE_MAX_MS * 1000000};
    return true;
}

static bool has_next(const struct watch *w)
{
    return w->told < w->capacity && w->events[w->told].event_id != 0;
}

enum status watch_next(struct watch *w, int64_t tick_ms, enum watch_news *news, struct event *event,
                       struct error *err)
{
    struct mono_time since = mono_now();
    for (;;) {
        TRY(read_letters(w, err));
        if (has_next(w)) {
            *event = w->events[w->told++];
            *news = WATCH_EVENT;
            return STATUS_OK;
        }
        if (connection_changed(w, news))
            return STATUS_OK;
        TRY(ask_log_when_due(w, err));
        if (has_next(w))
            continue;
        int64_t left = tick_ms - mono_ms_since(since);
        *news = WATCH_TICK;
        if (left <= 0)
            return STATUS_OK;
        int64_t due = w->connected ? until_log(w) : GAP_MS;
        bool interrupted = false;
        TRY(letterbox_wait(&w->box, w->interrupt, due < left ? due : left, &interrupted, err));
        *news = WATCH_INTERRUPTED;
        if (interrupted)
            return STATUS_OK;
    }
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static enum status start(struct watch *w, struct error *err)
{
    char subject[SUBJECT_MAX];
    TRY(letterbox_open(&w->box, err));
    (void)subject_live(&w->client->subjects, w->execution_id, ">", subject);
    TRY(bus_subscribe(w->client->bus, subject, NULL, letterbox_receive, &w->box, &w->subscription, err));
    /* The subscription stands at the server before the log is read, so that no event falls in between. */
    TRY(bus_flush(w->client->bus, w->client->timeout_ms, err));
    return read_log(w, err);
}

enum status watch_open(struct client *c, int64_t execution_id, int interrupt, struct watch **out,
                       struct error *err)
{
    struct watch *w = calloc(1, sizeof(*w));
    *out = NULL;
    if (!w)
        return error_set(err, STATUS_NO_MEMORY, "no memory to watch an execution");
    *w = (struct watch){.client = c, .execution_id = execution_id, .interrupt = interrupt, .connected = true};
    w->silence_ms = SILENCE_MS;
    letterbox_init(&w->box);
    arena_init(&w->arena, 0);
    enum status status = start(w, err);
    if (status != STATUS_OK)
        watch_close(&w);
    *out = w;
    return status;
}

void watch_close(struct watch **watch)
{
    struct watch *w = *watch;
    if (!w)
        return;
    if (w->subscription)
        bus_unsubscribe(&w->subscription);
    letterbox_close(&w->box);
    arena_free(&w->arena);
    free(w);
    *watch = NULL;
}

const struct event *watch_events(const struct watch *w, size_t *count)
{
    *count = w->told;
    return w->events;
}

bool watch_is_over(const struct watch *w)
{
    return w->told > 0 && w->highest <= w->told && event_type_is_final(w->events[w->told - 1].type);
}

const char *watch_trouble(const struct watch *w)
{
    return w->trouble;
}
