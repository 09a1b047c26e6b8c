#include "child_desk.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/error_value.h"
#include "core/id.h"
#include "core/json.h"
#include "listing.h"
#include "publisher/request.h"
#include "runtime/clock.h"
#include "runtime/log.h"

enum { THREADS = 4, RETRY_MS = 1000, ANSWER_WITHIN_MS = 10000, NO_NODE = 0 };

/* The request of a child, a list of playbooks, a message to a child that must not be stored before its
 * request, or what `run` does. */
struct errand {
    struct errand *next;
    struct batch *batch;
    struct tenure tenure;
    int64_t child, parent;               /* child 0: of a list */
    const struct child_order *order;     /* NULL: it is a list or a message */
    const struct listing_order *listing; /* NULL: it is no list */
    struct bus_publication message;
    errand_run *run;
    void *context;
    int64_t not_before_ns; /* monotonic */
    bool waits;            /* it has been said that it has to */
};

struct child_desk {
    struct bus *bus;
    struct subjects subjects;
    struct value env;
    struct writer *writer;
    pthread_t threads[THREADS];
    int thread_count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct errand *first, *last; /* in the order in which they are to be tried */
    int64_t requesting[THREADS]; /* the children that are being requested; 0: none */
    bool closing;
};

/* ---- the queue ---------------------------------------------------------------------------------------- */

static void append(struct child_desk *desk, struct errand *e)
{
    pthread_mutex_lock(&desk->lock);
    e->next = NULL;
    if (desk->first)
        desk->last->next = e;
    else
        desk->first = e;
    desk->last = e;
    pthread_cond_signal(&desk->changed);
    pthread_mutex_unlock(&desk->lock);
}

/* Whether the child's request is still to be stored. With the lock held. */
static bool is_requested_yet(const struct child_desk *desk, int64_t child)
{
    for (int i = 0; i < THREADS; i++) {
        if (desk->requesting[i] == child)
            return false;
    }
    for (const struct errand *e = desk->first; e; e = e->next) {
        if (e->order && e->child == child)
            return false;
    }
    return true;
}

/* The first that may be tried now; *until_ns: when the next may, if none. With the lock held. */
static struct errand *take_ready(struct child_desk *desk, int64_t *until_ns)
{
    int64_t now_ns = mono_now().ns;
    struct errand *before = NULL;
    *until_ns = INT64_MAX;
    for (struct errand *e = desk->first; e; before = e, e = e->next) {
        if (e->not_before_ns > now_ns) {
            *until_ns = e->not_before_ns < *until_ns ? e->not_before_ns : *until_ns;
            continue;
        }
        if (e->child && !e->order && !is_requested_yet(desk, e->child))
            continue;
        if (before)
            before->next = e->next;
        else
            desk->first = e->next;
        if (desk->last == e)
            desk->last = before;
        return e;
    }
    return NULL;
}

/* NULL when the thread is to end. What the thread did before is done. */
static struct errand *next_errand(struct child_desk *desk, int64_t *requesting)
{
    struct errand *e = NULL;
    int64_t until_ns;
    pthread_mutex_lock(&desk->lock);
    if (*requesting)
        pthread_cond_broadcast(&desk->changed); /* for messages that wait for it */
    *requesting = 0;
    while (!desk->closing && !(e = take_ready(desk, &until_ns))) {
        if (until_ns == INT64_MAX)
            pthread_cond_wait(&desk->changed, &desk->lock);
        else
            mono_cond_wait_until(&desk->changed, &desk->lock, until_ns);
    }
    if (e && e->order)
        *requesting = e->child;
    pthread_mutex_unlock(&desk->lock);
    return e;
}

/* ---- one errand --------------------------------------------------------------------------------------- */

static enum status request(struct child_desk *desk, const struct errand *e, struct arena *a,
                           struct error *err)
{
    struct run_answer answer;
    const struct child_order *order = e->order;
    struct run_request r = {
        .path = order->path,
        .version = (uint64_t)order->version,
        .workload = order->args,
        .execution_id = order->execution_id,
        .parent = order->parent,
        .traceparent = order->traceparent,
        .env = desk->env,
        .requested_by = STR("playbook"),
        .permit = tenure_permit(&e->tenure),
    };
    return request_execution(desk->bus, &desk->subjects, NO_NODE, &r, a, &answer, err);
}

