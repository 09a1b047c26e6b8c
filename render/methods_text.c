/* Methods of strings. On Markup, what they take in is escaped and what they give is Markup. */
#include "core/utf8.h"
#include "entities.h"
#include "methods.h"
#include "number.h"
#include "strformat.h"
#include "strings.h"
#include "tables.h"

static enum status check_text(struct vm *vm, struct value v, const char *method)
{
    if (is_undefined(v))
        return undefined_fail(vm, v);
    return v.type == VALUE_STRING ? STATUS_OK
                                  : vm_fail(vm, "%s() argument must be str, not %s", method, type_name(v));
}

/* Arguments that are text go into Markup escaped. */
static enum status take_text(struct vm *vm, struct value self, struct value v, const char *method,
                             struct value *out)
{
    TRY(check_text(vm, v, method));
    *out = v;
    return self.flags & VALUE_MARKUP ? text_escaped(vm, v, out) : STATUS_OK;
}

static struct value like(struct value self, struct str s)
{
    struct value v = value_str(s);
    v.flags = self.flags & VALUE_MARKUP;
    return v;
}

static enum status end_like(struct writer *w, struct value self, struct value *out)
{
    TRY(writer_end(w, out));
    out->flags = self.flags & VALUE_MARKUP;
    return vm_tick(w->vm, out->len / 32);
}

/* ---- Case --------------------------------------------------------------------------------------- */

static enum status change_case(struct vm *vm, struct value self, enum string_case how, struct value *out)
{
    struct writer w;
    writer_begin(&w, vm);
    string_case(&w, value_as_str(self), how);
    return end_like(&w, self, out);
}

#define CASE_METHOD(name, how)                                                                               \
    METHOD(name)                                                                                             \
    {                                                                                                        \
        (void)all;                                                                                           \
        return change_case(vm, argv[0], how, out);                                                           \
    }
CASE_METHOD(text_upper, STRING_UPPER)
CASE_METHOD(text_lower, STRING_LOWER)
CASE_METHOD(text_title, STRING_TITLE)
CASE_METHOD(text_capitalize, STRING_CAPITALIZE)
CASE_METHOD(text_swapcase, STRING_SWAP)
CASE_METHOD(text_casefold, STRING_FOLD)

/* ---- Is it …? ----------------------------------------------------------------------------------- */

static bool is_alnum(uint32_t c)
{
    return unicode_is_alpha(c) || unicode_is_decimal(c) || unicode_is_digit(c) || unicode_is_numeric(c);
}

static bool is_ascii(uint32_t c)
{
    return c < 128;
}

/* Whether there are characters and all of them are so. */
static bool all_are(struct str s, bool (*is)(uint32_t), bool empty)
{
    for (size_t at = 0; at < s.len;) {
        int32_t c = utf8_next(s, &at);
        if (c < 0 || !is((uint32_t)c))
            return false;
    }
    return s.len > 0 || empty;
}

#define IS_METHOD(name, is, empty)                                                                           \
    METHOD(name)                                                                                             \
    {                                                                                                        \
        (void)all;                                                                                           \
        *out = value_bool(all_are(value_as_str(argv[0]), is, empty));                                        \
        return vm_tick(vm, argv[0].len / 16);                                                                \
    }
IS_METHOD(text_isalpha, unicode_is_alpha, false)
IS_METHOD(text_isalnum, is_alnum, false)
IS_METHOD(text_isascii, is_ascii, true)
IS_METHOD(text_isdecimal, unicode_is_decimal, false)
IS_METHOD(text_isdigit, unicode_is_digit, false)
IS_METHOD(text_isnumeric, unicode_is_numeric, false)
IS_METHOD(text_isspace, unicode_is_space, false)
IS_METHOD(text_isprintable, unicode_is_printable, true)

METHOD(text_isidentifier)
{
    (void)all;
    *out = value_bool(unicode_is_identifier(value_as_str(argv[0])));
    return vm_tick(vm, argv[0].len / 16);
}

