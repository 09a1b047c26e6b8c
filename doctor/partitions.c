/* The way of facts from the event stream into the log. */
#include "inner.h"

enum { LISTEN_MS = 300, BEATS_LATE_MS = 500 };

enum status read_partition_row(struct doctor *d, uint32_t p, struct arena *a, struct partition_row **out,
                               struct error *err)
{
    size_t count = 0;
    *out = NULL;
    if (!d->log || d->log_trouble.status != STATUS_OK)
        return STATUS_OK;
    TRY(eventlog_partitions(d->log, p, p + 1, a, out, &count, err));
    if (count == 0)
        *out = NULL;
    return STATUS_OK;
}

enum status hear_crowd(struct doctor *d, const struct str *owners, size_t count, struct arena *a,
                       struct crowd *out, struct error *err)
{
    int64_t lease_ms = settings_int(d->settings, SETTING_BROKER_LEASE);
    return crowd_hear(d->bus, &d->subjects, owners, count, LISTEN_MS, lease_ms + BEATS_LATE_MS, a, out, err);
}

/* What the broker says keeps it from going on, in one sentence. */
static struct str hindrances(struct value broker, struct arena *a)
{
    struct value list = VALUE_GET(broker, "hindered_by");
    struct str text = STR("");
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len && text.ptr; i++)
        text = arena_printf(a, "%" PRISTR "%s%" PRISTR, ARGSTR(text), i == 0 ? "" : "; ",
                            ARGSTR(value_as_str(VALUE_GET(list.u.list[i], "message"))));
    return text;
}

static enum status see_log(struct doctor *d, const struct crowd *crowd, const struct partition_row *row,
                           struct arena *a, struct partition_evidence *out, struct error *err)
{
    out->log = !d->log ? SIGHT_NONE : d->log_trouble.status == STATUS_OK ? SIGHT_THERE : SIGHT_ABSENT;
    out->log_trouble = arena_printf(a, "%s", d->log_trouble.message);
    out->owner = row ? row->owner : STR("");
    out->owner_heard = row && crowd_has_broker(crowd, row->owner);
    out->hindered_by = row ? hindrances(crowd_broker(crowd, row->owner), a) : STR("");
    if (row) {
        out->committed = row->at.stream_seq;
        out->committed_ns = row->at.stream_time_ns;
    }
    return out->log_trouble.ptr && out->hindered_by.ptr ? STATUS_OK : arena_error(a, err, "a partition");
}

enum status see_partition(struct doctor *d, uint32_t p, const struct crowd *crowd,
                          const struct partition_row *row, struct arena *a, struct partition_evidence *out,
                          struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    struct bus_stream_info info = {0};
    *out = (struct partition_evidence){.partition = p};
    TRY(see_log(d, crowd, row, a, out, err));
    stream_name(&d->subjects, STREAM_EVENTS, stream);
    subject_partition(&d->subjects, p, subject);
    enum status status = bus_stream_info(d->bus, stream, &info, err);
    if (status == STATUS_OK)
        out->stream_last = info.last_sequence;
    else if (is_blind(status))
        out->stream_last = out->committed;
    else
        return status;
    status = bus_stream_last(d->bus, stream, subject, a, &stored, err);
    if (status != STATUS_OK)
        return is_blind(status) ? STATUS_OK : status;
    out->newest = stored.sequence;
    out->newest_ns = stored.time_ns;
    if (out->log != SIGHT_THERE || stored.sequence <= out->committed)
        return STATUS_OK;
    status = bus_stream_next(d->bus, stream, subject, out->committed + 1, a, &stored, err);
    if (status == STATUS_OK)
        out->oldest_unread_ns = stored.time_ns;
    return status == STATUS_OK || is_blind(status) ? STATUS_OK : status;
}
