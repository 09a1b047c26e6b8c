#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "broker/arrivals.h"
#include "broker/assignment.h"
#include "broker/batch.h"
#include "broker/execution_table.h"
#include "broker/fence.h"
#include "broker/mailbox.h"
#include "broker/parts.h"
#include "broker/timer_queue.h"
#include "broker/waiting.h"
#include "broker/writable.h"
#include "core/digest.h"
#include "core/id.h"

static void a_table_finds_exactly_what_is_in_it(void **state)
{
    (void)state;
    enum { IDS = 5000, TURNS = 40000 };
    static bool in[IDS];
    struct execution_table t;
    uint64_t seed = 7;
    size_t count = 0;
    execution_table_init(&t);
    for (int turn = 0; turn < TURNS; turn++) {
        int64_t id = 1 + (int64_t)(splitmix64(&seed) % (IDS - 1));
        struct execution *x = execution_table_find(&t, id << 12);
        assert_int_equal(x != NULL, in[id]);
        if (x) {
            assert_int_equal(x->id, id << 12);
            execution_table_drop(&t, id << 12);
            count--;
        } else {
            assert_int_equal(execution_new(id << 12, &x, NULL), STATUS_OK);
            assert_int_equal(execution_table_add(&t, x, 0, NULL), STATUS_OK);
            count++;
        }
        in[id] = !in[id];
        assert_int_equal(t.count, count);
    }
    for (int64_t id = 1; id < IDS; id++)
        assert_int_equal(execution_table_find(&t, id << 12) != NULL, in[id]);
    execution_table_free(&t);
}

static void decisions_that_cannot_be_written_are_refused_before(void **state)
{
    (void)state;
    struct event events[2] = {{.type = EVENT_SIGNAL_RECEIVED}, {.type = EVENT_STEP_COMPLETED}};
    struct task_order task = {.task = {.step = STR("a"), .args = VALUE_EMPTY_MAP}};
    struct notice notice = {.fact = {.type = EVENT_CHILD_COMPLETED}};
    struct decisions d = {.events = events,
                          .event_count = 2,
                          .tasks = &task,
                          .task_count = 1,
                          .notices = &notice,
                          .notice_count = 1};
    struct value *const places[] = {&events[1].context,  &events[1].result,    &events[1].meta,
                                    &task.task.args,     &task.task.config,    &task.task.names,
                                    &notice.fact.result, &notice.fact.context, &task.task.saves};
    struct error e = {0};
    assert_int_equal(decisions_writable(&d, &e), STATUS_OK);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct value before = *places[i];
        *places[i] = value_float(INFINITY);
        assert_int_equal(decisions_writable(&d, &e), STATUS_INVALID);
        *places[i] = before;
    }
    assert_int_equal(decisions_writable(&d, &e), STATUS_OK);
}

/* JSON writes each of the characters as six. */
static void a_row_that_postgres_would_refuse_is_too_large(void **state)
{
    (void)state;
    enum { LEN = 65 << 20 };
    char *text = malloc(LEN);
    assert_non_null(text);
    memset(text, 1, LEN);
    const struct value v = value_str((struct str){text, LEN});
    struct event events[2] = {{.type = EVENT_SIGNAL_RECEIVED}, {.type = EVENT_STEP_COMPLETED, .result = v}};
    struct decisions d = {.events = events, .event_count = 2};
    struct error e = {0};
    assert_int_equal(decisions_writable(&d, &e), STATUS_OK);
    events[1].context = v;
    assert_int_equal(decisions_writable(&d, &e), STATUS_LIMIT);
    free(text);
}

static void a_batch_keeps_the_newest_checkpoint_of_each_partition_and_what_it_follows(void **state)
{
    (void)state;
    struct batch *b;
    assert_int_equal(batch_new(1, 4, &b, NULL), STATUS_OK);
    assert_true(batch_is_empty(b));
    batch_advance(b, &(struct checkpoint){.stream_seq = 3},
                  &(struct checkpoint){.partition = 2, .stream_seq = 5});
    batch_advance(b, &(struct checkpoint){.stream_seq = 5},
                  &(struct checkpoint){.partition = 2, .stream_seq = 9});
    assert_false(batch_is_empty(b));
    assert_true(b->dirty[2] && !b->dirty[0] && !b->dirty[1] && !b->dirty[3]);
    assert_int_equal(b->checkpoints[2].stream_seq, 9);
    assert_int_equal(b->before[2].stream_seq, 3);
    batch_free(b);
}

