#include "sql_value.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/json.h"

enum { EXACT_DIGITS = 15 };

enum status sql_text(struct arena *a, struct str text, struct value *out, struct error *err)
{
    char *copy = arena_strdup(a, text);
    if (!copy)
        return arena_error(a, err, "the rows");
    *out = value_str((struct str){copy, text.len});
    return STATUS_OK;
}

/* JSON's reader knows how to keep an integer of any length. */
enum status sql_integer(struct arena *a, struct str text, struct value *out, struct error *err)
{
    if (json_read(a, text, NULL, out, NULL) == STATUS_OK)
        return STATUS_OK;
    return sql_text(a, text, out, err);
}

static bool is_decimal(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isdigit((unsigned char)s.ptr[i]) && s.ptr[i] != '.' && !(i == 0 && s.ptr[i] == '-'))
            return false;
    return s.len > 0;
}

/* Digits that count: without leading zeros and zeros at the end of the fraction. */
static size_t significant_digits(struct str s)
{
    while (s.len > 0 && s.ptr[s.len - 1] == '0')
        s.len--;
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        if (isdigit((unsigned char)s.ptr[i]) && (count > 0 || s.ptr[i] != '0'))
            count++;
    return count;
}

enum status sql_numeric(struct arena *a, struct str text, struct value *out, struct error *err)
{
    if (!is_decimal(text))
        return sql_text(a, text, out, err); /* NaN, Infinity */
    if (!memchr(text.ptr, '.', text.len))
        return sql_integer(a, text, out, err);
    if (significant_digits(text) > EXACT_DIGITS)
        return sql_text(a, text, out, err);
    char *copy = arena_strdup(a, text);
    if (!copy)
        return arena_error(a, err, "the rows");
    *out = value_float(strtod(copy, NULL));
    return STATUS_OK;
}

enum status sql_json(struct arena *a, struct str text, struct value *out, struct error *err)
{
    return json_read(a, text, NULL, out, NULL) == STATUS_OK ? STATUS_OK : sql_text(a, text, out, err);
}

enum status sql_bytes(struct arena *a, struct str bytes, struct value *out, struct error *err)
{
    struct buf encoded;
    buf_init(&encoded, 0);
    base64_encode(&encoded, bytes);
    enum status s = buf_status(&encoded, err);
    if (s == STATUS_OK)
        s = sql_text(a, buf_str(&encoded), out, err);
    buf_free(&encoded);
    return s;
}

/* ---- columns -------------------------------------------------------------------------------------- */

static bool is_taken(const struct str *names, uint32_t count, struct str name)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_equal(names[i], name))
            return true;
    return false;
}

enum status sql_name_columns(struct arena *a, struct str *names, uint32_t count, struct error *err)
{
    for (uint32_t i = 0; names && i < count; i++) {
        struct str plain = {arena_strdup(a, names[i]), names[i].len}, name = plain;
        for (int n = 2; name.ptr && is_taken(names, i, name); n++)
            name = arena_printf(a, "%" PRISTR "_%d", ARGSTR(plain), n);
        if (!name.ptr)
            return arena_error(a, err, "the columns");
        names[i] = name;
    }
    return names ? STATUS_OK : arena_error(a, err, "the columns");
}
