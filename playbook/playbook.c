#include "playbook.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/digest.h"

#include "compile.h"

/* What compiling 1 MiB of text may take: its tree, then the playbook with a reach matrix of 2,000 × 2,000. */
static const struct compile_memory MEMORY = {.scratch_bytes = 512 << 20, .playbook_bytes = 256 << 20};

static const struct {
    const char *word;
    bool is_tool;
} TYPES[] = {
#define X(name, word, tool, doc) {word, tool},
#include "step_type.def"
#undef X
};

const char *step_type_name(enum step_type t)
{
    return t < STEP_TYPE_COUNT ? TYPES[t].word : "?";
}

bool step_type_is_tool(enum step_type t)
{
    return t < STEP_TYPE_COUNT && TYPES[t].is_tool;
}

bool step_type_has_attempts(enum step_type t)
{
    return step_type_is_tool(t) || step_type_has_items(t) || t == STEP_PLAYBOOK || t == STEP_SIGNAL;
}

bool step_type_has_items(enum step_type t)
{
    return t == STEP_ITERATOR || t == STEP_PLAYBOOKS;
}

/* ---- the compiler's memory -------------------------------------------------------------------- */

void compilation_stop(struct compilation *c, enum status status)
{
    if (c->status == STATUS_OK)
        c->status = status;
}

static void *allocate(struct compilation *c, struct arena *a, size_t count, size_t size)
{
    void *p = arena_zalloc(a, count, size);
    if (!p)
        compilation_stop(c, arena_error(a, c->err, "compiling a playbook"));
    return p;
}

void *compilation_keep(struct compilation *c, size_t count, size_t size)
{
    return allocate(c, &c->playbook->arena, count, size);
}

void *compilation_alloc(struct compilation *c, size_t count, size_t size)
{
    return allocate(c, c->scratch, count, size);
}

struct str compilation_keep_str(struct compilation *c, struct str s)
{
    struct str copy = {arena_strdup(&c->playbook->arena, s), s.len};
    if (copy.ptr)
        return copy;
    compilation_stop(c, arena_error(&c->playbook->arena, c->err, "compiling a playbook"));
    return STR("");
}

struct value compilation_keep_value(struct compilation *c, struct value v)
{
    struct value copy = value_null();
    compilation_stop(c, value_copy(&c->playbook->arena, v, &copy, c->err));
    return copy;
}

struct value compilation_overlay(struct compilation *c, struct value base, struct value over)
{
    struct map_builder m;
    if (value_is_absent(base) || value_is_absent(over))
        return value_is_absent(over) ? base : over;
    map_begin(&m, c->scratch);
    map_put_all(&m, base);
    map_put_all(&m, over);
    struct value merged = VALUE_EMPTY_MAP;
    compilation_stop(c, map_end(&m, &merged, c->err));
    return merged;
}

const char *compilation_printf(struct compilation *c, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const char *copy = length < 0 ? NULL : arena_strdup(c->scratch, str_of(text));
    if (copy)
        return copy;
    compilation_stop(c, arena_error(c->scratch, c->err, "compiling a playbook"));
    return "?";
}

/* ---- life ------------------------------------------------------------------------------------- */

static void free_step(struct step *step)
{
    action_free(&step->action);
    object_free(step->result);
    for (uint32_t i = 0; step->edges && i < step->edge_count; i++)
        object_free(step->edges[i].args);
    for (uint32_t i = 0; step->nodes && i < step->node_count; i++)
        template_free(step->nodes[i].when);
}

static void playbook_free(struct playbook *p)
{
    for (uint32_t i = 0; i < p->step_count; i++)
        free_step(&p->steps[i]);
    arena_free(&p->arena);
    free(p);
}

struct playbook *playbook_ref(struct playbook *p)
{
    __atomic_add_fetch(&p->references, 1, __ATOMIC_RELAXED);
    return p;
}

void playbook_unref(struct playbook *p)
{
    /* The last one must see what the others did before they let go. */
    if (p && __atomic_sub_fetch(&p->references, 1, __ATOMIC_ACQ_REL) == 0)
        playbook_free(p);
}

