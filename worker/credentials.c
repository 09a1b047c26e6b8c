#include "credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <yaml.h>

#include "tool.h"

enum { MAX_DEPTH = 8, MAX_FILE_BYTES = 4 << 20 };

struct credentials {
    char *path;
    struct arena arena;   /* holds `all` */
    struct value all;     /* name → map of fields; absent before the first look-up */
    struct timespec time; /* of the file that was read */
    off_t size;
    ino_t inode;
};

enum status credentials_open(const char *path, struct credentials **out, struct error *err)
{
    struct credentials *c = calloc(1, sizeof(*c));
    if (c)
        c->path = strdup(path);
    if (!c || !c->path) {
        free(c);
        return error_set(err, STATUS_NO_MEMORY, "no memory for the credentials");
    }
    arena_init(&c->arena, 4 * (size_t)MAX_FILE_BYTES);
    *out = c;
    return STATUS_OK;
}

void credentials_close(struct credentials **c)
{
    if (!*c)
        return;
    arena_free(&(*c)->arena);
    free((*c)->path);
    free(*c);
    *c = NULL;
}

/* ---- the file ------------------------------------------------------------------------------------- */

static enum status node_error(const struct credentials *c, const yaml_node_t *node, struct error *err,
                              const char *what)
{
    error_set(err, STATUS_INVALID, "%s", what);
    error_place(err, "%s", c->path);
    return error_at(err, (uint32_t)node->start_mark.line + 1, (uint32_t)node->start_mark.column + 1);
}

static enum status node_value(struct credentials *c, yaml_document_t *d, const yaml_node_t *node, int depth,
                              struct value *out, struct error *err);

static enum status map_value(struct credentials *c, yaml_document_t *d, const yaml_node_t *node, int depth,
                             struct value *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, &c->arena);
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        struct value key = {0}, value = {0};
        const yaml_node_t *key_node = yaml_document_get_node(d, p->key);
        TRY(node_value(c, d, key_node, depth + 1, &key, err));
        TRY(node_value(c, d, yaml_document_get_node(d, p->value), depth + 1, &value, err));
        if (key.type != VALUE_STRING)
            return node_error(c, key_node, err, "a key must be text");
        if (!value_is_absent(map_peek(&map, value_as_str(key))))
            return node_error(c, key_node, err, "this name stands here twice");
        map_put_value(&map, key, value);
    }
    return map_end(&map, out, err);
}

/* Scalars stay text whatever they look like: a password of digits is no number. */
static enum status node_value(struct credentials *c, yaml_document_t *d, const yaml_node_t *node, int depth,
                              struct value *out, struct error *err)
{
    if (depth > MAX_DEPTH)
        return node_error(c, node, err, "nested too deeply for credentials");
    if (node->type == YAML_MAPPING_NODE)
        return map_value(c, d, node, depth, out, err);
    if (node->type != YAML_SCALAR_NODE)
        return node_error(c, node, err, "expected text or a map of fields");
    struct str text = {(const char *)node->data.scalar.value, node->data.scalar.length};
    char *copy = arena_strdup(&c->arena, text);
    if (!copy)
        return arena_error(&c->arena, err, "the credentials");
    *out = value_str((struct str){copy, text.len});
    return STATUS_OK;
}

static enum status read_document(struct credentials *c, yaml_document_t *d, struct error *err)
{
    const yaml_node_t *root = yaml_document_get_root_node(d);
    if (!root) {
        c->all = VALUE_EMPTY_MAP;
        return STATUS_OK;
    }
    if (root->type != YAML_MAPPING_NODE)
        return node_error(c, root, err, "expected a map of names, each with its type and fields");
    TRY(node_value(c, d, root, 0, &c->all, err));
    for (uint32_t i = 0; i < c->all.len; i++) {
        struct value_entry e = c->all.u.map->entries[i];
        if (e.value.type != VALUE_MAP) {
            error_set(err, STATUS_INVALID, "the credential \"%" PRISTR "\" must be a map of fields",
                      ARGSTR(value_as_str(e.key)));
            return error_place(err, "%s", c->path);
        }
    }
    return STATUS_OK;
}

static enum status read_file(struct credentials *c, FILE *file, struct error *err)
{
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        return error_set(err, STATUS_NO_MEMORY, "no memory for the credentials");
    yaml_parser_set_input_file(&parser, file);
    enum status s;
    if (yaml_parser_load(&parser, &document)) {
        s = read_document(c, &document, err);
        yaml_document_delete(&document);
    } else {
        s = error_set(err, STATUS_SYNTAX, "%s", parser.problem ? parser.problem : "this is no YAML");
        error_place(err, "%s", c->path);
        error_at(err, (uint32_t)parser.problem_mark.line + 1, (uint32_t)parser.problem_mark.column + 1);
    }
    yaml_parser_delete(&parser);
    return s;
}

