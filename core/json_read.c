/*
 * The text is copied into the arena once; strings stay where they are in the copy, and escapes are undone in
 * place, which only makes strings shorter. Values wait on a stack until their container is closed, and then
 * move to the arena together: a container is one allocation of the right size, whatever its length.
 */
#include "json.h"

#include <stdlib.h>

#include "json_number.h"
#include "json_string.h"
#include "utf8.h"
#include "value_inner.h"

enum {
    DEFAULT_MAX_BYTES = 256 * 1024 * 1024,
    DEFAULT_MAX_DEPTH = 128,
    STACK_AT_FIRST = 256,
};

/* A container's place on the stack holds {.type, .len = the outer container's place, .u.i = its offset}. */
struct reader {
    struct arena *arena;
    struct error *err;
    struct str source; /* the caller's text, unchanged: for messages */
    char *text;        /* the copy */
    char *p;
    uint32_t max_depth, depth;
    struct value *stack;
    uint32_t len, cap;
    uint32_t open;       /* place of the innermost container, if depth > 0 */
    struct value *first; /* the stack at first: memory of json_read() */
};

/* Lines end in "\n"; columns count characters. */
static void position(struct str text, size_t offset, uint32_t *line, uint32_t *column)
{
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text.ptr[i] == '\n') {
            (*line)++;
            start = i + 1;
        }
    }
    *column = (uint32_t)utf8_length((struct str){text.ptr + start, offset - start}) + 1;
}

/* Add the place to the error that was set. */
static enum status fail_at_offset(struct reader *r, size_t offset)
{
    uint32_t line, column;
    position(r->source, offset, &line, &column);
    return error_at(r->err, line, column);
}

static enum status fail_at(struct reader *r, const char *at)
{
    return fail_at_offset(r, (size_t)(at - r->text));
}

static enum status fail_expected(struct reader *r, const char *what)
{
    size_t offset = (size_t)(r->p - r->text), end = offset;
    int32_t found = utf8_next(r->source, &end);
    if (found < 0)
        error_set(r->err, STATUS_SYNTAX, "the text ends where %s should be", what);
    else if (found < 0x20 || found == 0x7F)
        error_set(r->err, STATUS_SYNTAX, "the character U+%04X is where %s should be", (unsigned)found, what);
    else
        error_set(r->err, STATUS_SYNTAX, "\"%" PRISTR "\" is where %s should be", (int)(end - offset),
                  r->source.ptr + offset, what);
    if (found == '\'')
        error_hint(r->err, "Strings are written in double quotes.");
    return fail_at(r, r->p);
}

static enum status grow_stack(struct reader *r)
{
    if (r->cap > UINT32_MAX / 2 / sizeof *r->stack ||
        (r->arena->limit != 0 && r->cap > r->arena->limit / sizeof *r->stack))
        return error_set(r->err, STATUS_LIMIT, "the JSON text has more values than there is room for");
    size_t bytes = (size_t)r->cap * 2 * sizeof *r->stack;
    struct value *stack = realloc(r->stack == r->first ? NULL : r->stack, bytes);
    if (stack == NULL)
        return error_set(r->err, STATUS_NO_MEMORY, "there is no memory for the values of the JSON text");
    if (r->stack == r->first)
        memcpy(stack, r->first, r->len * sizeof *stack);
    r->stack = stack;
    r->cap *= 2;
    return STATUS_OK;
}

static inline enum status push(struct reader *r, struct value v)
{
    if (r->len == r->cap)
        TRY(grow_stack(r));
    r->stack[r->len++] = v;
    return STATUS_OK;
}