static void a_batch_can_leave_a_partition_out(void **state)
{
    (void)state;
    enum { PARTITIONS = 4 };
    struct batch *b;
    size_t of_two = 0;
    assert_int_equal(batch_new(1, PARTITIONS, &b, NULL), STATUS_OK);
    for (int64_t id = 1; id <= 50; id++) {
        struct event e = {.execution_id = id};
        struct timer_change t = {.execution_id = id, .partition = id_partition(id, PARTITIONS)};
        assert_int_equal(batch_add_events(b, &e, 1, NULL), STATUS_OK);
        assert_int_equal(batch_add_timer(b, &t, NULL), STATUS_OK);
        assert_int_equal(batch_add_ended(b, id, true, NULL), STATUS_OK);
        batch_advance(b, &(struct checkpoint){0},
                      &(struct checkpoint){.partition = t.partition, .stream_seq = (uint64_t)id});
        of_two += t.partition == 2;
    }
    assert_in_range(of_two, 1, 49);
    batch_drop_partition(b, 2);
    assert_false(b->dirty[2]);
    assert_true(b->dirty[0] && b->dirty[1] && b->dirty[3]);
    assert_int_equal(b->event_count, 50 - of_two);
    assert_int_equal(b->timer_count, 50 - of_two);
    for (size_t i = 0; i < b->event_count; i++)
        assert_int_not_equal(id_partition(b->events[i].execution_id, PARTITIONS), 2);
    for (size_t i = 0; i < b->withdrawn_count; i++)
        assert_int_equal(b->withdrawn[i] == 0, id_partition((int64_t)i + 1, PARTITIONS) == 2);
    batch_free(b);
}

static bool is_odd(void *context, const struct execution_slot *slot)
{
    (void)context;
    return slot->execution->id % 2 != 0;
}

static void a_table_drops_all_that_are_asked_for(void **state)
{
    (void)state;
    struct execution_table t;
    struct execution *x;
    execution_table_init(&t);
    for (int64_t id = 1; id <= 1000; id++) {
        assert_int_equal(execution_new(id, &x, NULL), STATUS_OK);
        assert_int_equal(execution_table_add(&t, x, 0, NULL), STATUS_OK);
    }
    execution_table_drop_of(&t, is_odd, NULL);
    assert_int_equal(t.count, 500);
    for (int64_t id = 1; id <= 1000; id++)
        assert_int_equal(execution_table_find(&t, id) != NULL, id % 2 == 0);
    execution_table_free(&t);
}

static void fill_table(struct execution_table *t, int64_t count)
{
    struct execution *x;
    execution_table_init(t);
    for (int64_t id = 1; id <= count; id++) {
        assert_int_equal(execution_new(id, &x, NULL), STATUS_OK);
        assert_int_equal(execution_table_add(t, x, 0, NULL), STATUS_OK);
        execution_table_touch(t, id, (uint64_t)id, id);
    }
}

static void what_stands_still_leaves_memory_once_it_is_in_the_log(void **state)
{
    (void)state;
    struct execution_table t;
    fill_table(&t, 1000);
    assert_int_equal(execution_table_evict(&t, 1000, 101, 5000), 100);
    assert_int_equal(execution_table_evict(&t, 150, 501, 5000), 50);
    assert_null(execution_table_find(&t, 150));
    assert_non_null(execution_table_find(&t, 151));
    execution_table_free(&t);
}

static void what_was_not_used_for_longest_makes_room(void **state)
{
    (void)state;
    struct execution_table t;
    fill_table(&t, 5000);
    size_t gone = execution_table_evict(&t, 5000, 0, 1000);
    assert_int_equal(t.count, 5000 - gone);
    assert_in_range(t.count, 800, 1000);
    for (int64_t id = 4500; id <= 5000; id++)
        assert_non_null(execution_table_find(&t, id));
    execution_table_free(&t);
}

