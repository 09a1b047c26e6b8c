#include <stdlib.h>

#include "convert.h"
#include "render/template_cache.h"

struct noetl_template {
    struct template *compiled;
};

struct noetl_cache {
    struct template_cache *templates;
};

/* What the engine's loader needs of the options; each compiled template has a copy. */
struct loading {
    noetl_load load;
    void *user;
};

/* ---- Compiling ---------------------------------------------------------------------------------- */

static enum status not_found(const char *name, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "%s", name);
}

/* The engine's loader in terms of the caller's. The name is zero-terminated for it. */
static enum status load(void *user, struct str name, const struct template **out, struct error *err)
{
    const struct loading *from = (const struct loading *)user;
    const struct noetl_template *found = NULL;
    struct noetl_error failure = {0};
    char *text = (char *)malloc(name.len + 1);
    if (!text)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a template's name");
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    enum noetl_status loaded = from->load(from->user, text, &found, &failure);
    enum status s = engine_result(loaded, &failure, err);
    if (s == STATUS_NOT_FOUND && !failure.message[0])
        s = not_found(text, err);
    else if (s == STATUS_OK && !found)
        s = error_set(err, STATUS_INTERNAL, "the loader gave no template for '%s' and said that it is well",
                      text);
    free(text);
    if (s == STATUS_OK && found)
        *out = found->compiled;
    return s;
}

static enum status check_options(const struct noetl_template_options *o, struct error *err)
{
    if (o->size != sizeof *o)
        return error_set(err, STATUS_INVALID,
                         "the options of a template were not started from NOETL_TEMPLATE_OPTIONS_INIT");
    if ((unsigned)o->mode > NOETL_MODE_NATIVE)
        return error_set(err, STATUS_INVALID, "%d is no mode of a template", (int)o->mode);
    const char *needed[] = {o->block_start_string,  o->block_end_string,     o->variable_start_string,
                            o->variable_end_string, o->comment_start_string, o->comment_end_string,
                            o->newline_sequence};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!needed[i] || !*needed[i])
            return error_set(err, STATUS_INVALID, "a delimiter of the template's options is empty");
    }
    return STATUS_OK;
}

static struct template_options engine_options(const struct noetl_template_options *o, struct loading *loading)
{
    return (struct template_options){
        .block_begin = o->block_start_string,
        .block_end = o->block_end_string,
        .variable_begin = o->variable_start_string,
        .variable_end = o->variable_end_string,
        .comment_begin = o->comment_start_string,
        .comment_end = o->comment_end_string,
        .line_statement_prefix = o->line_statement_prefix,
        .line_comment_prefix = o->line_comment_prefix,
        .newline_sequence = o->newline_sequence,
        .trim_blocks = o->trim_blocks,
        .lstrip_blocks = o->lstrip_blocks,
        .keep_trailing_newline = o->keep_trailing_newline,
        .autoescape = o->autoescape,
        .without_do = o->without_do,
        .without_loop_controls = o->without_loop_controls,
        .loader = {.load = o->load ? load : NULL, .user = loading, .user_bytes = sizeof *loading},
    };
}

/* `cache` may be NULL. */
static enum status compile(struct noetl_cache *cache, const char *source, size_t len,
                           const struct noetl_template_options *o, struct noetl_template **out,
                           struct error *err)
{
    struct str text;
    TRY(engine_str(source, len, &text, err));
    TRY(check_options(o, err));
    struct noetl_template *t = (struct noetl_template *)calloc(1, sizeof *t);
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a template");
    struct loading loading = {o->load, o->load_user};
    struct template_options options = engine_options(o, &loading);
    enum status s = template_cache_get(cache ? cache->templates : NULL, text, (enum template_mode)o->mode,
                                       o->name ? o->name : "", &options, &t->compiled, err);
    if (s != STATUS_OK) {
        noetl_template_free(t);
        return s;
    }
    *out = t;
    return STATUS_OK;
}

static enum noetl_status compile_or_default(struct noetl_cache *cache, const char *source, size_t len,
                                            const struct noetl_template_options *options,
                                            struct noetl_template **out, struct noetl_error *err)
{
    static const struct noetl_template_options DEFAULTS = NOETL_TEMPLATE_OPTIONS_INIT;
    struct error failure;
    *out = NULL;
    enum status s = compile(cache, source, len, options ? options : &DEFAULTS, out, &failure);
    return public_result(s, &failure, err);
}

enum noetl_status noetl_template_compile(const char *source, size_t len,
                                         const struct noetl_template_options *options,
                                         struct noetl_template **out, struct noetl_error *err)
{
    return compile_or_default(NULL, source, len, options, out, err);
}

void noetl_template_free(struct noetl_template *t)
{
    if (!t)
        return;
    template_free(t->compiled);
    free(t);
}

/* ---- Caches ------------------------------------------------------------------------------------- */

static enum status open_cache(uint32_t max_templates, size_t max_bytes, struct noetl_cache **out,
                              struct error *err)
{
    if (max_templates == 0)
        return error_set(err, STATUS_INVALID, "a cache of no templates keeps nothing");
    struct noetl_cache *cache = (struct noetl_cache *)calloc(1, sizeof *cache);
    if (!cache)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a cache");
    enum status s = template_cache_new(max_templates, max_bytes, &cache->templates, err);
    if (s != STATUS_OK) {
        free(cache);
        return s;
    }
    *out = cache;
    return STATUS_OK;
}

enum noetl_status noetl_cache_new(uint32_t max_templates, size_t max_bytes, struct noetl_cache **out,
                                  struct noetl_error *err)
{
    struct error failure;
    *out = NULL;
    return public_result(open_cache(max_templates, max_bytes, out, &failure), &failure, err);
}

void noetl_cache_free(struct noetl_cache *cache)
{
    if (!cache)
        return;
    template_cache_free(&cache->templates);
    free(cache);
}

enum noetl_status noetl_cache_get(struct noetl_cache *cache, const char *source, size_t len,
                                  const struct noetl_template_options *options, struct noetl_template **out,
                                  struct noetl_error *err)
{
    return compile_or_default(cache, source, len, options, out, err);
}

/* ---- Rendering ---------------------------------------------------------------------------------- */

static enum status render(const struct noetl_template *t, const struct noetl_context *context,
                          const struct noetl_render_inputs *inputs, bool json, struct noetl_text *out,
                          struct error *err)
{
    struct render_inputs with;
    struct scope scope = engine_scope(context);
    struct arena a;
    struct value v;
    TRY(engine_inputs(inputs, &with, err));
    arena_init(&a, 0);
    enum status s = template_render(t->compiled, &scope, &with, &a, &v, err);
    if (s == STATUS_OK && !json && v.type == VALUE_STRING)
        s = public_text(value_as_str(v), out, err);
    else if (s == STATUS_OK)
        s = public_json(v, out, err);
    arena_free(&a);
    return s;
}

enum noetl_status noetl_template_render(const struct noetl_template *t, const struct noetl_context *context,
                                        const struct noetl_render_inputs *inputs, struct noetl_text *out,
                                        struct noetl_error *err)
{
    struct error failure;
    *out = (struct noetl_text){0};
    return public_result(render(t, context, inputs, false, out, &failure), &failure, err);
}

enum noetl_status noetl_template_render_json(const struct noetl_template *t,
                                             const struct noetl_context *context,
                                             const struct noetl_render_inputs *inputs, struct noetl_text *out,
                                             struct noetl_error *err)
{
    struct error failure;
    *out = (struct noetl_text){0};
    return public_result(render(t, context, inputs, true, out, &failure), &failure, err);
}