static enum status is_cased_as(struct vm *vm, struct value self, bool upper, struct value *out)
{
    struct str s = value_as_str(self);
    bool cased = false, other = false;
    for (size_t at = 0; at < s.len;) {
        int32_t c = utf8_next(s, &at);
        at += c < 0;
        bool is_upper = c >= 0 && unicode_is_upper((uint32_t)c),
             is_lower = c >= 0 && unicode_is_lower((uint32_t)c);
        cased = cased || is_upper || is_lower;
        other = other || (upper ? is_lower : is_upper) || (c >= 0 && unicode_is_title((uint32_t)c));
    }
    *out = value_bool(cased && !other);
    return vm_tick(vm, s.len / 16);
}

METHOD(text_isupper)
{
    (void)all;
    return is_cased_as(vm, argv[0], true, out);
}

METHOD(text_islower)
{
    (void)all;
    return is_cased_as(vm, argv[0], false, out);
}

METHOD(text_istitle)
{
    struct str s = value_as_str(argv[0]);
    bool cased = false, previous = false, valid = true;
    (void)all;
    for (size_t at = 0; at < s.len && valid;) {
        int32_t c = utf8_next(s, &at);
        at += c < 0;
        uint32_t u = c < 0 ? 0 : (uint32_t)c;
        bool big = unicode_is_upper(u) || unicode_is_title(u), small = unicode_is_lower(u);
        valid = !(big && previous) && !(small && !previous);
        previous = big || small;
        cased = cased || previous;
    }
    *out = value_bool(cased && valid);
    return vm_tick(vm, s.len / 16);
}

/* ---- Stripping and filling ---------------------------------------------------------------------- */

static enum status strip(struct vm *vm, const struct value *argv, int ends, struct value *out)
{
    bool given = is_given(argv[1]) && argv[1].type != VALUE_NULL;
    struct value set = value_null();
    if (given)
        TRY(take_text(vm, argv[0], argv[1], "strip", &set));
    struct str chars = value_as_str(set);
    *out = like(argv[0], string_strip(value_as_str(argv[0]), given ? &chars : NULL, ends));
    return vm_tick(vm, (argv[0].len - out->len) / 8 * (1 + chars.len / 8));
}

METHOD(text_strip)
{
    (void)all;
    return strip(vm, argv, STRIP_LEFT | STRIP_RIGHT, out);
}

METHOD(text_lstrip)
{
    (void)all;
    return strip(vm, argv, STRIP_LEFT, out);
}

METHOD(text_rstrip)
{
    (void)all;
    return strip(vm, argv, STRIP_RIGHT, out);
}

static enum status justify(struct vm *vm, const struct value *argv, char align, struct value *out)
{
    int64_t width;
    struct value fill = value_text(" ");
    struct writer w;
    TRY(op_index(vm, argv[1], &width));
    if (is_given(argv[2]))
        TRY(take_text(vm, argv[0], argv[2], "fill", &fill));
    if (utf8_length(value_as_str(fill)) != 1)
        return vm_fail(vm, "The fill character must be exactly one character long");
    writer_begin(&w, vm);
    string_justify(&w, value_as_str(argv[0]), width < 0 ? 0 : (uint64_t)width, value_as_str(fill), align);
    return end_like(&w, argv[0], out);
}

METHOD(text_center)
{
    (void)all;
    return justify(vm, argv, '^', out);
}

METHOD(text_ljust)
{
    (void)all;
    return justify(vm, argv, '<', out);
}

METHOD(text_rjust)
{
    (void)all;
    return justify(vm, argv, '>', out);
}

METHOD(text_zfill)
{
    struct str s = value_as_str(argv[0]);
    int64_t width;
    struct writer w;
    (void)all;
    TRY(op_index(vm, argv[1], &width));
    bool sign = s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-');
    uint64_t len = utf8_length(s), fill = width > 0 && (uint64_t)width > len ? (uint64_t)width - len : 0;
    writer_begin(&w, vm);
    writer_add(&w, s.ptr, sign);
    writer_repeat(&w, STR("0"), fill);
    writer_add(&w, s.ptr + sign, s.len - sign);
    return end_like(&w, argv[0], out);
}