/* ---- sharing partitions out --------------------------------------------------------------------------- */

enum { SHARED = 32 };

static void assign(const char *const *names, size_t count, uint32_t *owner)
{
    struct str members[16];
    for (size_t i = 0; i < count; i++)
        members[i] = str_of(names[i]);
    assert_int_equal(assign_partitions(members, count, owner, SHARED, NULL), STATUS_OK);
}

static void partitions_are_shared_out_evenly(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (size_t count = 1; count <= 7; count++) {
        uint32_t owner[SHARED], share[7] = {0};
        assign(NAMES, count, owner);
        for (uint32_t p = 0; p < SHARED; p++)
            share[owner[p]]++;
        for (size_t i = 0; i < count; i++)
            assert_in_range(share[i], SHARED / count, SHARED / count + (SHARED % count != 0));
    }
}

static void who_gets_what_depends_on_who_is_there_alone(void **state)
{
    (void)state;
    static const char *const ONE[] = {"host-1", "host-2", "host-3"};
    static const char *const OTHER[] = {"host-3", "host-1", "host-2"};
    uint32_t a[SHARED], b[SHARED];
    assign(ONE, 3, a);
    assign(OTHER, 3, b);
    for (uint32_t p = 0; p < SHARED; p++)
        assert_string_equal(ONE[a[p]], OTHER[b[p]]);
}

static void most_partitions_stay_when_a_broker_comes(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"host-1", "host-2", "host-3", "host-4", "host-5"};
    for (size_t count = 2; count < 5; count++) {
        uint32_t before[SHARED], after[SHARED], stay = 0;
        assign(NAMES, count, before);
        assign(NAMES, count + 1, after);
        for (uint32_t p = 0; p < SHARED; p++)
            stay += before[p] == after[p];
        assert_true(stay > SHARED / 2);
    }
}

/* ---- timers ------------------------------------------------------------------------------------------- */

enum { EXECUTIONS = 7, IDS = 40 };

/* What a queue should hold, the simple way. */
struct expected {
    int64_t due_ns; /* 0: no such timer */
    int64_t at_ns;
    bool taken;
};

static struct str id_of(int i, char out[16])
{
    snprintf(out, 16, "s%dv1a1", i);
    return str_of(out);
}

static int64_t earliest(struct expected model[EXECUTIONS][IDS])
{
    int64_t least = INT64_MAX;
    for (int x = 0; x < EXECUTIONS; x++)
        for (int i = 0; i < IDS; i++)
            if (model[x][i].due_ns && !model[x][i].taken && model[x][i].at_ns < least)
                least = model[x][i].at_ns;
    return least;
}

static size_t known(struct expected model[EXECUTIONS][IDS])
{
    size_t count = 0;
    for (int x = 0; x < EXECUTIONS; x++)
        for (int i = 0; i < IDS; i++)
            count += model[x][i].due_ns != 0;
    return count;
}

/* Takes what is due, and lets it be fired, postponed, or left as it is for a while. */
static void take_some(struct timer_queue *q, struct expected model[EXECUTIONS][IDS], uint64_t *seed)
{
    struct due_timer t;
    int64_t next = timer_queue_next(q);
    assert_false(timer_queue_take(q, next == INT64_MAX ? INT64_MAX - 1 : next - 1, &t));
    if (next == INT64_MAX)
        return;
    assert_true(timer_queue_take(q, next, &t));
    struct task_id id;
    assert_int_equal(task_id_parse(t.id, &id, NULL), STATUS_OK);
    int i = (int)id.step, x = (int)t.execution_id - 1;
    char text[16];
    assert_int_equal(model[x][i].at_ns, next);
    assert_int_equal(model[x][i].due_ns, t.due_ns);
    t.id = id_of(i, text); /* as somebody holds it who outlives the queue's own */
    model[x][i].taken = true;
    switch (splitmix64(seed) % 3) {
    case 0:
        timer_queue_fired(q, &t);
        model[x][i].due_ns = 0;
        return;
    case 1:
        timer_queue_postpone(q, &t, next + 50);
        model[x][i] = (struct expected){t.due_ns, next + 50, false};
        return;
    }
}

