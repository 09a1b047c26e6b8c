#include "recording.h"

#include "core/json.h"
#include "publisher/parcel.h"

#include "history.h"

enum { FILE_MAX_BYTES = 2000 << 20 };

bool recording_is_file(const char *name)
{
    return name[0] != '@' && (name[0] == '\0' || strspn(name, "0123456789") != strlen(name));
}

void recording_close(struct recording *r)
{
    arena_free(&r->page);
}

/* ---- a file ------------------------------------------------------------------------------------------- */

static uint32_t line_number(const struct recording *r)
{
    return r->read + 1;
}

static enum status at_line(const struct recording *r, uint32_t line, struct error *err)
{
    uint32_t column = err->column;
    (void)error_place(err, "%s", r->name);
    return error_at(err, line, column);
}

enum status recording_open_file(struct recording *r, struct arena *a, const char *path, struct error *err)
{
    struct str text;
    *r = (struct recording){.name = strcmp(path, "-") == 0 ? "standard input" : path, .next = -1};
    arena_init(&r->page, 0);
    TRY(read_input(a, path, FILE_MAX_BYTES, &text, err));
    r->rest = text;
    if (export_header_read(a, str_split(&r->rest, '\n'), &r->header, err) != STATUS_OK)
        return at_line(r, 1, err);
    r->execution_id = r->header.execution_id;
    return STATUS_OK;
}

static enum status cut_short(const struct recording *r, struct error *err)
{
    (void)error_set(err, STATUS_INVALID, "the file ends behind event %u of %u: a part of it is missing",
                    r->read, r->header.events);
    return at_line(r, line_number(r), err);
}

static enum status next_of_file(struct recording *r, struct event *out, bool *end, struct error *err)
{
    struct str line = str_split(&r->rest, '\n');
    *end = r->read == r->header.events;
    if (*end && str_trim(line).len == 0 && str_trim(r->rest).len == 0)
        return STATUS_OK;
    if (*end) {
        (void)error_set(err, STATUS_INVALID, "the header says %u events, and there is more",
                        r->header.events);
        return at_line(r, line_number(r) + 1, err);
    }
    if (str_trim(line).len == 0 && str_trim(r->rest).len == 0)
        return cut_short(r, err);
    arena_reset(&r->page);
    r->read++;
    if (export_event_read(&r->page, line, &r->header, r->read, out, err) != STATUS_OK)
        return at_line(r, line_number(r), err);
    return STATUS_OK;
}

/* ---- the log ------------------------------------------------------------------------------------------ */

void recording_open_log(struct recording *r, struct client *c, int64_t execution_id)
{
    *r = (struct recording){.client = c, .execution_id = execution_id, .events = VALUE_EMPTY_LIST};
    arena_init(&r->page, 0);
}

static enum status not_in_the_log(const struct recording *r, struct error *err)
{
    (void)error_set(err, STATUS_NOT_FOUND, "the log has nothing of execution %lld yet",
                    (long long)r->execution_id);
    return error_hint(err, "`noetl show %lld` says where its request is.", (long long)r->execution_id);
}

static enum status next_of_log(struct recording *r, struct event *out, bool *end, struct error *err)
{
    while (r->at == r->events.len && r->next >= 0) {
        arena_reset(&r->page);
        r->at = 0;
        TRY(history_page(r->client, r->execution_id, r->next, LARGE_WAIT_MS, &r->page, &r->events, &r->next,
                         err));
    }
    *end = r->at == r->events.len;
    if (*end)
        return STATUS_OK;
    TRY(event_from_value(r->events.u.list[r->at++], out, err));
    r->read++;
    return out->event_id ? STATUS_OK : not_in_the_log(r, err);
}

/* ---- the stream --------------------------------------------------------------------------------------- */

void recording_open_stream(struct recording *r, struct client *c, int64_t execution_id)
{
    *r = (struct recording){.client = c, .execution_id = execution_id, .is_stream = true};
    arena_init(&r->page, 0);
}

/* As the broker reads it: what is no event of its subject is passed over, and so is a likeness for watchers.
 */
static enum status read_message(struct recording *r, struct bus_stored *m, struct event *out, bool *is_event,
                                struct error *err)
{
    struct value v;
    struct event_subject at;
    const char *subject = arena_strdup(&r->page, m->subject);
    *is_event = false;
    if (!subject)
        return arena_error(&r->page, err, "a message");
    TRY(parcel_text(r->client->bus, &r->client->subjects, m->payload, &r->page, &m->payload, err));
    if (json_read(&r->page, m->payload, NULL, &v, NULL) != STATUS_OK ||
        event_from_value(v, out, NULL) != STATUS_OK || !value_is_absent(VALUE_GET(v, "omitted")) ||
        subject_parse_event(&r->client->subjects, subject, &at, NULL) != STATUS_OK)
        return STATUS_OK;
    *is_event = out->execution_id == at.execution_id && out->type == at.type;
    if (event_type_kind(out->type) != EVENT_KIND_FACT)
        return STATUS_OK;
    out->event_id = 0;
    out->time_ns = m->time_ns;
    out->stream_seq = m->sequence;
    return STATUS_OK;
}

static enum status not_in_the_stream(const struct recording *r, struct error *err)
{
    (void)error_set(err, STATUS_NOT_FOUND, "the event stream has no request of execution %lld",
                    (long long)r->execution_id);
    return error_hint(err, "Events leave it with their age (events.max_age); the log keeps them: leave out "
                           "--from stream.");
}

static enum status next_of_stream(struct recording *r, struct event *out, bool *end, struct error *err)
{
    char stream[96], filter[SUBJECT_MAX];
    bool is_event = false;
    stream_name(&r->client->subjects, STREAM_EVENTS, stream);
    subject_execution_events(&r->client->subjects, r->execution_id, filter);
    while (!is_event) {
        struct bus_stored m;
        arena_reset(&r->page);
        enum status status =
            bus_stream_next(r->client->bus, stream, filter, r->sequence + 1, &r->page, &m, err);
        *end = status == STATUS_NOT_FOUND;
        if (*end)
            return r->read > 0 ? STATUS_OK : not_in_the_stream(r, err);
        TRY(status);
        r->sequence = m.sequence;
        TRY(read_message(r, &m, out, &is_event, err));
    }
    if (r->read++ == 0 && out->type != EVENT_EXECUTION_REQUESTED)
        return not_in_the_stream(r, err);
    return STATUS_OK;
}

/* ---- all of them
 * --------------------------------------------------------------------------------------------- */

enum status recording_next(struct recording *r, struct event *out, bool *end, struct error *err)
{
    if (r->is_stream)
        return next_of_stream(r, out, end, err);
    return r->client ? next_of_log(r, out, end, err) : next_of_file(r, out, end, err);
}

enum status recording_read(struct recording *r, struct arena *a, struct recorded *out, struct error *err)
{
    struct event *events = NULL, e;
    uint32_t count = 0, room = 0;
    bool end = false;
    for (;;) {
        TRY(recording_next(r, &e, &end, err));
        if (end)
            break;
        struct event *larger = arena_grow(a, events, sizeof(*larger), count, &room);
        if (!larger)
            return arena_error(a, err, "the events");
        events = larger;
        TRY(event_copy(a, &e, &events[count++], err));
    }
    *out = (struct recorded){r->execution_id, events, count};
    return STATUS_OK;
}
