/* pprint: a value's repr over several lines if it is longer than one, with dicts sorted by their keys. */
#include "core/utf8.h"
#include "number.h"
#include "sort.h"
#include "strings.h"
#include "thing.h"

enum { WIDTH = 80 };

static enum status format(struct writer *w, struct value v, int64_t indent, int64_t allowance,
                          uint32_t level);

/* ---- On one line -------------------------------------------------------------------------------- */

/* Keys that cannot be compared stand in the order of their types' names. */
static int type_rank(struct value key)
{
    return key.type == VALUE_NULL ? 0 : number_is(key) ? 1 : key.type == VALUE_STRING ? 2 : 3;
}

static uint32_t collect_rank(struct value map, int rank, struct sort_item *items)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < map.len; i++) {
        const struct value_entry *e = &map.u.map->entries[i];
        if (type_rank(e->key) == rank)
            items[count++] = (struct sort_item){e->key, e->value};
    }
    return count;
}

/* Those of one rank by <; as they are if they have no order. */
static enum status sort_rank(struct vm *vm, struct value map, int rank, struct sort_item *items,
                             uint32_t *count)
{
    *count = collect_rank(map, rank, items);
    enum status s = sort_items(vm, items, *count, 0);
    if (s != STATUS_RUNTIME)
        return s;
    collect_rank(map, rank, items); /* what was half sorted */
    return STATUS_OK;
}

static enum status sorted_entries(struct vm *vm, struct value map, struct sort_item **items)
{
    *items = (struct sort_item *)vm_alloc(vm, map.len * sizeof **items);
    if (!*items)
        return vm_no_memory(vm, "sorted keys");
    for (uint32_t rank = 0, at = 0, count; rank <= 3; rank++, at += count)
        TRY(sort_rank(vm, map, (int)rank, *items + at, &count));
    return STATUS_OK;
}

static enum status repr(struct writer *w, struct value v, uint32_t depth)
{
    v = thing_view(v);
    if (depth > VM_MAX_VALUE_DEPTH)
        return vm_limit(w->vm, "a value nested more than %d levels deep", VM_MAX_VALUE_DEPTH);
    TRY(vm_tick(w->vm, 1));
    if (v.type == VALUE_MAP) {
        struct sort_item *items;
        TRY(sorted_entries(w->vm, v, &items));
        writer_char(w, '{');
        for (uint32_t i = 0; i < v.len; i++) {
            writer_text(w, i ? ", " : "");
            TRY(repr(w, items[i].key, depth + 1));
            writer_text(w, ": ");
            TRY(repr(w, items[i].value, depth + 1));
        }
        writer_char(w, '}');
        return w->status;
    }
    if (v.type != VALUE_LIST)
        return text_repr(w, v);
    bool tuple = v.flags & VALUE_TUPLE;
    writer_char(w, tuple ? '(' : '[');
    for (uint32_t i = 0; i < v.len; i++) {
        writer_text(w, i ? ", " : "");
        TRY(repr(w, v.u.list[i], depth + 1));
    }
    writer_text(w, tuple ? (v.len == 1 ? ",)" : ")") : "]");
    return w->status;
}

static enum status repr_of(struct vm *vm, struct value v, uint32_t depth, struct str *out)
{
    struct writer w;
    struct value text;
    writer_begin(&w, vm);
    TRY(repr(&w, v, depth));
    TRY(writer_end(&w, &text));
    *out = value_as_str(text);
    return STATUS_OK;
}

/* ---- Over several ------------------------------------------------------------------------------- */

static void new_line(struct writer *w, int64_t indent)
{
    writer_char(w, '\n');
    writer_repeat(w, STR(" "), (uint64_t)indent);
}

static enum status format_items(struct writer *w, struct value v, int64_t indent, int64_t allowance,
                                uint32_t level)
{
    for (uint32_t i = 0; i < v.len; i++) {
        if (i > 0) {
            writer_char(w, ',');
            new_line(w, indent + 1);
        }
        TRY(format(w, v.u.list[i], indent + 1, i + 1 == v.len ? allowance : 1, level));
    }
    return w->status;
}

static enum status format_map(struct writer *w, struct value v, int64_t indent, int64_t allowance,
                              uint32_t level)
{
    struct sort_item *items;
    TRY(sorted_entries(w->vm, v, &items));
    writer_char(w, '{');
    for (uint32_t i = 0; i < v.len; i++) {
        struct str key;
        if (i > 0) {
            writer_char(w, ',');
            new_line(w, indent + 1);
        }
        TRY(repr_of(w->vm, items[i].key, level, &key));
        writer_str(w, key);
        writer_text(w, ": ");
        int64_t column = indent + 1 + (int64_t)utf8_length(key) + 2;
        TRY(format(w, items[i].value, column, i + 1 == v.len ? allowance + 1 : 1, level));
    }
    writer_char(w, '}');
    return w->status;
}

