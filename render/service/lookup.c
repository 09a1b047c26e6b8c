#include "lookup.h"

#include <inttypes.h>
#include <time.h>

#include "core/json.h"
#include "runtime/clock.h"

enum { FIRST_PAUSE_MS = 5, LONGEST_PAUSE_MS = 200, WINDOW = 4096 };

static void pause_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static enum status not_found(int64_t id, struct error *err)
{
    error_set(err, STATUS_NOT_FOUND, "there is no execution %" PRId64, id);
    error_place(err, "execution_id");
    return error_hint(err, "`noetl list` shows the executions that there are");
}

static enum status last_event(struct render_service *s, int64_t id, enum event_type type, struct arena *a,
                              struct bus_stored *out, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    stream_name(s->subjects, STREAM_EVENTS, stream);
    subject_event(s->subjects, id, type, subject);
    return bus_stream_last(s->bus, stream, subject, a, out, err);
}

/* Where an execution is whose request is in the stream and that the log has nothing of. */
static enum status tell_hop(struct render_service *s, int64_t id, uint64_t sequence, struct arena *a,
                            struct str *out, struct error *err)
{
    char stream[96];
    struct bus_stored started;
    enum status status = last_event(s, id, EVENT_EXECUTION_START, a, &started, err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    *out =
        arena_printf(a, "the request is in %s at sequence %" PRIu64 " and %s",
                     stream_name(s->subjects, STREAM_EVENTS, stream), sequence,
                     status == STATUS_OK ? "a broker has taken it up, whose events the log does not have yet"
                                         : "no broker has taken it up");
    return out->ptr ? STATUS_OK : arena_error(a, err, "the place of an execution");
}

/* The request as the stream has it. */
static enum status find_request(struct render_service *s, int64_t id, struct arena *a,
                                struct found_execution *out, struct error *err)
{
    struct bus_stored stored;
    enum status status = last_event(s, id, EVENT_EXECUTION_REQUESTED, a, &stored, err);
    if (status == STATUS_NOT_FOUND)
        return not_found(id, err);
    TRY(status);

    struct value v;
    struct event *e = ARENA_NEW(a, struct event);
    if (!e)
        return arena_error(a, err, "the request of an execution");
    TRY(json_read(a, stored.payload, NULL, &v, err));
    TRY(event_from_value(v, e, err));
    e->time_ns = stored.time_ns;
    e->stream_seq = stored.sequence;
    out->events = (struct event_list){e, 1};
    return tell_hop(s, id, stored.sequence, a, &out->hop, err);
}

static enum status log_is_behind(struct render_service *s, int64_t id, uint32_t at_least, struct arena *a,
                                 struct error *err)
{
    struct event_list events;
    TRY(log_pool_events(s->log, id, 0, 0, a, &events, err));
    if (events.count == 0) {
        struct found_execution found = {0};
        TRY(find_request(s, id, a, &found, err));
        error_set(err, STATUS_TIMEOUT, "the log has no event of the execution %" PRId64 " yet: %" PRISTR, id,
                  ARGSTR(found.hop));
    } else {
        error_set(err, STATUS_TIMEOUT,
                  "the log has the events of the execution %" PRId64 " up to %" PRIu32 ", and event %" PRIu32
                  " did not come within %" PRId64 " ms",
                  id, events.items[events.count - 1].event_id, at_least, s->wait_ms);
    }
    return error_place(err, "at_least");
}

static enum status wait_for_event(struct render_service *s, int64_t id, uint32_t at_least, struct arena *a,
                                  struct error *err)
{
    struct mono_time start = mono_now();
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status status = STATUS_OK;
    for (int64_t pause = FIRST_PAUSE_MS;;
         pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS) {
        struct event_list events;
        status = log_pool_events(s->log, id, at_least - 1, at_least, &scratch, &events, err);
        if (status != STATUS_OK || events.count > 0)
            break;
        if (atomic_load(&s->stopping)) {
            status = error_set(err, STATUS_UNAVAILABLE, "this service stops: ask again");
            break;
        }
        if (mono_ms_since(start) >= s->wait_ms) {
            status = log_is_behind(s, id, at_least, a, err);
            break;
        }
        arena_reset(&scratch);
        pause_ms(pause);
    }
    arena_free(&scratch);
    return status;
}

enum status lookup_execution(struct render_service *s, int64_t execution_id, uint32_t at_least,
                             struct arena *a, struct found_execution *out, struct error *err)
{
    *out = (struct found_execution){.hop = STR("")};
    if (at_least > 0)
        TRY(wait_for_event(s, execution_id, at_least, a, err));
    TRY(log_pool_events(s->log, execution_id, 0, 0, a, &out->events, err));
    return out->events.count > 0 ? STATUS_OK : find_request(s, execution_id, a, out, err);
}

static bool is_chosen(const struct event_choice *choice, const struct event *e)
{
    return choice->after == 0 && (!choice->by_type || choice->types[e->type]) &&
           (choice->step.len == 0 || str_equal(choice->step, e->node_name));
}

enum status lookup_chosen(struct render_service *s, int64_t execution_id, const struct event_choice *choice,
                          uint32_t at_least, struct arena *a, struct found_execution *out, struct error *err)
{
    struct event_list first;
    *out = (struct found_execution){.hop = STR("")};
    if (at_least > 0)
        TRY(wait_for_event(s, execution_id, at_least, a, err));
    TRY(log_pool_chosen_events(s->log, execution_id, choice, a, &out->events, err));
    if (out->events.count > 0)
        return STATUS_OK;
    TRY(log_pool_events(s->log, execution_id, 0, 1, a, &first, err));
    if (first.count > 0)
        return STATUS_OK;
    TRY(find_request(s, execution_id, a, out, err));
    if (!is_chosen(choice, &out->events.items[0]))
        out->events.count = 0;
    return STATUS_OK;
}

enum status lookup_rest(struct render_service *s, int64_t execution_id, uint32_t after, struct arena *a,
                        struct found_execution *out, struct error *err)
{
    *out = (struct found_execution){.hop = STR("")};
    uint32_t to = after < UINT32_MAX - WINDOW ? after + WINDOW : 0;
    TRY(log_pool_events(s->log, execution_id, after, to, a, &out->events, err));
    out->cut = out->events.count == WINDOW;
    return out->events.count > 0 ? STATUS_OK : lookup_execution(s, execution_id, 0, a, out, err);
}

static enum status cut_by_number(struct event_list *events, uint32_t at, struct error *err)
{
    uint32_t last = events->items[events->count - 1].event_id;
    if (at > last) {
        error_set(err, STATUS_NOT_FOUND,
                  "the log has %" PRIu32 " events of this execution, and no event %" PRIu32, last, at);
        return error_place(err, "at");
    }
    while (events->count > 1 && events->items[events->count - 1].event_id > at)
        events->count--;
    return STATUS_OK;
}

static enum status cut_by_time(struct event_list *events, int64_t time_ns, struct error *err)
{
    char began[32];
    if (events->items[0].time_ns > time_ns) {
        time_format(events->items[0].time_ns, began);
        error_set(err, STATUS_NOT_FOUND, "this execution was asked for later, at %s", began);
        return error_place(err, "at");
    }
    while (events->items[events->count - 1].time_ns > time_ns)
        events->count--;
    return STATUS_OK;
}

enum status lookup_cut(struct event_list *events, const struct lookup_moment *at, struct error *err)
{
    if (at->event_id > 0)
        return cut_by_number(events, at->event_id, err);
    return at->time_ns != 0 ? cut_by_time(events, at->time_ns, err) : STATUS_OK;
}
