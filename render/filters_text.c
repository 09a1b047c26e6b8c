/* Filters of text. */
#include "core/utf8.h"
#include "number.h"
#include "percent.h"
#include "strings.h"
#include "tables.h"
#include "thing.h"

enum { MAX_WIDTH = 1 << 24 };

/* ---- Case --------------------------------------------------------------------------------------- */

static enum status convert(struct vm *vm, struct value v, enum string_case how, struct value *out)
{
    struct value text;
    struct writer w;
    TRY(text_of(vm, v, &text));
    writer_begin(&w, vm);
    string_case(&w, value_as_str(text), how);
    TRY(vm_tick(vm, text.len / 16));
    TRY(writer_end(&w, out));
    out->flags = text.flags & VALUE_MARKUP;
    return STATUS_OK;
}

enum status text_ignore_case(struct vm *vm, struct value v, struct value *out)
{
    *out = v;
    return v.type == VALUE_STRING ? convert(vm, v, STRING_LOWER, out) : STATUS_OK;
}

BUILTIN(filter_upper)
{
    (void)all;
    return convert(vm, argv[0], STRING_UPPER, out);
}

BUILTIN(filter_lower)
{
    (void)all;
    return convert(vm, argv[0], STRING_LOWER, out);
}

BUILTIN(filter_capitalize)
{
    (void)all;
    return convert(vm, argv[0], STRING_CAPITALIZE, out);
}

/* Words begin behind white space and any of - ( { [ <, unlike str.title(). */
BUILTIN(filter_title)
{
    struct value text;
    struct writer w;
    bool starts = true;
    (void)all;
    TRY(text_of(vm, argv[0], &text));
    struct str s = value_as_str(text);
    writer_begin(&w, vm);
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        while (at < s.len) { /* one piece: to the next separator, or a run of them */
            size_t next = at;
            int32_t c = utf8_next(s, &next);
            bool separates =
                c >= 0 && (unicode_is_space((uint32_t)c) || (c < 128 && strchr("-({[<", c) && c));
            if (separates != starts && at > start)
                break;
            if (at == start)
                starts = separates;
            if (separates != starts)
                break;
            at = next > at ? next : at + 1;
        }
        size_t first = string_offset((struct str){s.ptr + start, at - start}, 1);
        string_case(&w, (struct str){s.ptr + start, first}, STRING_UPPER);
        string_case(&w, (struct str){s.ptr + start + first, at - start - first}, STRING_LOWER);
    }
    TRY(vm_tick(vm, s.len / 8));
    return writer_end(&w, out);
}

/* ---- White space and width ---------------------------------------------------------------------- */

BUILTIN(filter_trim)
{
    struct value text, chars;
    (void)all;
    TRY(text_of(vm, argv[0], &text));
    bool given = is_given(argv[1]) && argv[1].type != VALUE_NULL;
    if (given && argv[1].type != VALUE_STRING)
        return vm_fail(vm, "strip arg must be None or str");
    chars = given ? argv[1] : value_null();
    struct str set = value_as_str(chars);
    *out = value_str(string_strip(value_as_str(text), given ? &set : NULL, STRIP_LEFT | STRIP_RIGHT));
    out->flags = text.flags & VALUE_MARKUP;
    return vm_tick(vm, text.len / 64);
}

BUILTIN(filter_center)
{
    struct value text;
    struct writer w;
    int64_t width = 80;
    (void)all;
    TRY(text_of(vm, argv[0], &text));
    if (is_given(argv[1]))
        TRY(op_index(vm, argv[1], &width));
    writer_begin(&w, vm);
    string_justify(&w, value_as_str(text), width < 0 ? 0 : (uint64_t)width, STR(" "), '^');
    TRY(writer_end(&w, out));
    out->flags = text.flags & VALUE_MARKUP;
    return vm_tick(vm, out->len / 64);
}

/* How far each line is moved: a number of spaces, or the text itself. */
static enum status indention(struct vm *vm, struct value width, struct value *out)
{
    int64_t spaces = 4;
    struct writer w;
    if (width.type == VALUE_STRING) {
        *out = width;
        return STATUS_OK;
    }
    if (is_given(width))
        TRY(op_index(vm, width, &spaces));
    if (spaces > MAX_WIDTH)
        return vm_limit(vm, "an indention of more than %d", MAX_WIDTH);
    writer_begin(&w, vm);
    writer_repeat(&w, STR(" "), spaces < 0 ? 0 : (uint64_t)spaces);
    return writer_end(&w, out);
}

BUILTIN(filter_indent)
{
    struct value text = argv[0], by = {0};
    struct writer w;
    struct str line;
    bool first, blank;
    (void)all;
    if (text.type != VALUE_STRING)
        return is_undefined(text)
                   ? undefined_fail(vm, text)
                   : vm_fail(vm, "unsupported operand type(s) for +=: '%s' and 'str'", type_name(text));
    TRY(indention(vm, argv[1], &by));
    TRY(argument_flag(vm, argv[2], false, &first));
    TRY(argument_flag(vm, argv[3], false, &blank));
    struct str rest = value_as_str(text);
    writer_begin(&w, vm);
    if (first)
        writer_str(&w, value_as_str(by));
    /* A newline is added before the lines are split, so the text's own last one gives an empty line. */
    bool more = string_line(&rest, &line, true), is_first = true;
    bool ends_with_newline = false;
    while (more || is_first || ends_with_newline) {
        struct str content = more ? line : (struct str){"", 0};
        struct str copy = content;
        if (more)
            string_line(&copy, &content, false);
        ends_with_newline = more && content.len < line.len && rest.len == 0;
        if (!is_first) {
            writer_char(&w, '\n');
            if (blank || content.len > 0)
                writer_str(&w, value_as_str(by));
        }
        writer_str(&w, content);
        TRY(vm_tick(vm, 1));
        if (!more)
            break;
        is_first = false;
        more = string_line(&rest, &line, true);
    }
    TRY(writer_end(&w, out));
    out->flags = text.flags & VALUE_MARKUP;
    return STATUS_OK;
}

