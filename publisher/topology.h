/* The streams, consumers and buckets that the program needs: created, or compared with what is there. */
#ifndef PUBLISHER_TOPOLOGY_H
#define PUBLISHER_TOPOLOGY_H

#include "bus/bus.h"
#include "subject.h"

/* 0: none. What is more is refused, and nothing that is there is removed for it. */
struct stream_limit {
    int64_t messages, bytes;
};
struct topology_options {
    uint32_t replicas;
    int64_t events_max_age_ms; /* 0: for ever */
    int64_t results_max_age_ms;
    struct stream_limit events_limit, tasks_limit;
    uint32_t pool_max_running; /* tasks of one pool that workers have, all together */
    int64_t duplicates_ms;
    int64_t task_ack_wait_ms;
    uint32_t task_max_deliver;
    const char *const *pools; /* NULL-ended */
};

/* From the settings, whose lists it borrows. */
void topology_options_from_settings(const struct settings *settings, struct topology_options *out);

/* One of the things that there are to be. */
struct topology_part {
    enum topology_kind { TOPOLOGY_STREAM, TOPOLOGY_CONSUMER, TOPOLOGY_BUCKET } kind;
    const char *name;             /* its own */
    struct bus_stream stream;     /* of a stream */
    const char *limits;           /* the part of its settings that bound it ("events"), or NULL */
    struct bus_consumer consumer; /* of a consumer */
    uint32_t history, replicas;   /* of a bucket */
};
/* Gets one, which lasts for the call. An error ends the walk. */
typedef enum status topology_visitor(void *context, const struct topology_part *part, struct error *err);
/* All of them, in the order in which they can be made. */
enum status topology_each(const struct subjects *s, const struct topology_options *options,
                          topology_visitor *visit, void *context, struct error *err) MUST_CHECK;
/* Makes it, or makes it what it is to be: topology_ensure() for one part. */
enum status topology_make(struct bus *bus, const struct topology_part *part, struct error *err) MUST_CHECK;
/* As bus_stream_compare(): nothing is changed. */
enum status topology_compare(struct bus *bus, const struct topology_part *part, struct arena *a,
                             struct str *difference, struct error *err) MUST_CHECK;

/*
 * Whether the stream, STREAM_EVENTS or STREAM_TASKS, is there and was made for s->partitions, or does not
 * say for how many: for a process that would look for executions elsewhere than the others. STATUS_CONFLICT
 * names the setting that is to be changed, or the stream, when somebody has overwritten its description;
 * STATUS_NOT_FOUND.
 */
enum status topology_check_partitions(struct bus *bus, const struct subjects *s, enum stream_id stream,
                                      struct error *err) MUST_CHECK;
/* Both, as far as they are there. */
enum status topology_check_all_partitions(struct bus *bus, const struct subjects *s,
                                          struct error *err) MUST_CHECK;
/*
 * Idempotent, and may run in several processes at once; needs $JS.API.>. STATUS_CONFLICT when streams are
 * there that were made for another number of partitions, which cannot be changed, or that hold more than a
 * limit. STATUS_UNSUPPORTED for a limit that the server would keep by removing what it has.
 */
enum status topology_ensure(struct bus *bus, const struct subjects *s, const struct topology_options *options,
                            struct error *err) MUST_CHECK;
/* STATUS_INVALID, which names `place`, for what cannot be a pool's name. */
enum status topology_check_pool(const char *pool, const char *place, struct error *err) MUST_CHECK;
/* The consumer of a pool only; for a worker that finds none. */
enum status topology_ensure_pool(struct bus *bus, const struct subjects *s,
                                 const struct topology_options *options, const char *pool,
                                 struct error *err) MUST_CHECK;
/* The same of the broker's consumers, INTAKE_CONSUMER and DEAD_LETTERS_CONSUMER. */
enum status topology_ensure_intake(struct bus *bus, const struct subjects *s, struct error *err) MUST_CHECK;
enum status topology_ensure_dead_letters(struct bus *bus, const struct subjects *s,
                                         struct error *err) MUST_CHECK;
/* Name of a pool's durable consumer: the pool's own. */
const char *pool_consumer(const char *pool, char out[96]);
/* Durable consumers of the broker: of the commands, and of the advisories about tasks that are given up. */
#define INTAKE_CONSUMER       "intake"
#define DEAD_LETTERS_CONSUMER "dead_letters"

#endif