static inline void skip_space(struct reader *r)
{
    while (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t')
        r->p++;
}

/* r->p is at the opening quote. */
static enum status read_string(struct reader *r)
{
    const char *where;
    struct value string;
    enum status s = json_string(&r->p, r->text + r->source.len, &string, &where, r->err);
    if (s != STATUS_OK) {
        fail_at(r, where);
        return s;
    }
    return push(r, string);
}

static enum status read_number(struct reader *r)
{
    const char *p = r->p;
    struct value number;
    enum status s = json_number(&p, &number, r->err);
    if (s != STATUS_OK) {
        fail_at(r, p);
        return s;
    }
    r->p += p - r->p;
    return push(r, number);
}

static enum status read_word(struct reader *r, const char *word, struct value v)
{
    size_t len = strlen(word);
    if (memcmp(r->p, word, len) != 0)
        return fail_expected(r, "a value");
    r->p += len;
    return push(r, v);
}

static enum status open_container(struct reader *r, enum value_type type)
{
    if (r->depth == r->max_depth) {
        error_set(r->err, STATUS_LIMIT, "lists and maps may be nested at most %u deep", r->max_depth);
        return fail_at(r, r->p);
    }
    struct value mark = {.type = (uint8_t)type, .len = r->open, .u.i = r->p - r->text};
    TRY(push(r, mark));
    r->open = r->len - 1;
    r->depth++;
    r->p++;
    return STATUS_OK;
}

static enum status read_value(struct reader *r)
{
    skip_space(r);
    switch (*r->p) {
    case '"': return read_string(r);
    case '{': return open_container(r, VALUE_MAP);
    case '[': return open_container(r, VALUE_LIST);
    case 't': return read_word(r, "true", value_bool(true));
    case 'f': return read_word(r, "false", value_bool(false));
    case 'n': return read_word(r, "null", value_null());
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return read_number(r);
    default: return fail_expected(r, "a value");
    }
}

static enum status read_key(struct reader *r)
{
    skip_space(r);
    if (*r->p != '"')
        return fail_expected(r, "a key in double quotes");
    TRY(read_string(r));
    skip_space(r);
    if (*r->p != ':')
        return fail_expected(r, "the \":\" behind a key");
    r->p++;
    return STATUS_OK;
}

/* Where key `number` of the map at `at` is. The map was read already, so this can go by brackets and quotes.
 */
static size_t offset_of_key(struct str source, size_t at, uint32_t number)
{
    bool key_next = false;
    for (int depth = 0; at < source.len; at++) {
        char c = source.ptr[at];
        if (c == '{' || c == '[')
            key_next = ++depth == 1;
        else if (c == '}' || c == ']')
            depth--;
        else if (c == ',')
            key_next = depth == 1;
        if (c != '"')
            continue;
        if (key_next && number-- == 0)
            return at;
        key_next = false;
        for (at++; source.ptr[at] != '"'; at++)
            at += source.ptr[at] == '\\';
    }
    return at;
}

static enum status fail_duplicate(struct reader *r, struct value mark, const struct value_entry *entry,
                                  uint32_t number)
{
    size_t at = offset_of_key(r->source, (size_t)mark.u.i, number);
    error_set(r->err, STATUS_SYNTAX, "the key \"%" PRISTR "\" is in the same map twice",
              ARGSTR(str_head(value_as_str(entry->key), 100)));
    return fail_at_offset(r, at);
}

/* The number of the first entry with the key of an earlier one, or `len`. */
static uint32_t first_duplicate(const struct value_entry *entries, uint32_t len)
{
    for (uint32_t i = 1; i < len; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (str_equal(value_as_str(entries[i].key), value_as_str(entries[j].key)))
                return i;
        }
    }
    return len;
}

static enum status index_map(struct reader *r, struct value_map *map, uint32_t len, uint32_t *duplicate)
{
    if (len <= MAP_WITHOUT_INDEX) {
        *duplicate = first_duplicate(map->entries, len);
        return STATUS_OK;
    }
    size_t slots = map_index_slots(len);
    uint32_t *index = ARENA_ARRAY(r->arena, uint32_t, slots);
    if (index == NULL)
        return arena_error(r->arena, r->err, "a map of the JSON text");
    map->index = index;
    map->index_mask = (uint32_t)(slots - 1);
    *duplicate = map_index_fill(index, map->index_mask, map->entries, len);
    return STATUS_OK;
}

static enum status make_map(struct reader *r, struct value mark, const struct value *items, uint32_t count,
                            struct value *out)
{
    _Static_assert(sizeof(struct value_entry) == 2 * sizeof(struct value), "keys and values take turns");
    struct {
        struct value_map map;
        struct value_entry entries[];
    } * made;
    uint32_t len = count / 2, duplicate = len;
    if (len == 0) {
        *out = VALUE_EMPTY_MAP;
        return STATUS_OK;
    }
    made = arena_alloc(r->arena, sizeof *made + len * sizeof made->entries[0]);
    if (made == NULL)
        return arena_error(r->arena, r->err, "a map of the JSON text");
    memcpy(made->entries, items, count * sizeof *items);
    made->map = (struct value_map){.entries = made->entries};
    TRY(index_map(r, &made->map, len, &duplicate));
    if (duplicate != len)
        return fail_duplicate(r, mark, &made->entries[duplicate], duplicate);
    *out = (struct value){.type = VALUE_MAP, .len = len, .u.map = &made->map};
    return STATUS_OK;
}

static enum status make_list(struct reader *r, const struct value *items, uint32_t count, struct value *out)
{
    *out = VALUE_EMPTY_LIST;
    if (count == 0)
        return STATUS_OK;
    struct value *list = arena_alloc(r->arena, count * sizeof *list);
    if (list == NULL)
        return arena_error(r->arena, r->err, "a list of the JSON text");
    memcpy(list, items, count * sizeof *list);
    out->len = count;
    out->u.list = list;
    return STATUS_OK;
}

