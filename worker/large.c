#include "large.h"

#include "core/id.h"
#include "core/json.h"
#include "publisher/parcel.h"
#include "runtime/log.h"

enum status large_task(struct bus *bus, const struct subjects *s, struct str message, struct arena *a,
                       struct task *task, struct error *err)
{
    struct buf text;
    struct value v;
    if (!parcel_is_reference(message))
        return STATUS_OK;
    buf_init(&text, 0);
    enum status status = parcel_open(bus, s, message, &text, err);
    if (status == STATUS_OK)
        status = json_read_map(a, buf_str(&text), "the task", &v, err);
    buf_free(&text);
    return status == STATUS_OK ? task_from_value(v, task, err) : status;
}

static enum status store(struct bus *bus, const struct subjects *s, const struct event *outcome,
                         struct str text, const struct patience *patience, struct arena *a,
                         struct str *message, struct error *err)
{
    struct value summary;
    char owner[ID_TEXT];
    enum status status;
    bool told = false;
    id_format(outcome->execution_id, owner);
    TRY(parcel_event_summary(a, outcome, &summary, err));
    while ((status = parcel_wrap(bus, s, BLOB_RESULTS, owner, text, summary, a, message, err)) != STATUS_OK) {
        if (!status_may_retry(status))
            return status;
        if (!told)
            LOG(LOG_ERROR, "a large outcome cannot be stored, which is tried again",
                LOG_ID("execution", outcome->execution_id), LOG_STR("task", outcome->task_id), LOG_ERR(err));
        told = true;
        if (!patience_lasts_a_second(patience))
            return error_set(err, STATUS_UNAVAILABLE,
                             "the worker ends before a large outcome could be stored");
    }
    return STATUS_OK;
}

static enum status write_message(struct bus *bus, const struct subjects *s, const struct event *outcome,
                                 const struct patience *patience, struct arena *a, struct buf *message,
                                 struct error *err)
{
    struct value v;
    struct str reference;
    TRY(event_to_value(a, outcome, &v, err));
    TRY(json_write(message, v, JSON_COMPACT, err));
    TRY(buf_status(message, err));
    if (message->len <= parcel_inline_limit(bus, s))
        return STATUS_OK;
    TRY(store(bus, s, outcome, buf_str(message), patience, a, &reference, err));
    buf_clear(message);
    buf_add_str(message, reference);
    return buf_status(message, err);
}

enum status large_outcome(struct bus *bus, const struct subjects *s, const struct attempt_report *attempt,
                          enum status status, const struct outcome *outcome, const struct error *failure,
                          const struct patience *patience, struct arena *a, struct buf *message,
                          enum event_type *type, struct error *err)
{
    const struct outcome nothing = {.data = {.type = VALUE_UNDEFINED}};
    struct event event;
    TRY(outcome_event(attempt, status, outcome, failure, a, &event, err));
    *type = event.type;
    enum status written = write_message(bus, s, &event, patience, a, message, err);
    if (written == STATUS_OK || status_may_retry(written))
        return written;
    const struct error why = *err;
    buf_clear(message);
    TRY(outcome_event(attempt, why.status, &nothing, &why, a, &event, err));
    *type = event.type;
    return write_message(bus, s, &event, patience, a, message, err);
}