/* A long string becomes several side by side, cut behind white space. */
struct pieces {
    struct writer *w;
    int64_t indent;
    uint32_t count;
    bool parentheses;
    struct str waiting; /* the first piece, until there is a second */
};

static void add_piece(struct pieces *p, struct str text)
{
    if (p->count++ == 0) {
        p->waiting = text;
        return;
    }
    if (p->count == 2) {
        writer_text(p->w, p->parentheses ? "(" : "");
        text_repr_string(p->w, p->waiting);
    }
    new_line(p->w, p->indent);
    text_repr_string(p->w, text);
}

/* Whether the repr of s has at most `room` characters. */
static enum status repr_fits(struct vm *vm, struct str s, int64_t room, bool *out)
{
    struct writer w;
    struct value text;
    writer_begin(&w, vm);
    text_repr_string(&w, s);
    TRY(writer_end(&w, &text));
    *out = (int64_t)utf8_length(value_as_str(text)) <= room;
    return STATUS_OK;
}

/* \S*\s*, the next part of a line. */
static size_t part_length(struct str s)
{
    size_t at = 0;
    bool space = false;
    while (at < s.len) {
        size_t next = at;
        bool is = unicode_is_space(string_next(s, &next));
        if (space && !is)
            break;
        space = is;
        at = next;
    }
    return at;
}

static enum status split_line(struct pieces *p, struct str line, int64_t width, int64_t allowance)
{
    size_t from = 0, to = 0;
    while (to < line.len) {
        size_t part = part_length((struct str){line.ptr + to, line.len - to});
        struct str candidate = {line.ptr + from, to + part - from};
        int64_t room = width - (to + part == line.len ? allowance : 0);
        bool fits = true;
        TRY(vm_tick(p->w->vm, candidate.len / 8 + 1));
        if (to > from)
            TRY(repr_fits(p->w->vm, candidate, room, &fits));
        if (!fits) {
            add_piece(p, (struct str){line.ptr + from, to - from});
            from = to;
        }
        to += part;
    }
    if (to > from)
        add_piece(p, (struct str){line.ptr + from, to - from});
    return p->w->status;
}

static enum status format_string(struct writer *w, struct value v, int64_t indent, int64_t allowance,
                                 uint32_t level)
{
    bool top = level == 1;
    struct pieces p = {.w = w, .indent = indent + top, .parentheses = top};
    struct str rest = value_as_str(v), line;
    allowance += top;
    while (string_line(&rest, &line, true)) {
        int64_t extra = rest.len == 0 ? allowance : 0;
        bool fits;
        TRY(repr_fits(w->vm, line, WIDTH - p.indent - extra, &fits));
        if (fits)
            add_piece(&p, line);
        else
            TRY(split_line(&p, line, WIDTH - p.indent, extra));
    }
    if (p.count <= 1)
        text_repr_string(w, value_as_str(v));
    else if (top)
        writer_char(w, ')');
    return w->status;
}

static enum status format(struct writer *w, struct value v, int64_t indent, int64_t allowance, uint32_t level)
{
    struct str line;
    v = thing_view(v);
    if (level > VM_MAX_VALUE_DEPTH)
        return vm_limit(w->vm, "a value nested more than %d levels deep", VM_MAX_VALUE_DEPTH);
    TRY(repr_of(w->vm, v, level, &line));
    bool container =
        (v.type == VALUE_LIST || v.type == VALUE_MAP || v.type == VALUE_STRING) && !(v.flags & VALUE_MARKUP);
    if ((int64_t)utf8_length(line) <= WIDTH - indent - allowance || !container) {
        writer_str(w, line);
        return w->status;
    }
    if (v.type == VALUE_MAP)
        return format_map(w, v, indent, allowance, level + 1);
    if (v.type == VALUE_STRING)
        return format_string(w, v, indent, allowance, level + 1);
    bool tuple = v.flags & VALUE_TUPLE;
    const char *end = !tuple ? "]" : v.len == 1 ? ",)" : ")";
    writer_char(w, tuple ? '(' : '[');
    TRY(format_items(w, v, indent, allowance + (int64_t)strlen(end), level + 1));
    writer_text(w, end);
    return w->status;
}

enum status text_pretty(struct vm *vm, struct value v, struct value *out)
{
    struct writer w;
    writer_begin(&w, vm);
    TRY(format(&w, v, 0, 0, 0));
    return writer_end(&w, out);
}
