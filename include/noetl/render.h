/*
 * libnoetl_render: Jinja2 templates in C.
 *
 * A template is compiled once and rendered often; what it sees comes as JSON, and so does what it gives,
 * unless it is a text. All of the state is in objects that you hold: there is nothing global to set up.
 *
 *     struct noetl_error err;
 *     struct noetl_template *t;
 *     struct noetl_context *c;
 *     struct noetl_text out;
 *     if (noetl_template_compile("Hello {{ name }}!", 17, NULL, &t, &err) != NOETL_OK || …)
 *
 * Threads: templates, documents and contexts are immutable; any number of threads may render with them at the
 * same time. They are freed by one thread, when no render is at work with them. A cache may be used by any
 * number of threads at the same time. All other things are the caller's own.
 *
 * Lifetimes: what a function gives through an `out` parameter is the caller's, for the _free() beside it;
 * each _free() allows NULL. On an error *out is NULL, or an empty text. Texts that go in are copied, except
 * where it says otherwise.
 *
 * Nothing in here reads a clock, a file, the environment or the network, writes anywhere or ends the process:
 * what a template sees is what the caller gave.
 *
 * Structs that begin with `size` are to be started from their _INIT, so that a library with more members than
 * the header that a program was compiled with knows which of them are there.
 */
#ifndef NOETL_RENDER_H
#define NOETL_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NOETL_MUST_CHECK __attribute__((warn_unused_result))

/* ---- How a call ends ------------------------------------------------------------------------------ */

/* The numbers stay as they are. */
enum noetl_status {
    NOETL_OK = 0,
    NOETL_SYNTAX = 1,    /* a template, or JSON, that does not parse */
    NOETL_UNDEFINED = 2, /* a name that is not in scope */
    NOETL_NOT_FOUND = 3, /* include, import or extends of a template that the loader does not have */
    NOETL_RUNTIME = 4,   /* an expression that failed: a division by zero, a type, a filter's argument */
    NOETL_LIMIT = 5,     /* a stated limit was reached */
    NOETL_INVALID = 6,   /* the call is not of the right form, or the result cannot be written as JSON */
    NOETL_NO_MEMORY = 7,
    NOETL_INTERNAL = 8, /* a bug of this library */
};

/* "ok", "syntax", "undefined", "not_found", …: for logs and answers. */
const char *noetl_status_name(enum noetl_status status);

/*
 * What went wrong and where. Holds no pointers, so it can be copied. Every function that takes one allows
 * NULL, and fills it only when it fails. Lines and columns count from 1; 0 means that there is none.
 */
struct noetl_error {
    enum noetl_status status;
    uint32_t line;
    uint32_t column;
    char place[192];    /* the template's name, or a leaf's path in a document; or "" */
    char message[1024]; /* in Jinja's words, where Jinja has such an error */
    char hint[256];     /* a whole sentence for a person ("Did you mean …?"), or "" */
};

/* ---- Texts that are given back --------------------------------------------------------------------- */

/* `len` bytes of UTF-8 with a zero byte behind them, which is not counted; there may be zero bytes inside. */
struct noetl_text {
    char *data;
    size_t len;
};
/* Frees the bytes and empties the text. */
void noetl_text_free(struct noetl_text *text);

/* ---- What templates see ----------------------------------------------------------------------------- */

struct noetl_context; /* names and their values */

/*
 * Reads a JSON object, whose members are the names. Integers are exact, whatever their size. NOETL_SYNTAX
 * with line and column; NOETL_INVALID when it is no object; NOETL_LIMIT above 64 MiB, or nested more than 128
 * deep.
 */
enum noetl_status noetl_context_from_json(const char *json, size_t len, struct noetl_context **out,
                                          struct noetl_error *err) NOETL_MUST_CHECK;
void noetl_context_free(struct noetl_context *context);

/* ---- Templates --------------------------------------------------------------------------------------- */

struct noetl_template;

