#include "local_render.h"

#include <stddef.h>
#include <stdio.h>

#include "render/object.h"
#include "runtime/clock.h"

/* ---- words -------------------------------------------------------------------------------------------- */

static enum status word_parse(struct str text, const char *const *words, const char *what, size_t *out,
                              struct error *err)
{
    for (*out = 0; words[*out]; (*out)++) {
        if (str_is(text, words[*out]))
            return STATUS_OK;
    }
    (void)error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is no %s", ARGSTR(text), what);
    return error_hint(err, "It is one of %s, %s, %s.", words[0], words[1], words[2]);
}

enum status render_mode_parse(struct str text, enum render_mode *out, struct error *err)
{
    static const char *const words[] = {"string", "expression", "object", NULL};
    size_t at;
    TRY(word_parse(text, words, "mode of rendering", &at, err));
    *out = (enum render_mode)at;
    return STATUS_OK;
}

enum status undefined_mode_parse(struct str text, enum undefined_mode *out, struct error *err)
{
    static const char *const words[] = {"default", "strict", "chainable", NULL};
    size_t at;
    TRY(word_parse(text, words, "way to treat undefined names", &at, err));
    *out = (enum undefined_mode)at;
    return STATUS_OK;
}

/* ---- options ------------------------------------------------------------------------------------------ */

struct text_option {
    const char *name;
    size_t offset;
};
struct flag_option {
    const char *name;
    size_t offset;
};
#define OPTION(name, member)                                                                                 \
    {                                                                                                        \
        name, offsetof(struct template_options, member)                                                      \
    }

static const struct text_option TEXT_OPTIONS[] = {
    OPTION("block_start_string", block_begin),
    OPTION("block_end_string", block_end),
    OPTION("variable_start_string", variable_begin),
    OPTION("variable_end_string", variable_end),
    OPTION("comment_start_string", comment_begin),
    OPTION("comment_end_string", comment_end),
    OPTION("line_statement_prefix", line_statement_prefix),
    OPTION("line_comment_prefix", line_comment_prefix),
    OPTION("newline_sequence", newline_sequence),
};
static const struct flag_option FLAG_OPTIONS[] = {
    OPTION("trim_blocks", trim_blocks),
    OPTION("lstrip_blocks", lstrip_blocks),
    OPTION("keep_trailing_newline", keep_trailing_newline),
    OPTION("autoescape", autoescape),
};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void *member(struct template_options *o, size_t offset)
{
    return (char *)o + offset;
}

static enum status set_option(struct template_options *o, struct str name, struct value v, struct arena *a,
                              struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(TEXT_OPTIONS); i++) {
        if (!str_is(name, TEXT_OPTIONS[i].name) || v.type != VALUE_STRING)
            continue;
        const char *text = arena_strdup(a, value_as_str(v));
        *(const char **)member(o, TEXT_OPTIONS[i].offset) = text;
        return text ? STATUS_OK : arena_error(a, err, "an option");
    }
    for (size_t i = 0; i < COUNT_OF(FLAG_OPTIONS); i++) {
        if (!str_is(name, FLAG_OPTIONS[i].name) || v.type != VALUE_BOOL)
            continue;
        *(bool *)member(o, FLAG_OPTIONS[i].offset) = v.u.b;
        return STATUS_OK;
    }
    return error_set(err, STATUS_UNSUPPORTED, "there is no option \"%" PRISTR "\" whose value is a %s",
                     ARGSTR(name), value_type_name(v));
}

static bool lists(struct value list, const char *word)
{
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len; i++) {
        if (str_is(value_as_str(list.u.list[i]), word))
            return true;
    }
    return false;
}

/* With options the template is read as Jinja2 reads it: without extensions that were not asked for. */
static enum status read_options(struct value options, struct arena *a, struct template_options *out,
                                struct error *err)
{
    *out = TEMPLATE_OPTIONS_DEFAULT;
    if (options.type != VALUE_MAP)
        return STATUS_OK;
    struct value extensions = VALUE_GET(options, "extensions");
    out->without_do = !lists(extensions, "do");
    out->without_loop_controls = !lists(extensions, "loopcontrols");
    for (uint32_t i = 0; i < options.len; i++) {
        const struct value_entry *e = &options.u.map->entries[i];
        if (!str_is(value_as_str(e->key), "extensions"))
            TRY(set_option(out, value_as_str(e->key), e->value, a, err));
    }
    return STATUS_OK;
}

