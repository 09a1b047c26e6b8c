#include "lexer.h"

#include "core/utf8.h"
#include "literal.h"
#include "unicode.h"

static const struct {
    const char *text, *description;
} TOKENS[TOKEN_COUNT] = {
#define X(name, text, description) {text, description},
#include "token.def"
#undef X
};

const char *token_type_text(enum token_type type)
{
    return TOKENS[type].description;
}

void offset_position(struct str source, size_t offset, uint32_t *line, uint32_t *column)
{
    size_t line_start = 0;
    *line = 1;
    for (size_t i = 0; i < offset && i < source.len; i++) {
        if (source.ptr[i] == '\n') {
            (*line)++;
            line_start = i + 1;
        }
    }
    struct str before = {source.ptr + line_start, offset > line_start ? offset - line_start : 0};
    *column = (uint32_t)utf8_length(before) + 1;
}

static enum status lex_error(struct lexer *lx, size_t offset, struct error *err)
{
    uint32_t line, column;
    offset_position(lx->source, offset, &line, &column);
    return error_at(err, line, column);
}

/* ---- Looking at the source ---------------------------------------------------------------------- */

static bool looking_at(const struct lexer *lx, size_t at, const char *text, size_t len)
{
    return len > 0 && len <= lx->source.len - at && memcmp(lx->source.ptr + at, text, len) == 0;
}

static bool looking_at_delimiter(const struct lexer *lx, size_t at, const char *delimiter)
{
    return looking_at(lx, at, delimiter, strlen(delimiter));
}