enum noetl_mode {
    NOETL_MODE_STRING = 0,     /* a text with {{ }}; the result is a text */
    NOETL_MODE_EXPRESSION = 1, /* an expression without braces; the result is its value, with its type */
    /* A text that is exactly one {{ … }} gives the expression's value with its type; any other gives a text.
     * An undefined value is an error, for it has no JSON. */
    NOETL_MODE_NATIVE = 2,
};

/*
 * Finds the template that an include, import or extends names: a compiled one of the caller's, which has to
 * live until the render ends; or NOETL_NOT_FOUND, and `err` need not be filled. Called during a render, from
 * its thread.
 */
typedef enum noetl_status (*noetl_load)(void *user, const char *name, const struct noetl_template **out,
                                        struct noetl_error *err);

/* How a source is to be read; those are Jinja's options, under its names where it has them. */
struct noetl_template_options {
    size_t size;
    const char *name; /* what error places call it; "" */
    enum noetl_mode mode;
    const char *block_start_string, *block_end_string;       /* {% %} */
    const char *variable_start_string, *variable_end_string; /* {{ }} */
    const char *comment_start_string, *comment_end_string;   /* {# #} */
    const char *line_statement_prefix;                       /* NULL: there are none */
    const char *line_comment_prefix;                         /* NULL: there are none */
    const char *newline_sequence;                            /* "\n", "\r\n" or "\r" */
    bool trim_blocks;
    bool lstrip_blocks;
    bool keep_trailing_newline;
    bool autoescape;
    bool without_do;            /* {% do %} is an unknown tag */
    bool without_loop_controls; /* {% break %} and {% continue %} are */
    noetl_load load;            /* NULL: no template is found */
    void *load_user;            /* the first argument of `load` */
};
/* An initialiser, then set what differs: `struct noetl_template_options o = NOETL_TEMPLATE_OPTIONS_INIT;` */
#define NOETL_TEMPLATE_OPTIONS_INIT                                                                          \
    {                                                                                                        \
        sizeof(struct noetl_template_options), "", NOETL_MODE_STRING, "{%", "%}", "{{", "}}", "{#", "#}",    \
            NULL, NULL, "\n", false, false, false, false, false, false, NULL, NULL                           \
    }

/*
 * Compiles `len` bytes of UTF-8; `options` may be NULL. NOETL_SYNTAX with line and column; NOETL_LIMIT for a
 * source over 1 MiB, or nested over 200 deep.
 */
enum noetl_status noetl_template_compile(const char *source, size_t len,
                                         const struct noetl_template_options *options,
                                         struct noetl_template **out,
                                         struct noetl_error *err) NOETL_MUST_CHECK;
void noetl_template_free(struct noetl_template *t);

/* ---- Caches ------------------------------------------------------------------------------------------- */

/*
 * Compiled templates kept by their text, for programs that are given texts and not templates: the same text
 * with the same options is compiled once. Bounded; what was not asked for for longest goes.
 */
struct noetl_cache;

/* At most `max_templates`, at least 1, and `max_bytes` of memory for what is compiled; 0 for no bound. */
enum noetl_status noetl_cache_new(uint32_t max_templates, size_t max_bytes, struct noetl_cache **out,
                                  struct noetl_error *err) NOETL_MUST_CHECK;
/* When no thread is at work with the cache. Templates that it gave live on, until they are freed. */
void noetl_cache_free(struct noetl_cache *cache);

/*
 * As noetl_template_compile(), and *out is the caller's in the same way, for noetl_template_free(); what was
 * asked for before comes without a compile. All options count, `name`, `load` and `load_user` too. Errors are
 * not kept. Threads that ask for the same new text at once may each compile it; none waits for another's
 * compile. When there is no memory to keep a template, it is given and not kept; with `cache` NULL none is.
 */
enum noetl_status noetl_cache_get(struct noetl_cache *cache, const char *source, size_t len,
                                  const struct noetl_template_options *options, struct noetl_template **out,
                                  struct noetl_error *err) NOETL_MUST_CHECK;

