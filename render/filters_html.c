/* Filters for HTML and URLs. */
#include "entities.h"
#include "strings.h"
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
    if (argv[0].type == VALUE_STRING || !iter_can(argv[0])) {
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

/* ---- xmlattr and striptags ---------------------------------------------------------------------- */

static enum status write_attribute(struct writer *w, struct value key, struct value v)
{
    struct value text;
    if (key.type != VALUE_STRING)
        return vm_fail(w->vm, "expected string or bytes-like object, got '%s'", type_name(key));
    struct str name = value_as_str(key);
    for (size_t i = 0; i < name.len; i++) {
        if (strchr(" \t\n\r\f\v/>=", name.ptr[i]) && name.ptr[i])
            return vm_fail(w->vm, "Invalid character in attribute name: '%" PRISTR "'", ARGSTR(name));
    }
    if (w->len > 0)
        writer_char(w, ' ');
    TRY(text_escaped(w->vm, key, &text));
    writer_str(w, value_as_str(text));
    writer_text(w, "=\"");
    TRY(text_escaped(w->vm, v, &text));
    writer_str(w, value_as_str(text));
    writer_char(w, '"');
    return vm_tick(w->vm, 1);
}

BUILTIN(filter_xmlattr)
{
    struct writer w, spaced;
    bool autospace = true;
    (void)all;
    if (is_undefined(argv[0]))
        return undefined_fail(vm, argv[0]);
    if (argv[0].type != VALUE_MAP)
        return vm_fail(vm, "'%s' object has no attribute 'items'", type_name(argv[0]));
    if (is_given(argv[1]))
        TRY(op_truth(vm, argv[1], &autospace));
    writer_begin(&w, vm);
    for (uint32_t i = 0; i < argv[0].len; i++) {
        const struct value_entry *e = &argv[0].u.map->entries[i];
        if (e->value.type != VALUE_NULL && e->value.type != VALUE_UNDEFINED)
            TRY(write_attribute(&w, e->key, e->value));
    }
    TRY(writer_end(&w, out));
    if (autospace && out->len > 0) {
        writer_begin(&spaced, vm);
        writer_char(&spaced, ' ');
        writer_str(&spaced, value_as_str(*out));
        TRY(writer_end(&spaced, out));
    }
    out->flags = vm->autoescape ? VALUE_MARKUP : 0;
    return STATUS_OK;
}

/* Without what stands between `open` and the next `close`. Taking one out may bring another together. */
static enum status strip_between(struct vm *vm, struct str s, struct str open, struct str close,
                                 struct value *out)
{
    struct writer w;
    writer_begin(&w, vm);
    writer_str(&w, s);
    size_t kept = 0, at = 0;
    char *text = w.data;
    TRY(w.status);
    while (at < s.len) {
        text[kept++] = text[at++];
        if (kept < open.len || memcmp(text + kept - open.len, open.ptr, open.len) != 0)
            continue;
        struct str behind = {text + at, s.len - at};
        ptrdiff_t end = str_find(behind, close);
        if (open.len > 1 && str_starts_with(behind, STR(">"))) /* "<!-->" and "<!--->" are comments too */
            at += 1;
        else if (open.len > 1 && str_starts_with(behind, STR("->")))
            at += 2;
        else if (end < 0)
            break;
        else
            at += (size_t)end + close.len;
        kept -= open.len;
    }
    memmove(text + kept, text + at, s.len - at);
    *out = value_str((struct str){text, kept + s.len - at});
    return vm_tick(vm, s.len / 8);
}

BUILTIN(filter_striptags)
{
    struct value text;
    struct writer w, collapsed;
    bool first = true;
    (void)all;
    TRY(text_of(vm, argv[0], &text));
    TRY(strip_between(vm, value_as_str(text), STR("<!--"), STR("-->"), &text));
    TRY(strip_between(vm, value_as_str(text), STR("<"), STR(">"), &text));
    struct str s = value_as_str(text);
    writer_begin(&collapsed, vm);
    for (size_t at = 0; at < s.len;) {
        size_t start = at, end = at;
        while (at < s.len && !unicode_is_space(string_next(s, &at)))
            end = at;
        if (end > start) {
            writer_text(&collapsed, first ? "" : " ");
            writer_add(&collapsed, s.ptr + start, end - start);
            first = false;
        }
    }
    TRY(writer_end(&collapsed, &text));
    writer_begin(&w, vm);
    entities_unescape(&w, value_as_str(text));
    TRY(vm_tick(vm, s.len / 4));
    return writer_end(&w, out);
}
