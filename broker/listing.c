#include "listing.h"

#include <stdlib.h>

#include "core/error_value.h"
#include "core/id.h"
#include "core/json.h"
#include "publisher/catalog.h"
#include "runtime/log.h"

enum { ANSWER_WITHIN_MS = 10000, HEADERS_BYTES = 512 };

/* ---- what is there ------------------------------------------------------------------------------------ */

static int compare_paths(const void *a, const void *b)
{
    const struct value *x = a, *y = b;
    return str_compare(value_as_str(VALUE_GET(*x, "path")), value_as_str(VALUE_GET(*y, "path")));
}

/* `nats kv put` may have given a key that is no path: it is nothing that could be called. */
static bool is_wanted(const struct listing_order *order, struct str path)
{
    return playbook_path_is_valid(path) && playbook_path_is_under(path, order->prefix) &&
           !str_equal(path, order->caller);
}

static enum status pick(struct arena *a, const struct listing_order *order, struct value all,
                        struct value *out, struct error *err)
{
    struct list_builder picked;
    list_begin(&picked, a);
    for (uint32_t i = 0; i < all.len; i++) {
        struct map_builder m;
        struct value playbook;
        if (!is_wanted(order, value_as_str(VALUE_GET(all.u.list[i], "path"))))
            continue;
        map_begin(&m, a);
        map_put(&m, STR("path"), VALUE_GET(all.u.list[i], "path"));
        map_put(&m, STR("version"), VALUE_GET(all.u.list[i], "version"));
        TRY(map_end(&m, &playbook, err));
        list_add(&picked, playbook);
    }
    if (picked.len)
        qsort(picked.items, picked.len, sizeof(*picked.items), compare_paths);
    return list_end(&picked, out, err);
}

/* ---- the fact ----------------------------------------------------------------------------------------- */

static enum status fact_text(struct arena *a, int64_t execution_id, const struct listing_order *order,
                             const char *key, struct value v, struct str *out, struct error *err)
{
    struct task_id id;
    struct map_builder m;
    struct value text;
    struct event fact = {
        .execution_id = execution_id,
        .type = EVENT_PLAYBOOKS_LISTED,
        .node_name = order->prefix,
        .node_type = STR("playbooks"),
        .task_id = order->task_id,
    };
    if (task_id_parse(fact.task_id, &id, NULL) == STATUS_OK) {
        fact.visit = id.visit;
        fact.attempt = id.places[id.depth].attempt;
    }
    map_begin(&m, a);
    map_put(&m, str_of(key), v);
    TRY(map_end(&m, &fact.context, err));
    TRY(event_to_value(a, &fact, &text, err));
    return json_text(a, text, out, err);
}

static enum status list(struct bus *bus, const struct subjects *s, int64_t execution_id,
                        const struct listing_order *order, struct arena *a, struct str *out,
                        struct error *err)
{
    struct value all, picked;
    TRY(catalog_list(bus, s, a, &all, err));
    TRY(pick(a, order, all, &picked, err));
    TRY(fact_text(a, execution_id, order, "playbooks", picked, out, err));
    if ((int64_t)out->len + HEADERS_BYTES <= bus_max_payload(bus))
        return STATUS_OK;
    error_set(err, STATUS_LIMIT,
              "path: the list of the %u playbooks under %" PRISTR
              " is %zu bytes, and the server takes messages of %lld bytes at most",
              picked.len, ARGSTR(order->prefix), out->len, (long long)bus_max_payload(bus));
    return error_hint(err, "call those of one folder at a time");
}

enum status listing_answer(struct bus *bus, const struct subjects *s, int64_t execution_id,
                           const struct listing_order *order, struct bus_permit permit, struct arena *a,
                           struct error *err)
{
    struct str text, message_id = arena_printf(a, "%lld.%" PRISTR ".listed", (long long)execution_id,
                                               ARGSTR(order->task_id));
    char subject[SUBJECT_MAX];
    struct bus_ack ack;
    struct error why = {0};
    struct value refused;
    if (!message_id.ptr)
        return arena_error(a, err, "a fact");
    enum status status = list(bus, s, execution_id, order, a, &text, &why);
    if (status != STATUS_OK && status_may_retry(status)) {
        *err = why;
        return status;
    }
    if (status != STATUS_OK) {
        LOG(LOG_WARN, "the playbooks under a path cannot be listed", LOG_ID("execution", execution_id),
            LOG_STR("path", order->prefix), LOG_ERR(&why));
        TRY(error_value(a, &why, &refused, err));
        TRY(fact_text(a, execution_id, order, "error", refused, &text, err));
    }
    struct bus_publication p = {
        .subject = subject_event(s, execution_id, EVENT_PLAYBOOKS_LISTED, subject),
        .message_id = message_id.ptr,
        .payload = text,
        .permit = permit,
        .give_up_ms = ANSWER_WITHIN_MS,
    };
    return bus_publish_wait(bus, &p, &ack, err);
}
