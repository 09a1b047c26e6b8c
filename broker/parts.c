#include "parts.h"

#include <stdlib.h>

#include "runtime/log.h"

enum status parts_init(struct parts *p, const struct parts_options *options, struct error *err)
{
    uint32_t count = options->subjects->partitions;
    *p = (struct parts){.options = *options, .list = calloc(count, sizeof(*p->list))};
    if (!p->list)
        return error_set(err, STATUS_NO_MEMORY, "no memory for %u partitions", count);
    p->count = count;
    for (uint32_t i = 0; i < count; i++) {
        p->list[i].all = p;
        p->list[i].partition = i;
    }
    stream_name(options->subjects, STREAM_EVENTS, p->stream);
    return arrivals_open(options->bus, options->subjects, options->engine, &p->arrivals, err);
}

void parts_free(struct parts *p)
{
    arrivals_close(&p->arrivals);
    free(p->list);
}

/* ---- those that are held ------------------------------------------------------------------------------ */

void *parts_array(const struct parts *p, size_t size)
{
    return calloc(p->count > 0 ? p->count : 1, size);
}

bool parts_any(const struct parts *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].state != PART_NONE)
            return true;
    }
    return false;
}

size_t parts_list(const struct parts *p, struct checkpoint *list)
{
    size_t count = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].state == PART_NONE)
            continue;
        list[count] = fence_known(p->options.fence, i);
        list[count++].epoch = p->list[i].at.epoch;
    }
    return count;
}

enum status parts_compare(const struct parts *p, struct eventlog *log, struct error *err)
{
    struct checkpoint *held = parts_array(p, sizeof(*held));
    enum hold *holds = parts_array(p, sizeof(*holds));
    if (!held || !holds) {
        free(held);
        free(holds);
        return error_set(err, STATUS_NO_MEMORY, "no memory for the partitions");
    }
    size_t count = parts_list(p, held);
    enum status status = eventlog_holds(log, held, count, holds, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        fence_found(p->options.fence, held[i].partition, held[i].epoch, holds[i]);
    free(held);
    free(holds);
    return status;
}

void parts_share(const struct parts *p, uint64_t stream_end)
{
    for (uint32_t i = 0; i < p->count; i++) {
        uint64_t newest = atomic_load(&p->list[i].newest);
        if (p->list[i].state != PART_NONE)
            fence_share(p->options.fence, i, newest > stream_end ? newest : stream_end);
    }
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static void deliver(void *context, struct bus_delivery *d)
{
    struct part *part = context;
    if (d->stream_sequence > atomic_load(&part->newest))
        atomic_store(&part->newest, d->stream_sequence);
    arrivals_take(part->all->arrivals, part->partition, d);
}

static void trouble(void *context, const struct error *err)
{
    struct part *part = context;
    const struct parts_options *options = &part->all->options;
    if (!err) {
        LOG(LOG_INFO, "events are read again", LOG_NUM("partition", part->partition));
        return;
    }
    if (err->status != STATUS_CONFLICT) {
        LOG(LOG_ERROR, "events cannot be read", LOG_NUM("partition", part->partition), LOG_ERR(err));
        return;
    }
    LOG(LOG_WARN,
        "the event stream is not what it was; the partition is read on behind the time of its checkpoint",
        LOG_NUM("partition", part->partition), LOG_ERR(err));
    atomic_store(&part->place_gone, true);
    options->place_gone(options->context);
}

static enum status read_part(struct part *part, struct error *err)
{
    const struct parts *p = part->all;
    char filter[SUBJECT_MAX];
    struct bus_place place = {part->by_time ? 0 : part->at.stream_seq, part->at.stream_time_ns};
    subject_partition(p->options.subjects, part->partition, filter);
    atomic_store(&part->place_gone, false);
    atomic_store(&part->newest, 0);
    arrivals_begin(p->arrivals, part->partition);
    TRY(bus_reader_start(p->options.bus, p->stream, filter, place, deliver, trouble, part, &part->reader,
                         err));
    arrivals_reader(p->arrivals, part->partition, part->reader);
    part->by_time = false;
    return STATUS_OK;
}

enum status parts_read(struct parts *p, struct error *err)
{
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->list[i].state == PART_HELD && !p->list[i].reader)
            TRY(read_part(&p->list[i], err));
    }
    return STATUS_OK;
}

void part_stop_reading(struct part *part)
{
    struct arrivals *arrivals = part->all->arrivals;
    arrivals_leave(arrivals, part->partition);
    bus_reader_stop(&part->reader);
    arrivals_end(arrivals, part->partition);
}
