#include "inquiry.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "runtime/log.h"

enum {
    MOST_WAITING = 4096,
    MOST_BYTES = 1024
}; /* more questions get no answer and come again; the longest of them */

struct inquiries {
    struct bus *bus;
    const struct subjects *subjects;
    const struct fence *fence;
    struct mailbox *engine;
    struct bus_subscription *listening;
    atomic_uint waiting;
};

static enum status read(struct arena *a, struct str payload, struct inquiry *out, struct error *err)
{
    struct value v;
    const struct json_limits limits = {.max_bytes = MOST_BYTES};
    TRY(json_read(a, payload, &limits, &v, err));
    TRY(id_parse(value_as_str(VALUE_GET(v, "execution_id")), &out->execution_id, err));
    return task_id_parse(value_as_str(VALUE_GET(v, "task_id")), &out->attempt, err);
}

static bool is_ours(const struct inquiries *i, int64_t execution_id)
{
    uint32_t partition = id_partition(execution_id, i->fence->partitions);
    return atomic_load(&i->fence->epochs[partition]) != 0;
}

static void post(struct inquiries *i, const struct inquiry *read, const char *reply)
{
    size_t len = strlen(reply) + 1;
    struct inquiry *q = malloc(sizeof(*q) + len);
    if (!q)
        return; /* it is asked again */
    *q = *read;
    memcpy(q->reply, reply, len);
    atomic_fetch_add(&i->waiting, 1);
    mailbox_post(i->engine, (struct mail){.kind = MAIL_ASKED, .u.asked = q});
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is the mailbox's */
}

/* On a thread of the connection. */
static void take(void *context, const struct bus_message *m)
{
    struct inquiries *i = context;
    struct inquiry q = {.of = i};
    struct arena a;
    struct error err;
    if (!m->reply || !subject_may_be_answered(i->subjects, m->reply) ||
        atomic_load(&i->waiting) >= MOST_WAITING)
        return;
    arena_init(&a, 0);
    if (read(&a, m->payload, &q, &err) != STATUS_OK)
        LOG(LOG_DEBUG, "a question about an attempt is none", LOG_ERR(&err));
    else if (is_ours(i, q.execution_id))
        post(i, &q, m->reply);
    arena_free(&a);
}

void inquiry_answer(const struct inquiry *q, bool ended)
{
    struct error err;
    struct str text = ended ? STR("{\"ended\":true}") : STR("{\"ended\":false}");
    if (bus_publish_later(q->of->bus, q->reply, text, &err) != STATUS_OK)
        LOG(LOG_DEBUG, "an answer about an attempt could not be sent", LOG_ERR(&err));
}

void inquiry_free(struct inquiry *q)
{
    if (!q)
        return;
    atomic_fetch_sub(&q->of->waiting, 1);
    free(q);
}

enum status inquiries_start(struct bus *bus, const struct subjects *s, const struct fence *fence,
                            struct mailbox *engine, struct inquiries **out, struct error *err)
{
    char subject[SUBJECT_MAX];
    struct inquiries *i = calloc(1, sizeof(*i));
    if (!i)
        return error_set(err, STATUS_NO_MEMORY, "no memory for questions about attempts");
    *i = (struct inquiries){.bus = bus, .subjects = s, .fence = fence, .engine = engine};
    subject_daemon(s, "broker", NULL, "ended", subject);
    enum status status = bus_subscribe(bus, subject, NULL, take, i, &i->listening, err);
    if (status != STATUS_OK)
        free(i);
    else
        *out = i;
    return status;
}

void inquiries_stop(struct inquiries *i)
{
    if (i)
        bus_unsubscribe(&i->listening);
}

void inquiries_free(struct inquiries **i)
{
    inquiries_stop(*i);
    free(*i);
    *i = NULL;
}
