#include "event_feed.h"

#include "history.h"
#include "watch.h"

enum { TICK_MS = 60000 };

static enum status take_page(const struct event_feed *feed, struct value events, struct error *err)
{
    for (uint32_t i = 0; i < events.len; i++) {
        struct event e;
        TRY(event_from_value(events.u.list[i], &e, err));
        TRY(feed->take(feed->context, &e, err));
    }
    return STATUS_OK;
}

static enum status read_log(struct invocation *in, struct client *c, const struct event_feed *feed,
                            struct error *err)
{
    struct value events;
    for (int64_t next = feed->after; next >= 0;) {
        TRY(history_page(c, feed->execution_id, next, 0, &in->arena, &events, &next, err));
        TRY(take_page(feed, events, err));
    }
    return STATUS_OK;
}

static enum status follow(struct invocation *in, struct watch *w, const struct event_feed *feed,
                          struct error *err)
{
    for (bool over = false; !over;) {
        enum watch_news news;
        struct event e;
        TRY(watch_next(w, TICK_MS, &news, &e, err));
        if (news == WATCH_EVENT) {
            if (e.event_id > feed->after)
                TRY(feed->take(feed->context, &e, err));
            over = watch_is_over(w);
        } else if (news == WATCH_LOST) {
            say_note("The connection to NATS is lost; waiting for it.");
        } else if (news == WATCH_INTERRUPTED) {
            in->exit_code = EXIT_INTERRUPTED;
            over = true;
        }
    }
    return STATUS_OK;
}

enum status event_feed(struct invocation *in, struct client *c, const struct event_feed *feed,
                       struct error *err)
{
    struct watch *w;
    struct value document;
    if (!feed->follow)
        return read_log(in, c, feed, err);
    /* A watch would wait for an execution that there is not. */
    TRY(history_document(c, feed->execution_id, 0, &in->arena, &document, err));
    TRY(watch_open(c, feed->execution_id, feed->interrupt, &w, err));
    enum status status = follow(in, w, feed, err);
    watch_close(&w);
    return status;
}
