#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "runtime/clock.h"
#include "spent.h"

enum { FIRST_SLOTS = 256, MOST_SLOTS = 1 << 22, AT_ONCE = 64 };

/* ---- the table --------------------------------------------------------------------------------------- */

static bool grow(struct exchange_table *t)
{
    uint32_t count = t->count ? t->count * 2 : FIRST_SLOTS;
    if (count > MOST_SLOTS)
        return false;
    struct exchange_slot *slots = realloc(t->slots, count * sizeof(*slots));
    if (!slots)
        return false;
    for (uint32_t i = t->count; i < count; i++)
        slots[i] = (struct exchange_slot){.generation = 1, .next_free = i + 1};
    t->free = t->count;
    t->slots = slots;
    t->count = count;
    return true;
}

enum status exchange_begin(struct exchange *e, char reply[REPLY_TEXT], struct error *err)
{
    struct exchange_table *t = &e->bus->exchanges;
    pthread_mutex_lock(&t->mutex);
    if (t->free == t->count && !grow(t)) {
        pthread_mutex_unlock(&t->mutex);
        return error_set(err, STATUS_NO_MEMORY, "no memory for another open publish or request");
    }
    struct exchange_slot *slot = &t->slots[t->free];
    e->slot = t->free;
    e->generation = slot->generation;
    e->claimed = true;
    e->refused = false;
    e->begun_ns = mono_now().ns;
    t->free = slot->next_free;
    slot->exchange = e;
    t->open++;
    pthread_mutex_unlock(&t->mutex);
    snprintf(reply, REPLY_TEXT, "%s.A.%08x%08x", e->bus->inbox, e->slot, e->generation);
    return STATUS_OK;
}

/* With the mutex held. */
static void release(struct exchange_table *t)
{
    if (t->waiting > 0)
        pthread_cond_broadcast(&t->released);
}

void exchange_reopen(struct exchange *e, int64_t due_ns)
{
    struct exchange_table *t = &e->bus->exchanges;
    pthread_mutex_lock(&t->mutex);
    e->due_ns = due_ns;
    e->claimed = false;
    release(t);
    pthread_mutex_unlock(&t->mutex);
}

/* With the mutex held. */
static void remove_from(struct exchange_table *t, const struct exchange *e)
{
    struct exchange_slot *slot = &t->slots[e->slot];
    slot->exchange = NULL;
    slot->generation++;
    slot->next_free = t->free;
    t->free = e->slot;
    t->open--;
    release(t);
}

void exchange_end(struct exchange *e)
{
    struct exchange_table *t = &e->bus->exchanges;
    pthread_mutex_lock(&t->mutex);
    remove_from(t, e);
    pthread_mutex_unlock(&t->mutex);
}

bool exchange_claim(struct exchange *e)
{
    struct exchange_table *t = &e->bus->exchanges;
    pthread_mutex_lock(&t->mutex);
    bool mine = !e->claimed;
    e->claimed = true;
    pthread_mutex_unlock(&t->mutex);
    return mine;
}

/* ---- answers ----------------------------------------------------------------------------------------- */

/* The 16 hexadecimal digits at the end of an answer's subject. */
static bool read_token(const char *subject, uint32_t *slot, uint32_t *generation)
{
    size_t len = strlen(subject);
    char *end;
    if (len < 17 || subject[len - 17] != '.')
        return false;
    unsigned long long token = strtoull(subject + len - 16, &end, 16);
    *slot = (uint32_t)(token >> 32);
    *generation = (uint32_t)token;
    return *end == '\0';
}

/* Whose answer it is, with the mutex held; NULL when it has ended. */
static struct exchange *find(const struct exchange_table *t, uint32_t slot, uint32_t generation)
{
    return slot < t->count && t->slots[slot].generation == generation ? t->slots[slot].exchange : NULL;
}

/* Waits while somebody else has it claimed. */
static struct exchange *claim_by_token(struct exchange_table *t, uint32_t slot, uint32_t generation)
{
    struct exchange *e;
    pthread_mutex_lock(&t->mutex);
    t->waiting++;
    while ((e = find(t, slot, generation)) && e->claimed)
        pthread_cond_wait(&t->released, &t->mutex);
    t->waiting--;
    if (e)
        e->claimed = true;
    pthread_mutex_unlock(&t->mutex);
    return e;
}

