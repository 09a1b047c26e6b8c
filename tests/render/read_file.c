#include "read_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct buf read_test_file(const char *name)
{
    enum { CHUNK = 65536 };
    char path[1024];
    const char *root = getenv("NOETL_SOURCE_DIR");
    struct buf b;
    buf_init(&b, 0);
    snprintf(path, sizeof path, "%s/tests/render/%s", root ? root : ".", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    for (size_t n = 1; n > 0;) {
        char *to = buf_reserve(&b, CHUNK);
        assert_non_null(to);
        n = fread(to, 1, CHUNK, f);
        buf_claim(&b, n);
    }
    assert_int_equal(ferror(f), 0);
    fclose(f);
    return b;
}