/* ---- Rendering ---------------------------------------------------------------------------------------- */

/* What a name that is not in scope does. */
enum noetl_undefined {
    NOETL_UNDEFINED_DEFAULT = 0,   /* prints as nothing, is false; its attributes are an error */
    NOETL_UNDEFINED_STRICT = 1,    /* any use is an error, except the tests and filters that ask for it */
    NOETL_UNDEFINED_CHAINABLE = 2, /* as the default, and its attributes are undefined as well */
};

/* The bounds of one render, work inside of filters included. 0 is the default. Each ends in NOETL_LIMIT. */
struct noetl_limits {
    uint64_t max_steps;  /* instructions; 5,000,000 */
    size_t max_memory;   /* bytes; 64 MiB */
    size_t max_output;   /* bytes; 16 MiB */
    uint32_t max_depth;  /* calls and includes inside each other; 64 */
    uint32_t max_digits; /* decimal digits of an integer; 10,000 */
};

/* All that a render sees of the world; from _INIT, a world without time, randomness and environment. */
struct noetl_render_inputs {
    size_t size;
    enum noetl_undefined undefined;
    int64_t now_ns; /* what now() says: nanoseconds since 1970, UTC */
    uint64_t seed;  /* what uuid() and random are made from: the same seed, the same result */
    const struct noetl_context *env; /* what `env` shows; may be NULL */
    struct noetl_limits limits;
};
#define NOETL_RENDER_INPUTS_INIT                                                                             \
    {                                                                                                        \
        sizeof(struct noetl_render_inputs), NOETL_UNDEFINED_DEFAULT, 0, 0, NULL,                             \
        {                                                                                                    \
            0, 0, 0, 0, 0                                                                                    \
        }                                                                                                    \
    }

/*
 * Renders to a text: the text as it is, or the JSON of a value of another type (NOETL_MODE_EXPRESSION,
 * _NATIVE). `context` and `inputs` may be NULL.
 */
enum noetl_status noetl_template_render(const struct noetl_template *t, const struct noetl_context *context,
                                        const struct noetl_render_inputs *inputs, struct noetl_text *out,
                                        struct noetl_error *err) NOETL_MUST_CHECK;

/*
 * Renders to JSON: a text has its quotes. Undefined is null; tuples and what loops have gone over are arrays;
 * NOETL_INVALID for a value that JSON cannot hold, as NaN.
 */
enum noetl_status noetl_template_render_json(const struct noetl_template *t,
                                             const struct noetl_context *context,
                                             const struct noetl_render_inputs *inputs, struct noetl_text *out,
                                             struct noetl_error *err) NOETL_MUST_CHECK;

/* ---- Documents ---------------------------------------------------------------------------------------- */

/* A JSON document whose texts, keys too, are templates, each compiled once and read in NOETL_MODE_NATIVE. */
struct noetl_document;

/* `name` is the path of the whole, to which leaves add theirs ("args.items[3]"); NULL for none. */
enum noetl_status noetl_document_compile(const char *json, size_t len, const char *name,
                                         struct noetl_document **out,
                                         struct noetl_error *err) NOETL_MUST_CHECK;
void noetl_document_free(struct noetl_document *document);

/* To JSON. The first leaf that cannot be rendered is the error, with its path as the place. */
enum noetl_status noetl_document_render(const struct noetl_document *document,
                                        const struct noetl_context *context,
                                        const struct noetl_render_inputs *inputs, struct noetl_text *out,
                                        struct noetl_error *err) NOETL_MUST_CHECK;
/*
 * The same, but a leaf with an undefined name stays as it is written; `unresolved` is a JSON array of
 * {"path", "message"} with those leaves.
 */
enum noetl_status noetl_document_render_partial(const struct noetl_document *document,
                                                const struct noetl_context *context,
                                                const struct noetl_render_inputs *inputs,
                                                struct noetl_text *out, struct noetl_text *unresolved,
                                                struct noetl_error *err) NOETL_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
