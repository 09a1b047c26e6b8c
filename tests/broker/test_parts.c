#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/batch.h"
#include "broker/execution_table.h"
#include "broker/mailbox.h"
#include "core/digest.h"

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
            assert_int_equal(execution_table_add(&t, x, NULL), STATUS_OK);
            count++;
        }
        in[id] = !in[id];
        assert_int_equal(t.count, count);
    }
    for (int64_t id = 1; id < IDS; id++)
        assert_int_equal(execution_table_find(&t, id << 12) != NULL, in[id]);
    execution_table_free(&t);
}

static void a_batch_keeps_the_newest_checkpoint_of_each_partition(void **state)
{
    (void)state;
    struct batch *b;
    assert_int_equal(batch_new(1, 4, &b, NULL), STATUS_OK);
    assert_true(batch_is_empty(b));
    batch_advance(b, &(struct checkpoint){.partition = 2, .stream_seq = 5});
    batch_advance(b, &(struct checkpoint){.partition = 2, .stream_seq = 9});
    assert_false(batch_is_empty(b));
    assert_true(b->dirty[2] && !b->dirty[0] && !b->dirty[1] && !b->dirty[3]);
    assert_int_equal(b->checkpoints[2].stream_seq, 9);
    batch_free(b);
}

static void *post_many(void *context)
{
    struct mailbox *m = context;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(mailbox_post(m, (struct mail){.kind = MAIL_REFUSED, .u.outgoing = (void *)m}, NULL),
                         STATUS_OK);
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
    assert_int_equal(mailbox_init(&m, 10, NULL), STATUS_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_finds_exactly_what_is_in_it),
        cmocka_unit_test(a_batch_keeps_the_newest_checkpoint_of_each_partition),
        cmocka_unit_test(mail_of_many_threads_arrives_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
