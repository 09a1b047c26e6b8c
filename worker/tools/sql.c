#include "sql.h"

#include <ctype.h>
#include <strings.h>

#include "core/buf.h"
#include "core/utf8.h"

enum lexeme {
    LEX_SPACE, /* and comments */
    LEX_WORD,  /* keywords, identifiers */
    LEX_NUMBER,
    LEX_QUOTED,    /* text and quoted identifiers */
    LEX_NAME,      /* :name */
    LEX_PARAMETER, /* $1 */
    LEX_SEMICOLON,
    LEX_OPEN, /* ( [ */
    LEX_CLOSE,
    LEX_OTHER,
    LEX_UNCLOSED,
};

static bool starts_word(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool in_word(char c)
{
    return starts_word(c) || isdigit((unsigned char)c) || c == '$';
}

static char at_or_zero(struct str s, size_t at)
{
    return at < s.len ? s.ptr[at] : 0;
}

static size_t word_end(struct str s, size_t at)
{
    while (at < s.len && in_word(s.ptr[at]))
        at++;
    return at;
}

/* Behind the closing quote of the text that opens at `at`; 0 if there is none. A doubled quote stays inside.
 */
static size_t quoted_end(struct str s, size_t at, bool backslashes)
{
    char quote = s.ptr[at++];
    while (at < s.len) {
        bool escapes = backslashes && s.ptr[at] == '\\';
        if (escapes || (s.ptr[at] == quote && at_or_zero(s, at + 1) == quote))
            at += 2;
        else if (s.ptr[at++] == quote)
            return at;
    }
    return 0;
}

/* $$ … $$ or $tag$ … $tag$; NO_QUOTE if no dollar quote opens here, 0 if it is not closed. */
#define NO_QUOTE SIZE_MAX
static size_t dollar_end(struct str s, size_t at)
{
    size_t tag_end = at + 1;
    if (starts_word(at_or_zero(s, tag_end)))
        while (tag_end < s.len && in_word(s.ptr[tag_end]) && s.ptr[tag_end] != '$')
            tag_end++;
    if (at_or_zero(s, tag_end) != '$')
        return NO_QUOTE;
    struct str tag = {s.ptr + at, tag_end + 1 - at};
    struct str rest = {s.ptr + at + tag.len, s.len - at - tag.len};
    ptrdiff_t close = str_find(rest, tag);
    return close < 0 ? 0 : at + tag.len + (size_t)close + tag.len;
}

static size_t line_end(struct str s, size_t at)
{
    while (at < s.len && s.ptr[at] != '\n')
        at++;
    return at;
}

static size_t comment_end(struct str s, size_t at)
{
    size_t depth = 0;
    while (at + 1 < s.len) {
        if (s.ptr[at] == '/' && s.ptr[at + 1] == '*') {
            depth++;
            at += 2;
        } else if (s.ptr[at] == '*' && s.ptr[at + 1] == '/') {
            at += 2;
            if (--depth == 0)
                return at;
        } else {
            at++;
        }
    }
    return 0;
}

static size_t closed(size_t end, struct str s, enum lexeme kind, enum lexeme *out)
{
    *out = end ? kind : LEX_UNCLOSED;
    return end ? end : s.len;
}

static size_t word_or_string(struct str s, size_t at, enum lexeme *out)
{
    size_t end = word_end(s, at);
    if (end == at + 1 && (s.ptr[at] == 'e' || s.ptr[at] == 'E') && at_or_zero(s, end) == '\'')
        return closed(quoted_end(s, end, true), s, LEX_QUOTED, out);
    *out = LEX_WORD;
    return end;
}

static size_t colon(struct str s, size_t at, enum lexeme before, enum lexeme *out)
{
    char next = at_or_zero(s, at + 1);
    *out = LEX_OTHER;
    if (next == ':' || next == '=')
        return at + 2;
    bool is_slice = before == LEX_WORD || before == LEX_NUMBER || before == LEX_CLOSE || before == LEX_QUOTED;
    if (!starts_word(next) || is_slice)
        return at + 1;
    *out = LEX_NAME;
    size_t end = at + 1;
    while (end < s.len && in_word(s.ptr[end]) && s.ptr[end] != '$')
        end++;
    return end;
}

static size_t digits_end(struct str s, size_t at)
{
    while (isdigit((unsigned char)at_or_zero(s, at)))
        at++;
    return at;
}

/* The kind of what starts at `at`, and where it ends. `before`: the kind of what ends there. */
static size_t next_lexeme(struct str s, size_t at, enum lexeme before, enum lexeme *out)
{
    char c = s.ptr[at], next = at_or_zero(s, at + 1);
    if (isspace((unsigned char)c) || (c == '-' && next == '-')) {
        *out = LEX_SPACE;
        return c == '-' ? line_end(s, at) : at + 1;
    }
    if (c == '/' && next == '*')
        return closed(comment_end(s, at), s, LEX_SPACE, out);
    if (starts_word(c))
        return word_or_string(s, at, out);
    if (c == '\'' || c == '"')
        return closed(quoted_end(s, at, false), s, LEX_QUOTED, out);
    if (c == ':')
        return colon(s, at, before, out);
    if (c == '$' && isdigit((unsigned char)next)) {
        *out = LEX_PARAMETER;
        return digits_end(s, at + 1);
    }
    size_t dollar = c == '$' ? dollar_end(s, at) : NO_QUOTE;
    if (dollar != NO_QUOTE)
        return closed(dollar, s, LEX_QUOTED, out);
    *out = isdigit((unsigned char)c) ? LEX_NUMBER
           : c == ';'                ? LEX_SEMICOLON
           : (c == '(' || c == '[')  ? LEX_OPEN
           : (c == ')' || c == ']')  ? LEX_CLOSE
                                     : LEX_OTHER;
    return at + 1;
}

static bool is_word(struct str s, const char *word)
{
    return s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0;
}

/* ---- splitting ------------------------------------------------------------------------------------ */

/*
 * Inside a statement. Semicolons in parentheses, and in the BEGIN ATOMIC … END of a CREATE FUNCTION, don't
 * end it; this is psql's rule.
 */
struct body {
    uint32_t words; /* so far */
    bool creates;   /* CREATE [OR REPLACE] FUNCTION or PROCEDURE */
    bool is_routine;
    uint32_t begins; /* open BEGIN and CASE */
    uint32_t parentheses;
};

static void see_word(struct body *b, struct str word)
{
    if (b->words == 0)
        b->creates = is_word(word, "create");
    else if (b->creates && b->words < 4 && (is_word(word, "function") || is_word(word, "procedure")))
        b->is_routine = true;
    b->words++;
    if (!b->is_routine)
        return;
    if (is_word(word, "begin") || (b->begins > 0 && is_word(word, "case")))
        b->begins++;
    else if (b->begins > 0 && is_word(word, "end"))
        b->begins--;
}

static void see(struct body *b, enum lexeme kind, struct str text)
{
    if (kind == LEX_WORD)
        see_word(b, text);
    else if (kind == LEX_OPEN)
        b->parentheses++;
    else if (kind == LEX_CLOSE && b->parentheses > 0)
        b->parentheses--;
}

static void line_and_column(struct str source, size_t offset, uint32_t *line, uint32_t *column)
{
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < offset && i < source.len; i++) {
        if (source.ptr[i] == '\n') {
            (*line)++;
            start = i + 1;
        }
    }
    *column = (uint32_t)utf8_length((struct str){source.ptr + start, offset - start}) + 1;
}

