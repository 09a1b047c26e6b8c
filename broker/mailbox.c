#include "mailbox.h"

#include <stdlib.h>
#include <unistd.h>

#include "batch.h"
#include "inquiry.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "taken.h"

enum { LOOK_MS = 50 }; /* at whether a fact that waits is still wanted */

enum status mailbox_init(struct mailbox *m, size_t max_facts, size_t max_bytes, struct bus *bus,
                         struct error *err)
{
    *m = (struct mailbox){.max_facts = max_facts, .max_bytes = max_bytes, .capacity = 1024, .bus = bus};
    m->items = calloc(m->capacity, sizeof(*m->items));
    if (!m->items)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the engine's mailbox");
    pthread_mutex_init(&m->lock, NULL);
    mono_cond_init(&m->filled);
    mono_cond_init(&m->drained);
    return STATUS_OK;
}

void mail_free(const struct mail *mail)
{
    if (mail->kind == MAIL_FACT)
        bus_delivery_free(mail->u.fact);
    else if (mail->kind == MAIL_COMMITTED)
        batch_free(mail->u.batch);
    else if (mail->kind == MAIL_FIRED)
        free(mail->u.firing);
    else if (mail->kind == MAIL_ASKED)
        inquiry_free(mail->u.asked);
    else if (mail->kind == MAIL_TAKEN)
        taken_free(mail->u.taken);
}

void mailbox_free(struct mailbox *m)
{
    for (size_t i = 0; i < m->count; i++)
        mail_free(&m->items[i]);
    free(m->items);
    pthread_cond_destroy(&m->filled);
    pthread_cond_destroy(&m->drained);
    pthread_mutex_destroy(&m->lock);
}

_Noreturn void mailbox_no_memory(const char *what)
{
    LOG(LOG_ERROR, "there is no memory left; the broker ends, to be started again", LOG_TEXT("for", what));
    _exit(status_exit_code(STATUS_NO_MEMORY));
}

/* With the lock held. */
static void make_room(struct mailbox *m)
{
    if (m->count < m->capacity)
        return;
    struct mail *moved = realloc(m->items, 2 * m->capacity * sizeof(*moved));
    if (!moved)
        mailbox_no_memory("what the engine is to do");
    m->items = moved;
    m->capacity *= 2;
}

static bool is_full(const struct mailbox *m)
{
    return m->facts + m->held >= m->max_facts || m->bytes + m->held_bytes >= m->max_bytes;
}

/* With the lock held: that there is mail. */
static void wake_taker(struct mailbox *m)
{
    if (m->leads)
        bus_lead_look(m->bus);
    if (!m->sleeps)
        return;
    pthread_cond_signal(&m->filled);
    if (m->bus)
        bus_lead_offer(m->bus);
}

/* With the lock held. */
static void put(struct mailbox *m, struct mail mail)
{
    make_room(m);
    m->items[m->count++] = mail;
    if (m->count == 1)
        wake_taker(m);
}

void mailbox_post(struct mailbox *m, struct mail mail)
{
    pthread_mutex_lock(&m->lock);
    put(m, mail);
    pthread_mutex_unlock(&m->lock);
}

/* With the lock held. */
static bool is_dropped(const struct mailbox *m, const atomic_bool *unwanted)
{
    return m->closed || atomic_load(unwanted);
}

/* With the lock held. */
static bool post_fact(struct mailbox *m, struct bus_delivery *fact, const atomic_bool *unwanted)
{
    if (is_dropped(m, unwanted)) {
        bus_delivery_free(fact);
        return true;
    }
    if (is_full(m))
        return false;
    m->facts++;
    m->bytes += fact->payload.len;
    put(m, (struct mail){.kind = MAIL_FACT, .u.fact = fact});
    return true;
}

bool mailbox_post_fact(struct mailbox *m, struct bus_delivery *fact, const atomic_bool *unwanted)
{
    pthread_mutex_lock(&m->lock);
    bool posted = post_fact(m, fact, unwanted);
    pthread_mutex_unlock(&m->lock);
    return posted;
}

void mailbox_wait_post_fact(struct mailbox *m, struct bus_delivery *fact, const atomic_bool *unwanted)
{
    pthread_mutex_lock(&m->lock);
    while (!post_fact(m, fact, unwanted))
        mono_cond_wait_until(&m->drained, &m->lock, mono_now().ns + LOOK_MS * INT64_C(1000000));
    pthread_mutex_unlock(&m->lock);
}

static bool has_mail(void *mailbox)
{
    struct mailbox *m = mailbox;
    pthread_mutex_lock(&m->lock);
    bool has = m->count > 0;
    pthread_mutex_unlock(&m->lock);
    return has;
}

/* With the lock held, which is let go meanwhile. False, at once, when another thread leads. */
static bool lead(struct mailbox *m, int64_t until_ns)
{
    if (!m->bus)
        return false;
    m->leads = true;
    pthread_mutex_unlock(&m->lock);
    bool led = bus_lead(m->bus, until_ns, has_mail, m);
    pthread_mutex_lock(&m->lock);
    m->leads = false;
    return led;
}

/* With the lock held: until there is mail, or it is over. */
static void await_mail(struct mailbox *m, int64_t until_ns)
{
    if (m->count > 0 || lead(m, until_ns))
        return;
    m->sleeps = true;
    while (m->count == 0 && mono_cond_wait_until(&m->filled, &m->lock, until_ns))
        continue;
    m->sleeps = false;
}

size_t mailbox_take(struct mailbox *m, struct mail **items, size_t *capacity, int64_t timeout_ms)
{
    int64_t until_ns = mono_now().ns + timeout_ms * 1000000;
    pthread_mutex_lock(&m->lock);
    await_mail(m, until_ns);
    /* The taker's emptied array becomes the next to be filled. */
    struct mail *full = m->items;
    size_t full_capacity = m->capacity, count = m->count;
    if (!*items) {
        *items = calloc(full_capacity, sizeof(**items));
        *capacity = full_capacity;
    }
    if (!*items) {
        count = 0; /* no memory for a second array: what is there waits */
    } else {
        m->items = *items;
        m->capacity = *capacity;
        *items = full;
        *capacity = full_capacity;
        m->count = 0;
        m->facts = m->bytes = 0;
        pthread_cond_broadcast(&m->drained);
    }
    pthread_mutex_unlock(&m->lock);
    return count;
}

void mailbox_hold(struct mailbox *m, size_t facts, size_t bytes)
{
    pthread_mutex_lock(&m->lock);
    m->held = facts;
    m->held_bytes = bytes;
    if (!is_full(m))
        pthread_cond_broadcast(&m->drained);
    pthread_mutex_unlock(&m->lock);
}

size_t mailbox_facts(struct mailbox *m, bool *full)
{
    pthread_mutex_lock(&m->lock);
    size_t facts = m->facts + m->held;
    *full = is_full(m);
    pthread_mutex_unlock(&m->lock);
    return facts;
}

void mailbox_close(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->closed = true;
    pthread_cond_broadcast(&m->drained);
    pthread_mutex_unlock(&m->lock);
}

bool mailbox_is_closed(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool closed = m->closed;
    pthread_mutex_unlock(&m->lock);
    return closed;
}