static bool is_ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Behind the run of white space (any of Unicode's) at `at`. */
static size_t skip_space(const struct lexer *lx, size_t at)
{
    while (at < lx->source.len) {
        if (is_ascii_space(lx->source.ptr[at])) {
            at++;
            continue;
        }
        size_t next = at;
        if ((signed char)lx->source.ptr[at] > 0x1f)
            break;
        int32_t c = utf8_next(lx->source, &next);
        if (c < 0 || !unicode_is_space((uint32_t)c))
            break;
        at = next;
    }
    return at;
}

static struct str trim_right(struct str s)
{
    while (s.len > 0) {
        size_t start = s.len - 1;
        while (start > 0 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80)
            start--;
        size_t at = start;
        int32_t c = utf8_next(s, &at);
        if (c < 0 || !unicode_is_space((uint32_t)c))
            break;
        s.len = start;
    }
    return s;
}

static bool is_line_start(const struct lexer *lx, size_t at)
{
    return at == 0 || lx->source.ptr[at - 1] == '\n';
}

/* ---- The ends of tags --------------------------------------------------------------------------- */

/* Moves behind the end of a tag that was found; the next text may start a line. */
static void end_tag(struct lexer *lx, size_t end)
{
    lx->line_starting = end > 0 && lx->source.ptr[end - 1] == '\n';
    lx->at = end;
}

/*
 * Behind the end of a block or comment at `at`, or 0 if there is none there: "+%}", "-%}" with the white
 * space that follows, or "%}" with a newline if trim_blocks says so.
 */
static size_t match_block_end(const struct lexer *lx, size_t at, const char *delimiter, bool plus_and_trim)
{
    char sign = at < lx->source.len ? lx->source.ptr[at] : 0;
    if (sign != delimiter[0] && sign != '-' && sign != '+') /* nearly always */
        return 0;
    size_t len = strlen(delimiter);
    if (plus_and_trim && sign == '+' && looking_at(lx, at + 1, delimiter, len))
        return at + 1 + len;
    if (sign == '-' && looking_at(lx, at + 1, delimiter, len))
        return skip_space(lx, at + 1 + len);
    if (!looking_at(lx, at, delimiter, len))
        return 0;
    size_t end = at + len;
    if (plus_and_trim && lx->options->trim_blocks && end < lx->source.len && lx->source.ptr[end] == '\n')
        end++;
    return end;
}

static size_t match_variable_end(const struct lexer *lx, size_t at)
{
    return match_block_end(lx, at, lx->options->variable_end, false);
}

/* A line statement ends with the last newline of the white space here, or with the text. */
static size_t match_line_end(const struct lexer *lx, size_t at)
{
    size_t end = skip_space(lx, at);
    if (end == lx->source.len)
        return end;
    while (end > at && lx->source.ptr[end - 1] != '\n')
        end--;
    return end > at ? end : 0;
}

/* ---- The begins of tags ------------------------------------------------------------------------- */

enum begin_kind {
    BEGIN_NONE,
    BEGIN_RAW,
    BEGIN_COMMENT,
    BEGIN_BLOCK,
    BEGIN_VARIABLE,
    BEGIN_LINE,
    BEGIN_LINE_COMMENT
};

struct begin {
    enum begin_kind kind;
    size_t at;  /* where the tag, with what belongs to it, begins */
    size_t end; /* behind the delimiter and its sign */
    char sign;  /* '-', '+' or 0 */
};

static void take_sign(const struct lexer *lx, struct begin *b)
{
    char c = b->end < lx->source.len ? lx->source.ptr[b->end] : 0;
    b->sign = c == '-' || c == '+' ? c : 0;
    b->end += b->sign != 0;
}

/* {% raw %} and what may stand in it; `end` is behind the whole tag. */
static bool match_raw_begin(const struct lexer *lx, size_t at, struct begin *b)
{
    if (!looking_at_delimiter(lx, at, lx->options->block_begin))
        return false;
    struct begin raw = {BEGIN_RAW, at, at + strlen(lx->options->block_begin), 0};
    take_sign(lx, &raw);
    size_t word = skip_space(lx, raw.end);
    if (!looking_at(lx, word, "raw", 3))
        return false;
    raw.end = match_block_end(lx, skip_space(lx, word + 3), lx->options->block_end, false);
    if (raw.end == 0)
        return false;
    *b = raw;
    return true;
}

static bool match_delimiter(const struct lexer *lx, size_t at, struct begin *b)
{
    const struct template_options *o = lx->options;
    const struct {
        const char *text;
        enum begin_kind kind;
    } delimiters[] = {{o->comment_begin, BEGIN_COMMENT},
                      {o->block_begin, BEGIN_BLOCK},
                      {o->variable_begin, BEGIN_VARIABLE}};
    size_t best = 0;
    for (size_t i = 0; i < 3; i++) { /* the longest wins: "{%" and "{%=" may both be delimiters */
        size_t len = strlen(delimiters[i].text);
        if (len > best && looking_at(lx, at, delimiters[i].text, len)) {
            best = len;
            *b = (struct begin){delimiters[i].kind, at, at + len, 0};
        }
    }
    if (best > 0)
        take_sign(lx, b);
    return best > 0;
}

static bool match_line_prefix(const struct lexer *lx, size_t at, struct begin *b)
{
    const struct template_options *o = lx->options;
    bool line_start = is_line_start(lx, at);
    size_t p = at;
    if (o->line_comment_prefix && (line_start || !unicode_is_space((unsigned char)lx->source.ptr[at - 1]))) {
        while (p < lx->source.len && lx->source.ptr[p] != '\n' &&
               unicode_is_space((unsigned char)lx->source.ptr[p]))
            p++;
        if (looking_at_delimiter(lx, p, o->line_comment_prefix)) {
            *b = (struct begin){BEGIN_LINE_COMMENT, at, p + strlen(o->line_comment_prefix), 0};
            return true;
        }
    }
    if (!line_start || !o->line_statement_prefix)
        return false;
    for (p = at; p < lx->source.len && strchr(" \t\v", lx->source.ptr[p]) && lx->source.ptr[p]; p++) {
    }
    if (!looking_at_delimiter(lx, p, o->line_statement_prefix))
        return false;
    *b = (struct begin){BEGIN_LINE, at, p + strlen(o->line_statement_prefix), 0};
    take_sign(lx, b);
    return true;
}

/* The first tag at or behind `at`. */
static struct begin find_begin(const struct lexer *lx, size_t at)
{
    const struct template_options *o = lx->options;
    bool lines = o->line_statement_prefix || o->line_comment_prefix;
    char first = o->block_begin[0];
    bool same_first = !lines && o->variable_begin[0] == first && o->comment_begin[0] == first;
    struct begin b = {BEGIN_NONE, lx->source.len, lx->source.len, 0};
    for (; at < lx->source.len; at++) {
        if (same_first) {
            const char *hit = memchr(lx->source.ptr + at, first, lx->source.len - at);
            if (!hit)
                break;
            at = (size_t)(hit - lx->source.ptr);
        }
        if (match_raw_begin(lx, at, &b) || (lines && match_line_prefix(lx, at, &b)) ||
            match_delimiter(lx, at, &b))
            return b;
    }
    return (struct begin){BEGIN_NONE, lx->source.len, lx->source.len, 0};
}

/* The text before a tag, without the white space that the tag takes away on its left. */
static struct str strip_before(const struct lexer *lx, struct str text, char sign, bool may_lstrip)
{
    if (sign == '-')
        return trim_right(text);
    if (sign == '+' || !may_lstrip || !lx->options->lstrip_blocks)
        return text;
    size_t line = text.len;
    while (line > 0 && text.ptr[line - 1] != '\n')
        line--;
    bool starts_line = line > 0 || lx->line_starting;
    size_t text_at = (size_t)(text.ptr - lx->source.ptr);
    if (starts_line && line < text.len && skip_space(lx, text_at + line) >= text_at + text.len)
        text.len = line;
    return text;
}

static enum status skip_comment(struct lexer *lx, size_t at, struct error *err)
{
    for (size_t p = at; p < lx->source.len; p++) {
        size_t end = match_block_end(lx, p, lx->options->comment_end, true);
        if (end) {
            end_tag(lx, end);
            return STATUS_OK;
        }
    }
    if (at == lx->source.len) /* as in Jinja, an empty comment may end with the text */
        return STATUS_OK;
    error_set(err, STATUS_SYNTAX, "Missing end of comment tag");
    return lex_error(lx, at, err);
}

/* The text of a raw block and the end of it. */
static enum status read_raw(struct lexer *lx, size_t at, struct str *text, struct error *err)
{
    for (size_t p = at; p < lx->source.len; p++) {
        if (!looking_at_delimiter(lx, p, lx->options->block_begin))
            continue;
        struct begin b = {BEGIN_BLOCK, p, p + strlen(lx->options->block_begin), 0};
        take_sign(lx, &b);
        size_t word = skip_space(lx, b.end);
        if (!looking_at(lx, word, "endraw", 6))
            continue;
        size_t end = match_block_end(lx, skip_space(lx, word + 6), lx->options->block_end, true);
        if (!end)
            continue;
        lx->line_starting = false;
        *text = strip_before(lx, (struct str){lx->source.ptr + at, p - at}, b.sign, true);
        end_tag(lx, end);
        return STATUS_OK;
    }
    if (at == lx->source.len)
        return STATUS_OK;
    error_set(err, STATUS_SYNTAX, "Missing end of raw directive");
    return lex_error(lx, at, err);
}

/* newline_sequence: the source has \n, the output what the options say. */
static enum status data_token(struct lexer *lx, struct str text, struct token *out, struct error *err)
{
    *out = (struct token){TOKEN_DATA, (uint32_t)(text.ptr - lx->source.ptr), text};
    const char *newline = lx->options->newline_sequence;
    if (strcmp(newline, "\n") == 0 || !memchr(text.ptr, '\n', text.len))
        return STATUS_OK;
    return literal_newlines(lx->arena, text, newline, &out->text, err);
}

static enum token_type enter(struct lexer *lx, const struct begin *b)
{
    lx->at = b->end;
    lx->bracket_count = 0;
    lx->state = b->kind == BEGIN_VARIABLE ? LEX_VARIABLE : b->kind == BEGIN_BLOCK ? LEX_BLOCK : LEX_LINE;
    return b->kind == BEGIN_VARIABLE ? TOKEN_VARIABLE_BEGIN : TOKEN_BLOCK_BEGIN;
}

static enum status next_in_data(struct lexer *lx, struct token *out, struct error *err)
{
    while (lx->at < lx->source.len) {
        struct begin b = find_begin(lx, lx->at);
        struct str text = {lx->source.ptr + lx->at, b.at - lx->at};
        if (b.kind != BEGIN_NONE)
            text = strip_before(lx, text, b.sign, b.kind != BEGIN_VARIABLE);
        struct str raw = {0};
        lx->line_starting = false;
        lx->at = b.end;
        if (b.kind == BEGIN_COMMENT) {
            TRY(skip_comment(lx, b.end, err));
        } else if (b.kind == BEGIN_LINE_COMMENT) {
            while (lx->at < lx->source.len && lx->source.ptr[lx->at] != '\n')
                lx->at++;
        } else if (b.kind == BEGIN_RAW && text.len == 0) {
            TRY(read_raw(lx, b.end, &raw, err));
            text = raw;
        } else if (b.kind == BEGIN_RAW) {
            lx->at = b.at; /* the text first; the next call finds the tag again with nothing before it */
        } else if (b.kind != BEGIN_NONE) {
            lx->pending = enter(lx, &b);
            lx->pending_offset = (uint32_t)b.at;
            if (text.len == 0) {
                *out = (struct token){lx->pending, lx->pending_offset, {0}};
                lx->pending = TOKEN_EOF;
                return STATUS_OK;
            }
        }
        if (text.len > 0)
            return data_token(lx, text, out, err);
    }
    *out = (struct token){TOKEN_EOF, (uint32_t)lx->source.len, {0}};
    return STATUS_OK;
}

/* ---- Inside a tag ------------------------------------------------------------------------------- */

static bool match_tag_end(struct lexer *lx, struct token *out)
{
    if (lx->bracket_count > 0)
        return false;
    size_t end = lx->state == LEX_VARIABLE ? match_variable_end(lx, lx->at)
                 : lx->state == LEX_BLOCK  ? match_block_end(lx, lx->at, lx->options->block_end, true)
                                           : match_line_end(lx, lx->at);
    if (end == 0)
        return false;
    *out = (struct token){
        lx->state == LEX_VARIABLE ? TOKEN_VARIABLE_END : TOKEN_BLOCK_END, (uint32_t)lx->at, {0}};
    lx->state = LEX_DATA;
    end_tag(lx, end);
    return true;
}

static enum status unexpected_char(struct lexer *lx, size_t at, struct error *err)
{
    size_t end = at;
    utf8_next(lx->source, &end);
    const char *quote = lx->source.ptr[at] == '\'' ? "\"" : "'";
    struct str before = {lx->source.ptr, at};
    error_set(err, STATUS_SYNTAX, "unexpected char %s%.*s%s at %zu", quote, (int)(end - at),
              lx->source.ptr + at, quote, utf8_length(before));
    return lex_error(lx, at, err);
}

static bool is_ascii_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static enum status read_name(struct lexer *lx, struct token *out, struct error *err)
{
    size_t end = lx->at;
    while (end < lx->source.len && is_ascii_word(lx->source.ptr[end]))
        end++;
    bool ascii = end >= lx->source.len || !(lx->source.ptr[end] & 0x80);
    while (!ascii && end < lx->source.len) {
        size_t next = end;
        int32_t c = utf8_next(lx->source, &next);
        if (c < 0 || !unicode_is_word((uint32_t)c))
            break;
        end = next;
    }
    if (end == lx->at)
        return unexpected_char(lx, lx->at, err);
    *out = (struct token){TOKEN_NAME, (uint32_t)lx->at, {lx->source.ptr + lx->at, end - lx->at}};
    if (!ascii && !unicode_is_identifier(out->text)) {
        error_set(err, STATUS_SYNTAX, "Invalid character in identifier");
        return lex_error(lx, lx->at, err);
    }
    lx->at = end;
    return STATUS_OK;
}

static enum status read_string(struct lexer *lx, struct token *out, struct error *err)
{
    char quote = lx->source.ptr[lx->at];
    size_t end = lx->at + 1;
    while (end < lx->source.len && lx->source.ptr[end] != quote)
        end += lx->source.ptr[end] == '\\' && end + 1 < lx->source.len ? 2 : 1;
    if (end >= lx->source.len)
        return unexpected_char(lx, lx->at, err);
    struct str inside = {lx->source.ptr + lx->at + 1, end - lx->at - 1};
    *out = (struct token){TOKEN_STRING, (uint32_t)lx->at, inside};
    lx->at = end + 1;
    if (strcmp(lx->options->newline_sequence, "\n") != 0)
        TRY(literal_newlines(lx->arena, inside, lx->options->newline_sequence, &inside, err));
    if (literal_string(lx->arena, inside, &out->text, err) != STATUS_OK)
        return lex_error(lx, out->offset, err);
    return STATUS_OK;
}

static enum status read_number(struct lexer *lx, struct token *out, struct error *err)
{
    bool after_dot = lx->at > 0 && lx->source.ptr[lx->at - 1] == '.';
    struct str rest = {lx->source.ptr + lx->at, lx->source.len - lx->at};
    bool is_float = false;
    size_t len = literal_number_length(rest, !after_dot, &is_float);
    *out = (struct token){is_float ? TOKEN_FLOAT : TOKEN_INTEGER, (uint32_t)lx->at, {rest.ptr, len}};
    lx->at += len;
    return literal_without_underscores(lx->arena, out->text, &out->text, err);
}

static enum status track_brackets(struct lexer *lx, char c, struct error *err)
{
    static const char OPEN[] = "([{", CLOSE[] = ")]}";
    const char *open = strchr(OPEN, c);
    if (open) {
        if (lx->bracket_count == LEXER_MAX_BRACKETS) {
            error_set(err, STATUS_LIMIT, "more than %d nested brackets", LEXER_MAX_BRACKETS);
            return lex_error(lx, lx->at, err);
        }
        lx->brackets[lx->bracket_count++] = CLOSE[open - OPEN];
        return STATUS_OK;
    }
    if (!strchr(CLOSE, c))
        return STATUS_OK;
    if (lx->bracket_count > 0 && lx->brackets[lx->bracket_count - 1] == c) {
        lx->bracket_count--;
        return STATUS_OK;
    }
    if (lx->bracket_count == 0)
        error_set(err, STATUS_SYNTAX, "unexpected '%c'", c);
    else
        error_set(err, STATUS_SYNTAX, "unexpected '%c', expected '%c'", c,
                  lx->brackets[lx->bracket_count - 1]);
    return lex_error(lx, lx->at, err);
}

static enum status read_operator(struct lexer *lx, struct token *out, struct error *err)
{
    for (int type = TOKEN_FLOAT + 1; type < TOKEN_COUNT; type++) {
        const char *text = TOKENS[type].text;
        size_t len = text[1] ? 2 : 1;
        if (text[0] != lx->source.ptr[lx->at] || !looking_at(lx, lx->at, text, len))
            continue;
        if (len == 1)
            TRY(track_brackets(lx, text[0], err));
        *out = (struct token){(enum token_type)type, (uint32_t)lx->at, {lx->source.ptr + lx->at, len}};
        lx->at += len;
        return STATUS_OK;
    }
    return unexpected_char(lx, lx->at, err);
}

static enum status next_in_tag(struct lexer *lx, struct token *out, struct error *err)
{
    if (match_tag_end(lx, out))
        return STATUS_OK;
    size_t at = skip_space(lx, lx->at);
    if (at > lx->at) {
        lx->at = at;
        if (match_tag_end(lx, out))
            return STATUS_OK;
    }
    if (at >= lx->source.len) {
        *out = (struct token){TOKEN_EOF, (uint32_t)lx->source.len, {0}};
        return STATUS_OK;
    }
    unsigned char c = (unsigned char)lx->source.ptr[at];
    if (c >= '0' && c <= '9')
        return read_number(lx, out, err);
    if (c == '"' || c == '\'')
        return read_string(lx, out, err);
    if (c >= 0x80 || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return read_name(lx, out, err);
    return read_operator(lx, out, err);
}

enum status lexer_next(struct lexer *lx, struct token *out, struct error *err)
{
    if (lx->pending != TOKEN_EOF) {
        *out = (struct token){lx->pending, lx->pending_offset, {0}};
        lx->pending = TOKEN_EOF;
        return STATUS_OK;
    }
    return lx->state == LEX_DATA ? next_in_data(lx, out, err) : next_in_tag(lx, out, err);
}

enum status lexer_begin(struct lexer *lx, struct arena *arena, struct str source, bool expression,
                        const struct template_options *options, struct error *err)
{
    memset(lx, 0, offsetof(struct lexer, brackets)); /* which are written before they are read */
    lx->arena = arena;
    lx->options = options;
    lx->line_starting = true;
    lx->pending = TOKEN_EOF;
    lx->state = expression ? LEX_VARIABLE : LEX_DATA;
    if (!source.ptr)
        source = (struct str){"", 0};
    size_t bad = utf8_check(source);
    if (bad < source.len) {
        lx->source = (struct str){source.ptr, bad};
        error_set(err, STATUS_SYNTAX, "the template is not valid UTF-8 at byte %zu", bad);
        return lex_error(lx, bad, err);
    }
    if (memchr(source.ptr, '\r', source.len))
        TRY(literal_newlines(arena, source, "\n", &source, err));
    if (!options->keep_trailing_newline && source.len > 0 && source.ptr[source.len - 1] == '\n')
        source.len--;
    lx->source = source;
    return STATUS_OK;
}
