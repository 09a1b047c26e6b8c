#include "live.h"

#include <stdlib.h>

#include "core/json.h"

#include "letterbox.h"

enum { TICK_MS = 1000 };

struct listener {
    struct client *client;
    struct letterbox box;
    event_taker *take;
    void *context;
    bool connected;
};

static enum status take_letter(struct listener *l, const struct letter *letter, struct error *err)
{
    struct event e;
    struct value v;
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status status = STATUS_OK;
    /* Anybody may publish on the subject: what is no event is not ours to complain about. */
    if (json_read(&scratch, (struct str){letter->text, letter->len}, NULL, &v, NULL) == STATUS_OK &&
        event_from_value(v, &e, NULL) == STATUS_OK)
        status = l->take(l->context, &e, err);
    arena_free(&scratch);
    return status;
}

static enum status take_letters(struct listener *l, struct error *err)
{
    enum status status = STATUS_OK;
    for (struct letter *letter = letterbox_take(&l->box), *next; letter; letter = next) {
        next = letter->next;
        if (status == STATUS_OK)
            status = take_letter(l, letter, err);
        free(letter);
    }
    return status;
}

static void note_connection(struct listener *l)
{
    bool connected = bus_is_connected(l->client->bus);
    if (connected != l->connected)
        say_note(connected ? "The connection to NATS is back."
                           : "The connection to NATS is lost; what happens meanwhile is not shown.");
    l->connected = connected;
}

static enum status listen(struct listener *l, int interrupt, struct error *err)
{
    for (bool interrupted = false; !interrupted;) {
        TRY(letterbox_wait(&l->box, interrupt, TICK_MS, &interrupted, err));
        TRY(take_letters(l, err));
        note_connection(l);
    }
    return STATUS_OK;
}

enum status live_listen(struct invocation *in, struct client *c, int interrupt, event_taker *take,
                        void *context, struct error *err)
{
    char subject[SUBJECT_MAX];
    struct listener l = {.client = c, .take = take, .context = context, .connected = true};
    struct bus_subscription *subscription = NULL;
    (void)subject_all_live(&c->subjects, subject);
    letterbox_init(&l.box);
    enum status status = letterbox_open(&l.box, err);
    if (status == STATUS_OK)
        status = bus_subscribe(c->bus, subject, NULL, letterbox_receive, &l.box, &subscription, err);
    if (status == STATUS_OK)
        status = listen(&l, interrupt, err);
    if (status == STATUS_OK)
        in->exit_code = EXIT_INTERRUPTED;
    if (subscription)
        bus_unsubscribe(&subscription);
    letterbox_close(&l.box);
    return status;
}
