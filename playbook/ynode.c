#include "ynode.h"

#include "yaml_reader.h"

/* ---- aliases ---------------------------------------------------------------------------------- */

/* A node that stands for something there was already an error about. */
static struct ynode *broken_node(struct reader *r, const yaml_event_t *e)
{
    struct ynode *n = reader_new_node(r, NODE_SCALAR, e, 0);
    if (n) {
        n->value = value_null();
        n->broken = true;
    }
    return n;
}

static void adopt(struct ynode *parent, const struct ynode *child)
{
    parent->weight += child->weight;
    if (child->height >= parent->height)
        parent->height = child->height + 1;
}

static void add_too_deep(struct reader *r, struct position at)
{
    diagnostics_add(r->diagnostics, DIAGNOSTIC_LIMIT, at, "the playbook is nested more than %d deep",
                    YAML_MAX_DEPTH);
    r->stopped = true;
}

/* What an alias stands for, unless that makes the playbook too large. */
static struct ynode *share(struct reader *r, struct ynode *n, struct position at)
{
    if (r->depth + n->height > YAML_MAX_DEPTH) {
        add_too_deep(r, at);
        return NULL;
    }
    return reader_count_weight(r, n->weight, at) ? n : NULL;
}

static struct ynode *read_alias(struct reader *r, const yaml_event_t *e)
{
    struct str name = str_of((const char *)e->data.alias.anchor);
    for (struct anchor *a = r->anchors; a; a = a->next) {
        if (!str_equal(a->name, name))
            continue;
        if (!a->node->open)
            return share(r, a->node, reader_position(e));
        diagnostics_add(r->diagnostics, DIAGNOSTIC_BAD_ALIAS, reader_position(e),
                        "the alias *%" PRISTR " stands inside of what it names", ARGSTR(name));
        return broken_node(r, e);
    }
    diagnostics_add(r->diagnostics, DIAGNOSTIC_BAD_ALIAS, reader_position(e),
                    "there is no anchor &%" PRISTR " before this alias", ARGSTR(name));
    return broken_node(r, e);
}

/* ---- lists and maps --------------------------------------------------------------------------- */

static struct ynode *read_node(struct reader *r, yaml_event_t *e);

/* The next node, or NULL with *end set when `end_type` ends what is being read. */
static struct ynode *read_next(struct reader *r, yaml_event_type_t end_type, bool *end)
{
    yaml_event_t e;
    *end = false;
    if (!reader_next_event(r, &e))
        return NULL;
    *end = e.type == end_type;
    struct ynode *n = *end ? NULL : read_node(r, &e);
    yaml_event_delete(&e);
    return n;
}

static struct child *add_child(struct reader *r, struct ynode *parent, uint32_t *capacity)
{
    if (parent->count == *capacity) {
        uint32_t grown = *capacity ? *capacity * 2 : 8;
        struct child *children = ARENA_ARRAY(r->arena, struct child, grown);
        if (!children) {
            reader_no_memory(r);
            return NULL;
        }
        if (parent->count)
            memcpy(children, parent->children, parent->count * sizeof(*children));
        parent->children = children;
        *capacity = grown;
    }
    return &parent->children[parent->count++];
}

static void close_list(struct reader *r, struct ynode *list)
{
    struct list_builder b;
    list_begin(&b, r->arena);
    for (uint32_t i = 0; i < list->count; i++)
        list_add(&b, list->children[i].node->value);
    if (list_end(&b, &list->value, r->err) != STATUS_OK)
        reader_no_memory(r);
    list->open = false;
}

/* Whether a tag says what the thing is anyhow. */
static void check_container_tag(struct reader *r, const yaml_char_t *tag, const char *wanted, struct ynode *n)
{
    if (!tag || str_is(STR("!"), (const char *)tag) || strcmp((const char *)tag, wanted) == 0)
        return;
    n->broken = true;
    reader_unknown_tag(r, n, str_of((const char *)tag));
}

static struct ynode *read_list(struct reader *r, const yaml_event_t *e)
{
    struct ynode *list = reader_new_node(r, NODE_LIST, e, 0);
    uint32_t capacity = 0;
    bool end = false;
    if (!list)
        return NULL;
    list->open = true;
    check_container_tag(r, e->data.sequence_start.tag, YAML_SEQ_TAG, list);
    reader_define_anchor(r, e->data.sequence_start.anchor, list);
    while (!r->stopped) {
        const struct ynode *item = read_next(r, YAML_SEQUENCE_END_EVENT, &end);
        if (!item)
            break;
        struct child *child = add_child(r, list, &capacity);
        if (child)
            *child = (struct child){.node = item};
        adopt(list, item);
    }
    close_list(r, list);
    return r->stopped ? NULL : list;
}