METHOD(text_expandtabs)
{
    struct str s = value_as_str(argv[0]);
    int64_t size = 8, column = 0;
    struct writer w;
    (void)all;
    if (is_given(argv[1]))
        TRY(op_index(vm, argv[1], &size));
    writer_begin(&w, vm);
    for (size_t i = 0; i < s.len && w.status == STATUS_OK; i++) {
        char c = s.ptr[i];
        if (c == '\t' && size > 0) {
            int64_t spaces = size - column % size;
            writer_repeat(&w, STR(" "), (uint64_t)spaces);
            column += spaces;
        } else if (c != '\t') {
            writer_char(&w, c);
            column = c == '\n' || c == '\r' ? 0 : column + (((unsigned char)c & 0xC0) != 0x80);
        }
    }
    return end_like(&w, argv[0], out);
}

/* ---- Searching ---------------------------------------------------------------------------------- */

/* self[start:stop], with the number of characters before it. */
static enum status window(struct vm *vm, const struct value *argv, struct str *part, int64_t *before,
                          bool *outside)
{
    struct str s = value_as_str(argv[0]);
    int64_t len = (int64_t)utf8_length(s), start = 0, stop = len;
    if (is_given(argv[2]) && argv[2].type != VALUE_NULL)
        TRY(op_index(vm, argv[2], &start));
    if (is_given(argv[3]) && argv[3].type != VALUE_NULL)
        TRY(op_index(vm, argv[3], &stop));
    start += start < 0 ? len : 0;
    stop += stop < 0 ? len : 0;
    start = start < 0 ? 0 : start;
    stop = stop < 0 ? 0 : stop > len ? len : stop;
    *outside = start > len || start > stop;
    if (*outside)
        start = stop;
    size_t from = string_offset(s, (uint64_t)start);
    *part = (struct str){s.ptr + from,
                         string_offset((struct str){s.ptr + from, s.len - from}, (uint64_t)(stop - start))};
    *before = start;
    return vm_tick(vm, s.len / 16 + 1);
}

static enum status find(struct vm *vm, const struct value *argv, bool last, bool fails, struct value *out)
{
    struct str part;
    int64_t before;
    bool outside;
    if (argv[1].type != VALUE_STRING)
        return vm_fail(vm, "must be str, not %s", type_name(argv[1]));
    TRY(window(vm, argv, &part, &before, &outside));
    struct str needle = value_as_str(argv[1]);
    if (last)
        TRY(vm_tick(vm, part.len / 4));
    ptrdiff_t at = outside ? -1 : last ? string_find_last(part, needle) : str_find(part, needle);
    if (at < 0 && fails)
        return vm_fail(vm, "substring not found");
    *out = value_int(at < 0 ? -1 : before + (int64_t)utf8_length((struct str){part.ptr, (size_t)at}));
    return STATUS_OK;
}

METHOD(text_find)
{
    (void)all;
    return find(vm, argv, false, false, out);
}

METHOD(text_rfind)
{
    (void)all;
    return find(vm, argv, true, false, out);
}

METHOD(text_index)
{
    (void)all;
    return find(vm, argv, false, true, out);
}

METHOD(text_rindex)
{
    (void)all;
    return find(vm, argv, true, true, out);
}

METHOD(text_count)
{
    struct str part;
    int64_t before, count = 0;
    bool outside;
    (void)all;
    if (argv[1].type != VALUE_STRING)
        return vm_fail(vm, "must be str, not %s", type_name(argv[1]));
    TRY(window(vm, argv, &part, &before, &outside));
    struct str needle = value_as_str(argv[1]);
    if (needle.len == 0)
        count = outside ? 0 : (int64_t)utf8_length(part) + 1;
    for (ptrdiff_t at; needle.len > 0 && !outside && (at = str_find(part, needle)) >= 0; count++)
        part = (struct str){part.ptr + at + needle.len, part.len - (size_t)at - needle.len};
    *out = value_int(count);
    return STATUS_OK;
}

