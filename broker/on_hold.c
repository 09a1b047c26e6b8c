#include "on_hold.h"

#include <stdlib.h>

static void append(struct on_hold *h, struct held_fact *f)
{
    f->next = NULL;
    if (h->first)
        h->last->next = f;
    else
        h->first = f;
    h->last = f;
    h->count++;
    h->bytes += f->bytes;
}

enum status on_hold_add(struct on_hold *h, struct bus_delivery *d, uint32_t partition, struct error *err)
{
    struct held_fact *f = malloc(sizeof(*f));
    if (!f) {
        bus_delivery_free(d);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a fact that has to wait");
    }
    *f = (struct held_fact){.delivery = d, .bytes = d->payload.len, .partition = partition};
    append(h, f);
    return STATUS_OK;
}

/* Takes the first out. */
static struct held_fact *take(struct on_hold *h)
{
    struct held_fact *f = h->first;
    h->first = f->next;
    h->count--;
    h->bytes -= f->bytes;
    return f;
}

void on_hold_pass(struct on_hold *h)
{
    free(take(h));
}

static void drop_first(struct on_hold *h)
{
    struct held_fact *f = take(h);
    bus_delivery_free(f->delivery);
    free(f);
}

void on_hold_drop_partition(struct on_hold *h, uint32_t partition)
{
    for (size_t left = h->count; left > 0; left--) {
        if (h->first->partition == partition)
            drop_first(h);
        else
            append(h, take(h));
    }
}

void on_hold_free(struct on_hold *h)
{
    while (h->first)
        drop_first(h);
}
