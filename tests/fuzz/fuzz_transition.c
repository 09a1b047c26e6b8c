/*
 * The transition: a random playbook, then any facts in any order, sense and nonsense. After each the state's
 * invariants hold; at the end folding the log gives the same state, and so does its text.
 *
 * Input: two bytes choose the playbook, then two bytes a fact: what it is, and a number for the details.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "simulation/chance.h"
#include "simulation/draft.h"
#include "transition/transition.h"

enum { FACTS_MAX = 200, ORDERS_MAX = 256, ROWS_MAX = 20000 };

struct orders {
    struct str ids[ORDERS_MAX], tokens[ORDERS_MAX];
    uint32_t count;
};

struct life {
    struct arena arena;
    struct playbook_cache *playbooks;
    struct execution *x;
    struct event rows[ROWS_MAX];
    uint32_t row_count;
    struct orders tasks, timers, children, listings;
    int64_t clock_ns;
    uint64_t seq;
};

static const int64_t EXECUTION = 42;

static void must(enum status s, const struct error *e)
{
    char text[1600];
    if (s == STATUS_OK)
        return;
    fprintf(stderr, "%s\n", error_text(e, text, sizeof(text)));
    abort();
}

static struct value map_of(struct life *l, const char *k1, struct value v1, const char *k2, struct value v2)
{
    struct map_builder m;
    struct value out;
    struct error e = {0};
    map_begin(&m, &l->arena);
    map_put(&m, str_of(k1), v1);
    if (k2)
        map_put(&m, str_of(k2), v2);
    must(map_end(&m, &out, &e), &e);
    return out;
}

/* Some value, of any type. */
static struct value some_value(struct life *l, uint8_t number)
{
    switch (number % 8) {
    case 0: return value_null();
    case 1: return value_int(number);
    case 2: return value_bool(number & 8);
    case 3: return value_text("go_a");
    case 4: return VALUE_EMPTY_LIST;
    case 5: return (struct value){.type = VALUE_UNDEFINED};
    case 6: return map_of(l, "n", value_int(number >> 4), "again", value_bool(number & 8));
    default: return map_of(l, "kind", value_text("timeout"), "message", value_null());
    }
}

/* ---- facts --------------------------------------------------------------------------------------------- */

static struct str an_order(const struct orders *o, uint8_t number, struct str *token)
{
    static const struct str nonsense[] = {
        {"s0v1a1", 6}, {"s1v1a1i0a1", 10}, {"execution", 9}, {"", 0}, {"s9999v1a1", 9}};
    *token = STR("no token");
    if (o->count == 0 || number % 16 == 15)
        return nonsense[number % 5];
    uint32_t i = o->count - 1 - number % o->count % 16 % o->count;
    *token = o->tokens[i];
    return o->ids[i];
}

static void fill_outcome(struct life *l, struct event *e, uint8_t number)
{
    struct str token;
    e->task_id = an_order(&l->tasks, number, &token);
    e->meta = map_of(l, "token", value_str(number % 32 == 31 ? STR("forged") : token), NULL, value_null());
    e->result = map_of(l, "data", some_value(l, number >> 2), "error", some_value(l, number >> 3));
}

static void fill_request(struct life *l, struct event *e, struct str playbook)
{
    struct map_builder m;
    struct error err = {0};
    map_begin(&m, &l->arena);
    map_put(&m, STR("playbook"), value_str(playbook));
    map_put(&m, STR("workload"), map_of(l, "flag", value_bool(true), "limit", value_int(10)));
    map_put(&m, STR("token_seed"), value_text("seed"));
    map_put(&m, STR("timeout_ms"), value_int(3600000));
    must(map_end(&m, &e->context, &err), &err);
}

/* Mostly a list of what could be called. */
static void fill_listing(struct life *l, struct event *e, uint8_t number)
{
    struct list_builder list;
    struct error err = {0};
    struct str token;
    struct value v;
    e->task_id = an_order(&l->listings, number, &token);
    list_begin(&list, &l->arena);
    for (uint8_t i = 0; i < number % 4; i++)
        list_add(&list,
                 map_of(l, "path", number % 32 ? value_text("simulation/a") : some_value(l, number >> 2),
                        "version", number % 8 ? value_int(1) : some_value(l, number >> 3)));
    must(list_end(&list, &v, &err), &err);
    e->context = number % 16 == 15 ? map_of(l, "error", some_value(l, number >> 2), "playbooks", v)
                                   : map_of(l, "playbooks", v, NULL, value_null());
}

