/* wordwrap, as Python's textwrap does it: text to chunks (words, white space, dashes), chunks to lines. */
#include "core/utf8.h"
#include "strings.h"
#include "tables.h"
#include "thing.h"

struct chunk {
    uint32_t start, len;
};

struct wrap {
    struct vm *vm;
    struct writer w;
    const char *bytes;
    const uint32_t *starts; /* of each character of the line, in bytes, and of its end */
    const uint32_t *text;   /* its characters */
    uint32_t count;
    struct chunk *chunks;
    uint32_t chunk_count;
    int64_t width;
    bool break_long_words, break_on_hyphens;
    struct str newline;
    bool any_line; /* of the whole text */
};

/* ---- Chunks ------------------------------------------------------------------------------------- */

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(const struct wrap *t, int64_t at)
{
    return at >= 0 && at < t->count && unicode_is_word(t->text[at]) && !unicode_is_decimal(t->text[at]);
}

static bool is_word(const struct wrap *t, int64_t at)
{
    return at >= 0 && at < t->count && unicode_is_word(t->text[at]);
}

static bool is_word_punctuation(const struct wrap *t, int64_t at)
{
    return is_word(t, at) ||
           (at >= 0 && at < t->count && t->text[at] < 128 && strchr("!\"'&.,?", (char)t->text[at]));
}

/* Two or more dashes before a word: gives where they end, or 0. */
static uint32_t dashes_at(const struct wrap *t, uint32_t at)
{
    uint32_t end = at;
    while (end < t->count && t->text[end] == '-')
        end++;
    return end - at >= 2 && is_word(t, end) ? end : 0;
}

/* Whether a word may be cut behind the dash at `at`. */
static bool hyphen_at(const struct wrap *t, int64_t at)
{
    if (t->text[at] != '-')
        return false;
    bool before = (is_letter(t, at - 2) && is_letter(t, at - 1)) ||
                  (is_letter(t, at - 3) && t->text[at - 2] == '-' && is_word_punctuation(t, at - 1));
    bool after =
        is_letter(t, at + 1) &&
        (is_letter(t, at + 2) || (at + 2 < t->count && t->text[at + 2] == '-' && is_letter(t, at + 3)));
    return before && after;
}

static uint32_t end_of_word(const struct wrap *t, uint32_t at)
{
    if (!t->break_on_hyphens) {
        while (at < t->count && !is_space(t->text[at]))
            at++;
        return at;
    }
    uint32_t dashes = is_word_punctuation(t, (int64_t)at - 1) ? dashes_at(t, at) : 0;
    if (dashes)
        return dashes;
    for (uint32_t end = at + 1; end < t->count; end++) {
        if (hyphen_at(t, end))
            return end + 1;
        if (is_space(t->text[end]) || (is_word_punctuation(t, (int64_t)end - 1) && dashes_at(t, end)))
            return end;
    }
    return t->count;
}

static void split(struct wrap *t)
{
    t->chunk_count = 0;
    for (uint32_t at = 0, end; at < t->count; at = end) {
        end = at;
        while (end < t->count && is_space(t->text[end]))
            end++;
        if (end == at)
            end = end_of_word(t, at);
        t->chunks[t->chunk_count++] = (struct chunk){at, end - at};
    }
}

/* ---- Lines -------------------------------------------------------------------------------------- */

/* str.strip() of the chunk is empty. */
static bool is_blank(const struct wrap *t, struct chunk c)
{
    for (uint32_t i = 0; i < c.len; i++) {
        if (!unicode_is_space(t->text[c.start + i]))
            return false;
    }
    return true;
}

static void add_line(struct wrap *t, uint32_t from, uint32_t to)
{
    if (t->any_line)
        writer_str(&t->w, t->newline);
    t->any_line = true;
    writer_add(&t->w, t->bytes + t->starts[from], t->starts[to] - t->starts[from]);
}