/* ---- included templates ------------------------------------------------------------------------------- */

struct library {
    struct value sources;       /* a map: name → text */
    struct template **compiled; /* by place in the map; NULL: not yet */
    struct template_options options;
    struct template_cache *cache;
};

static enum status compile_entry(struct library *lib, uint32_t at, struct str name, struct error *err)
{
    char text[128];
    struct str source = value_as_str(lib->sources.u.map->entries[at].value);
    (void)snprintf(text, sizeof(text), "%" PRISTR, ARGSTR(str_head(name, sizeof(text) - 1)));
    return template_cache_get(lib->cache, source, TEMPLATE_STRING, text, &lib->options, &lib->compiled[at],
                              err);
}

static enum status load(void *user, struct str name, const struct template **out, struct error *err)
{
    struct library *lib = user;
    for (uint32_t i = 0; lib->sources.type == VALUE_MAP && i < lib->sources.len; i++) {
        if (!str_equal(value_as_str(lib->sources.u.map->entries[i].key), name))
            continue;
        if (!lib->compiled[i])
            TRY(compile_entry(lib, i, name, err));
        *out = lib->compiled[i];
        return STATUS_OK;
    }
    return error_set(err, STATUS_NOT_FOUND, "there is no template \"%" PRISTR "\"", ARGSTR(name));
}

static enum status library_open(struct library *lib, const struct local_render *r, struct arena *a,
                                struct error *err)
{
    *lib = (struct library){.sources = r->templates, .cache = r->cache};
    TRY(read_options(r->options, a, &lib->options, err));
    lib->options.loader = (struct template_loader){load, lib};
    if (r->templates.type != VALUE_MAP)
        return STATUS_OK;
    lib->compiled = ARENA_ARRAY(a, struct template *, r->templates.len + 1);
    return lib->compiled ? STATUS_OK : arena_error(a, err, "the templates");
}

static void library_close(struct library *lib)
{
    for (uint32_t i = 0; lib->compiled && i < lib->sources.len; i++)
        template_free(lib->compiled[i]);
}

/* ---- rendering ---------------------------------------------------------------------------------------- */

static enum status render_object(const struct local_render *r, const struct scope *scope,
                                 const struct render_inputs *inputs, struct arena *a, struct value *out,
                                 struct error *err)
{
    struct object_template *o;
    TRY(object_compile_cached(r->template, "template", r->cache, &o, err));
    enum status status = object_render(o, scope, inputs, a, out, err);
    object_free(o);
    return status;
}

static enum status render_text(const struct local_render *r, struct library *lib, const struct scope *scope,
                               const struct render_inputs *inputs, struct arena *a, struct value *out,
                               struct error *err)
{
    struct template *t;
    enum template_mode mode = r->mode == RENDER_EXPRESSION ? TEMPLATE_EXPRESSION : TEMPLATE_STRING;
    if (r->template.type != VALUE_STRING)
        return error_set(err, STATUS_INVALID, "the template is a %s, and must be text",
                         value_type_name(r->template));
    TRY(template_cache_get(r->cache, value_as_str(r->template), mode, "template", &lib->options, &t, err));
    enum status status = template_render(t, scope, inputs, a, out, err);
    template_free(t);
    return status;
}

enum status local_render(const struct local_render *r, struct arena *a, struct value *out, struct error *err)
{
    struct library lib;
    int64_t now_ns = wall_now().ns;
    const struct render_inputs inputs = {
        .undefined = r->undefined, .now_ns = now_ns, .seed = (uint64_t)now_ns};
    const struct scope scope = {.names = r->context.type == VALUE_MAP ? r->context : VALUE_EMPTY_MAP};
    TRY(library_open(&lib, r, a, err));
    enum status status = r->mode == RENDER_OBJECT ? render_object(r, &scope, &inputs, a, out, err)
                                                  : render_text(r, &lib, &scope, &inputs, a, out, err);
    library_close(&lib);
    if (status == STATUS_OK && value_is_absent(*out))
        *out = value_null();
    return status;
}
