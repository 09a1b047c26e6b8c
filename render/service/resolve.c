/* Which execution somebody means: "@last", "@last:PATH", or the beginning of an id. */
#include "operations.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/json.h"
#include "document.h"
#include "publisher/payload.h"

enum { SHOWN_CANDIDATES = 5 };

static const struct str LAST = STR("@last"), LAST_OF = STR("@last:");

/* ---- the newest --------------------------------------------------------------------------------------- */

/* Of the request that the stream got last, if somebody asked for it and no playbook called it. */
static enum status newest_in_stream(struct render_service *s, struct str path, struct arena *a, int64_t *id,
                                    int64_t *time_ns, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct bus_stored stored;
    struct value v;
    struct event e;
    *id = 0;
    (void)stream_name(s->subjects, STREAM_EVENTS, stream);
    (void)subject_all_events_of(s->subjects, EVENT_EXECUTION_REQUESTED, subject);
    enum status status = bus_stream_last(s->bus, stream, subject, a, &stored, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(status);
    /* One that is too large for a message cannot be looked into here: the log has it in a moment. */
    if (json_read(a, stored.payload, NULL, &v, NULL) != STATUS_OK ||
        event_from_value(v, &e, NULL) != STATUS_OK)
        return STATUS_OK;
    bool is_called = VALUE_GET(e.context, "parent").type == VALUE_MAP;
    if (is_called || (path.len > 0 && !str_equal(path, e.node_name)))
        return STATUS_OK;
    *id = e.execution_id;
    *time_ns = stored.time_ns;
    return STATUS_OK;
}

/* The log may be a moment behind the stream, or far behind without a broker. */
static enum status find_newest(struct render_service *s, struct str path, struct arena *a, int64_t *id,
                               struct error *err)
{
    int64_t logged_ns, streamed, streamed_ns;
    TRY(log_pool_newest(s->log, path, id, &logged_ns, err));
    TRY(newest_in_stream(s, path, a, &streamed, &streamed_ns, err));
    if (streamed != 0 && (*id == 0 || streamed_ns > logged_ns))
        *id = streamed;
    if (*id != 0)
        return STATUS_OK;
    if (path.len > 0)
        (void)error_set(err, STATUS_NOT_FOUND, "there is no execution of \"%" PRISTR "\" yet", ARGSTR(path));
    else
        (void)error_set(err, STATUS_NOT_FOUND, "there is no execution yet");
    return error_hint(err, "`noetl list` shows the executions that there are");
}

/* ---- the beginning of an id --------------------------------------------------------------------------- */

static enum status too_many(struct str beginning, const int64_t *ids, size_t count, struct error *err)
{
    char list[256];
    size_t len = 0, shown = count < SHOWN_CANDIDATES ? count : SHOWN_CANDIDATES;
    for (size_t i = 0; i < shown; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%" PRId64, i ? ", " : "", ids[i]);
    (void)error_set(err, STATUS_INVALID, "%s executions begin with %" PRISTR ": %s%s",
                    count > SHOWN_CANDIDATES ? "many" : "several", ARGSTR(beginning), list,
                    count > SHOWN_CANDIDATES ? ", …" : "");
    return error_hint(err, "give more digits, or @last for the newest execution");
}

static enum status find_beginning(struct render_service *s, struct str text, int64_t *id, struct error *err)
{
    int64_t ids[SHOWN_CANDIDATES + 1], beginning;
    size_t count;
    TRY(id_parse(text, &beginning, err));
    TRY(log_pool_ids(s->log, beginning, ids, SHOWN_CANDIDATES + 1, &count, err));
    if (count > 1 && ids[0] != beginning)
        return too_many(text, ids, count, err);
    *id = count > 0 ? ids[0] : beginning;
    if (count > 0)
        return STATUS_OK;
    (void)error_set(err, STATUS_NOT_FOUND, "there is no execution %" PRISTR, ARGSTR(text));
    return error_hint(err, "`noetl list` shows the executions that there are");
}

/* ---- the operation ------------------------------------------------------------------------------------ */

static enum status find(struct render_service *s, struct str text, struct arena *a, int64_t *id,
                        struct error *err)
{
    if (str_equal(text, LAST))
        return find_newest(s, STR(""), a, id, err);
    if (str_starts_with(text, LAST_OF))
        return find_newest(s, (struct str){text.ptr + LAST_OF.len, text.len - LAST_OF.len}, a, id, err);
    return find_beginning(s, text, id, err);
}

enum status resolve_operation(void *context, const struct call *call, struct answer *answer,
                              struct error *err)
{
    static const struct str members[] = {STR("execution")};
    struct value payload;
    struct str text;
    int64_t id = 0;
    TRY(payload_read(call->arena, call->payload, "the request", &payload, err));
    TRY(payload_known(payload, members, 1, "a request for an execution's id", err));
    TRY(payload_required_text(payload, members[0], &text, err));
    enum status status = find(context, text, call->arena, &id, err);
    if (status != STATUS_OK)
        return status == STATUS_UNAVAILABLE ? status : error_place(err, "execution");
    struct map_builder m;
    struct value id_text = document_id(call->arena, id);
    if (value_is_absent(id_text))
        return arena_error(call->arena, err, "an id");
    map_begin(&m, call->arena);
    map_put(&m, STR("execution_id"), id_text);
    return map_end(&m, &answer->body, err);
}