static void a_timer_queue_gives_back_what_was_put_in_by_time(void **state)
{
    (void)state;
    static struct expected model[EXECUTIONS][IDS];
    struct timer_queue q;
    uint64_t seed = 11;
    timer_queue_init(&q);
    for (int turn = 0; turn < 60000; turn++) {
        int x = (int)(splitmix64(&seed) % EXECUTIONS), i = (int)(splitmix64(&seed) % IDS);
        int64_t due_ns = 1 + (int64_t)(splitmix64(&seed) % 1000);
        char text[16];
        switch (splitmix64(&seed) % 16) {
        case 0:
            timer_queue_cancel(&q, x + 1, id_of(i, text));
            model[x][i].due_ns = 0;
            break;
        case 1:
            if (splitmix64(&seed) % 8)
                break;
            timer_queue_drop(&q, x + 1);
            for (int k = 0; k < IDS; k++)
                model[x][k].due_ns = 0;
            break;
        case 2:
        case 3:
        case 4:
        case 5: take_some(&q, model, &seed); break;
        default:
            assert_int_equal(timer_queue_set(&q, x + 1, id_of(i, text), due_ns, NULL), STATUS_OK);
            model[x][i] = (struct expected){due_ns, due_ns, false};
        }
        assert_int_equal(timer_queue_next(&q), earliest(model));
        assert_int_equal(timer_queue_count(&q), known(model));
    }
    for (int x = 0; x < EXECUTIONS; x++)
        timer_queue_drop(&q, x + 1);
    assert_int_equal(timer_queue_count(&q), 0);
    assert_int_equal(q.owners.count, 0);
    timer_queue_free(&q);
    assert_int_equal(q.bytes, 0);
}

static void a_timer_that_was_set_again_is_not_dropped_with_its_older_self(void **state)
{
    (void)state;
    struct timer_queue q;
    struct due_timer t;
    int64_t due_ns;
    timer_queue_init(&q);
    assert_int_equal(timer_queue_set(&q, 1, STR("execution"), 10, NULL), STATUS_OK);
    assert_true(timer_queue_take(&q, 10, &t));
    t.id = STR("execution");
    assert_int_equal(timer_queue_set(&q, 1, STR("execution"), 20, NULL), STATUS_OK);
    timer_queue_fired(&q, &t);
    assert_int_equal(timer_queue_next(&q), 20);
    assert_true(timer_queue_due(&q, 1, STR("execution"), &due_ns));
    assert_int_equal(due_ns, 20);
    timer_queue_cancel(&q, 1, STR("execution"));
    assert_false(timer_queue_due(&q, 1, STR("execution"), &due_ns));
    timer_queue_postpone(&q, &t, 30);
    assert_int_equal(timer_queue_next(&q), INT64_MAX);
    timer_queue_free(&q);
}

