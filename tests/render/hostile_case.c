#include "hostile_case.h"

#include "core/buf.h"
#include "core/json.h"

static void repeat_parts(struct buf *b, struct value parts)
{
    for (uint32_t i = 0; i < parts.len; i++) {
        struct str text = value_as_str(parts.u.list[i].u.list[0]);
        int64_t times = parts.u.list[i].u.list[1].u.i;
        ptrdiff_t number = str_find(text, STR("#"));
        for (int64_t n = 0; n < times; n++) {
            if (number < 0)
                buf_add_str(b, text);
            else
                buf_printf(b, "%.*s%d%" PRISTR, (int)number, text.ptr, (int)n,
                           ARGSTR(((struct str){text.ptr + number + 1, text.len - (size_t)number - 1})));
        }
    }
}

static struct value repeat_text(struct buf *b, struct value make)
{
    for (int64_t i = 0; i < make.u.list[2].u.i; i++)
        buf_add_str(b, value_as_str(make.u.list[1]));
    buf_add_str(b, value_as_str(make.u.list[3]));
    return value_str(buf_str(b));
}

static struct value bytes_of(struct buf *b, struct value make)
{
    for (uint32_t i = 1; i < make.len; i++)
        buf_add_char(b, (char)make.u.list[i].u.i);
    return value_str(buf_str(b));
}

static enum status one_list(struct arena *a, struct value item, struct value *out, struct error *err)
{
    struct list_builder b;
    list_begin(&b, a);
    list_add(&b, item);
    return list_end(&b, out, err);
}

static enum status one_map(struct arena *a, const char *name, struct value item, struct value *out,
                           struct error *err)
{
    struct map_builder b;
    map_begin(&b, a);
    map_put(&b, str_of(name), item);
    return map_end(&b, out, err);
}

static enum status nested(struct arena *a, int64_t depth, bool lists, struct value *out, struct error *err)
{
    *out = value_int(1);
    for (int64_t i = 0; i <= depth; i++)
        TRY(lists ? one_list(a, *out, out, err) : one_map(a, "a", *out, out, err));
    return STATUS_OK;
}

static enum status list_of(struct arena *a, struct str kind, int64_t count, struct value *out,
                           struct error *err)
{
    struct list_builder b;
    const struct value mixed[] = {value_int(1), value_text("a"), value_null()};
    list_begin(&b, a);
    for (int64_t i = 0; i < count; i++) {
        struct value item = str_is(kind, "mixed list") ? mixed[i % 3] : value_int(i);
        if (str_is(kind, "list of lists"))
            TRY(one_list(a, item, &item, err));
        list_add(&b, item);
    }
    return list_end(&b, out, err);
}

/* A text's bytes are in `b`. */
static enum status make_data(struct arena *a, struct value make, struct buf *b, struct value *out,
                             struct error *err)
{
    struct str kind = value_as_str(make.u.list[0]);
    if (str_is(kind, "nested list") || str_is(kind, "nested map"))
        return nested(a, make.u.list[1].u.i, str_is(kind, "nested list"), out, err);
    if (!str_is(kind, "text") && !str_is(kind, "bytes"))
        return list_of(a, kind, make.u.list[1].u.i, out, err);
    *out = str_is(kind, "text") ? repeat_text(b, make) : bytes_of(b, make);
    return STATUS_OK;
}

/* The buffer's text, in `a`. */
static enum status keep_text(struct arena *a, const struct buf *b, struct value *out, struct error *err)
{
    TRY(buf_status(b, err));
    char *text = arena_strdup(a, buf_str(b));
    if (!text)
        return arena_error(a, err, "a text of a case");
    *out = value_str((struct str){text, b->len});
    return STATUS_OK;
}

static enum status complete(struct arena *a, struct value c, struct buf *text, struct value *out,
                            struct error *err)
{
    struct value parts = VALUE_GET(c, "parts"), make = VALUE_GET(c, "make"), v;
    struct map_builder b;
    map_begin(&b, a);
    map_put_all(&b, c);
    if (parts.type == VALUE_LIST) {
        repeat_parts(text, parts);
        TRY(keep_text(a, text, &v, err));
        map_put(&b, STR("template"), v);
    }
    if (make.type == VALUE_LIST) {
        buf_clear(text);
        TRY(make_data(a, make, text, &v, err));
        if (v.type == VALUE_STRING)
            TRY(keep_text(a, text, &v, err));
        TRY(one_map(a, "d", v, &v, err));
        map_put(&b, STR("context"), v);
    }
    return map_end(&b, out, err);
}

enum status hostile_case_read(struct arena *a, struct str line, struct value *out, struct error *err)
{
    struct value c;
    struct buf text;
    TRY(json_read(a, line, NULL, &c, err));
    buf_init(&text, 0);
    enum status s = complete(a, c, &text, out, err);
    buf_free(&text);
    return s;
}
