/*
 * Template text to tokens, one at a time. White space control (-, +, trim_blocks, lstrip_blocks), comments,
 * raw blocks, line statements and line comments are done here; the parser sees none of them.
 */
#ifndef RENDER_LEXER_H
#define RENDER_LEXER_H

#include "core/arena.h"
#include "template.h"

enum token_type {
#define X(name, text, description) TOKEN_##name,
#include "token.def"
#undef X
    TOKEN_COUNT
};

struct token {
    enum token_type type;
    uint32_t offset; /* of its first byte in the lexer's source */
    struct str text; /* data, a name, the digits of a number without "_", or the value of a string */
};

enum { LEXER_MAX_BRACKETS = 256 };

struct lexer {
    struct arena *arena;
    const struct template_options *options;
    struct str source; /* newlines are \n; what offsets count in */
    size_t at;
    enum { LEX_DATA, LEX_VARIABLE, LEX_BLOCK, LEX_LINE } state;
    bool line_starting;      /* nothing but a newline came before, so lstrip_blocks applies */
    enum token_type pending; /* a begin that follows the data just given; TOKEN_EOF if none */
    uint32_t pending_offset;
    uint32_t bracket_count;
    char brackets[LEXER_MAX_BRACKETS]; /* the closing ones that are awaited */
};

/*
 * `source` must be valid UTF-8. A bare expression (`expression`) starts as if {{ had been read. Newlines are
 * normalised into `arena`, where the text of tokens lives as well.
 */
enum status lexer_begin(struct lexer *lx, struct arena *arena, struct str source, bool expression,
                        const struct template_options *options, struct error *err) MUST_CHECK;
enum status lexer_next(struct lexer *lx, struct token *out, struct error *err) MUST_CHECK;

/* What messages call a kind of token. */
const char *token_type_text(enum token_type type);
/* Line and column, from 1, of an offset in a text. */
void offset_position(struct str source, size_t offset, uint32_t *line, uint32_t *column);

#endif