static bool is_current(const struct credentials *c, const struct stat *st)
{
    return !value_is_absent(c->all) && st->st_ino == c->inode && st->st_size == c->size &&
           st->st_mtim.tv_sec == c->time.tv_sec && st->st_mtim.tv_nsec == c->time.tv_nsec;
}

static enum status read_again(struct credentials *c, FILE *file, struct error *err)
{
    struct stat st;
    if (fstat(fileno(file), &st) != 0)
        return error_set(err, STATUS_IO, "the credentials file %s: %m", c->path);
    if (is_current(c, &st))
        return STATUS_OK;
    if (st.st_size > MAX_FILE_BYTES)
        return error_set(err, STATUS_LIMIT, "the credentials file %s has %lld bytes; the limit is %d",
                         c->path, (long long)st.st_size, MAX_FILE_BYTES);
    c->all = (struct value){.type = VALUE_UNDEFINED};
    arena_reset(&c->arena);
    enum status s = read_file(c, file, err);
    if (s != STATUS_OK) {
        c->all = (struct value){.type = VALUE_UNDEFINED};
        return s;
    }
    c->time = st.st_mtim;
    c->size = st.st_size;
    c->inode = st.st_ino;
    return STATUS_OK;
}

static enum status load(struct credentials *c, struct error *err)
{
    if (c->path[0] == 0) {
        error_set(err, STATUS_NOT_FOUND, "this worker has no credentials file");
        return error_hint(err,
                          "Set worker.credentials to a YAML file of names, each with its type and fields.");
    }
    FILE *file = fopen(c->path, "re");
    if (!file) {
        error_set(err, errno == EACCES ? STATUS_DENIED : STATUS_NOT_FOUND, "the credentials file %s: %m",
                  c->path);
        return error_hint(err, "The setting worker.credentials names the file.");
    }
    enum status s = read_again(c, file, err);
    fclose(file);
    return s;
}

/* ---- looking up ----------------------------------------------------------------------------------- */

static enum status unknown_name(const struct credentials *c, struct str name, struct error *err)
{
    struct buf names;
    buf_init(&names, 160);
    for (uint32_t i = 0; i < c->all.len; i++)
        buf_printf(&names, "%s%" PRISTR, i ? ", " : "", ARGSTR(value_as_str(c->all.u.map->entries[i].key)));
    error_set(err, STATUS_NOT_FOUND, "there is no credential \"%" PRISTR "\"", ARGSTR(name));
    error_place(err, "%s", c->path);
    error_hint(err, "The file has: %" PRISTR ".", ARGSTR(buf_str(&names)));
    buf_free(&names);
    return STATUS_NOT_FOUND;
}

enum status credentials_find(struct credentials *c, struct str name, struct arena *a, struct value *out,
                             struct error *err)
{
    TRY(load(c, err));
    struct value found = value_get(c->all, name);
    if (found.type != VALUE_MAP)
        return unknown_name(c, name, err);
    /* Fields may stand one level down, as an exported credential has them. */
    struct value inner = VALUE_GET(found, "data");
    if (inner.type == VALUE_MAP) {
        struct value merged;
        TRY(value_merge(a, found, inner, &merged, err));
        found = merged;
    }
    return value_copy(a, found, out, err);
}

static bool is_alias_map(struct value auth)
{
    return auth.len == 1 && auth.u.map->entries[0].value.type == VALUE_MAP;
}

static enum status resolve(struct credentials *c, struct value auth, struct arena *a, struct value *out,
                           struct error *err)
{
    if (auth.type == VALUE_STRING)
        return credentials_find(c, value_as_str(auth), a, out, err);
    if (auth.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "\"auth\" must be a credential's name or a map, not a %s",
                         value_type_name(auth));
    if (is_alias_map(auth))
        auth = auth.u.map->entries[0].value;
    struct str name;
    TRY(tool_config_text(auth, TOOL_KEYS("credential", "key"), &name, err));
    if (name.len == 0) {
        *out = auth;
        return STATUS_OK;
    }
    struct value named = {0};
    TRY(credentials_find(c, name, a, &named, err));
    return value_merge(a, named, auth, out, err);
}

enum status credentials_resolve(struct credentials *c, struct value config, struct arena *a,
                                struct value *out, struct secrets *secrets, struct error *err)
{
    struct value auth = tool_config(config, TOOL_KEYS("auth", "credential", "credentials"));
    *out = (struct value){.type = VALUE_UNDEFINED};
    if (value_is_absent(auth))
        return STATUS_OK;
    TRY(resolve(c, auth, a, out, err));
    secrets_add_credential(secrets, *out);
    return STATUS_OK;
}
