#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/topology.h"
#include "bus/connect.h"
#include "runtime/daemon.h"
#include "traffic.h"

enum { AT_A_TIME = 512 };

struct floor_worker {
    struct bus *bus;
    struct subjects subjects;
    struct bus_pull *pull;
};

static struct floor_worker
    the_worker; /* one a process: the context of every acknowledgement is its delivery */

static void published(void *context, const struct bus_ack *ack, const struct error *err)
{
    (void)ack;
    struct bus_delivery *d = context;
    if (!err)
        bus_deliver_ack(the_worker.bus, d);
    bus_delivery_free(d);
    bus_pull_want(the_worker.pull, 1);
}

/* noetl.tasks.default.<execution>.<task>: the subject says all that the outcome needs. */
static void deliver(void *context, struct bus_delivery *d)
{
    struct floor_worker *w = context;
    char subject[SUBJECT_MAX], id[128], payload[TRAFFIC_MESSAGE];
    const char *task = strrchr(d->subject, '.');
    long long execution = 0;
    for (const char *p = task; p && p > d->subject; p--) {
        if (p != task && *p == '.') {
            execution = strtoll(p + 1, NULL, 10);
            break;
        }
    }
    subject_event(&w->subjects, execution, EVENT_ACTION_COMPLETED, subject);
    snprintf(id, sizeof(id), "%lld.%s.outcome", execution, task + 1);
    struct bus_publication p = {
        .subject = subject,
        .message_id = id,
        .payload = {payload, traffic_outcome(execution, task + 1, payload)},
        .done = published,
        .context = d,
    };
    struct error err = {0};
    if (bus_publish_async(w->bus, &p, &err) != STATUS_OK)
        fprintf(stderr, "floor worker: %s\n", err.message);
}

enum status floor_worker(const struct settings *s, struct error *err)
{
    char stream[96], consumer[96];
    struct floor_worker *w = &the_worker;
    TRY(subjects_from_settings(s, &w->subjects, err));
    TRY(bus_connect(s, "floor_worker", false, &w->bus, err));
    stream_name(&w->subjects, STREAM_TASKS, stream);
    TRY(bus_pull_start(w->bus, stream, pool_consumer("default", consumer), deliver, NULL, w, &w->pull, err));
    bus_pull_want(w->pull, AT_A_TIME);
    daemon_wait(NULL, NULL);
    bus_pull_stop(&w->pull);
    bus_close(&w->bus);
    return STATUS_OK;
}