/* One text or a tuple of them. */
static enum status matches(struct vm *vm, const struct value *argv, bool at_end, struct value *out)
{
    struct str part;
    int64_t before;
    bool outside, found = false;
    struct value candidates = argv[1];
    TRY(window(vm, argv, &part, &before, &outside));
    if (candidates.type == VALUE_STRING)
        candidates = (struct value){.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = 1, .u.list = &argv[1]};
    if (candidates.type != VALUE_LIST || !(candidates.flags & VALUE_TUPLE))
        return vm_fail(vm, "%s first arg must be str or a tuple of str, not %s",
                       at_end ? "endswith" : "startswith", type_name(argv[1]));
    for (uint32_t i = 0; i < candidates.len && !found; i++) {
        struct str s = value_as_str(candidates.u.list[i]);
        if (candidates.u.list[i].type != VALUE_STRING)
            return vm_fail(vm, "tuple for %s must only contain str, not %s",
                           at_end ? "endswith" : "startswith", type_name(candidates.u.list[i]));
        found = !outside && (at_end ? str_ends_with(part, s) : str_starts_with(part, s));
    }
    *out = value_bool(found);
    return STATUS_OK;
}

METHOD(text_startswith)
{
    (void)all;
    return matches(vm, argv, false, out);
}

METHOD(text_endswith)
{
    (void)all;
    return matches(vm, argv, true, out);
}

METHOD(text_removeprefix)
{
    struct str s = value_as_str(argv[0]), part = value_as_str(argv[1]);
    (void)all;
    TRY(check_text(vm, argv[1], "removeprefix"));
    size_t cut = str_starts_with(s, part) ? part.len : 0;
    *out = like(argv[0], (struct str){s.ptr + cut, s.len - cut});
    return STATUS_OK;
}

METHOD(text_removesuffix)
{
    struct str s = value_as_str(argv[0]), part = value_as_str(argv[1]);
    (void)all;
    TRY(check_text(vm, argv[1], "removesuffix"));
    *out = like(argv[0], (struct str){s.ptr, s.len - (str_ends_with(s, part) ? part.len : 0)});
    return STATUS_OK;
}

METHOD(text_replace)
{
    struct value old, new;
    struct writer w;
    int64_t count = -1;
    if (all->count < 3)
        return vm_fail(vm, "replace expected at least 2 arguments, got %u", all->count - 1);
    TRY(take_text(vm, argv[0], argv[1], "replace", &old));
    TRY(take_text(vm, argv[0], argv[2], "replace", &new));
    if (is_given(argv[3]))
        TRY(op_index(vm, argv[3], &count));
    writer_begin(&w, vm);
    TRY(string_replace(&w, value_as_str(argv[0]), value_as_str(old), value_as_str(new), count));
    return end_like(&w, argv[0], out);
}

/* ---- Splitting and joining ---------------------------------------------------------------------- */

struct splitter {
    struct vm *vm;
    struct list_builder parts;
    struct value self;
    int64_t left; /* splits that may still be made; negative: any number */
};

static enum status add_part(struct splitter *s, struct str part)
{
    list_add(&s->parts, like(s->self, part));
    if (s->parts.failed)
        return vm_no_memory(s->vm, "a list");
    return vm_tick(s->vm, 1);
}

static enum status split_space(struct splitter *s, struct str rest)
{
    for (rest = string_strip(rest, NULL, STRIP_LEFT); rest.len > 0;
         rest = string_strip(rest, NULL, STRIP_LEFT)) {
        size_t end = 0;
        while (end < rest.len && s->left != 0) {
            size_t next = end;
            int32_t c = utf8_next(rest, &next);
            if (c >= 0 && unicode_is_space((uint32_t)c))
                break;
            end = c < 0 ? end + 1 : next;
        }
        if (s->left == 0) /* the rest as it is, with the space at its other end */
            return add_part(s, rest);
        TRY(add_part(s, (struct str){rest.ptr, end}));
        rest = (struct str){rest.ptr + end, rest.len - end};
        s->left -= s->left > 0;
    }
    return STATUS_OK;
}