static enum status refusal_context(const struct errand *e, const struct error *why, struct arena *a,
                                   struct value *out, struct error *err)
{
    struct map_builder m;
    struct value error;
    char id[ID_TEXT];
    id_format(e->order->execution_id, id);
    const char *kept = arena_strdup(a, str_of(id));
    if (!kept)
        return arena_error(a, err, "a fact");
    TRY(error_value(a, why, &error, err));
    map_begin(&m, a);
    map_put(&m, STR("execution_id"), value_text(kept));
    map_put(&m, STR("error"), error);
    return map_end(&m, out, err);
}

/* The parent learns that there will be no such execution. */
static enum status refuse(struct child_desk *desk, const struct errand *e, const struct error *why,
                          struct arena *a, struct error *err)
{
    struct task_id id;
    struct value v;
    char subject[SUBJECT_MAX];
    struct event fact = {
        .execution_id = e->parent,
        .type = EVENT_CHILD_FAILED,
        .node_name = e->order->path,
        .node_type = STR("playbook"),
        .task_id = e->order->task_id,
        .error = str_of(why->message),
    };
    if (task_id_parse(fact.task_id, &id, NULL) == STATUS_OK) {
        fact.visit = id.visit;
        fact.attempt = id.places[id.depth].attempt;
    }
    TRY(refusal_context(e, why, a, &fact.context, err));
    TRY(event_to_value(a, &fact, &v, err));
    struct str text, message_id = arena_printf(a, "%lld.refused", (long long)e->order->execution_id);
    if (!message_id.ptr)
        return arena_error(a, err, "a fact");
    TRY(json_text(a, v, &text, err));
    struct bus_ack ack;
    struct bus_publication p = {
        .subject = subject_event(&desk->subjects, e->parent, EVENT_CHILD_FAILED, subject),
        .message_id = message_id.ptr,
        .payload = text,
        .permit = tenure_permit(&e->tenure),
        .give_up_ms = ANSWER_WITHIN_MS,
    };
    return bus_publish_wait(desk->bus, &p, &ack, err);
}

static enum status tell(struct child_desk *desk, const struct errand *e, struct error *err)
{
    struct bus_ack ack;
    struct bus_publication p = e->message;
    p.permit = tenure_permit(&e->tenure);
    p.give_up_ms = ANSWER_WITHIN_MS;
    return bus_publish_wait(desk->bus, &p, &ack, err);
}

/* False: it is to be tried again. */
static bool run_errand(struct child_desk *desk, struct errand *e, struct error *err)
{
    struct arena a;
    if (!fence_lease_lasts(e->tenure.fence)) {
        error_set(err, STATUS_UNAVAILABLE, "the broker has no lease: others may have what it holds");
        return false;
    }
    if (e->run)
        return e->run(e->context, tenure_permit(&e->tenure), err);
    if (!e->order && !e->listing)
        return tell(desk, e, err) == STATUS_OK;
    struct error why = {0};
    arena_init(&a, 0);
    enum status status = e->listing ? listing_answer(desk->bus, &desk->subjects, e->parent, e->listing,
                                                     tenure_permit(&e->tenure), &a, &why)
                                    : request(desk, e, &a, &why);
    *err = why;
    if (e->order && status != STATUS_OK && !error_may_retry(&why)) {
        LOG(LOG_WARN, "the execution of a sub-playbook cannot be requested", LOG_ID("parent", e->parent),
            LOG_STR("path", e->order->path), LOG_ERR(&why));
        status = refuse(desk, e, &why, &a, err);
    }
    arena_free(&a);
    return status == STATUS_OK;
}

static void try_later(struct child_desk *desk, struct errand *e, const struct error *why)
{
    if (!e->waits)
        LOG(LOG_WARN,
            e->run       ? "a large message has to wait"
            : e->listing ? "a list of playbooks has to wait"
            : e->order   ? "the request of a sub-playbook has to wait"
                         : "a message to a sub-playbook has to wait",
            LOG_ID("parent", e->parent), LOG_ID("execution", e->child), LOG_ERR(why));
    e->waits = true;
    e->not_before_ns = mono_now().ns + RETRY_MS * INT64_C(1000000);
    append(desk, e);
}

