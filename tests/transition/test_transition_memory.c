/* Every request for memory of every fact of every case is refused once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "case_runner.h"
#include "cases.h"
#include "failing_memory.h"

static void fail_once_at(size_t n)
{
    memory_fail_at(n, false);
}

static void a_fact_is_taken_wholly_or_not_at_all(void **state)
{
    const char *path = *state;
    size_t held = memory_held();
    struct buf text = case_read(path);
    case_run_short_of_memory(buf_str(&text), path, fail_once_at, memory_fail_never);
    buf_free(&text);
    assert_int_equal(memory_held(), held);
}

int main(void)
{
    return cases_run("transition short of memory", a_fact_is_taken_wholly_or_not_at_all);
}