static struct event fact_of(struct life *l, uint8_t kind, uint8_t number, struct str playbook)
{
    static const uint8_t types[] = {
        EVENT_ACTION_COMPLETED, EVENT_ACTION_COMPLETED,    EVENT_ACTION_COMPLETED, EVENT_ACTION_ERROR,
        EVENT_TIMER_FIRED,      EVENT_SIGNAL_RECEIVED,     EVENT_PAUSE_REQUESTED,  EVENT_RESUME_REQUESTED,
        EVENT_RETRY_REQUESTED,  EVENT_CANCEL_REQUESTED,    EVENT_CHILD_COMPLETED,  EVENT_CHILD_FAILED,
        EVENT_ACTION_ERROR,     EVENT_EXECUTION_REQUESTED, EVENT_PLAYBOOKS_LISTED,
    };
    struct str token;
    /* Now and then one that was read before. */
    bool again = kind / sizeof(types) % 8 == 7;
    l->seq += !again;
    l->clock_ns += again ? 0 : 1000000;
    struct event e = {
        .execution_id = EXECUTION,
        .type = (enum event_type)types[kind % sizeof(types)],
        .time_ns = l->clock_ns,
        .stream_seq = l->seq,
        .context = map_of(l, "name", some_value(l, number | 3), "from", some_value(l, number)),
    };
    if (e.type == EVENT_ACTION_COMPLETED || e.type == EVENT_ACTION_ERROR)
        fill_outcome(l, &e, number);
    else if (e.type == EVENT_TIMER_FIRED)
        e.task_id = an_order(&l->timers, number, &token);
    else if (e.type == EVENT_CHILD_COMPLETED || e.type == EVENT_CHILD_FAILED)
        e.task_id = an_order(&l->children, number, &token);
    else if (e.type == EVENT_PLAYBOOKS_LISTED)
        fill_listing(l, &e, number);
    else if (e.type == EVENT_EXECUTION_REQUESTED)
        fill_request(l, &e, playbook);
    else if (e.type == EVENT_RETRY_REQUESTED && number % 4 == 0)
        e.context =
            map_of(l, "from", value_text(draft_step_name(number / 4 % DRAFT_STEPS)), NULL, value_null());
    return e;
}

/* ---- what they lead to -------------------------------------------------------------------------------- */

static void remember(struct orders *o, struct str id, struct str token)
{
    if (o->count == ORDERS_MAX)
        return;
    o->ids[o->count] = id;
    o->tokens[o->count++] = token;
}

/* False when there is no more room. */
static bool take(struct life *l, const struct decisions *d)
{
    if (l->row_count + d->event_count > ROWS_MAX)
        return false;
    assert(!d->ignored || d->event_count == 0);
    for (uint32_t i = 0; i < d->event_count; i++) {
        l->rows[l->row_count++] = d->events[i];
        assert(d->events[i].event_id == l->row_count);
    }
    for (uint32_t i = 0; i < d->task_count; i++)
        remember(&l->tasks, d->tasks[i].task.task_id, d->tasks[i].task.token);
    for (uint32_t i = 0; i < d->timer_count; i++)
        remember(&l->timers, d->timers[i].id, STR(""));
    for (uint32_t i = 0; i < d->child_count; i++)
        remember(&l->children, d->children[i].task_id, STR(""));
    for (uint32_t i = 0; i < d->listing_count; i++)
        remember(&l->listings, d->listings[i].task_id, STR(""));
    return true;
}

static bool give(struct life *l, const struct event *fact)
{
    struct decisions d;
    struct error e = {0};
    decisions_init(&d, &l->arena);
    must(transition(l->x, fact, l->playbooks, &d, &e), &e);
    must(execution_check(l->x, &e), &e);
    return take(l, &d);
}

static struct str text_of(struct life *l, const struct execution *x)
{
    struct str text;
    struct error e = {0};
    must(execution_encode(x, &l->arena, &text, &e), &e);
    return text;
}

static void compare(struct life *l)
{
    struct execution *folded, *read;
    struct error e = {0};
    struct str text = text_of(l, l->x);
    must(execution_new(EXECUTION, &folded, &e), &e);
    if (l->row_count)
        must(execution_replay(folded, l->rows, l->row_count, l->playbooks, &e), &e);
    assert(str_equal(text, text_of(l, folded)));
    execution_free(folded);
    if (!l->x->playbook)
        return;
    must(execution_decode(text, l->x->playbook, &read, &e), &e);
    must(execution_check(read, &e), &e);
    assert(str_equal(text, text_of(l, read)));
    execution_free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct draft draft;
    struct buf text;
    struct error e = {0};
    struct life *l = calloc(1, sizeof(*l));
    if (size < 2 || !l) {
        free(l);
        return 0;
    }
    uint64_t random = (uint64_t)data[0] << 8 | data[1];
    draft_make(&draft, 1, &random);
    draft_add_later(&draft, &random);
    draft_repair(&draft);
    buf_init(&text, 0);
    draft_write(&draft, STR("fuzz"), &text);
    arena_init(&l->arena, 0);
    l->clock_ns = INT64_C(1700000000000000000);
    must(playbook_cache_new(2, &l->playbooks, &e), &e);
    must(execution_new(EXECUTION, &l->x, &e), &e);

    struct event fact = fact_of(l, 13, 0, buf_str(&text));
    bool room = give(l, &fact);
    for (size_t i = 2; i + 1 < size && i < 2 * FACTS_MAX && room; i += 2) {
        fact = fact_of(l, data[i], data[i + 1], buf_str(&text));
        room = give(l, &fact);
    }
    compare(l);

    execution_free(l->x);
    playbook_cache_free(&l->playbooks);
    buf_free(&text);
    arena_free(&l->arena);
    free(l);
    return 0;
}
