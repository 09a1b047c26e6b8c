/* What is told of the connection: by the connector, and by the library on a thread of its own. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* One at a time: whether there is a connection is what was told last. */
static void tell(struct bus *bus, const char *detail)
{
    pthread_mutex_lock(&bus->telling);
    if (bus->on_event && !atomic_load(&bus->closing))
        bus->on_event(bus->on_event_context, atomic_load(&bus->connected), detail);
    pthread_mutex_unlock(&bus->telling);
}

void events_end(struct bus *bus)
{
    pthread_mutex_lock(&bus->telling);
    atomic_store(&bus->closing, true);
    pthread_mutex_unlock(&bus->telling);
}

bool events_connected(struct bus *bus, natsConnection *nc, int64_t made_ns)
{
    char url[256];
    char text[320];
    bool again = atomic_load(&bus->connections) > 0;
    if (natsConnection_IsClosed(nc))
        return false;
    if (natsConnection_GetConnectedUrl(nc, url, sizeof(url)) != NATS_OK)
        snprintf(url, sizeof(url), "NATS");
    snprintf(text, sizeof(text), "connected %sto %s", again ? "again " : "", address_shown(url));
    /* In this order: who sees the new number and no connection would wait for a next one. */
    atomic_store(&bus->connected, true);
    atomic_store(&bus->connections, bus->line.number);
    bus_heard(bus, made_ns);
    tell(bus, text);
    return true;
}

void events_down(struct bus *bus, const char *detail)
{
    atomic_store(&bus->connected, false);
    tell(bus, detail);
}

void events_refused(struct bus *bus, const struct error *err, bool for_good)
{
    tell(bus, for_good ? "the connection is closed for good: the server refuses this user" : err->message);
}

static void on_closed(natsConnection *nc, void *closure)
{
    struct bus *bus = closure;
    (void)nc;
    atomic_store(&bus->connected, false);
    atomic_store(&bus->inbox_denied, false); /* the next connection asks for it again */
    connector_lost(bus);
}

/* ---- refusals ---------------------------------------------------------------------------------------- */

/* `Permissions Violation for Publish to "subject"`: the subject, cut out in place; NULL for another text. */
static char *refused_subject(char *text, const char *verb)
{
    char *start = strstr(text, verb);
    start = start ? strchr(start, '"') : NULL;
    char *end = start ? strchr(start + 1, '"') : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    return start + 1;
}

enum status publish_refused(const char *subject, struct error *err)
{
    error_set(err, STATUS_DENIED, "the server forbids this user to publish here");
    error_hint(err, "Add the subject to the user's permissions in nats-server's configuration.");
    return error_place(err, "%s", subject);
}

static void refuse_publish(struct bus *bus, const char *subject)
{
    struct error err;
    (void)publish_refused(subject, &err);
    exchanges_fail_subject(bus, subject, &err);
    pulls_denied(bus, subject, &err);
}

enum status inbox_check(struct bus *bus, struct error *err)
{
    if (!atomic_load(&bus->inbox_denied))
        return STATUS_OK;
    error_set(err, STATUS_DENIED, "the server forbids this user its inbox");
    error_hint(err, "Allow this user to subscribe to its inbox prefix in nats-server's configuration.");
    return error_place(err, "%s.>", bus->inbox);
}

void inbox_tend(struct bus *bus)
{
    struct error err;
    if (inbox_check(bus, &err) != STATUS_OK)
        exchanges_fail_all(bus, &err);
}

static void refuse_subscription(struct bus *bus, const char *subject)
{
    if (strncmp(subject, bus->inbox, strlen(bus->inbox)) != 0)
        return;
    atomic_store(&bus->inbox_denied, true);
    inbox_tend(bus);
}

static void on_error(natsConnection *nc, natsSubscription *sub, natsStatus status, void *closure)
{
    struct bus *bus = closure;
    char text[SUBJECT_MAX + 128], *subject;
    const char *last = nats_GetLastError(NULL);
    bus_on_handler_thread = true;
    if (status == NATS_NOT_PERMITTED && !last)
        (void)natsConnection_GetLastError(nc, &last);
    snprintf(text, sizeof(text), "%s: %s%s%s", natsStatus_GetText(status), last ? last : "",
             sub ? " on " : "", sub ? natsSubscription_GetSubject(sub) : "");
    tell(bus, text);
    if (status != NATS_NOT_PERMITTED)
        return;
    if ((subject = refused_subject(text, "Publish")))
        refuse_publish(bus, subject);
    else if ((subject = refused_subject(text, "Subscription")))
        refuse_subscription(bus, subject);
}

natsStatus events_set(natsOptions *options, struct bus *bus)
{
    natsStatus s = natsOptions_SetClosedCB(options, on_closed, bus);
    return s == NATS_OK ? natsOptions_SetErrorHandler(options, on_error, bus) : s;
}
