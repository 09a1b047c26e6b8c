#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "json_refusal.h"

struct writer {
    struct buf *buf;
    enum json_style style;
    struct error *err;
};

static enum status write_value(struct writer *w, struct value v, int depth);

static inline void put(struct buf *b, const char *bytes, size_t len)
{
    if (b->status == STATUS_OK && b->cap - b->len > len) {
        memcpy(b->data + b->len, bytes, len);
        b->len += len; /* json_write() ends the text with a zero byte when all is written */
    } else {
        buf_add(b, bytes, len);
    }
}

static inline void put_char(struct buf *b, char c)
{
    put(b, &c, 1);
}

/* 0: stands for itself; 'u': \u00XX; else the letter behind the backslash. */
static const char ESCAPES[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',         'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

static void put_escape(struct buf *b, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    char escape[6] = {'\\', ESCAPES[c], '0', '0', digits[c >> 4], digits[c & 15]};
    put(b, escape, ESCAPES[c] == 'u' ? 6 : 2);
}

static void put_string(struct buf *b, struct str s)
{
    const char *end = s.ptr + s.len, *run = s.ptr;
    put_char(b, '"');
    while (run != end) {
        const char *p = run;
        while (p != end && ESCAPES[(unsigned char)*p] == 0)
            p++;
        put(b, run, (size_t)(p - run));
        if (p == end)
            break;
        put_escape(b, (unsigned char)*p);
        run = p + 1;
    }
    put_char(b, '"');
}

static void end_text(struct buf *b)
{
    if (b->status == STATUS_OK && b->data != NULL)
        b->data[b->len] = '\0';
}

void json_write_string(struct buf *b, struct str s)
{
    put_string(b, s);
    end_text(b);
}

static void put_int(struct buf *b, int64_t i)
{
    char text[24], *p = text + sizeof text;
    uint64_t n = i < 0 ? -(uint64_t)i : (uint64_t)i;
    do {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    if (i < 0)
        *--p = '-';
    put(b, p, (size_t)(text + sizeof text - p));
}

static enum status put_float(struct writer *w, double f)
{
    char text[32];
    if (!isfinite(f))
        return json_refuse_number(f, w->err);
    put(w->buf, text, float_format(f, text));
    return STATUS_OK;
}

static void new_line(struct writer *w, int depth)
{
    static const char spaces[] = "                                ";
    if (w->style != JSON_PRETTY)
        return;
    put_char(w->buf, '\n');
    for (size_t left = 2 * (size_t)depth; left != 0;) {
        size_t part = left < sizeof spaces - 1 ? left : sizeof spaces - 1;
        put(w->buf, spaces, part);
        left -= part;
    }
}

static enum status write_list(struct writer *w, struct value v, int depth)
{
    put_char(w->buf, '[');
    for (uint32_t i = 0; i < v.len; i++) {
        if (i != 0)
            put_char(w->buf, ',');
        new_line(w, depth + 1);
        TRY(write_value(w, v.u.list[i], depth + 1));
    }
    if (v.len != 0)
        new_line(w, depth);
    put_char(w->buf, ']');
    return STATUS_OK;
}

static enum status write_entry(struct writer *w, const struct value_entry *e, bool first, int depth)
{
    if (e->key.type != VALUE_STRING)
        return json_refuse_key(e->key, w->err);
    if (!first)
        put_char(w->buf, ',');
    new_line(w, depth + 1);
    put_string(w->buf, value_as_str(e->key));
    put(w->buf, ": ", w->style == JSON_PRETTY ? 2 : 1);
    return write_value(w, e->value, depth + 1);
}

static int compare_keys(const void *a, const void *b)
{
    const struct value_entry *const *x = a, *const *y = b;
    return str_compare(value_as_str((*x)->key), value_as_str((*y)->key));
}

static enum status write_sorted_entries(struct writer *w, struct value v, int depth)
{
    const struct value_entry **sorted = malloc(v.len * sizeof(struct value_entry *));
    if (sorted == NULL)
        return error_set(w->err, STATUS_NO_MEMORY, "there is no memory to sort the keys of a map");
    for (uint32_t i = 0; i < v.len; i++)
        sorted[i] = &v.u.map->entries[i];
    qsort(sorted, v.len, sizeof(struct value_entry *), compare_keys);
    enum status s = STATUS_OK;
    for (uint32_t i = 0; i < v.len && s == STATUS_OK; i++)
        s = write_entry(w, sorted[i], i == 0, depth);
    free(sorted);
    return s;
}

static enum status write_map(struct writer *w, struct value v, int depth)
{
    put_char(w->buf, '{');
    if (w->style == JSON_SORTED && v.len > 1) {
        TRY(write_sorted_entries(w, v, depth));
    } else {
        for (uint32_t i = 0; i < v.len; i++)
            TRY(write_entry(w, &v.u.map->entries[i], i == 0, depth));
    }
    if (v.len != 0)
        new_line(w, depth);
    put_char(w->buf, '}');
    return STATUS_OK;
}

static enum status write_value(struct writer *w, struct value v, int depth)
{
    if (depth > VALUE_MAX_DEPTH)
        return error_set(w->err, STATUS_LIMIT, "a value is nested more than %d levels deep",
                         (int)VALUE_MAX_DEPTH);
    if (w->buf->status != STATUS_OK)
        return buf_status(w->buf, w->err);
    switch ((enum value_type)v.type) {
    case VALUE_NULL: put(w->buf, "null", 4); break;
    case VALUE_BOOL: put(w->buf, v.u.b ? "true" : "false", v.u.b ? 4 : 5); break;
    case VALUE_INT: put_int(w->buf, v.u.i); break;
    case VALUE_BIGINT: put(w->buf, v.u.s, v.len); break;
    case VALUE_FLOAT: return put_float(w, v.u.f);
    case VALUE_STRING: put_string(w->buf, (struct str){v.u.s, v.len}); break;
    case VALUE_LIST: return write_list(w, v, depth);
    case VALUE_MAP: return write_map(w, v, depth);
    case VALUE_UNDEFINED:
    case VALUE_OBJECT: return json_refuse_other(v, w->err);
    }
    return STATUS_OK;
}

enum status json_write(struct buf *b, struct value v, enum json_style style, struct error *err)
{
    struct writer w = {b, style, err};
    enum status s = write_value(&w, v, 0);
    end_text(b);
    return s != STATUS_OK ? s : buf_status(b, err);
}

enum status json_text(struct arena *a, struct value v, struct str *out, struct error *err)
{
    struct buf b;
    buf_init(&b, a->limit);
    enum status s = json_write(&b, v, JSON_COMPACT, err);
    if (s == STATUS_OK) {
        const char *text = arena_strdup(a, buf_str(&b));
        if (text == NULL)
            s = arena_error(a, err, "a JSON text");
        else
            *out = (struct str){text, b.len};
    }
    buf_free(&b);
    return s;
}