/* ---- Cutting and replacing ---------------------------------------------------------------------- */

/* With autoescape, what is replaced into safe text is made safe first. */
BUILTIN(filter_replace)
{
    struct value s = argv[0], old = argv[1], new = argv[2];
    int64_t count = -1;
    struct writer w;
    (void)all;
    if (is_given(argv[3]) && argv[3].type != VALUE_NULL)
        TRY(op_index(vm, argv[3], &count));
    TRY(text_of(vm, s, &s));
    TRY(text_of(vm, old, &old));
    TRY(text_of(vm, new, &new));
    if (vm->autoescape && ((old.flags | new.flags) & VALUE_MARKUP) && !(s.flags & VALUE_MARKUP))
        TRY(text_escaped(vm, s, &s));
    bool markup = vm->autoescape && (s.flags & VALUE_MARKUP);
    if (markup) {
        TRY(text_escaped(vm, old, &old));
        TRY(text_escaped(vm, new, &new));
    }
    writer_begin(&w, vm);
    TRY(string_replace(&w, value_as_str(s), value_as_str(old), value_as_str(new), count));
    TRY(writer_end(&w, out));
    out->flags = markup ? VALUE_MARKUP : 0;
    return STATUS_OK;
}

/* The first `count` characters; with a negative count, all but so many. */
static struct str characters(struct str s, int64_t count)
{
    int64_t len = (int64_t)utf8_length(s);
    count = count < 0 ? (len + count < 0 ? 0 : len + count) : count;
    return (struct str){s.ptr, string_offset(s, (uint64_t)count)};
}

BUILTIN(filter_truncate)
{
    struct value text = argv[0], end = is_given(argv[3]) ? argv[3] : value_text("...");
    int64_t length = 255, leeway = 5;
    uint64_t has, end_len;
    bool kill;
    struct writer w;
    (void)all;
    if (is_given(argv[1]))
        TRY(op_index(vm, argv[1], &length));
    TRY(argument_flag(vm, argv[2], false, &kill));
    if (is_given(argv[4]) && argv[4].type != VALUE_NULL)
        TRY(op_index(vm, argv[4], &leeway));
    TRY(iter_length(vm, end, &end_len));
    if (length < (int64_t)end_len)
        return vm_fail(vm, "expected length >= %llu, got %lld", (unsigned long long)end_len,
                       (long long)length);
    if (leeway < 0)
        return vm_fail(vm, "expected leeway >= 0, got %lld", (long long)leeway);
    TRY(iter_length(vm, text, &has));
    *out = text;
    if (has <= (uint64_t)length + (uint64_t)leeway)
        return STATUS_OK;
    if (text.type != VALUE_STRING || end.type != VALUE_STRING)
        return vm_fail(vm, "'%s' object has no attribute 'rsplit'", type_name(text));
    struct str cut = characters(value_as_str(text), length - (int64_t)end_len);
    if (!kill) {
        ptrdiff_t space = string_find_last(cut, STR(" "));
        cut.len = space >= 0 ? (size_t)space : cut.len;
    }
    bool markup = text.flags & VALUE_MARKUP;
    if (markup)
        TRY(text_escaped(vm, end, &end));
    writer_begin(&w, vm);
    writer_str(&w, cut);
    writer_str(&w, value_as_str(end));
    TRY(writer_end(&w, out));
    out->flags = markup ? VALUE_MARKUP : 0;
    return STATUS_OK;
}

BUILTIN(filter_format)
{
    struct value text, args;
    if (all->count > 1 && all->named_count > 0)
        return vm_fail(vm, "can't handle positional and keyword arguments at the same time");
    TRY(text_of(vm, argv[0], &text));
    args = (struct value){
        .type = VALUE_LIST, .flags = VALUE_TUPLE, .len = all->count - 1, .u.list = all->values + 1};
    if (all->named_count > 0) {
        struct map_builder b;
        map_begin(&b, vm->arena);
        for (uint32_t i = 0; i < all->named_count; i++)
            map_put_value(&b, all->names[i], all->named[i]);
        TRY(map_end(&b, &args, vm->err));
    }
    return percent_format(vm, text, args, out);
}

BUILTIN(filter_string)
{
    (void)all;
    return text_of(vm, argv[0], out);
}

BUILTIN(filter_wordcount)
{
    struct value text;
    int64_t words = 0;
    bool inside = false;
    (void)all;
    TRY(text_of(vm, argv[0], &text));
    struct str s = value_as_str(text);
    for (size_t at = 0; at < s.len;) {
        int32_t c = utf8_next(s, &at);
        bool word = c >= 0 && unicode_is_word((uint32_t)c);
        at += c < 0;
        words += word && !inside;
        inside = word;
    }
    *out = value_int(words);
    return vm_tick(vm, s.len / 16);
}
