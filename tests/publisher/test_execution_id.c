#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/id.h"
#include "publisher/execution_id.h"

enum { THREADS = 4, EACH = 20000 };

static void *take_ids(void *context)
{
    int64_t *ids = context;
    for (size_t i = 0; i < EACH; i++)
        ids[i] = execution_id_next(5);
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void ids_grow_in_each_thread_and_are_never_given_twice(void **state)
{
    (void)state;
    int64_t *ids = calloc((size_t)THREADS * EACH, sizeof *ids);
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, take_ids, ids + t * EACH), 0);
    for (size_t t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (size_t t = 0; t < THREADS; t++)
        for (size_t i = 1; i < EACH; i++)
            assert_true(ids[t * EACH + i - 1] < ids[t * EACH + i]);
    qsort(ids, (size_t)THREADS * EACH, sizeof *ids, by_id);
    for (size_t i = 1; i < (size_t)THREADS * EACH; i++)
        assert_true(ids[i - 1] != ids[i]);
    free(ids);
}

static void publishers_of_other_nodes_give_other_ids(void **state)
{
    (void)state;
    int64_t now_ms = ID_EPOCH_MS + 1000;
    assert_true(id_from_time(now_ms, 1, 0) != id_from_time(now_ms, 2, 0));
    assert_true(execution_id_next(1) != execution_id_next(2));
    assert_in_range(execution_id_node(), 0, 1023);
    assert_int_equal(execution_id_node(), execution_id_node());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_grow_in_each_thread_and_are_never_given_twice),
        cmocka_unit_test(publishers_of_other_nodes_give_other_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