static enum status unclosed(struct str source, size_t at, struct error *err)
{
    uint32_t line, column;
    line_and_column(source, at, &line, &column);
    error_set(err, STATUS_SYNTAX, "the quote or comment that opens here is not closed");
    error_place(err, "command");
    return error_at(err, line, column);
}

struct statements {
    struct arena *arena;
    struct sql_statement *items;
    uint32_t count, cap;
    struct str source;
};

static enum status add_statement(struct statements *all, size_t start, size_t end, struct error *err)
{
    if (end <= start)
        return STATUS_OK;
    if (all->count == all->cap) {
        uint32_t cap = all->cap ? all->cap * 2 : 8;
        struct sql_statement *items = ARENA_ARRAY(all->arena, struct sql_statement, cap);
        if (!items)
            return arena_error(all->arena, err, "the commands");
        if (all->count > 0)
            memcpy(items, all->items, all->count * sizeof(*items));
        all->items = items;
        all->cap = cap;
    }
    all->items[all->count++] = (struct sql_statement){{all->source.ptr + start, end - start}, all->source};
    return STATUS_OK;
}

enum status sql_split(struct arena *a, struct str source, struct sql_statement **out, uint32_t *count,
                      struct error *err)
{
    struct statements all = {.arena = a, .source = source};
    struct body body = {0};
    size_t start = 0, end = 0; /* of what is no space in the statement so far */
    enum lexeme kind = LEX_OTHER;
    for (size_t at = 0; at < source.len;) {
        size_t next = next_lexeme(source, at, kind, &kind);
        if (kind == LEX_UNCLOSED)
            return unclosed(source, at, err);
        if (kind == LEX_SEMICOLON && body.parentheses == 0 && body.begins == 0) {
            TRY(add_statement(&all, start, end, err));
            body = (struct body){0};
            start = end = 0;
        } else if (kind != LEX_SPACE) {
            see(&body, kind, (struct str){source.ptr + at, next - at});
            start = end == 0 ? at : start;
            end = next;
        }
        at = next;
    }
    TRY(add_statement(&all, start, end, err));
    *out = all.items;
    *count = all.count;
    return STATUS_OK;
}

