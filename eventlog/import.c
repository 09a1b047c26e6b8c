#include "eventlog_inner.h"

#include "core/id.h"

static enum status exists_already(int64_t id, struct error *err)
{
    (void)error_set(err, STATUS_CONFLICT, "the log has execution %lld already", (long long)id);
    return error_hint(err,
                      "An execution keeps its id; `noetl replay FILE` and `noetl diff FILE %lld` look at "
                      "the file itself.",
                      (long long)id);
}

enum status eventlog_import(struct eventlog *log, const struct event *events, size_t count, struct error *err)
{
    const struct commit commit = {.events = events, .event_count = count, .only_new = events[0].execution_id};
    enum status status = eventlog_write(log, &commit, err);
    return status == STATUS_CONFLICT ? exists_already(events[0].execution_id, err) : status;
}