/* The key of an entry; NULL if it is none that a map of JSON can have. */
static const struct ynode *read_key(struct reader *r, const struct ynode *map, yaml_event_t *e,
                                    struct str *key)
{
    *key = STR("");
    if (e->type == YAML_SCALAR_EVENT &&
        (e->data.scalar.length || e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)) {
        struct str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
        struct ynode *n = reader_new_node(r, NODE_SCALAR, e, text.len);
        text.ptr = arena_strdup(r->arena, text);
        if (n && !text.ptr)
            reader_no_memory(r);
        if (!n || !text.ptr)
            return NULL;
        n->style = reader_style(e->data.scalar.style);
        *key = text;
        return n;
    }
    struct position at = reader_position(e);
    bool template =
        e->type == YAML_MAPPING_START_EVENT && at.line == map->at.line && at.column == map->at.column + 1;
    if (template) {
        diagnostics_add(r->diagnostics, DIAGNOSTIC_UNQUOTED_TEMPLATE, map->at,
                        "a value that begins with {{ needs quotes");
        diagnostics_hint(r->diagnostics, "write '{{ … }}', else YAML reads a map in a map");
    } else {
        diagnostics_add(r->diagnostics, DIAGNOSTIC_BAD_KEY, at, "a key has to be text");
    }
    read_node(r, e);
    return NULL;
}

static bool is_merge_key(const struct child *c)
{
    return c->key_style == SCALAR_PLAIN && str_is(c->key, "<<");
}

static void add_duplicate(struct reader *r, const struct ynode *map, const struct child *again)
{
    diagnostics_add(r->diagnostics, DIAGNOSTIC_DUPLICATE_KEY, again->key_at,
                    "the key %" PRISTR " is there twice", ARGSTR(again->key));
    for (uint32_t i = 0; i < map->count && r->diagnostics->dropped == 0; i++) {
        if (str_equal(map->children[i].key, again->key)) {
            diagnostics_hint(r->diagnostics, "the first is at line %u", map->children[i].key_at.line);
            return;
        }
    }
}

/* Takes over the entries of `from` whose keys are not there yet. */
static void merge_from(struct reader *r, struct ynode *map, uint32_t *capacity, struct map_builder *b,
                       const struct child *merge, const struct ynode *from)
{
    if (from->kind != NODE_MAP) {
        if (!from->broken)
            diagnostics_add(r->diagnostics, DIAGNOSTIC_BAD_ALIAS, merge->key_at,
                            "<< takes a map, or a list of maps, not %s", ynode_kind_name(from));
        return;
    }
    for (uint32_t i = 0; i < from->count && !r->stopped; i++) {
        if (!value_is_absent(map_peek(b, from->children[i].key)))
            continue;
        struct child *child = add_child(r, map, capacity);
        if (!child)
            return;
        *child = from->children[i];
        map_put(b, child->key, child->node->value);
    }
}

/* YAML 1.1's merge key: what is written in the map itself wins, then the earlier of several maps. */
static void merge(struct reader *r, struct ynode *map, uint32_t *capacity, struct map_builder *b,
                  const struct child *merge_key)
{
    const struct ynode *from = merge_key->node;
    if (from->kind != NODE_LIST) {
        merge_from(r, map, capacity, b, merge_key, from);
        return;
    }
    for (uint32_t i = 0; i < from->count; i++)
        merge_from(r, map, capacity, b, merge_key, from->children[i].node);
}

/* Reads one entry. False at the end of the map. */
static bool read_entry(struct reader *r, struct ynode *map, struct child *out)
{
    yaml_event_t e;
    bool end;
    *out = (struct child){0};
    if (!reader_next_event(r, &e))
        return false;
    if (e.type == YAML_MAPPING_END_EVENT) {
        yaml_event_delete(&e);
        return false;
    }
    struct str key;
    const struct ynode *key_node = read_key(r, map, &e, &key);
    yaml_event_delete(&e);
    out->node = read_next(r, YAML_NO_EVENT, &end);
    if (!out->node)
        return false;
    map->broken = map->broken || !key_node;
    map->weight++;
    adopt(map, out->node);
    if (key_node) {
        out->key = key;
        out->key_at = key_node->at;
        out->key_style = key_node->style;
    }
    return true;
}