bool sql_begins_with(struct str statement, const char *word)
{
    return is_word((struct str){statement.ptr, word_end(statement, 0)}, word);
}

/* ---- names ---------------------------------------------------------------------------------------- */

static uint32_t number_of(struct sql_bound *b, struct str name)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (str_equal(b->names[i], name))
            return i + 1;
    b->names[b->count] = name;
    return ++b->count;
}

static uint32_t count_lexemes(struct str s, enum lexeme wanted)
{
    uint32_t count = 0;
    enum lexeme kind = LEX_OTHER;
    for (size_t at = 0; at < s.len;) {
        at = next_lexeme(s, at, kind, &kind);
        count += kind == wanted;
    }
    return count;
}

struct binding {
    enum lexeme wanted;
    bool (*is_name)(void *context, struct str name);
    void *context;
};

static void rewrite(const struct binding *how, struct str s, struct buf *text, struct sql_bound *b)
{
    enum lexeme kind = LEX_OTHER;
    for (size_t at = 0; at < s.len;) {
        size_t next = next_lexeme(s, at, kind, &kind);
        struct str name = {s.ptr + at + 1, next - at - 1}; /* behind the : or $ */
        if (kind == how->wanted && how->is_name(how->context, name)) {
            buf_printf(text, "$%u", number_of(b, name));
            b->edits[b->edit_count++] = (struct sql_edit){text->len, next};
        } else {
            buf_add(text, s.ptr + at, next - at);
        }
        at = next;
    }
}

enum status sql_bind(struct arena *a, struct str statement, enum sql_placeholder kind,
                     bool (*is_name)(void *context, struct str name), void *context, struct sql_bound *out,
                     struct error *err)
{
    struct binding how = {kind == SQL_NAMES ? LEX_NAME : LEX_PARAMETER, is_name, context};
    uint32_t most = is_name ? count_lexemes(statement, how.wanted) : 0;
    *out = (struct sql_bound){0};
    out->names = ARENA_ARRAY(a, struct str, most + 1);
    out->edits = ARENA_ARRAY(a, struct sql_edit, most + 1);
    if (!out->names || !out->edits)
        return arena_error(a, err, "the command");
    struct buf text;
    buf_init(&text, 0);
    if (most > 0)
        rewrite(&how, statement, &text, out);
    else
        buf_add_str(&text, statement);
    enum status s = buf_status(&text, err);
    char *copy = s == STATUS_OK ? arena_strdup(a, buf_str(&text)) : NULL;
    out->text = (struct str){copy, copy ? text.len : 0};
    buf_free(&text);
    return s == STATUS_OK && !copy ? arena_error(a, err, "the command") : s;
}

void sql_locate(const struct sql_statement *s, const struct sql_bound *b, uint32_t character, uint32_t *line,
                uint32_t *column)
{
    size_t at = 0;
    for (uint32_t i = 1; i < character && at < b->text.len; i++)
        if (utf8_next(b->text, &at) < 0)
            at++;
    size_t original = at;
    for (uint32_t i = 0; i < b->edit_count && b->edits[i].after <= at; i++)
        original = at - b->edits[i].after + b->edits[i].original;
    if (original > s->text.len)
        original = s->text.len;
    line_and_column(s->source, (size_t)(s->text.ptr - s->source.ptr) + original, line, column);
}