struct clerk {
    struct child_desk *desk;
    int64_t *requesting;
};

static void *run(void *context)
{
    struct clerk clerk = *(struct clerk *)context;
    struct child_desk *desk = clerk.desk;
    struct errand *e;
    free(context);
    while ((e = next_errand(desk, clerk.requesting))) {
        struct error err = {0};
        if (!tenure_stands(&e->tenure) || run_errand(desk, e, &err))
            writer_acknowledged(desk->writer, e->batch); /* the batch, and the errand in it, may be gone */
        else
            try_later(desk, e, &err);
    }
    return NULL;
}

/* ---- the desk ----------------------------------------------------------------------------------------- */

/* 0, or an errno. */
static int start_clerk(struct child_desk *desk, int number)
{
    struct clerk *clerk = malloc(sizeof(*clerk));
    if (!clerk)
        return ENOMEM;
    *clerk = (struct clerk){desk, &desk->requesting[number]};
    int code = pthread_create(&desk->threads[number], NULL, run, clerk);
    if (code != 0)
        free(clerk);
    return code;
}

enum status child_desk_open(struct bus *bus, const struct subjects *s, struct value env,
                            struct writer *writer, struct child_desk **out, struct error *err)
{
    struct child_desk *desk = calloc(1, sizeof(*desk));
    if (!desk)
        return error_set(err, STATUS_NO_MEMORY, "no memory for asking for sub-playbooks");
    *desk = (struct child_desk){.bus = bus, .subjects = *s, .env = env, .writer = writer};
    pthread_mutex_init(&desk->lock, NULL);
    mono_cond_init(&desk->changed);
    for (; desk->thread_count < THREADS; desk->thread_count++) {
        int code = start_clerk(desk, desk->thread_count);
        if (code == 0)
            continue;
        child_desk_close(&desk);
        return error_set(err, STATUS_IO, "no thread could be started for sub-playbooks: %s", strerror(code));
    }
    *out = desk;
    return STATUS_OK;
}

/* `what` names it where there is no memory for it. */
static enum status take(struct child_desk *desk, const struct errand *errand, const char *what,
                        struct error *err)
{
    struct batch *b = errand->batch;
    struct errand *e = ARENA_NEW(&b->arena, struct errand);
    if (!e)
        return arena_error(&b->arena, err, what);
    *e = *errand;
    atomic_fetch_add(&b->open_publishes, 1);
    append(desk, e);
    return STATUS_OK;
}

enum status child_desk_give(struct child_desk *desk, struct batch *b, struct tenure tenure, int64_t parent,
                            const struct child_order *order, struct error *err)
{
    const struct errand e = {
        .batch = b, .tenure = tenure, .child = order->execution_id, .parent = parent, .order = order};
    return take(desk, &e, "the request of a sub-playbook", err);
}

enum status child_desk_list(struct child_desk *desk, struct batch *b, struct tenure tenure, int64_t parent,
                            const struct listing_order *order, struct error *err)
{
    const struct errand e = {.batch = b, .tenure = tenure, .parent = parent, .listing = order};
    return take(desk, &e, "a list of playbooks", err);
}

enum status child_desk_tell(struct child_desk *desk, struct batch *b, struct tenure tenure, int64_t child,
                            int64_t parent, const struct bus_publication *message, struct error *err)
{
    const struct errand e = {
        .batch = b, .tenure = tenure, .child = child, .parent = parent, .message = *message};
    return take(desk, &e, "a message to a sub-playbook", err);
}

enum status child_desk_run(struct child_desk *desk, struct batch *b, struct tenure tenure,
                           int64_t execution_id, errand_run *run_it, void *context, struct error *err)
{
    const struct errand e = {
        .batch = b, .tenure = tenure, .parent = execution_id, .run = run_it, .context = context};
    return take(desk, &e, "a large message", err);
}

void child_desk_close(struct child_desk **desk)
{
    struct child_desk *gone = *desk;
    *desk = NULL;
    if (!gone)
        return;
    pthread_mutex_lock(&gone->lock);
    gone->closing = true;
    pthread_cond_broadcast(&gone->changed);
    pthread_mutex_unlock(&gone->lock);
    for (int i = 0; i < gone->thread_count; i++)
        pthread_join(gone->threads[i], NULL);
    pthread_cond_destroy(&gone->changed);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
}