static enum status split_by(struct splitter *s, struct str rest, struct str separator)
{
    ptrdiff_t at;
    while (s->left != 0 && (at = str_find(rest, separator)) >= 0) {
        TRY(add_part(s, (struct str){rest.ptr, (size_t)at}));
        rest = (struct str){rest.ptr + at + separator.len, rest.len - (size_t)at - separator.len};
        s->left -= s->left > 0;
    }
    return add_part(s, rest);
}

/* From the right: the parts come in reverse, and are turned round at the end. */
static enum status rsplit_space(struct splitter *s, struct str rest)
{
    for (rest = string_strip(rest, NULL, STRIP_RIGHT); rest.len > 0;
         rest = string_strip(rest, NULL, STRIP_RIGHT)) {
        size_t start = rest.len;
        if (s->left == 0)
            return add_part(s, rest);
        while (start > 0) {
            size_t before = start - 1, at;
            while (before > 0 && ((unsigned char)rest.ptr[before] & 0xC0) == 0x80)
                before--;
            at = before;
            int32_t c = utf8_next(rest, &at);
            if (c >= 0 && unicode_is_space((uint32_t)c))
                break;
            start = before;
        }
        TRY(add_part(s, (struct str){rest.ptr + start, rest.len - start}));
        rest.len = start;
        s->left -= s->left > 0;
    }
    return STATUS_OK;
}

static enum status rsplit_by(struct splitter *s, struct str rest, struct str separator)
{
    ptrdiff_t at;
    while (s->left != 0 && (at = string_find_last(rest, separator)) >= 0) {
        size_t behind = (size_t)at + separator.len;
        TRY(add_part(s, (struct str){rest.ptr + behind, rest.len - behind}));
        rest.len = (size_t)at;
        s->left -= s->left > 0;
    }
    return add_part(s, rest);
}

static void turn_round(struct list_builder *b)
{
    for (uint32_t i = 0; i < b->len / 2; i++) {
        struct value swap = b->items[i];
        b->items[i] = b->items[b->len - 1 - i];
        b->items[b->len - 1 - i] = swap;
    }
}

static enum status split(struct vm *vm, const struct value *argv, bool from_right, struct value *out)
{
    struct splitter s = {.vm = vm, .self = argv[0], .left = -1};
    struct str text = value_as_str(argv[0]), separator = value_as_str(argv[1]);
    bool by_space = !is_given(argv[1]) || argv[1].type == VALUE_NULL;
    if (!by_space && argv[1].type != VALUE_STRING)
        return vm_fail(vm, "must be str or None, not %s", type_name(argv[1]));
    if (!by_space && separator.len == 0)
        return vm_fail(vm, "empty separator");
    if (is_given(argv[2]))
        TRY(op_index(vm, argv[2], &s.left));
    TRY(vm_tick(vm, text.len / (from_right ? 4 : 16)));
    list_begin(&s.parts, vm->arena);
    if (from_right)
        TRY(by_space ? rsplit_space(&s, text) : rsplit_by(&s, text, separator));
    else
        TRY(by_space ? split_space(&s, text) : split_by(&s, text, separator));
    if (from_right)
        turn_round(&s.parts);
    return list_end(&s.parts, out, vm->err);
}

METHOD(text_split)
{
    (void)all;
    return split(vm, argv, false, out);
}

METHOD(text_rsplit)
{
    (void)all;
    return split(vm, argv, true, out);
}

METHOD(text_splitlines)
{
    struct splitter s = {.vm = vm, .self = argv[0]};
    struct str rest = value_as_str(argv[0]), line;
    bool keep = false;
    (void)all;
    if (is_given(argv[1]))
        TRY(op_truth(vm, argv[1], &keep));
    list_begin(&s.parts, vm->arena);
    while (string_line(&rest, &line, keep))
        TRY(add_part(&s, line));
    TRY(vm_tick(vm, argv[0].len / 16));
    return list_end(&s.parts, out, vm->err);
}

