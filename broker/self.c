#include "self.h"

#include <inttypes.h>

#include "publisher/topology.h"
#include "runtime/pulse.h"

/* ---- partitions ---------------------------------------------------------------------------------------- */

/*
 * The newest message of a partition in the event stream; all zero if it has none. False if the stream does
 * not say it: a status is worth having then too.
 */
static bool find_newest(const struct broker_self *self, uint32_t partition, struct arena *a,
                        struct bus_stored *out)
{
    char stream[96], subject[SUBJECT_MAX];
    struct error err;
    *out = (struct bus_stored){0};
    enum status status = bus_stream_last(self->bus, stream_name(self->subjects, STREAM_EVENTS, stream),
                                         subject_partition(self->subjects, partition, subject), a, out, &err);
    return status == STATUS_OK || status == STATUS_NOT_FOUND;
}

/* How much older the newest message in the log is than the newest of the stream. */
static int64_t behind_ms(const struct bus_stored *newest, uint64_t committed, int64_t committed_time_ns)
{
    if (newest->sequence <= committed)
        return 0;
    return committed_time_ns > 0 && newest->time_ns > committed_time_ns
               ? (newest->time_ns - committed_time_ns) / 1000000
               : 0;
}

/* *answers: whether the stream says what it has; it is not asked again once it does not. */
static enum status partition_value(const struct broker_self *self, uint32_t p, int64_t epoch, bool *answers,
                                   struct arena *a, struct value *out, struct error *err)
{
    struct partition_progress *at = &self->progress->partitions[p];
    uint64_t committed = atomic_load(&at->committed);
    struct bus_stored last;
    struct map_builder m;
    *answers = *answers && find_newest(self, p, a, &last);
    map_begin(&m, a);
    map_put(&m, STR("partition"), value_int(p));
    map_put(&m, STR("epoch"), value_int(epoch));
    map_put(&m, STR("folded"), value_int((int64_t)atomic_load(&at->folded)));
    map_put(&m, STR("committed"), value_int((int64_t)committed));
    if (*answers) {
        int64_t ms = behind_ms(&last, committed, atomic_load(&at->committed_time_ns));
        map_put(&m, STR("newest"), value_int((int64_t)last.sequence));
        map_put(&m, STR("behind"), value_bool(last.sequence > committed));
        map_put(&m, STR("behind_ms"), value_int(ms));
    }
    map_put(&m, STR("waits_for_large"), value_bool(holdings_wait(self->holdings, p)));
    return map_end(&m, out, err);
}

static enum status partitions_value(const struct broker_self *self, struct arena *a, struct value *out,
                                    struct error *err)
{
    struct list_builder list;
    bool answers = bus_is_connected(self->bus);
    list_begin(&list, a);
    for (uint32_t p = 0; p < self->subjects->partitions; p++) {
        int64_t epoch = atomic_load(&self->fence->epochs[p]);
        struct value v = {0};
        if (epoch == 0)
            continue;
        TRY(partition_value(self, p, epoch, &answers, a, &v, err));
        list_add(&list, v);
    }
    return list_end(&list, out, err);
}

/* ---- what keeps it from going on -------------------------------------------------------------------------
 */

struct hindrance {
    const char *what, *message, *place;
};

static void add(struct list_builder *list, const struct hindrance *h)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, list->arena);
    map_put(&m, STR("what"), value_text(h->what));
    map_put(&m, STR("message"), value_text(h->message));
    map_put(&m, STR("place"), value_text(h->place));
    if (map_end(&m, &v, NULL) == STATUS_OK)
        list_add(list, v);
    else
        list->failed = true;
}

