/*
 * Jinja2 templates: compiled once, rendered often, from any number of threads.
 *
 * Nothing here reads a clock, a file or an environment variable: what is not a function of the template and
 * its context comes from the caller in `struct render_inputs`.
 */
#ifndef RENDER_TEMPLATE_H
#define RENDER_TEMPLATE_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/value.h"

struct template; /* immutable; counts its references */

enum template_mode {
    TEMPLATE_STRING,     /* text with {{ }}; the result is a string */
    TEMPLATE_EXPRESSION, /* a bare expression, without braces; the result is its value */
    /* Playbooks' rule: a text that is exactly one {{ … }} gives the expression's value with its type, any
     * other text gives a string. */
    TEMPLATE_NATIVE,
};

enum undefined_mode { UNDEFINED_DEFAULT, UNDEFINED_STRICT, UNDEFINED_CHAINABLE };

/* Where names are looked up: the maps from the innermost to the outermost. */
struct scope {
    struct value names;        /* a map */
    const struct scope *outer; /* NULL at the end */
};

/* Bounds of one render; a member that is 0 has the default. Each ends in STATUS_LIMIT. */
struct render_limits {
    uint64_t max_steps;  /* 5,000,000 instructions, ticked inside filters and comparisons too */
    size_t max_memory;   /* 64 MiB */
    size_t max_output;   /* 16 MiB */
    uint32_t max_depth;  /* 64 calls and includes */
    uint32_t max_digits; /* 10,000 decimal digits of an integer */
    /* Of what object_render() gives: */
    size_t max_value;     /* 256 MiB as JSON */
    uint32_t max_nesting; /* 125 lists and maps in each other */
};

/* All that a render may see of the world. Zeroed: a world without time, randomness and environment. */
struct render_inputs {
    enum undefined_mode undefined;
    int64_t now_ns;   /* what now() says, nanoseconds since 1970 */
    uint64_t seed;    /* what uuid() and random are made from */
    struct value env; /* a map: what `env` shows */
    struct render_limits limits;
};

/*
 * Finds the templates that include, import and extends name. Called during a render, from its thread;
 * STATUS_NOT_FOUND for a name that there is none of. The template must live until the render ends. With
 * user_bytes, `user` is the template's own copy of what so many bytes at `user` were when it was compiled.
 */
struct template_loader {
    enum status (*load)(void *user, struct str name, const struct template **out, struct error *err);
    void *user;
    size_t user_bytes;
};

/*
 * How a source is to be read. Start from TEMPLATE_OPTIONS_DEFAULT; the strings are borrowed until the compile
 * returns, the loader until the last render.
 */
struct template_options {
    const char *block_begin, *block_end;       /* {% %} */
    const char *variable_begin, *variable_end; /* {{ }} */
    const char *comment_begin, *comment_end;   /* {# #} */
    const char *line_statement_prefix;         /* NULL: there are none */
    const char *line_comment_prefix;           /* NULL: there are none */
    const char *newline_sequence;              /* "\n", "\r\n" or "\r" */
    bool trim_blocks;                          /* the newline behind a block is taken away */
    bool lstrip_blocks;                        /* and the white space before one at the start of a line */
    bool keep_trailing_newline;                /* of the source */
    bool autoescape;                           /* what {{ }} prints is made safe HTML */
    bool without_do, without_loop_controls;    /* {% do %}, {% break %}, {% continue %} are unknown tags */
    struct template_loader loader;             /* load may be NULL: no template is found */
};
extern const struct template_options TEMPLATE_OPTIONS_DEFAULT;

/*
 * Compiles `source`. `name` is what error places call it ("workflow[2].next[0].when"). Both are copied.
 * On success *out is the caller's, for template_free(). STATUS_SYNTAX with line and column inside the source;
 * STATUS_LIMIT for a source over 1 MiB or nested over 200 deep.
 */
enum status template_compile(struct str source, enum template_mode mode, const char *name,
                             struct template **out, struct error *err) MUST_CHECK;
/* The same with options; NULL for the defaults. */
enum status template_compile_with(struct str source, enum template_mode mode, const char *name,
                                  const struct template_options *options, struct template **out,
                                  struct error *err) MUST_CHECK;
/* Another reference, for a template_free() of its own; from any thread. */
struct template *template_ref(struct template *t);
/* Gives one reference back; the last frees. NULL is allowed. */
void template_free(struct template *t);

/*
 * Renders. The result's memory is in `a`. Errors: STATUS_UNDEFINED (the message names the names in scope and
 * the hint the nearest), STATUS_RUNTIME, STATUS_LIMIT, STATUS_NO_MEMORY; with the line in the source.
 */
enum status template_render(const struct template *t, const struct scope *scope,
                            const struct render_inputs *inputs, struct arena *a, struct value *out,
                            struct error *err) MUST_CHECK;

/* Calls `found` with every name that the template may take from its context, perhaps more than once; with
 * those that it gives itself ({% set %}, {% for %}) and those of functions too, which a context may have. */
typedef void template_name_found(void *user, struct str name);
void template_each_name(const struct template *t, template_name_found *found, void *user);

/* Whether a text has anything to render ("{{", "{%" or "{#"). */
bool template_is_template(struct str source);

/* The truth of a `when`, `retry_when`, …: truthiness, but text is true only if it reads true, 1 or yes. */
bool condition_is_true(struct value v);
/* `when` may be written bare or as {{ … }}: compiles either. */
enum status condition_compile(struct str source, const char *name, struct template **out,
                              struct error *err) MUST_CHECK;

#endif