static struct playbook *playbook_new(struct str text, size_t memory)
{
    struct playbook *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->references = 1;
    p->end = -1;
    arena_init(&p->arena, memory);
    sha256_hex(text, p->digest);
    return p;
}

/* ---- compiling -------------------------------------------------------------------------------- */

static const struct diagnostic *first_error(const struct diagnostics *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->items[i].severity == SEVERITY_ERROR)
            return &d->items[i];
    }
    return NULL;
}

static bool has_code(const struct diagnostics *d, enum diagnostic_code code)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (str_is(d->items[i].code, diagnostic_code_name(code)))
            return true;
    }
    return false;
}

/* The first error and how many there are, as one. */
static enum status refuse(const struct diagnostics *d, const char *file, struct error *err)
{
    const struct diagnostic *first = first_error(d);
    enum status status = has_code(d, DIAGNOSTIC_SYNTAX) ? STATUS_SYNTAX : STATUS_INVALID;
    if (!first)
        return error_set(err, status, "%s has %u errors", file, d->errors);
    if (d->errors > 1)
        error_set(err, status, "%" PRISTR " (the first of %u errors)", ARGSTR(first->message), d->errors);
    else
        error_set(err, status, "%" PRISTR, ARGSTR(first->message));
    error_place(err, "%s", file);
    error_at(err, first->at.line, first->at.column);
    if (first->hint.len)
        error_hint(err, "%" PRISTR, ARGSTR(first->hint));
    return status;
}

static enum status read_all(struct compilation *c, struct source *source, struct str text)
{
    struct ynode *root;
    TRY(source_open(source, c->scratch, text, c->err));
    TRY(ynode_read(c->scratch, source, c->diagnostics, &root, c->err));
    if (!root)
        return STATUS_OK;
    document_read(c, root);
    if (c->status == STATUS_OK)
        graph_build(c);
    if (c->status == STATUS_OK && c->diagnostics->errors == 0)
        playbook_link(c);
    return c->status;
}

enum status playbook_compile(struct str text, const char *file, struct diagnostics *diagnostics,
                             struct playbook **out, struct error *err)
{
    return playbook_compile_within(&MEMORY, text, file, diagnostics, out, err);
}

enum status playbook_compile_within(const struct compile_memory *memory, struct str text, const char *file,
                                    struct diagnostics *diagnostics, struct playbook **out, struct error *err)
{
    struct arena scratch;
    struct source source;
    struct error own;
    struct compilation c = {
        .source = &source, .diagnostics = diagnostics, .scratch = &scratch, .err = err ? err : &own};
    *out = NULL;
    c.playbook = playbook_new(text, memory->playbook_bytes);
    if (!c.playbook)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the playbook %s", file);
    arena_init(&scratch, memory->scratch_bytes);
    enum status status = read_all(&c, &source, text);
    arena_free(&scratch);
    diagnostics_sort(diagnostics);
    if (status == STATUS_OK && diagnostics->failed)
        status = error_set(err, STATUS_NO_MEMORY, "no memory for what is wrong with the playbook %s", file);
    if (status == STATUS_OK && diagnostics->errors)
        status = refuse(diagnostics, file, err);
    if (status == STATUS_OK)
        *out = c.playbook;
    else
        playbook_unref(c.playbook);
    return status;
}

static enum status find_path(struct arena *scratch, struct diagnostics *d, struct arena *a, struct str text,
                             struct str *out, struct error *err)
{
    struct source source;
    struct ynode *root;
    TRY(source_open(&source, scratch, text, err));
    TRY(ynode_read(scratch, &source, d, &root, err));
    const struct child *path = root ? document_path(root) : NULL;
    struct str found = path ? value_as_str(path->node->value) : STR("");
    *out = (struct str){arena_strdup(a, found), found.len};
    return out->ptr ? STATUS_OK : arena_error(a, err, "the path of a playbook");
}

enum status playbook_path(struct arena *a, struct str text, struct str *out, struct error *err)
{
    struct arena scratch;
    struct diagnostics d;
    arena_init(&scratch, MEMORY.scratch_bytes);
    diagnostics_init(&d);
    enum status status = find_path(&scratch, &d, a, text, out, err);
    diagnostics_free(&d);
    arena_free(&scratch);
    return status;
}
