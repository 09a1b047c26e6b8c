#include "fixture.h"

#include <signal.h>
#include <stdio.h>

void must(enum status status, const struct error *err)
{
    char text[2048];
    if (status != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof(text)));
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    servers_start_nats(&f->servers);
    f->bus = servers_connect(&f->servers, "test");
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    bus_close(&f->bus);
    servers_stop(&f->servers);
    free(f);
    return 0;
}

void fixture_crash(struct fixture *f)
{
    servers_kill_nats(&f->servers);
    servers_revive_nats(&f->servers);
}

/* ---- records ---- */

void record_init(struct record *r, struct bus *bus)
{
    *r = (struct record){.bus = bus};
    pthread_mutex_init(&r->mutex, NULL);
    r->sequences = calloc(RECORD_MAX, sizeof(*r->sequences));
    r->counts = calloc(RECORD_MAX, sizeof(*r->counts));
    assert_non_null(r->sequences);
    assert_non_null(r->counts);
}

void record_free(struct record *r)
{
    bus_delivery_free(r->kept);
    free(r->sequences);
    free(r->counts);
    pthread_mutex_destroy(&r->mutex);
}

#define READ(member)                                                                                         \
    pthread_mutex_lock(&r->mutex);                                                                           \
    __typeof__(r->member) value = r->member;                                                                 \
    pthread_mutex_unlock(&r->mutex);                                                                         \
    return value

uint32_t record_deliveries(struct record *r)
{
    READ(deliveries);
}

uint32_t record_acks(struct record *r)
{
    READ(acks);
}

uint32_t record_failures(struct record *r)
{
    READ(failures);
}

enum status record_trouble(struct record *r)
{
    READ(trouble);
}

struct bus_delivery *record_take(struct record *r)
{
    pthread_mutex_lock(&r->mutex);
    struct bus_delivery *d = r->kept;
    r->kept = NULL;
    pthread_mutex_unlock(&r->mutex);
    return d;
}

void record_deliver(void *context, struct bus_delivery *d)
{
    struct record *r = context;
    if (r->ack)
        bus_deliver_ack(r->bus, d);
    pthread_mutex_lock(&r->mutex);
    if (r->deliveries < RECORD_MAX) {
        r->sequences[r->deliveries] = d->stream_sequence;
        r->counts[r->deliveries] = d->deliveries;
    }
    r->deliveries++;
    if (r->keep) {
        struct bus_delivery *before = r->kept;
        r->kept = d;
        d = before;
    }
    pthread_mutex_unlock(&r->mutex);
    bus_delivery_free(d);
}

void record_published(void *context, const struct bus_ack *ack, const struct error *err)
{
    struct record *r = context;
    pthread_mutex_lock(&r->mutex);
    if (err) {
        r->failures++;
        r->last_failure = err->status;
    } else {
        r->acks++;
        r->duplicates += ack->duplicate;
    }
    pthread_mutex_unlock(&r->mutex);
}

void record_troubled(void *context, const struct error *err)
{
    struct record *r = context;
    pthread_mutex_lock(&r->mutex);
    r->trouble = err ? err->status : STATUS_OK;
    r->troubles++;
    pthread_mutex_unlock(&r->mutex);
}

/* ---- streams ---- */

void make_stream(struct bus *bus, const char *name)
{
    struct error err;
    char subject[128];
    snprintf(subject, sizeof(subject), "%s.>", name);
    struct bus_stream stream = {.name = name, .subjects = {subject}, .duplicates_ms = 120000};
    must(bus_stream_ensure(bus, &stream, &err), &err);
}

void make_consumer(struct bus *bus, const char *stream, const char *durable, int64_t ack_wait_ms)
{
    struct error err;
    struct bus_consumer consumer = {.stream = stream,
                                    .durable = durable,
                                    .ack_wait_ms = ack_wait_ms,
                                    .max_ack_pending = 100000,
                                    .max_waiting = 16384};
    must(bus_consumer_ensure(bus, &consumer, &err), &err);
}

void fill_stream(struct bus *bus, const char *name, uint32_t from, uint32_t count)
{
    struct record acks;
    struct error err;
    record_init(&acks, bus);
    for (uint32_t i = from; i < from + count; i++) {
        char subject[128], id[128];
        snprintf(subject, sizeof(subject), "%s.%u", name, i);
        snprintf(id, sizeof(id), "%s-%u", name, i);
        struct bus_publication p = {.subject = subject,
                                    .message_id = id,
                                    .payload = str_of(subject),
                                    .done = record_published,
                                    .context = &acks};
        must(bus_publish_async(bus, &p, &err), &err);
    }
    EVENTUALLY(bus_open_publishes(bus) == 0);
    assert_int_equal(count, record_acks(&acks));
    record_free(&acks);
}
