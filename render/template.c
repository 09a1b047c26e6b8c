#include "template.h"

#include <stdlib.h>

#include "compiler.h"
#include "inherit.h"
#include "parser.h"
#include "thing.h"

enum {
    MAX_SOURCE = 1 << 20,
    COMPILE_MEMORY = 256 << 20, /* of a compile; far more than a template of 1 MiB needs */
};

const struct template_options TEMPLATE_OPTIONS_DEFAULT = {
    .block_begin = "{%",
    .block_end = "%}",
    .variable_begin = "{{",
    .variable_end = "}}",
    .comment_begin = "{#",
    .comment_end = "#}",
    .newline_sequence = "\n",
};

/* ---- Compiling ---------------------------------------------------------------------------------- */

/* The inside of a text that is one {{ … }} and nothing else. */
static bool is_single_print(const struct node *body)
{
    return body && !body->next && body->kind == NODE_OUTPUT && body->a && !body->a->next &&
           !(body->a->flags & NODE_TEXT);
}

/* For TEMPLATE_NATIVE white space around the braces does not make it a text. */
static struct str source_to_read(struct str source, enum template_mode mode)
{
    if (mode != TEMPLATE_NATIVE)
        return source;
    struct str trimmed = str_trim(source);
    bool print = str_starts_with(trimmed, STR("{{")) && str_ends_with(trimmed, STR("}}"));
    return print ? trimmed : source;
}

static enum status compile_into(struct template *t, struct arena *scratch, struct str source,
                                enum template_mode mode, const struct template_options *options,
                                struct error *err)
{
    struct parser *p = ARENA_NEW(scratch, struct parser);
    struct compiler c = {.scratch = scratch, .t = t, .err = err};
    struct node *body;
    if (!p)
        return arena_error(scratch, err, "the compile of a template");
    struct str to_read = source_to_read(source, mode);
    TRY(parser_begin(p, scratch, to_read, mode == TEMPLATE_EXPRESSION, options, err));
    t->source.ptr = arena_strdup(&t->arena, p->lexer.source);
    t->source.len = p->lexer.source.len;
    if (!t->source.ptr)
        return arena_error(&t->arena, err, "the template's text");
    c.source = t->source;
    if (mode == TEMPLATE_EXPRESSION) {
        TRY(parse_bare_expression(p, &body));
        return compile_expression_template(&c, body);
    }
    TRY(parse_template(p, &body));
    if (mode == TEMPLATE_NATIVE && is_single_print(body)) {
        t->mode = TEMPLATE_EXPRESSION;
        t->refuses_undefined = true;
        return compile_expression_template(&c, body->a);
    }
    if (to_read.len != source.len) { /* more than one print: the white space belongs to the text after all */
        t->mode = TEMPLATE_STRING;
        return compile_into(t, scratch, source, TEMPLATE_STRING, options, err);
    }
    return compile_template(&c, body);
}

static bool copy_loader(struct template *t, const struct template_loader *loader)
{
    t->loader = *loader;
    if (loader->user_bytes == 0)
        return true;
    t->loader.user = arena_alloc(&t->arena, loader->user_bytes);
    if (t->loader.user)
        memcpy(t->loader.user, loader->user, loader->user_bytes);
    return t->loader.user != NULL;
}

enum status template_compile_with(struct str source, enum template_mode mode, const char *name,
                                  const struct template_options *options, struct template **out,
                                  struct error *err)
{
    *out = NULL;
    if (source.len > MAX_SOURCE) {
        error_set(err, STATUS_LIMIT, "the template has %zu bytes, more than the %d that are allowed",
                  source.len, MAX_SOURCE);
        return error_place(err, "%s", name);
    }
    struct template *t = (struct template *)calloc(1, sizeof *t);
    if (!t)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a template");
    struct arena scratch;
    arena_init(&scratch, COMPILE_MEMORY);
    arena_init(&t->arena, COMPILE_MEMORY);
    const struct template_options *o = options ? options : &TEMPLATE_OPTIONS_DEFAULT;
    t->references = 1;
    t->mode = mode;
    t->autoescape = o->autoescape;
    t->name = (struct str){arena_strdup(&t->arena, str_of(name)), name ? strlen(name) : 0};
    enum status s = t->name.ptr && copy_loader(t, &o->loader)
                        ? compile_into(t, &scratch, source, mode, o, err)
                        : arena_error(&t->arena, err, "the template's name");
    arena_free(&scratch);
    if (s != STATUS_OK) {
        template_free(t);
        return name && *name ? error_place(err, "%s", name) : s;
    }
    *out = t;
    return STATUS_OK;
}

enum status template_compile(struct str source, enum template_mode mode, const char *name,
                             struct template **out, struct error *err)
{
    return template_compile_with(source, mode, name, NULL, out, err);
}

struct template *template_ref(struct template *t)
{
    __atomic_add_fetch(&t->references, 1, __ATOMIC_RELAXED);
    return t;
}