static enum status hindrances_value(const struct broker_self *self, struct arena *a, struct value *out,
                                    struct error *err)
{
    bool mailbox_full;
    const char *stuck = pulse_find_stuck(mono_now().ns, pulse_most_ms());
    mailbox_facts(self->mailbox, &mailbox_full);
    const struct {
        bool holds;
        struct hindrance is;
    } all[] = {
        {!fence_lease_lasts(self->fence),
         {"lease", "it has not heard itself for a lease, and does nothing until it does", "broker.lease"}},
        {atomic_load(&self->fence->log_away),
         {"log", "the event log cannot be written; what is decided waits for it", "postgres.url"}},
        {atomic_load(&self->progress->unread),
         {"reading", "the event log cannot be read; what needs that waits, and what is decided behind it",
          "postgres.url"}},
        {engine_is_over_backlog(self->engine),
         {"backlog", "as much waits for the event log as may; no facts are taken", "broker.backlog"}},
        {mailbox_full, {"mailbox", "facts come faster than they are folded; reading pauses", ""}},
        {occupancy_is_full(self->occupancy),
         {"in_flight", "as many executions are at work as may be; new requests wait", "broker.in_flight"}},
        {atomic_load(&self->progress->refused),
         {"stream", "a stream does not take what the broker publishes; it is offered again", ""}},
        {stuck != NULL, {"thread", "a thread makes no progress", stuck ? stuck : ""}},
    };
    struct list_builder list;
    list_begin(&list, a);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].holds)
            add(&list, &all[i].is);
    }
    return list_end(&list, out, err);
}

/* ---- the answer ------------------------------------------------------------------------------------------
 */

static enum status executions_value(const struct broker_self *self, struct arena *a, struct value *out,
                                    struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("open"), value_int((int64_t)atomic_load(&self->occupancy->executions)));
    map_put(&m, STR("most"), value_int((int64_t)self->occupancy->most));
    return map_end(&m, out, err);
}

/* What is on its way through the broker, from the streams to the log. */
static enum status waiting_value(const struct broker_self *self, struct arena *a, struct value *out,
                                 struct error *err)
{
    struct backlog backlog = writer_backlog(self->writer);
    bool full;
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("facts"), value_int((int64_t)mailbox_facts(self->mailbox, &full)));
    map_put(&m, STR("publishes"), value_int(bus_open_publishes(self->bus)));
    map_put(&m, STR("rows"), value_int((int64_t)backlog.rows));
    map_put(&m, STR("rows_most"), value_int((int64_t)self->most.rows));
    map_put(&m, STR("bytes"), value_int((int64_t)backlog.bytes));
    map_put(&m, STR("bytes_most"), value_int((int64_t)self->most.bytes));
    return map_end(&m, out, err);
}

static enum status tell_status(void *context, const struct call *call, struct answer *answer,
                               struct error *err)
{
    const struct broker_self *self = context;
    struct value partitions, hindrances, executions, waiting;
    struct map_builder m;
    TRY(identity_begin(&m, &self->identity, call, "a request for a broker's status", err));
    TRY(partitions_value(self, call->arena, &partitions, err));
    TRY(hindrances_value(self, call->arena, &hindrances, err));
    TRY(executions_value(self, call->arena, &executions, err));
    TRY(waiting_value(self, call->arena, &waiting, err));
    map_put(&m, STR("executions"), executions);
    map_put(&m, STR("waiting"), waiting);
    map_put(&m, STR("hindered_by"), hindrances);
    map_put(&m, STR("partitions"), partitions);
    return map_end(&m, &answer->body, err);
}

enum status broker_self_serve(struct broker_self *self, struct service **out, struct error *err)
{
    static const struct operation operations[] = {
        {"status", tell_status, "the broker's partitions, what waits in it, and what hinders it"}};
    self->label = (struct service_label){"name", self->identity.name};
    const struct service_options options = {.bus = self->bus,
                                            .subjects = self->subjects,
                                            .name = "noetl-broker",
                                            .description = "decides what runs next, and writes the event log",
                                            .table = {operations, 1, self, NULL},
                                            .threads = 1,
                                            .kind = "broker",
                                            .labels = &self->label,
                                            .label_count = 1};
    return service_start(&options, out, err);
}