static void a_hundred_thousand_timers_take_little_memory_and_time(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct timer_queue q;
    struct due_timer t;
    clock_t start = clock();
    int64_t before = 0;
    timer_queue_init(&q);
    for (int i = 0; i < COUNT; i++) {
        char text[32];
        snprintf(text, sizeof text, "s3v1a1i%da2", i);
        assert_int_equal(
            timer_queue_set(&q, 1 + i / 1000, str_of(text), 1 + (i * INT64_C(7919)) % COUNT, NULL),
            STATUS_OK);
    }
    print_message("%d timers: %zu bytes each\n", COUNT, q.bytes / COUNT);
    assert_true(q.bytes / COUNT < 200);
    for (int i = 0; i < COUNT; i++) {
        assert_true(timer_queue_take(&q, INT64_MAX, &t));
        assert_true(t.due_ns >= before);
        before = t.due_ns;
        timer_queue_cancel(&q, t.execution_id, t.id);
    }
    print_message("set and taken in %.3f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    timer_queue_free(&q);
}

static void *post_many(void *context)
{
    struct mailbox *m = context;
    for (int i = 0; i < 1000; i++)
        mailbox_post(m, (struct mail){.kind = MAIL_REFUSED, .u.outgoing = (void *)m});
    return NULL;
}

static void mail_of_many_threads_arrives_once(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    struct mailbox m;
    pthread_t threads[THREADS];
    struct mail *items = NULL;
    size_t capacity = 0, got = 0;
    assert_int_equal(mailbox_init(&m, 10, SIZE_MAX, NULL, NULL), STATUS_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &m), 0);
    while (got < THREADS * 1000) {
        size_t n = mailbox_take(&m, &items, &capacity, 10000);
        assert_true(n > 0);
        got += n;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(got, THREADS * 1000);
    assert_int_equal(mailbox_take(&m, &items, &capacity, 0), 0);
    free(items);
    mailbox_free(&m);
}

static struct bus_delivery *fact_of(uint64_t sequence)
{
    struct bus_delivery *d = calloc(1, sizeof(*d));
    assert_non_null(d);
    d->stream_sequence = sequence;
    d->payload = STR("{}");
    return d;
}

static struct mono_time in_ms(int64_t ms)
{
    return (struct mono_time){mono_now().ns + ms * 1000000};
}

static void the_log_gets_more_time_each_time_that_it_took_too_much(void **state)
{
    (void)state;
    struct waiting w = {0};
    struct error err;
    for (uint32_t n = 0; n < 2; n++) {
        const struct event_subject at = {.execution_id = n, .partition = n};
        assert_int_equal(waiting_add(&w, fact_of(n), &at, 1, &err), STATUS_OK);
    }
    assert_int_equal(waiting_patience_ms(&w), WAITING_ASK_MS);
    waiting_failed(&w, 10); /* that was an answer */
    assert_int_equal(waiting_patience_ms(&w), WAITING_ASK_MS);
    waiting_failed(&w, WAITING_ASK_MS);
    assert_int_equal(waiting_patience_ms(&w), 2 * WAITING_ASK_MS);
    waiting_failed(&w, WAITING_ASK_MS);
    assert_int_equal(waiting_patience_ms(&w), 2 * WAITING_ASK_MS);
    for (int n = 0; n < 100; n++)
        waiting_failed(&w, 1000000);
    assert_in_range(waiting_patience_ms(&w), 60001, 120000);
    waiting_drop_partition(&w, 1);
    assert_in_range(waiting_patience_ms(&w), 60001, 120000);
    waiting_drop_partition(&w, 0);
    assert_int_equal(waiting_patience_ms(&w), WAITING_ASK_MS);
    waiting_free(&w);
}

static void what_waits_is_hopeless_after_many_failures_and_a_minute_of_its_own(void **state)
{
    (void)state;
    struct waiting w = {0};
    struct error err;
    for (uint32_t n = 0; n < 2; n++) {
        const struct event_subject at = {.execution_id = n + 1, .partition = n};
        assert_int_equal(waiting_add(&w, fact_of(n), &at, 1, &err), STATUS_OK);
    }
    assert_false(waiting_is_hopeless(&w, in_ms(70000)));
    for (int n = 0; n < 8; n++) {
        assert_false(waiting_is_hopeless(&w, in_ms(70000)));
        waiting_failed(&w, 10);
    }
    assert_false(waiting_is_hopeless(&w, in_ms(50000)));
    assert_true(waiting_is_hopeless(&w, in_ms(70000)));
    waiting_drop_partition(&w, 5);
    assert_true(waiting_is_hopeless(&w, in_ms(70000)));

    struct eventlog *away;
    assert_int_equal(eventlog_open("postgresql://u:p@127.0.0.1:1/x", "test", &away, &err), STATUS_OK);
    assert_false(waiting_look(&w, away));
    eventlog_close(&away);
    assert_false(waiting_is_hopeless(&w, in_ms(70000)));
    for (int n = 0; n < 8; n++)
        waiting_failed(&w, 10);
    assert_true(waiting_is_hopeless(&w, in_ms(70000)));
    waiting_drop_first(&w);
    assert_false(waiting_is_hopeless(&w, in_ms(70000)));
    waiting_free(&w);
}

static void the_log_is_behind_only_of_the_epoch_under_which_it_was_found_so(void **state)
{
    (void)state;
    struct fence f;
    struct error err;
    assert_int_equal(fence_init(&f, 1, &err), STATUS_OK);
    fence_set(&f, &(struct checkpoint){.epoch = 3}, 0);
    fence_lose(&f, 0, 3);
    fence_fall_behind(&f, 0, 3); /* it was lost before */
    assert_int_equal(f.in_log[0].behind, 0);
    fence_set(&f, &(struct checkpoint){.epoch = 4}, 0);
    fence_fall_behind(&f, 0, 3); /* and has been taken anew */
    assert_int_equal(f.in_log[0].behind, 0);
    assert_true(fence_holds(&f, 0, 4));
    fence_fall_behind(&f, 0, 4);
    assert_int_equal(f.in_log[0].behind, 4);
    assert_false(fence_holds(&f, 0, 4));
    fence_set(&f, &(struct checkpoint){.epoch = 5}, 0);
    assert_int_equal(f.in_log[0].behind, 0);
    fence_free(&f);
}

static void a_fact_may_be_anothers_up_to_where_it_is_known_and_anywhere_while_in_doubt(void **state)
{
    (void)state;
    struct fence f;
    struct error err;
    assert_int_equal(fence_init(&f, 1, &err), STATUS_OK);
    fence_set(&f, &(struct checkpoint){.epoch = 3}, 7);
    assert_true(fence_may_be_shared(&f, 0, 7));
    assert_false(fence_may_be_shared(&f, 0, 8));
    fence_doubt(&f);
    fence_doubt(&f);
    assert_true(fence_may_be_shared(&f, 0, 8));
    f.settled = 1;
    assert_true(fence_may_be_shared(&f, 0, 8));
    f.settled = 2;
    assert_false(fence_may_be_shared(&f, 0, 8));
    fence_free(&f);
}

enum { LANES = 2, LANE_OF = 10000 }; /* the lane of a fact is in its sequence */

/* All that is there, in the order of each lane; adds to `taken`. */
static size_t take_facts(struct mailbox *m, uint64_t taken[LANES])
{
    struct mail *items = NULL;
    size_t capacity = 0, n = mailbox_take(m, &items, &capacity, 10000);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(items[i].kind, MAIL_FACT);
        uint64_t sequence = items[i].u.fact->stream_sequence, lane = sequence / LANE_OF;
        assert_true(lane < LANES);
        assert_int_equal(sequence % LANE_OF, ++taken[lane]);
        mail_free(&items[i]);
    }
    free(items);
    return n;
}