static enum status close_container(struct reader *r)
{
    struct value mark = r->stack[r->open], made;
    const struct value *items = &r->stack[r->open + 1];
    uint32_t count = r->len - r->open - 1;
    if (mark.type == VALUE_MAP)
        TRY(make_map(r, mark, items, count, &made));
    else
        TRY(make_list(r, items, count, &made));
    r->p++;
    r->len = r->open;
    r->open = mark.len;
    r->depth--;
    return push(r, made);
}

static inline bool in_map(const struct reader *r)
{
    return r->stack[r->open].type == VALUE_MAP;
}

static inline bool at_end_of_container(struct reader *r)
{
    skip_space(r);
    return *r->p == (in_map(r) ? '}' : ']');
}

/* Goes from behind a value to where the next one begins, or out of the last container. */
static enum status to_next_value(struct reader *r)
{
    while (r->depth != 0) {
        if (at_end_of_container(r)) {
            TRY(close_container(r));
            continue;
        }
        if (*r->p != ',')
            return fail_expected(r, in_map(r) ? "\",\" or \"}\"" : "\",\" or \"]\"");
        r->p++;
        return in_map(r) ? read_key(r) : STATUS_OK;
    }
    return STATUS_OK;
}

static enum status read_document(struct reader *r)
{
    do {
        uint32_t depth = r->depth;
        TRY(read_value(r));
        bool opened = r->depth > depth;
        if (opened && !at_end_of_container(r)) {
            if (in_map(r))
                TRY(read_key(r));
            continue;
        }
        TRY(to_next_value(r));
    } while (r->depth != 0);
    skip_space(r);
    if ((size_t)(r->p - r->text) != r->source.len)
        return fail_expected(r, "the end of the text");
    return STATUS_OK;
}

static enum status check_text(struct reader *r, size_t max_bytes)
{
    if (r->source.len > max_bytes)
        return error_set(r->err, STATUS_LIMIT, "the JSON text has %zu bytes, and at most %zu are allowed",
                         r->source.len, max_bytes);
    if (str_starts_with(r->source, STR("\xEF\xBB\xBF"))) {
        error_set(r->err, STATUS_SYNTAX, "the JSON text begins with a byte order mark");
        error_hint(r->err, "Save it as UTF-8 without a byte order mark.");
        return fail_at_offset(r, 0);
    }
    size_t valid = utf8_check(r->source);
    if (valid != r->source.len) {
        error_set(r->err, STATUS_SYNTAX, "the byte 0x%02X is not valid UTF-8 here",
                  (unsigned char)r->source.ptr[valid]);
        return fail_at_offset(r, valid);
    }
    return STATUS_OK;
}

static bool copy_text(struct reader *r)
{
    r->p = r->text = arena_alloc(r->arena, r->source.len + JSON_LOOK_AHEAD);
    if (r->text == NULL)
        return false;
    if (r->source.len != 0)
        memcpy(r->text, r->source.ptr, r->source.len);
    memset(r->text + r->source.len, 0, JSON_LOOK_AHEAD);
    return true;
}

static struct json_limits with_defaults(const struct json_limits *given)
{
    struct json_limits l = {.max_bytes = DEFAULT_MAX_BYTES, .max_depth = DEFAULT_MAX_DEPTH};
    if (given != NULL && given->max_bytes != 0)
        l.max_bytes = given->max_bytes;
    if (given != NULL && given->max_depth != 0)
        l.max_depth = given->max_depth;
    if (l.max_bytes > UINT32_MAX - JSON_LOOK_AHEAD)
        l.max_bytes = UINT32_MAX - JSON_LOOK_AHEAD; /* what a value can say about its length */
    return l;
}

enum status json_read(struct arena *a, struct str text, const struct json_limits *limits, struct value *out,
                      struct error *err)
{
    struct json_limits l = with_defaults(limits);
    struct value first[STACK_AT_FIRST];
    first[0] = value_null(); /* not all: most documents need few places */
    struct reader r = {.arena = a,
                       .err = err,
                       .source = text,
                       .max_depth = l.max_depth,
                       .stack = first,
                       .cap = STACK_AT_FIRST,
                       .first = first};
    TRY(check_text(&r, l.max_bytes));
    if (!copy_text(&r))
        return arena_error(a, err, "the JSON text");
    enum status s = read_document(&r);
    if (s == STATUS_OK)
        *out = r.stack[0];
    if (r.stack != first)
        free(r.stack);
    return s;
}

enum status json_read_map(struct arena *a, struct str text, const char *what, struct value *out,
                          struct error *err)
{
    struct value v = value_null();
    enum status s = json_read(a, text, NULL, &v, err);
    if (s != STATUS_OK) {
        error_wrap(err, "%s", what);
        return s;
    }
    if (v.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "%s has to be a JSON object, not a JSON %s", what,
                         value_type_name(v));
    *out = v;
    return STATUS_OK;
}