void template_free(struct template *t)
{
    /* The last one must see what the others did before they let go. */
    if (!t || __atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    arena_free(&t->arena);
    free(t);
}

bool template_is_template(struct str source)
{
    for (size_t i = 0; i + 1 < source.len; i++) {
        const char *hit = memchr(source.ptr + i, '{', source.len - 1 - i);
        if (!hit)
            return false;
        i = (size_t)(hit - source.ptr);
        if (hit[1] == '{' || hit[1] == '%' || hit[1] == '#')
            return true;
    }
    return false;
}

/* ---- Rendering ---------------------------------------------------------------------------------- */

static const struct render_limits DEFAULT_LIMITS = {
    .max_steps = 5000000,
    .max_memory = (size_t)64 << 20,
    .max_output = (size_t)16 << 20,
    .max_depth = 64,
    .max_digits = 10000,
};

#define LIMIT(limits, member) ((limits)->member ? (limits)->member : DEFAULT_LIMITS.member)

static void begin_vm(struct vm *vm, const struct template *t, const struct render_inputs *inputs,
                     struct arena *a, struct error *err)
{
    const struct render_limits *limits = &inputs->limits;
    *vm = (struct vm){
        .inputs = inputs,
        .arena = a,
        .err = err,
        .steps = LIMIT(limits, max_steps),
        .max_steps = LIMIT(limits, max_steps),
        .max_output = LIMIT(limits, max_output),
        .max_digits = LIMIT(limits, max_digits),
        .max_depth = LIMIT(limits, max_depth),
        .autoescape = t->autoescape,
        .mutates = t->mutates,
        .undefined = inputs->undefined,
        .refuses_undefined = t->refuses_undefined,
        .random = inputs->seed,
    };
    writer_begin(&vm->out, vm);
}

static enum status render(struct vm *vm, const struct template *t, const struct scope *scope,
                          struct value *out)
{
    struct context context = {.scope = scope};
    struct frame *f;
    TRY(vm_new_frame(vm, t, &t->codes[0], &f));
    f->context = &context;
    if (t->block_count > 0)
        TRY(inherit_add_blocks(vm, &context, t));
    TRY(vm_run(vm, f, out));
    if (t->mode != TEMPLATE_EXPRESSION)
        return writer_end(&vm->out, out);
    TRY(thing_freeze(vm, *out, out));
    vm->frame = f; /* for the message about an undefined result: which names were in scope */
    if (t->refuses_undefined && undefined_strict(vm, *out) != STATUS_OK)
        return error_place(vm->err, "%" PRISTR, ARGSTR(t->name));
    return STATUS_OK;
}

/* Whether the render made it; else it is the template's or the context's, with all that is in it. */
static bool is_made_since(const struct arena *a, const struct arena_mark *begin, struct value v)
{
    bool points = v.type == VALUE_LIST || v.type == VALUE_MAP || v.type == VALUE_STRING;
    return points && arena_is_since(a, begin, v.u.object);
}

enum status template_render(const struct template *t, const struct scope *scope,
                            const struct render_inputs *inputs, struct arena *a, struct value *out,
                            struct error *err)
{
    static const struct render_inputs NO_INPUTS;
    struct error unseen;
    struct vm vm;
    err = err ? err : &unseen;
    err->line = 0;
    inputs = inputs ? inputs : &NO_INPUTS;
    begin_vm(&vm, t, inputs, a, err);
    size_t limit = a->limit, own = a->used + LIMIT(&inputs->limits, max_memory);
    a->limit = limit && limit < own ? limit : own;
    struct arena_mark begin = arena_mark(a);
    enum status s = render(&vm, t, scope, out);
    if (s == STATUS_OK && t->mode == TEMPLATE_EXPRESSION) {
        /* What was there before has a size already: however large, it may be passed on. */
        if (!is_made_since(a, &begin, *out))
            a->limit = limit;
        s = value_copy(a, *out, out, err);
    }
    a->limit = limit;
    return s;
}

void template_each_name(const struct template *t, template_name_found *found, void *user)
{
    for (uint32_t c = 0; c < t->code_count; c++) {
        const struct code *code = &t->codes[c];
        for (uint32_t slot = code->parameters; slot < code->slots; slot++) {
            struct str name = value_as_str(t->constants[code->slot_names[slot]]);
            if (name.len)
                found(user, name);
        }
    }
}

/* ---- Conditions --------------------------------------------------------------------------------- */

bool condition_is_true(struct value v)
{
    static const char *const TRUE[] = {"true", "1", "yes"};
    if (v.type != VALUE_STRING) {
        switch (v.type) {
        case VALUE_UNDEFINED:
        case VALUE_NULL: return false;
        case VALUE_BOOL: return v.u.b;
        case VALUE_INT: return v.u.i != 0;
        case VALUE_FLOAT: return v.u.f != 0;
        case VALUE_LIST:
        case VALUE_MAP: return v.len > 0;
        default: return true;
        }
    }
    struct str s = str_trim(value_as_str(v));
    for (size_t i = 0; i < sizeof TRUE / sizeof *TRUE; i++) {
        size_t n = 0;
        while (n < s.len && TRUE[i][n] && (s.ptr[n] | 0x20) == (TRUE[i][n] | 0x20))
            n++;
        if (n == s.len && !TRUE[i][n])
            return true;
    }
    return false;
}

enum status condition_compile(struct str source, const char *name, struct template **out, struct error *err)
{
    bool bare = !template_is_template(source);
    TRY(template_compile(bare ? str_trim(source) : source, bare ? TEMPLATE_EXPRESSION : TEMPLATE_NATIVE, name,
                         out, err));
    if (*out)
        (*out)->refuses_undefined = true;
    return STATUS_OK;
}
