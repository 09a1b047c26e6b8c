#include "object.h"

#include <stdlib.h>

#include "core/json.h"

/* A document's template: what each node of the document is, in the same shape. */
struct part {
    enum { PART_CONSTANT, PART_TEMPLATE, PART_LIST, PART_MAP } kind;
    struct value value;        /* as written */
    struct template *template; /* PART_TEMPLATE */
    struct part *items;        /* of a list; of a map: key, value, key, value, … */
    struct str path;
};

struct object_template {
    struct arena arena;
    struct template_cache *cache; /* while it is compiled */
    struct part root;
};

enum { MAX_DEPTH = 128 };

/* ---- Compiling ---------------------------------------------------------------------------------- */

static enum status compile_part(struct object_template *o, struct value v, struct str path, uint32_t depth,
                                struct part *out, struct error *err);

static enum status child_path(struct object_template *o, struct str path, struct value key, uint32_t index,
                              struct str *out)
{
    if (key.type != VALUE_STRING)
        *out = arena_printf(&o->arena, "%" PRISTR "[%u]", ARGSTR(path), index);
    else
        *out = arena_printf(&o->arena, "%" PRISTR "%s%" PRISTR, ARGSTR(path), path.len ? "." : "",
                            ARGSTR(value_as_str(key)));
    return out->ptr ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status no_memory(struct object_template *o, struct error *err)
{
    return arena_error(&o->arena, err, "the templates of a document");
}

static enum status compile_list(struct object_template *o, uint32_t depth, struct part *out,
                                struct error *err)
{
    struct value v = out->value;
    bool constant = true;
    out->items = ARENA_ARRAY(&o->arena, struct part, v.len);
    if (!out->items)
        return no_memory(o, err);
    for (uint32_t i = 0; i < v.len; i++) {
        struct str path;
        if (child_path(o, out->path, value_null(), i, &path) != STATUS_OK)
            return no_memory(o, err);
        TRY(compile_part(o, v.u.list[i], path, depth + 1, &out->items[i], err));
        constant = constant && out->items[i].kind == PART_CONSTANT;
    }
    out->kind = constant ? PART_CONSTANT : PART_LIST;
    return STATUS_OK;
}

static enum status compile_map(struct object_template *o, uint32_t depth, struct part *out, struct error *err)
{
    struct value v = out->value;
    bool constant = true;
    out->items = ARENA_ARRAY(&o->arena, struct part, (size_t)v.len * 2);
    if (!out->items)
        return no_memory(o, err);
    for (uint32_t i = 0; i < v.len; i++) {
        const struct value_entry *e = &v.u.map->entries[i];
        struct part *key = &out->items[(size_t)2 * i], *value = key + 1;
        struct str path;
        if (child_path(o, out->path, e->key, i, &path) != STATUS_OK)
            return no_memory(o, err);
        TRY(compile_part(o, e->key, path, depth + 1, key, err));
        TRY(compile_part(o, e->value, path, depth + 1, value, err));
        constant = constant && key->kind == PART_CONSTANT && value->kind == PART_CONSTANT;
    }
    out->kind = constant ? PART_CONSTANT : PART_MAP;
    return STATUS_OK;
}

static enum status compile_part(struct object_template *o, struct value v, struct str path, uint32_t depth,
                                struct part *out, struct error *err)
{
    *out = (struct part){.kind = PART_CONSTANT, .value = v, .path = path};
    if (depth > MAX_DEPTH) {
        error_set(err, STATUS_LIMIT, "the document is nested more than %d levels deep", MAX_DEPTH);
        return error_place(err, "%" PRISTR, ARGSTR(path));
    }
    if (v.type == VALUE_LIST)
        return compile_list(o, depth, out, err);
    if (v.type == VALUE_MAP)
        return compile_map(o, depth, out, err);
    if (v.type != VALUE_STRING || !template_is_template(value_as_str(v)))
        return STATUS_OK;
    out->kind = PART_TEMPLATE;
    return template_cache_get(o->cache, value_as_str(v), TEMPLATE_NATIVE, path.ptr, NULL, &out->template,
                              err);
}

static void free_part(struct part *p)
{
    if (p->kind == PART_TEMPLATE)
        template_free(p->template);
    uint32_t count = p->value.type == VALUE_MAP ? p->value.len * 2 : p->value.len;
    bool has_items = p->items && (p->value.type == VALUE_MAP || p->value.type == VALUE_LIST);
    for (uint32_t i = 0; has_items && i < count; i++)
        free_part(&p->items[i]);
}

enum status object_compile(struct value document, const char *name, struct object_template **out,
                           struct error *err)
{
    return object_compile_cached(document, name, NULL, out, err);
}

enum status object_compile_cached(struct value document, const char *name, struct template_cache *cache,
                                  struct object_template **out, struct error *err)
{
    struct object_template *o = (struct object_template *)calloc(1, sizeof *o);
    struct value copy;
    *out = NULL;
    if (!o)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the templates of a document");
    arena_init(&o->arena, 0);
    o->cache = cache;
    char *path = arena_strdup(&o->arena, str_of(name));
    enum status s = path ? value_copy(&o->arena, document, &copy, err) : no_memory(o, err);
    if (s == STATUS_OK)
        s = compile_part(o, copy, str_of(path), 0, &o->root, err);
    o->cache = NULL;
    if (s != STATUS_OK) {
        object_free(o);
        return s;
    }
    *out = o;
    return STATUS_OK;
}

void object_free(struct object_template *o)
{
    if (!o)
        return;
    free_part(&o->root);
    arena_free(&o->arena);
    free(o);
}

static void each_name(const struct part *p, template_name_found *found, void *user)
{
    uint32_t count = p->kind == PART_MAP ? p->value.len * 2 : p->kind == PART_LIST ? p->value.len : 0;
    if (p->kind == PART_TEMPLATE)
        template_each_name(p->template, found, user);
    for (uint32_t i = 0; i < count; i++)
        each_name(&p->items[i], found, user);
}

void object_each_name(const struct object_template *o, template_name_found *found, void *user)
{
    each_name(&o->root, found, user);
}

bool object_is_constant(const struct object_template *o)
{
    return o->root.kind == PART_CONSTANT;
}

/* ---- Rendering ---------------------------------------------------------------------------------- */

struct object_render {
    const struct scope *scope;
    const struct render_inputs *inputs;
    struct arena *arena;
    struct list_builder *unresolved; /* NULL: strict */
    struct error *err;
};

static enum status render_part(const struct object_render *r, const struct part *p, struct value *out);

/* A leaf whose names are not there yet stays as it is written, and is reported. */
static enum status keep_unresolved(const struct object_render *r, const struct part *p, struct value *out)
{
    struct map_builder b;
    struct value message, entry;
    TRY(value_copy(r->arena, value_text(r->err->message), &message, r->err));
    map_begin(&b, r->arena);
    map_put(&b, STR("path"), value_str(p->path));
    map_put(&b, STR("message"), message);
    TRY(map_end(&b, &entry, r->err));
    TRY(value_copy(r->arena, entry, &entry, r->err));
    list_add(r->unresolved, entry);
    return value_copy(r->arena, p->value, out, r->err);
}

static enum status render_leaf(const struct object_render *r, const struct part *p, struct value *out)
{
    enum status s = template_render(p->template, r->scope, r->inputs, r->arena, out, r->err);
    if (s == STATUS_UNDEFINED && r->unresolved)
        return keep_unresolved(r, p, out);
    if (s == STATUS_OK && value_is_absent(*out)) /* an undefined name outside strict mode is nothing */
        *out = value_null();
    return s;
}

static enum status render_list(const struct object_render *r, const struct part *p, struct value *out)
{
    struct list_builder b;
    list_begin(&b, r->arena);
    for (uint32_t i = 0; i < p->value.len; i++) {
        struct value item = {0};
        TRY(render_part(r, &p->items[i], &item));
        list_add(&b, item);
    }
    return list_end(&b, out, r->err);
}

static enum status render_map(const struct object_render *r, const struct part *p, struct value *out)
{
    struct map_builder b;
    map_begin(&b, r->arena);
    for (uint32_t i = 0; i < p->value.len; i++) {
        struct value key = {0}, value = {0};
        TRY(render_part(r, &p->items[(size_t)2 * i], &key));
        TRY(render_part(r, &p->items[(size_t)2 * i + 1], &value));
        if (key.type != VALUE_STRING) {
            error_set(r->err, STATUS_RUNTIME, "the key renders to a %s, but a key has to be text",
                      value_type_name(key));
            return error_place(r->err, "%" PRISTR, ARGSTR(p->items[(size_t)2 * i].path));
        }
        map_put(&b, value_as_str(key), value);
    }
    return map_end(&b, out, r->err);
}

static enum status render_part(const struct object_render *r, const struct part *p, struct value *out)
{
    switch ((int)p->kind) {
    case PART_TEMPLATE: return render_leaf(r, p, out);
    case PART_LIST: return render_list(r, p, out);
    case PART_MAP: return render_map(r, p, out);
    default: return value_copy(r->arena, p->value, out, r->err);
    }
}

/* Of whatever a template made of it: with the document's path in front of the one in the value. */
static enum status check_json(const struct object_render *r, const struct object_template *o, struct value v)
{
    const struct render_limits *limits = &r->inputs->limits;
    const struct json_bounds bounds = {limits->max_value ? limits->max_value : JSON_VALUE_BYTES,
                                       limits->max_nesting ? limits->max_nesting : JSON_VALUE_DEPTH};
    struct str name = o->root.path;
    if (object_is_constant(o) || json_check(v, &bounds, NULL, r->err) == STATUS_OK)
        return STATUS_OK;
    char path[sizeof r->err->place];
    memcpy(path, r->err->place, sizeof path);
    return error_place(r->err, "%" PRISTR "%s%s", ARGSTR(name),
                       name.len && path[0] && path[0] != '[' ? "." : "", path);
}

enum status object_render(const struct object_template *o, const struct scope *scope,
                          const struct render_inputs *inputs, struct arena *a, struct value *out,
                          struct error *err)
{
    struct error unseen;
    static const struct render_inputs NO_INPUTS;
    struct object_render r = {scope, inputs ? inputs : &NO_INPUTS, a, NULL, err ? err : &unseen};
    TRY(render_part(&r, &o->root, out));
    return check_json(&r, o, *out);
}

enum status object_render_partial(const struct object_template *o, const struct scope *scope,
                                  const struct render_inputs *inputs, struct arena *a, struct value *out,
                                  struct value *unresolved, struct error *err)
{
    struct error unseen;
    struct list_builder paths;
    struct render_inputs strict = inputs ? *inputs : (struct render_inputs){0};
    list_begin(&paths, a);
    strict.undefined = UNDEFINED_STRICT; /* an undefined name is to be noticed, not rendered as nothing */
    struct object_render r = {scope, &strict, a, &paths, err ? err : &unseen};
    TRY(render_part(&r, &o->root, out));
    TRY(check_json(&r, o, *out));
    return list_end(&paths, unresolved, err);
}
