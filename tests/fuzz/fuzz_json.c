/*
 * Any bytes are read or refused with a place; what was read is written, and reads back as the same value.
 * Start with the documents of tests/core/json.
 */
#include <stdlib.h>

#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void write_and_read_back(struct arena *a, struct value v, enum json_style style)
{
    struct buf text;
    struct value back;
    buf_init(&text, 0);
    require(json_write(&text, v, style, NULL) == STATUS_OK);
    require(json_read(a, buf_str(&text), NULL, &back, NULL) == STATUS_OK);
    require(value_equal(v, back) && value_hash(v) == value_hash(back));
    require(style == JSON_SORTED || value_identical(v, back));
    buf_free(&text);
}

static void copy(struct value v)
{
    struct arena other;
    struct value copied;
    arena_init(&other, 0);
    require(value_copy(&other, v, &copied, NULL) == STATUS_OK);
    require(value_identical(v, copied) && value_size(v) == value_size(copied));
    arena_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct value v;
    struct error err = {.status = STATUS_OK};
    arena_init(&a, size % 5 == 0 ? 16 * size + 1 : 0);
    enum status s = json_read(&a, (struct str){(const char *)data, size}, NULL, &v, &err);
    require(s == err.status && (s != STATUS_SYNTAX || (err.line > 0 && err.column > 0)));
    if (s == STATUS_OK && a.limit == 0) {
        for (int style = JSON_COMPACT; style <= JSON_SORTED; style++)
            write_and_read_back(&a, v, (enum json_style)style);
        copy(v);
    }
    arena_free(&a);
    return 0;
}
