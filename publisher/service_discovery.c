/*
 * NATS services discovery (ADR-32, https://github.com/nats-io/nats-architecture-and-design): `nats micro ls`,
 * `info` and `stats` ask at $SRV.PING|INFO|STATS, with the service's name and its instance's id behind it or
 * without.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/json.h"
#include "identity.h"
#include "runtime/log.h"
#include "service_private.h"

static enum status metadata_value(struct arena *a, const struct service *s, struct value *out,
                                  struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("host"), value_text(s->host));
    map_put(&m, STR("pid"), value_text(s->pid));
    for (size_t i = 0; i < s->options.label_count; i++)
        map_put(&m, str_of(s->options.labels[i].name), value_text(s->options.labels[i].value));
    return map_end(&m, out, err);
}

/* What all three answers begin with. */
static enum status put_identity(struct map_builder *m, struct arena *a, const struct service *s,
                                const char *type, struct error *err)
{
    struct value metadata;
    TRY(metadata_value(a, s, &metadata, err));
    map_put(m, STR("type"), value_text(type));
    map_put(m, STR("name"), value_text(s->options.name));
    map_put(m, STR("id"), value_text(s->id));
    map_put(m, STR("version"), value_text(NOETL_VERSION));
    map_put(m, STR("metadata"), metadata);
    return STATUS_OK;
}

static void put_endpoint(struct map_builder *m, const struct endpoint *e)
{
    map_put(m, STR("name"), value_text(e->name));
    map_put(m, STR("subject"), value_text(e->subject));
    map_put(m, STR("queue_group"), value_text(e->queue));
}

static enum status endpoint_info(struct arena *a, struct endpoint *e, struct value *out, struct error *err)
{
    struct map_builder m;
    struct value metadata;
    map_begin(&m, a);
    map_put(&m, STR("doc"), value_text(e->operation->doc));
    TRY(map_end(&m, &metadata, err));
    map_begin(&m, a);
    put_endpoint(&m, e);
    map_put(&m, STR("metadata"), metadata);
    return map_end(&m, out, err);
}

static enum status endpoint_stats(struct arena *a, struct endpoint *e, struct value *out, struct error *err)
{
    pthread_mutex_lock(&e->service->lock);
    int64_t requests = (int64_t)e->requests, errors = (int64_t)e->errors, busy_ns = e->busy_ns;
    const char *last_error = arena_strdup(a, str_of(e->last_error));
    pthread_mutex_unlock(&e->service->lock);
    if (!last_error)
        return arena_error(a, err, "the service's statistics");
    struct map_builder m;
    map_begin(&m, a);
    put_endpoint(&m, e);
    map_put(&m, STR("num_requests"), value_int(requests));
    map_put(&m, STR("num_errors"), value_int(errors));
    map_put(&m, STR("last_error"), value_text(last_error));
    map_put(&m, STR("processing_time"), value_int(busy_ns));
    map_put(&m, STR("average_processing_time"), value_int(requests > 0 ? busy_ns / requests : 0));
    return map_end(&m, out, err);
}

static enum status endpoints_value(struct arena *a, struct service *s,
                                   enum status (*describe)(struct arena *, struct endpoint *, struct value *,
                                                           struct error *),
                                   struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (size_t i = 0; i < s->endpoint_count; i++) {
        struct value v = {0};
        TRY(describe(a, &s->endpoints[i], &v, err));
        list_add(&list, v);
    }
    return list_end(&list, out, err);
}

static enum status describe_ping(struct arena *a, struct service *s, struct value *out, struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    TRY(put_identity(&m, a, s, "io.nats.micro.v1.ping_response", err));
    return map_end(&m, out, err);
}

static enum status describe_info(struct arena *a, struct service *s, struct value *out, struct error *err)
{
    struct value endpoints;
    TRY(endpoints_value(a, s, endpoint_info, &endpoints, err));
    struct map_builder m;
    map_begin(&m, a);
    TRY(put_identity(&m, a, s, "io.nats.micro.v1.info_response", err));
    map_put(&m, STR("description"), value_text(s->options.description));
    map_put(&m, STR("endpoints"), endpoints);
    return map_end(&m, out, err);
}

static enum status describe_stats(struct arena *a, struct service *s, struct value *out, struct error *err)
{
    struct value endpoints;
    TRY(endpoints_value(a, s, endpoint_stats, &endpoints, err));
    struct map_builder m;
    map_begin(&m, a);
    TRY(put_identity(&m, a, s, "io.nats.micro.v1.stats_response", err));
    TRY(put_time(&m, STR("started"), s->started_ns, err));
    map_put(&m, STR("endpoints"), endpoints);
    return map_end(&m, out, err);
}

static const struct verb {
    const char *name;
    enum status (*describe)(struct arena *a, struct service *s, struct value *out, struct error *err);
} verbs[] = {{"PING", describe_ping}, {"INFO", describe_info}, {"STATS", describe_stats}};

static const struct verb *verb_of(const char *subject)
{
    struct str rest = str_of(subject);
    str_split(&rest, '.');
    struct str word = str_split(&rest, '.');
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (str_is(word, verbs[i].name))
            return &verbs[i];
    return NULL;
}

static enum status answer_discovery(struct service *s, const struct verb *verb, const char *reply,
                                    struct arena *a, struct error *err)
{
    struct value v;
    struct str text;
    TRY(verb->describe(a, s, &v, err));
    TRY(json_text(a, v, &text, err));
    return bus_publish(s->options.bus, reply, NULL, NULL, 0, text, err);
}

static void on_discovery(void *context, const struct bus_message *m)
{
    struct service *s = context;
    const struct verb *verb = verb_of(m->subject);
    if (!verb || !m->reply || !subject_may_be_answered(s->options.subjects, m->reply))
        return;
    struct arena a;
    struct error err;
    arena_init(&a, 0);
    if (answer_discovery(s, verb, m->reply, &a, &err) != STATUS_OK)
        LOG(LOG_WARN, "services discovery was not answered", LOG_TEXT("subject", m->subject), LOG_ERR(&err));
    arena_free(&a);
}

enum status discovery_start(struct service *s, struct error *err)
{
    char subjects[DISCOVERY_SUBJECTS][SUBJECT_MAX];
    snprintf(subjects[0], SUBJECT_MAX, "$SRV.*");
    snprintf(subjects[1], SUBJECT_MAX, "$SRV.*.%s", s->options.name);
    snprintf(subjects[2], SUBJECT_MAX, "$SRV.*.%s.%s", s->options.name, s->id);
    for (size_t i = 0; i < DISCOVERY_SUBJECTS; i++)
        TRY(bus_subscribe(s->options.bus, subjects[i], NULL, on_discovery, s, &s->discovery[i], err));
    return STATUS_OK;
}

void discovery_stop(struct service *s)
{
    for (size_t i = 0; i < DISCOVERY_SUBJECTS; i++)
        bus_unsubscribe(&s->discovery[i]);
}