/* How much of a chunk that is too long for any line goes into the space that is left. */
static uint32_t part_of_long(const struct wrap *t, struct chunk c, uint32_t space)
{
    if (!t->break_on_hyphens || c.len <= space)
        return space < c.len ? space : c.len;
    uint32_t hyphen = 0;
    bool other = false;
    for (uint32_t i = 0; i < space; i++) {
        bool dash = t->text[c.start + i] == '-';
        if (dash && i > 0 && other)
            hyphen = i;
        other = other || !dash;
    }
    /* Only the last dash counts, and only if something else stands before it. */
    return hyphen > 0 ? hyphen + 1 : space;
}

/* Chunks follow one another in the text, so a line is a stretch of it. */
static void fill_lines(struct wrap *t)
{
    uint32_t next = 0;
    bool lines = false;
    while (next < t->chunk_count) {
        if (lines && is_blank(t, t->chunks[next]) && ++next == t->chunk_count)
            break;
        uint32_t first = next, from = t->chunks[next].start, to = from;
        int64_t length = 0;
        for (; next < t->chunk_count && length + t->chunks[next].len <= t->width; next++) {
            length += t->chunks[next].len;
            to += t->chunks[next].len;
        }
        struct chunk last = next > first ? t->chunks[next - 1] : (struct chunk){from, 0};
        if (next < t->chunk_count && t->chunks[next].len > t->width) {
            struct chunk *c = &t->chunks[next];
            uint32_t part = t->break_long_words ? part_of_long(t, *c, (uint32_t)(t->width - length))
                            : length == 0       ? c->len
                                                : 0;
            if (part > 0 || t->break_long_words) {
                last = (struct chunk){c->start, part};
                to += part;
                c->start += part;
                c->len -= part;
                next += c->len == 0;
            }
        }
        if (is_blank(t, last))
            to -= last.len;
        if (to > from || last.len > 0) {
            if (to > from)
                add_line(t, from, to);
            lines = lines || to > from;
        }
    }
}

static enum status wrap_line(struct wrap *t, struct str line)
{
    uint32_t *starts = (uint32_t *)vm_alloc(t->vm, (line.len + 1) * sizeof *starts);
    uint32_t *text = (uint32_t *)vm_alloc(t->vm, line.len * sizeof *text);
    t->chunks = (struct chunk *)vm_alloc(t->vm, line.len * sizeof *t->chunks);
    if (!starts || !text || !t->chunks)
        return vm_no_memory(t->vm, "wrapped lines");
    TRY(vm_tick(t->vm, line.len + 1));
    t->count = 0;
    for (size_t at = 0; at < line.len;) {
        starts[t->count] = (uint32_t)at;
        int32_t c = utf8_next(line, &at);
        at += c < 0;
        text[t->count++] = c < 0 ? 0xFFFD : (uint32_t)c;
    }
    starts[t->count] = (uint32_t)line.len;
    t->bytes = line.ptr;
    t->starts = starts;
    t->text = text;
    split(t);
    fill_lines(t);
    return t->w.status;
}

BUILTIN(filter_wordwrap)
{
    struct wrap t = {.vm = vm, .width = 79, .newline = {"\n", 1}};
    struct str line;
    (void)all;
    if (argv[0].type != VALUE_STRING)
        return is_undefined(argv[0])
                   ? undefined_fail(vm, argv[0])
                   : vm_fail(vm, "'%s' object has no attribute 'splitlines'", type_name(argv[0]));
    if (is_given(argv[1]))
        TRY(op_index(vm, argv[1], &t.width));
    TRY(argument_flag(vm, argv[2], true, &t.break_long_words));
    TRY(argument_flag(vm, argv[4], true, &t.break_on_hyphens));
    if (is_given(argv[3]) && argv[3].type == VALUE_STRING)
        t.newline = value_as_str(argv[3]);
    if (t.width <= 0)
        return vm_fail(vm, "invalid width %lld (must be > 0)", (long long)t.width);
    struct str rest = value_as_str(argv[0]);
    writer_begin(&t.w, vm);
    for (bool first = true; string_line(&rest, &line, false); first = false) {
        if (!first) {
            writer_str(&t.w, t.newline);
            t.any_line = false;
        }
        TRY(wrap_line(&t, line));
    }
    return writer_end(&t.w, out);
}
