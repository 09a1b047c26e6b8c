#include "fact_queue.h"

#include <stdlib.h>

static void append(struct fact_queue *q, struct queued_fact *f)
{
    f->next = NULL;
    if (q->first)
        q->last->next = f;
    else
        q->first = f;
    q->last = f;
    q->count++;
    q->bytes += f->bytes;
}

enum status fact_queue_add(struct fact_queue *q, struct bus_delivery *d, const struct event_subject *at,
                           int64_t epoch, struct error *err)
{
    struct queued_fact *f = malloc(sizeof(*f));
    if (!f) {
        bus_delivery_free(d);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a fact that has to wait");
    }
    *f = (struct queued_fact){.delivery = d, .bytes = d->payload.len, .at = *at, .epoch = epoch};
    append(q, f);
    return STATUS_OK;
}

/* Takes the first out. */
static struct queued_fact *take(struct fact_queue *q)
{
    struct queued_fact *f = q->first;
    q->first = f->next;
    q->count--;
    q->bytes -= f->bytes;
    return f;
}

void fact_queue_pass(struct fact_queue *q)
{
    free(take(q));
}

void fact_queue_drop_first(struct fact_queue *q)
{
    struct queued_fact *f = take(q);
    bus_delivery_free(f->delivery);
    free(f);
}

void fact_queue_drop_partition(struct fact_queue *q, uint32_t partition)
{
    for (size_t left = q->count; left > 0; left--) {
        if (q->first->at.partition == partition)
            fact_queue_drop_first(q);
        else
            append(q, take(q));
    }
}

void fact_queue_free(struct fact_queue *q)
{
    while (q->first)
        fact_queue_drop_first(q);
}