static enum status partition(struct vm *vm, const struct value *argv, bool from_right, struct value *out)
{
    struct value text;
    struct value *parts = (struct value *)vm_alloc(vm, 3 * sizeof *parts);
    TRY(take_text(vm, argv[0], argv[1], "partition", &text));
    struct str s = value_as_str(argv[0]), separator = value_as_str(text);
    if (separator.len == 0)
        return vm_fail(vm, "empty separator");
    if (!parts)
        return vm_no_memory(vm, "a tuple");
    TRY(vm_tick(vm, s.len / 4));
    ptrdiff_t at = from_right ? string_find_last(s, separator) : str_find(s, separator);
    size_t cut = at >= 0 ? (size_t)at : from_right ? 0 : s.len, behind = at >= 0 ? cut + separator.len : cut;
    parts[0] = like(argv[0], (struct str){s.ptr, cut});
    parts[1] = like(argv[0], at >= 0 ? separator : (struct str){"", 0});
    parts[2] = like(argv[0], (struct str){s.ptr + behind, s.len - behind});
    *out = (struct value){.type = VALUE_LIST, .flags = VALUE_TUPLE, .len = 3, .u.list = parts};
    return STATUS_OK;
}

METHOD(text_partition)
{
    (void)all;
    return partition(vm, argv, false, out);
}

METHOD(text_rpartition)
{
    (void)all;
    return partition(vm, argv, true, out);
}

METHOD(text_join)
{
    const struct value *items;
    struct writer w;
    uint32_t count;
    (void)all;
    if (!iter_can(argv[1]))
        return vm_fail(vm, "can only join an iterable");
    TRY(iter_all(vm, argv[1], &items, &count));
    writer_begin(&w, vm);
    for (uint32_t i = 0; i < count; i++) {
        struct value item = items[i];
        if (item.type != VALUE_STRING && !(argv[0].flags & VALUE_MARKUP))
            return vm_fail(vm, "sequence item %u: expected str instance, %s found", i, type_name(item));
        if (argv[0].flags & VALUE_MARKUP)
            TRY(text_escaped(vm, item, &item));
        if (i > 0)
            writer_str(&w, value_as_str(argv[0]));
        writer_str(&w, value_as_str(item));
        TRY(vm_tick(vm, 1));
    }
    return end_like(&w, argv[0], out);
}

/* ---- The rest ----------------------------------------------------------------------------------- */

METHOD(text_format)
{
    (void)argv;
    return str_format(vm, all, (struct value){0}, out);
}

METHOD(text_format_map)
{
    struct arguments only = {.values = all->values, .count = 1};
    if (argv[1].type != VALUE_MAP)
        return vm_fail(vm, "'%s' object is not a mapping", type_name(argv[1]));
    return str_format(vm, &only, argv[1], out);
}

METHOD(text_encode)
{
    struct thing_bytes *b = (struct thing_bytes *)vm_alloc(vm, sizeof *b);
    (void)all;
    if (!b)
        return vm_no_memory(vm, "bytes");
    *b = (struct thing_bytes){THING_BYTES, value_as_str(argv[0])};
    *out = thing_value(b);
    return STATUS_OK;
}

/* Of Markup: the text that is meant. */
METHOD(markup_unescape)
{
    struct writer w;
    (void)all;
    writer_begin(&w, vm);
    entities_unescape(&w, value_as_str(argv[0]));
    TRY(vm_tick(vm, argv[0].len / 4));
    return writer_end(&w, out);
}

#define ROW(member, name, parameters, required, function)                                                    \
    {                                                                                                        \
        MEMBER_##member,                                                                                     \
        {                                                                                                    \
            name, name, parameters, required, function                                                       \
        }                                                                                                    \
    }