static void a_full_mailbox_takes_no_facts(void **state)
{
    (void)state;
    struct mailbox m;
    const atomic_bool wanted = false, unwanted = true;
    uint64_t taken[LANES] = {0};
    struct bus_delivery *third = fact_of(3);
    assert_int_equal(mailbox_init(&m, 2, SIZE_MAX, NULL, NULL), STATUS_OK);
    assert_true(mailbox_post_fact(&m, fact_of(1), &wanted));
    assert_true(mailbox_post_fact(&m, fact_of(2), &wanted));
    assert_false(mailbox_post_fact(&m, third, &wanted));
    assert_true(mailbox_post_fact(&m, fact_of(4), &unwanted)); /* is dropped */
    mailbox_wait_post_fact(&m, fact_of(5), &unwanted);
    assert_int_equal(take_facts(&m, taken), 2);
    mailbox_hold(&m, 2, 0);
    assert_false(mailbox_post_fact(&m, third, &wanted));
    mailbox_hold(&m, 1, 0);
    assert_true(mailbox_post_fact(&m, third, &wanted));
    assert_int_equal(take_facts(&m, taken), 1);
    mailbox_free(&m);
}

/* Who reads the connection is never held up by it, nothing changes the order, and each lane has its turn. */
static void facts_wait_for_room_in_order(void **state)
{
    (void)state;
    enum { FACTS = 1000, ROOM = 2 };
    const struct subjects subjects = {.partitions = 4};
    const uint32_t partitions[LANES] = {0, 3};
    struct mailbox m;
    struct arrivals *a = NULL;
    struct error err;
    uint64_t taken[LANES] = {0};
    assert_int_equal(mailbox_init(&m, ROOM, SIZE_MAX, NULL, NULL), STATUS_OK);
    assert_int_equal(arrivals_open(NULL, &subjects, &m, &a, &err), STATUS_OK);
    for (uint64_t lane = 0; lane < LANES; lane++) {
        arrivals_begin(a, partitions[lane]);
        for (uint64_t sequence = 1; sequence <= FACTS / 2; sequence++)
            arrivals_take(a, partitions[lane], fact_of(lane * LANE_OF + sequence));
    }
    while (taken[0] + taken[1] < FACTS / 2)
        (void)take_facts(&m, taken);
    assert_true(taken[0] > FACTS / 8 && taken[1] > FACTS / 8);
    for (uint64_t sequence = FACTS / 2 + 1; taken[0] + taken[1] < LANES * FACTS; sequence++) {
        for (uint64_t lane = 0; lane < LANES && sequence <= FACTS; lane++)
            arrivals_take(a, partitions[lane], fact_of(lane * LANE_OF + sequence));
        (void)take_facts(&m, taken);
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        arrivals_leave(a, partitions[lane]);
        arrivals_end(a, partitions[lane]);
    }
    arrivals_close(&a);
    mailbox_free(&m);
}

