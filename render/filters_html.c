/* Filters for HTML and URLs. */
#include "tables.h"
#include "thing.h"
#include "unicode.h"

BUILTIN(filter_escape)
{
    (void)all;
    return text_escaped(vm, argv[0], out);
}

BUILTIN(filter_forceescape)
{
    struct value text;
    (void)all;
    TRY(text_of(vm, argv[0], &text));
    text.flags &= (uint8_t)~VALUE_MARKUP;
    return text_escaped(vm, text, out);
}

BUILTIN(filter_safe)
{
    (void)all;
    TRY(text_of(vm, argv[0], out));
    out->flags |= VALUE_MARKUP;
    return STATUS_OK;
}

/* ---- urlencode ---------------------------------------------------------------------------------- */

static void quote(struct writer *w, struct str s, bool for_query)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        char escaped[3] = {'%', HEX[c >> 4], HEX[c & 15]};
        if (alnum || (c && strchr("_.-~", c)) || (c == '/' && !for_query))
            writer_char(w, (char)c);
        else if (c == ' ' && for_query)
            writer_char(w, '+');
        else
            writer_add(w, escaped, 3);
    }
}

static enum status quote_value(struct writer *w, struct value v, bool for_query)
{
    struct value text;
    if (thing_is(v, THING_BYTES)) {
        quote(w, THING(thing_bytes, v)->bytes, for_query);
        return w->status;
    }
    TRY(text_of(w->vm, v, &text));
    TRY(vm_tick(w->vm, text.len / 16));
    quote(w, value_as_str(text), for_query);
    return w->status;
}

static enum status quote_pair(struct writer *w, struct value pair)
{
    const struct value *items;
    uint32_t count;
    if (!iter_can(pair))
        return vm_fail(w->vm, "cannot unpack non-iterable %s object", type_name(pair));
    TRY(iter_all(w->vm, pair, &items, &count));
    if (count < 2)
        return vm_fail(w->vm, "not enough values to unpack (expected 2, got %u)", count);
    if (count > 2)
        return vm_fail(w->vm, "too many values to unpack (expected 2)");
    TRY(quote_value(w, items[0], true));
    writer_char(w, '=');
    return quote_value(w, items[1], true);
}

BUILTIN(filter_urlencode)
{
    struct iterator it;
    struct writer w;
    bool more;
    (void)all;
    writer_begin(&w, vm);
    if (argv[0].type == VALUE_STRING || thing_is(argv[0], THING_BYTES) || !iter_can(argv[0])) {
        TRY(quote_value(&w, argv[0], false));
        return writer_end(&w, out);
    }
    TRY(iter_begin(vm, &it, argv[0]));
    if (argv[0].type == VALUE_MAP)
        it.kind = ITER_PAIRS;
    for (bool first = true;; first = false) {
        struct value pair;
        TRY(iter_next(vm, &it, &pair, &more));
        if (!more)
            return writer_end(&w, out);
        if (!first)
            writer_char(&w, '&');
        TRY(quote_pair(&w, pair));
    }
}