static const struct method TEXT_METHODS[] = {
    ROW(CAPITALIZE, "capitalize", "self", 1, text_capitalize),
    ROW(CASEFOLD, "casefold", "self", 1, text_casefold),
    ROW(CENTER, "center", "self width fillchar /", 2, text_center),
    ROW(COUNT, "count", "self sub start end /", 2, text_count),
    ROW(ENCODE, "encode", "self encoding errors", 1, text_encode),
    ROW(ENDSWITH, "endswith", "self suffix start end /", 2, text_endswith),
    ROW(EXPANDTABS, "expandtabs", "self tabsize", 1, text_expandtabs),
    ROW(FIND, "find", "self sub start end /", 2, text_find),
    ROW(FORMAT, "format", "self *", 1, text_format),
    ROW(FORMAT_MAP, "format_map", "self mapping /", 2, text_format_map),
    ROW(INDEX, "index", "self sub start end /", 2, text_index),
    ROW(ISALNUM, "isalnum", "self", 1, text_isalnum),
    ROW(ISALPHA, "isalpha", "self", 1, text_isalpha),
    ROW(ISASCII, "isascii", "self", 1, text_isascii),
    ROW(ISDECIMAL, "isdecimal", "self", 1, text_isdecimal),
    ROW(ISDIGIT, "isdigit", "self", 1, text_isdigit),
    ROW(ISIDENTIFIER, "isidentifier", "self", 1, text_isidentifier),
    ROW(ISLOWER, "islower", "self", 1, text_islower),
    ROW(ISNUMERIC, "isnumeric", "self", 1, text_isnumeric),
    ROW(ISPRINTABLE, "isprintable", "self", 1, text_isprintable),
    ROW(ISSPACE, "isspace", "self", 1, text_isspace),
    ROW(ISTITLE, "istitle", "self", 1, text_istitle),
    ROW(ISUPPER, "isupper", "self", 1, text_isupper),
    ROW(JOIN, "join", "self iterable /", 2, text_join),
    ROW(LJUST, "ljust", "self width fillchar /", 2, text_ljust),
    ROW(LOWER, "lower", "self", 1, text_lower),
    ROW(LSTRIP, "lstrip", "self chars /", 1, text_lstrip),
    ROW(PARTITION, "partition", "self sep /", 2, text_partition),
    ROW(REMOVEPREFIX, "removeprefix", "self prefix /", 2, text_removeprefix),
    ROW(REMOVESUFFIX, "removesuffix", "self suffix /", 2, text_removesuffix),
    ROW(REPLACE, "replace", "self old new count /", 1, text_replace),
    ROW(RFIND, "rfind", "self sub start end /", 2, text_rfind),
    ROW(RINDEX, "rindex", "self sub start end /", 2, text_rindex),
    ROW(RJUST, "rjust", "self width fillchar /", 2, text_rjust),
    ROW(RPARTITION, "rpartition", "self sep /", 2, text_rpartition),
    ROW(RSPLIT, "rsplit", "self sep maxsplit", 1, text_rsplit),
    ROW(RSTRIP, "rstrip", "self chars /", 1, text_rstrip),
    ROW(SPLIT, "split", "self sep maxsplit", 1, text_split),
    ROW(SPLITLINES, "splitlines", "self keepends", 1, text_splitlines),
    ROW(STARTSWITH, "startswith", "self prefix start end /", 2, text_startswith),
    ROW(STRIP, "strip", "self chars /", 1, text_strip),
    ROW(SWAPCASE, "swapcase", "self", 1, text_swapcase),
    ROW(TITLE, "title", "self", 1, text_title),
    ROW(UPPER, "upper", "self", 1, text_upper),
    ROW(ZFILL, "zfill", "self width /", 2, text_zfill),
};

static const struct method MARKUP_METHODS[] = {
    ROW(STRIPTAGS, "striptags", "self", 1, filter_striptags),
    ROW(UNESCAPE, "unescape", "self", 1, markup_unescape),
};

const struct builtin *text_method(enum member m, bool markup)
{
    const struct builtin *own =
        markup ? method_find(MARKUP_METHODS, BUILTIN_TABLE_SIZE(MARKUP_METHODS), m) : NULL;
    return own ? own : method_find(TEXT_METHODS, BUILTIN_TABLE_SIZE(TEXT_METHODS), m);
}