/* What a stream's end was says little of a reader that had come further, before it lost that end. */
static void facts_may_be_shared_up_to_the_streams_end_or_what_was_read(void **state)
{
    (void)state;
    struct fence f;
    struct part list[] = {
        {.state = PART_HELD, .newest = 50}, {.state = PART_HELD, .newest = 10}, {.newest = 50}};
    const struct parts parts = {.options = {.fence = &f}, .list = list, .count = 3};
    assert_int_equal(fence_init(&f, 3, NULL), STATUS_OK);
    parts_share(&parts, 30);
    assert_true(fence_may_be_shared(&f, 0, 50));
    assert_false(fence_may_be_shared(&f, 0, 51));
    assert_true(fence_may_be_shared(&f, 1, 30));
    assert_false(fence_may_be_shared(&f, 1, 31));
    assert_false(fence_may_be_shared(&f, 2, 1));
    fence_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_finds_exactly_what_is_in_it),
        cmocka_unit_test(a_table_drops_all_that_are_asked_for),
        cmocka_unit_test(what_stands_still_leaves_memory_once_it_is_in_the_log),
        cmocka_unit_test(what_was_not_used_for_longest_makes_room),
        cmocka_unit_test(decisions_that_cannot_be_written_are_refused_before),
        cmocka_unit_test(a_row_that_postgres_would_refuse_is_too_large),
        cmocka_unit_test(a_batch_keeps_the_newest_checkpoint_of_each_partition_and_what_it_follows),
        cmocka_unit_test(a_batch_can_leave_a_partition_out),
        cmocka_unit_test(partitions_are_shared_out_evenly),
        cmocka_unit_test(who_gets_what_depends_on_who_is_there_alone),
        cmocka_unit_test(most_partitions_stay_when_a_broker_comes),
        cmocka_unit_test(a_timer_queue_gives_back_what_was_put_in_by_time),
        cmocka_unit_test(a_timer_that_was_set_again_is_not_dropped_with_its_older_self),
        cmocka_unit_test(a_hundred_thousand_timers_take_little_memory_and_time),
        cmocka_unit_test(mail_of_many_threads_arrives_once),
        cmocka_unit_test(a_full_mailbox_takes_no_facts),
        cmocka_unit_test(the_log_gets_more_time_each_time_that_it_took_too_much),
        cmocka_unit_test(what_waits_is_hopeless_after_many_failures_and_a_minute_of_its_own),
        cmocka_unit_test(the_log_is_behind_only_of_the_epoch_under_which_it_was_found_so),
        cmocka_unit_test(a_fact_may_be_anothers_up_to_where_it_is_known_and_anywhere_while_in_doubt),
        cmocka_unit_test(facts_wait_for_room_in_order),
        cmocka_unit_test(facts_may_be_shared_up_to_the_streams_end_or_what_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
