/* One attempt of a nats step, for the files that do its actions. */
#ifndef WORKER_TOOLS_NATS_CALL_H
#define WORKER_TOOLS_NATS_CALL_H

#include "nats_connection.h"
#include "nats_message.h"

struct nats_call {
    const struct task *task;
    const struct task_stop *stop;
    struct arena *arena;
    struct nats_target target;
    const struct settings *settings;
    int64_t timeout_ms;
    struct outcome *out;
};

/* A text that the action cannot do without, without zero bytes. */
enum status nats_need_text(const struct nats_call *c, const char *key, const char **out,
                           struct error *err) MUST_CHECK;

/* nats_bucket.c */
enum status nats_kv_get(struct nats_call *c, struct error *err) MUST_CHECK;
enum status nats_kv_put(struct nats_call *c, struct error *err) MUST_CHECK;
enum status nats_kv_delete(struct nats_call *c, struct error *err) MUST_CHECK;

#endif
