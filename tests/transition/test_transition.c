#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "case_runner.h"
#include "cases.h"

static void a_case_gives_what_it_says(void **state)
{
    const char *path = *state;
    struct buf expected = case_read(path), actual;
    buf_init(&actual, 0);
    case_run(buf_str(&expected), path, &actual);
    if (!str_equal(buf_str(&expected), buf_str(&actual))) {
        /* UPDATE=1 writes what came out, for reading the difference with git. */
        if (getenv("UPDATE")) {
            FILE *f = fopen(path, "wb");
            assert_non_null(f);
            fwrite(actual.data, 1, actual.len, f);
            fclose(f);
        }
        fail_msg("%s: came out as\n%s", path, actual.data);
    }
    buf_free(&expected);
    buf_free(&actual);
}

int main(void)
{
    return cases_run("transition", a_case_gives_what_it_says);
}