static void on_answer(void *context, natsMsg *msg)
{
    struct bus *bus = context;
    uint32_t slot, generation;
    struct exchange *e = NULL;
    if (read_token(natsMsg_GetSubject(msg), &slot, &generation))
        e = claim_by_token(&bus->exchanges, slot, generation);
    if (e) {
        bus_heard(bus, e->begun_ns);
        e->kind->answered(e, msg);
    } else {
        spent_message(msg); /* too late, or a second answer */
    }
}

/* ---- time and refusals ------------------------------------------------------------------------------- */

struct wanted {
    int64_t now_ns;
    unsigned connection;
    const char *subject;
    bool all;
};

static bool is_sent_on(const struct exchange *e, const char *subject)
{
    const char *own = e->subject;
    return own && strcmp(own, subject) == 0;
}

static bool is_wanted(const struct exchange *e, const struct wanted *w)
{
    if (e->claimed)
        return false;
    if (w->all)
        return true;
    if (w->subject)
        return is_sent_on(e, w->subject);
    return e->refused || (e->kind->due && (e->due_ns <= w->now_ns || e->connection < w->connection));
}

/* Claims up to AT_ONCE from *from on; moves *from behind the last one looked at. */
static size_t claim_wanted(struct exchange_table *t, const struct wanted *w, uint32_t *from,
                           struct exchange *found[AT_ONCE])
{
    size_t n = 0;
    pthread_mutex_lock(&t->mutex);
    for (; t->open > 0 && *from < t->count && n < AT_ONCE; (*from)++) {
        struct exchange *e = t->slots[*from].exchange;
        if (e && is_wanted(e, w)) {
            e->claimed = true;
            found[n++] = e;
        }
    }
    pthread_mutex_unlock(&t->mutex);
    return n;
}

static void fail_wanted(struct bus *bus, const struct wanted *w, const struct error *err)
{
    struct exchange *found[AT_ONCE];
    uint32_t from = 0;
    for (size_t n; (n = claim_wanted(&bus->exchanges, w, &from, found)) > 0;)
        for (size_t i = 0; i < n; i++)
            found[i]->kind->failed(found[i], err);
}

void exchanges_fail_all(struct bus *bus, const struct error *err)
{
    fail_wanted(bus, &(struct wanted){.all = true}, err);
}

/* With the mutex held: the refusal can be here before the thread that sends has given its claim back. */
static void mark_claimed(const struct exchange_table *t, const char *subject)
{
    for (uint32_t i = 0; t->open > 0 && i < t->count; i++) {
        struct exchange *e = t->slots[i].exchange;
        if (e && e->claimed && is_sent_on(e, subject))
            e->refused = true;
    }
}

void exchanges_fail_subject(struct bus *bus, const char *subject, const struct error *err)
{
    pthread_mutex_lock(&bus->exchanges.mutex);
    mark_claimed(&bus->exchanges, subject);
    pthread_mutex_unlock(&bus->exchanges.mutex);
    fail_wanted(bus, &(struct wanted){.subject = subject}, err);
}

/* Claimed. */
static void tend(struct exchange *e)
{
    struct error err;
    if (!e->refused) {
        e->kind->due(e);
        return;
    }
    (void)publish_refused(e->subject, &err);
    e->kind->failed(e, &err);
}

void exchanges_tend(struct bus *bus, int64_t now_ns)
{
    struct exchange *found[AT_ONCE];
    struct wanted w = {.now_ns = now_ns, .connection = atomic_load(&bus->connections)};
    uint32_t from = 0;
    for (size_t n; (n = claim_wanted(&bus->exchanges, &w, &from, found)) > 0;)
        for (size_t i = 0; i < n; i++)
            tend(found[i]);
}

void exchanges_init(struct bus *bus)
{
    pthread_mutex_init(&bus->exchanges.mutex, NULL);
    mono_cond_init(&bus->exchanges.released);
    arena_init(&bus->answer_arena, 1 << 20);
}

enum status exchanges_listen(struct bus *bus, struct error *err)
{
    char subject[REPLY_TEXT];
    snprintf(subject, sizeof(subject), "%s.A.*", bus->inbox);
    return listener_open(bus, subject, NULL, 0, on_answer, bus, &bus->answers, err);
}

void exchanges_free(struct bus *bus)
{
    free(bus->exchanges.slots);
    arena_free(&bus->answer_arena);
    pthread_cond_destroy(&bus->exchanges.released);
    pthread_mutex_destroy(&bus->exchanges.mutex);
}
