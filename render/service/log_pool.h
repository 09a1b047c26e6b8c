/* A few connections to the event log, shared by the threads of the service: each call takes one for itself.
 */
#ifndef RENDER_SERVICE_LOG_POOL_H
#define RENDER_SERVICE_LOG_POOL_H

#include "eventlog/eventlog.h"

struct log_pool;

/* `url` as for eventlog_open(). A database that is away is no error here: each call says so. */
enum status log_pool_open(const char *url, uint32_t connections, struct log_pool **out,
                          struct error *err) MUST_CHECK;
/* When no call is running any more. NULL is allowed. */
void log_pool_close(struct log_pool **pool);

/* Whether the log answers, within some seconds, and is of this version: as eventlog_check(). */
enum status log_pool_check(struct log_pool *pool, struct error *err) MUST_CHECK;
/* Likewise whether it is that of the installation with this prefix, if that can be said; STATUS_CONFLICT: it
 * is not. */
enum status log_pool_check_prefix(struct log_pool *pool, const char *prefix, struct error *err) MUST_CHECK;
/*
 * As the functions of eventlog.h, from any thread; they wait for a connection. A connection
 * that was lost since its last use is made again once. STATUS_UNAVAILABLE names the event log.
 */
enum status log_pool_events(struct log_pool *pool, int64_t execution_id, uint32_t after_event_id,
                            uint32_t to_event_id, struct arena *a, struct event_list *out,
                            struct error *err) MUST_CHECK;
enum status log_pool_chosen_events(struct log_pool *pool, int64_t execution_id,
                                   const struct event_choice *choice, struct arena *a, struct event_list *out,
                                   struct error *err) MUST_CHECK;
enum status log_pool_executions(struct log_pool *pool, const struct execution_filter *filter, struct arena *a,
                                struct execution_row **rows, size_t *count, struct error *err) MUST_CHECK;
enum status log_pool_ids(struct log_pool *pool, int64_t beginning, int64_t *out, size_t room, size_t *count,
                         struct error *err) MUST_CHECK;
enum status log_pool_newest(struct log_pool *pool, struct str path, int64_t *id, int64_t *time_ns,
                            struct error *err) MUST_CHECK;

#endif
