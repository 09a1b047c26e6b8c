#include "case.h"

/* The templates that a case brings along. Each is compiled when it is first asked for. */
struct library {
    struct value sources; /* a map */
    struct template_options options;
    struct {
        struct str name;
        struct template *t;
    } * compiled;
    uint32_t count;
    struct arena *arena;
};

static enum status library_load(void *user, struct str name, const struct template **out, struct error *err)
{
    struct library *library = (struct library *)user;
    struct value source = value_get(library->sources, name);
    if (source.type != VALUE_STRING)
        return error_set(err, STATUS_NOT_FOUND, "%" PRISTR, ARGSTR(name));
    for (uint32_t i = 0; i < library->count; i++) {
        if (str_equal(library->compiled[i].name, name)) {
            *out = library->compiled[i].t;
            return STATUS_OK;
        }
    }
    struct template *t;
    char *text = arena_strdup(library->arena, name);
    if (!text)
        return arena_error(library->arena, err, "a template's name");
    TRY(template_compile_with(value_as_str(source), TEMPLATE_STRING, text, &library->options, &t, err));
    library->compiled[library->count].name = (struct str){text, name.len};
    library->compiled[library->count++].t = t;
    *out = t;
    return STATUS_OK;
}

static enum status library_open(struct library *library, struct arena *a, struct value sources,
                                struct error *err)
{
    uint32_t count = sources.type == VALUE_MAP ? sources.len : 0;
    *library = (struct library){.sources = sources, .arena = a};
    library->compiled = arena_zalloc(a, count, sizeof *library->compiled);
    return library->compiled ? STATUS_OK : arena_error(a, err, "the templates of a case");
}

static void library_close(struct library *library)
{
    for (uint32_t i = 0; i < library->count; i++)
        template_free(library->compiled[i].t);
}

/* ---- Reading the description -------------------------------------------------------------------- */

static enum status read_text(struct arena *a, struct value options, const char *name, const char **out,
                             struct error *err)
{
    struct value v = value_get(options, str_of(name));
    if (value_is_absent(v) || v.type == VALUE_NULL)
        return STATUS_OK;
    if (v.type != VALUE_STRING || v.len == 0)
        return error_set(err, STATUS_INVALID, "the option %s has to be a text that is not empty", name);
    *out = arena_strdup(a, value_as_str(v));
    return *out ? STATUS_OK : arena_error(a, err, "an option");
}

static bool lists(struct value extensions, const char *name)
{
    for (uint32_t i = 0; extensions.type == VALUE_LIST && i < extensions.len; i++) {
        if (str_is(value_as_str(extensions.u.list[i]), name))
            return true;
    }
    return false;
}

static bool is_on(struct value options, const char *name)
{
    struct value v = value_get(options, str_of(name));
    return v.type == VALUE_BOOL && v.u.b;
}

/* As Jinja's Environment has them: the extensions are off unless they are named. */
static enum status read_options(struct arena *a, struct value options, struct template_options *o,
                                struct error *err)
{
    struct value extensions = VALUE_GET(options, "extensions");
    *o = TEMPLATE_OPTIONS_DEFAULT;
    TRY(read_text(a, options, "block_start_string", &o->block_begin, err));
    TRY(read_text(a, options, "block_end_string", &o->block_end, err));
    TRY(read_text(a, options, "variable_start_string", &o->variable_begin, err));
    TRY(read_text(a, options, "variable_end_string", &o->variable_end, err));
    TRY(read_text(a, options, "comment_start_string", &o->comment_begin, err));
    TRY(read_text(a, options, "comment_end_string", &o->comment_end, err));
    TRY(read_text(a, options, "line_statement_prefix", &o->line_statement_prefix, err));
    TRY(read_text(a, options, "line_comment_prefix", &o->line_comment_prefix, err));
    TRY(read_text(a, options, "newline_sequence", &o->newline_sequence, err));
    o->trim_blocks = is_on(options, "trim_blocks");
    o->lstrip_blocks = is_on(options, "lstrip_blocks");
    o->keep_trailing_newline = is_on(options, "keep_trailing_newline");
    o->autoescape = is_on(options, "autoescape");
    o->without_do = !lists(extensions, "do");
    o->without_loop_controls = !lists(extensions, "loopcontrols");
    return STATUS_OK;
}

static enum status read_word(struct value description, const char *name, const char *const *words, int *out,
                             struct error *err)
{
    struct value v = value_get(description, str_of(name));
    *out = 0;
    for (int i = 0; words[i]; i++) {
        if (value_is_absent(v) || str_is(value_as_str(v), words[i])) {
            *out = i;
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_INVALID, "the member %s of a case is not one of its words", name);
}

/* ---- Rendering ---------------------------------------------------------------------------------- */

static enum status render(struct str source, int mode, const struct template_options *options,
                          struct value context, const struct render_inputs *inputs, struct arena *a,
                          struct value *out, struct error *err)
{
    struct template *t;
    struct scope scope = {context, NULL};
    TRY(template_compile_with(source, (enum template_mode)mode, "", options, &t, err));
    enum status s = template_render(t, &scope, inputs, a, out, err);
    template_free(t);
    return s;
}

enum status case_render(struct value description, const struct render_inputs *inputs, struct arena *a,
                        struct value *out, struct error *err)
{
    static const char *const MODES[] = {"string", "expression", "native", NULL};
    static const char *const UNDEFINED[] = {"default", "strict", "chainable", NULL};
    struct value source = VALUE_GET(description, "template"), context = VALUE_GET(description, "context");
    struct render_inputs with = inputs ? *inputs : (struct render_inputs){0};
    struct library library;
    int mode, undefined;
    if (source.type != VALUE_STRING)
        return error_set(err, STATUS_INVALID, "a case needs a member template, a text");
    if (!value_is_absent(context) && context.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "the member context of a case has to be a map");
    TRY(read_word(description, "mode", MODES, &mode, err));
    TRY(read_word(description, "undefined", UNDEFINED, &undefined, err));
    TRY(library_open(&library, a, VALUE_GET(description, "templates"), err));
    TRY(read_options(a, VALUE_GET(description, "options"), &library.options, err));
    with.undefined = (enum undefined_mode)undefined;
    library.options.loader = (struct template_loader){library_load, &library};
    enum status s = render(value_as_str(source), mode, &library.options, context, &with, a, out, err);
    library_close(&library);
    return s;
}

enum status case_outcome(struct arena *a, struct value description, enum status status, struct value result,
                         const struct error *failure, struct value *out, struct error *err)
{
    struct map_builder line, error;
    struct value v;
    map_begin(&line, a);
    map_put(&line, STR("id"),
            value_is_absent(VALUE_GET(description, "id")) ? value_null() : VALUE_GET(description, "id"));
    if (status == STATUS_OK) {
        map_put(&line, STR("result"), value_is_absent(result) ? value_null() : result);
        return map_end(&line, out, err);
    }
    map_begin(&error, a);
    TRY(value_copy(a, value_text(failure->message), &v, err));
    map_put(&error, STR("kind"), value_text(status_name(status)));
    map_put(&error, STR("message"), v);
    if (failure->line)
        map_put(&error, STR("line"), value_int(failure->line));
    TRY(map_end(&error, &v, err));
    map_put(&line, STR("error"), v);
    return map_end(&line, out, err);
}