static void read_entries(struct reader *r, struct ynode *map)
{
    struct map_builder b;
    struct child entry, merge_key = {0};
    uint32_t capacity = 0;
    map_begin(&b, r->arena);
    while (read_entry(r, map, &entry)) {
        if (entry.key_at.line == 0)
            continue;
        if (is_merge_key(&entry)) {
            if (merge_key.node)
                add_duplicate(r, map, &entry);
            merge_key = entry;
            continue;
        }
        if (!value_is_absent(map_peek(&b, entry.key))) {
            add_duplicate(r, map, &entry);
            continue;
        }
        struct child *child = add_child(r, map, &capacity);
        if (!child)
            return;
        *child = entry;
        map_put(&b, entry.key, entry.node->value);
    }
    if (merge_key.node)
        merge(r, map, &capacity, &b, &merge_key);
    if (map_end(&b, &map->value, r->err) != STATUS_OK)
        reader_no_memory(r);
}

static struct ynode *read_map(struct reader *r, const yaml_event_t *e)
{
    struct ynode *map = reader_new_node(r, NODE_MAP, e, 0);
    if (!map)
        return NULL;
    map->open = true;
    check_container_tag(r, e->data.mapping_start.tag, YAML_MAP_TAG, map);
    reader_define_anchor(r, e->data.mapping_start.anchor, map);
    read_entries(r, map);
    map->open = false;
    return r->stopped ? NULL : map;
}

/* The node that an event begins. NULL when reading has stopped. */
static struct ynode *read_node(struct reader *r, yaml_event_t *e)
{
    struct ynode *n = NULL;
    if (++r->depth > YAML_MAX_DEPTH) {
        add_too_deep(r, reader_position(e));
    } else if (e->type == YAML_ALIAS_EVENT) {
        n = read_alias(r, e);
    } else if (e->type == YAML_SCALAR_EVENT) {
        n = reader_scalar(r, e);
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        n = read_list(r, e);
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        n = read_map(r, e);
    }
    r->depth--;
    return n;
}

/* ---- the document ----------------------------------------------------------------------------- */

static void refuse_more(struct reader *r)
{
    yaml_event_t e;
    if (!reader_next_event(r, &e))
        return;
    if (e.type == YAML_DOCUMENT_START_EVENT) {
        diagnostics_add(r->diagnostics, DIAGNOSTIC_SYNTAX, reader_position(&e),
                        "a second document begins here");
        diagnostics_hint(r->diagnostics, "a file holds one playbook");
    }
    yaml_event_delete(&e);
}

/* stream start, document start, one node, document end, stream end */
static struct ynode *read_document(struct reader *r)
{
    yaml_event_t e;
    struct ynode *root = NULL;
    bool end = false;
    for (int i = 0; i < 2 && !end; i++) {
        if (!reader_next_event(r, &e))
            return NULL;
        end = e.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    if (end) {
        diagnostics_add(r->diagnostics, DIAGNOSTIC_SYNTAX, (struct position){1, 1, 0},
                        "there is no YAML document here");
        return NULL;
    }
    root = read_next(r, YAML_DOCUMENT_END_EVENT, &end);
    if (reader_next_event(r, &e)) {
        yaml_event_delete(&e);
        refuse_more(r);
    }
    return r->stopped ? NULL : root;
}

enum status ynode_read(struct arena *a, const struct source *source, struct diagnostics *diagnostics,
                       struct ynode **out, struct error *err)
{
    struct reader r = {.arena = a, .source = source, .diagnostics = diagnostics, .err = err};
    *out = NULL;
    if (source->text.len > YAML_MAX_BYTES) {
        diagnostics_add(diagnostics, DIAGNOSTIC_LIMIT, (struct position){1, 1, 0},
                        "the playbook has %zu bytes, %d are allowed", source->text.len, YAML_MAX_BYTES);
        return STATUS_OK;
    }
    if (!yaml_parser_initialize(&r.parser))
        return error_set(err, STATUS_NO_MEMORY, "no memory to parse YAML");
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)source->text.ptr, source->text.len);
    *out = read_document(&r);
    yaml_parser_delete(&r.parser);
    return r.status;
}

const struct child *ynode_get(const struct ynode *map, struct str key)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_equal(map->children[i].key, key))
            return &map->children[i];
    }
    return NULL;
}

const char *ynode_kind_name(const struct ynode *n)
{
    if (n->kind == NODE_MAP)
        return "a map";
    if (n->kind == NODE_LIST)
        return "a list";
    switch (n->value.type) {
    case VALUE_STRING: return "text";
    case VALUE_INT:
    case VALUE_BIGINT:
    case VALUE_FLOAT: return "a number";
    case VALUE_BOOL: return n->value.u.b ? "the truth value true" : "the truth value false";
    default: return "nothing";
    }
}
