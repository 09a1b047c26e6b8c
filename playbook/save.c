/*
 * `save`: an entry, or a list of them.
 *
 *   {name: total, data: …}                      a name of the context
 *   {storage: event, data: …}                   kept in the log, with the step's end
 *   {storage: postgres, table: …, data: …}      written by the worker, with the tool of that name
 *   {storage: {type: postgres, table: …}, …}    the same
 */
#include "compile.h"

enum { MOST_SAVES = 100 };

static const struct {
    const char *word;
    enum save_target target;
    enum step_type tool;
} STORAGES[] = {
    {"event", SAVE_EVENT, STEP_NONE},          {"event_log", SAVE_EVENT, STEP_NONE},
    {"postgres", SAVE_STORAGE, STEP_POSTGRES}, {"http", SAVE_STORAGE, STEP_HTTP},
    {"python", SAVE_STORAGE, STEP_PYTHON},     {"shell", SAVE_STORAGE, STEP_SHELL},
    {"duckdb", SAVE_STORAGE, STEP_DUCKDB},
};
enum { STORAGE_COUNT = sizeof(STORAGES) / sizeof(*STORAGES) };

struct save_reader {
    struct compilation *c;
    const char *owner; /* "save of step fetch" */
    struct draft_save *out;
};

/* ---- the storage -------------------------------------------------------------------------------------- */

/* Where the storage's name is written, and NULL if it is not. */
static const struct ynode *storage_name(struct save_reader *r, const struct ynode *entry)
{
    const struct child *storage = ynode_get(entry, STR("storage"));
    if (!storage || storage->node->kind != NODE_MAP)
        return storage ? storage->node : NULL;
    const struct child *type = ynode_get(storage->node, STR("type"));
    if (!type)
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_MISSING_KEY, storage->node->at,
                        "storage of %s has no \"type\"", r->owner);
    return type ? type->node : NULL;
}

static void add_unknown_storage(struct save_reader *r, const struct ynode *name)
{
    if (name->value.type != VALUE_STRING) {
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_WRONG_KIND, name->at,
                        "the storage of %s has to be text or a map with a \"type\", not %s", r->owner,
                        ynode_kind_name(name));
        return;
    }
    struct str words[STORAGE_COUNT], text = value_as_str(name->value);
    for (size_t i = 0; i < STORAGE_COUNT; i++)
        words[i] = str_of(STORAGES[i].word);
    struct str near = str_nearest(text, words, STORAGE_COUNT);
    diagnostics_add(r->c->diagnostics, DIAGNOSTIC_BAD_VALUE, name->at,
                    "\"%" PRISTR
                    "\" in %s is no storage: there are event, postgres, duckdb, http, python and shell",
                    ARGSTR(text), r->owner);
    if (near.len)
        diagnostics_hint(r->c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
}

static bool find_storage(struct save_reader *r, const struct ynode *name)
{
    for (size_t i = 0; i < STORAGE_COUNT; i++) {
        if (!str_is(value_as_str(name->value), STORAGES[i].word))
            continue;
        r->out->target = STORAGES[i].target;
        r->out->tool = STORAGES[i].tool;
        return true;
    }
    if (!name->broken)
        add_unknown_storage(r, name);
    return false;
}

/* The entry with the keys of its storage, if that is a map, beside its own. */
static struct ynode flatten(struct save_reader *r, const struct ynode *entry)
{
    const struct child *storage = ynode_get(entry, STR("storage"));
    struct ynode flat = *entry;
    if (!storage || storage->node->kind != NODE_MAP)
        return flat;
    flat.children = compilation_alloc(r->c, entry->count + storage->node->count, sizeof(*flat.children));
    flat.count = 0;
    for (uint32_t i = 0; flat.children && i < entry->count; i++) {
        if (&entry->children[i] != storage)
            flat.children[flat.count++] = entry->children[i];
    }
    for (uint32_t i = 0; flat.children && i < storage->node->count; i++) {
        if (!str_is(storage->node->children[i].key, "type"))
            flat.children[flat.count++] = storage->node->children[i];
    }
    return flat;
}

/* ---- keys --------------------------------------------------------------------------------------------- */

static bool is_template_text(const struct child *child)
{
    return child && template_is_template(value_as_str(child->node->value));
}

static void check_data(struct save_reader *r, const struct fields *f)
{
    const struct child *args = fields_get(f, "args");
    if (!args || !fields_get(f, "data"))
        return;
    diagnostics_add(r->c->diagnostics, DIAGNOSTIC_CONFLICTING_KEYS, args->key_at,
                    "%s has both \"data\" and \"args\"", r->owner);
    diagnostics_hint(r->c->diagnostics, "keep one of them");
}

/* DuckDB's storage had commands from the beginning. */
static bool takes_commands(const struct save_reader *r)
{
    return r->out->tool == STEP_DUCKDB;
}

/* Keys of the tool, or of the other kind of save, that this one would not look at. */
static void check_useless(struct save_reader *r, const struct fields *f)
{
    static const struct {
        const char *key, *beside, *hint;
    } USELESS[] = {
        {"command", NULL, "a statement of your own is \"statement\", with \"params\" or \"data\""},
        {"commands", NULL, "a statement of your own is \"statement\", with \"params\" or \"data\""},
        {"params", "table", "the rows are \"data\""},
        {"autocommit", "table", "the rows of an entry are written in one transaction"},
        {"mode", "statement", "it is for \"table\""},
        {"key", "statement", "it is for \"table\""},
    };
    for (size_t i = 0; i < sizeof(USELESS) / sizeof(*USELESS); i++) {
        const struct child *child = fields_get(f, USELESS[i].key);
        const char *beside = USELESS[i].beside;
        bool is_useless = child && (!beside || fields_has(f, beside));
        if (!is_useless || (!beside && takes_commands(r)))
            continue;
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, child->key_at,
                        "\"%" PRISTR "\" of %s means nothing%s%s%s", ARGSTR(child->key), r->owner,
                        beside ? " beside \"" : "", beside ? beside : "", beside ? "\"" : "");
        diagnostics_hint(r->c->diagnostics, "%s", USELESS[i].hint);
    }
}

static void check_rows(struct save_reader *r, const struct ynode *entry, const struct fields *f)
{
    static const char *const MODES[] = {"insert", "append", "upsert", "update", "replace", NULL};
    const struct child *mode = fields_get(f, "mode");
    bool table = fields_has(f, "table"), statement = fields_has(f, "statement");
    if (takes_commands(r))
        statement = statement || fields_has(f, "command") || fields_has(f, "commands");
    if (table == statement)
        diagnostics_add(
            r->c->diagnostics, table ? DIAGNOSTIC_CONFLICTING_KEYS : DIAGNOSTIC_MISSING_KEY, entry->at,
            table ? "%s has both \"table\" and \"statement\"" : "%s has no \"table\" and no \"statement\"",
            r->owner);
    check_useless(r, f);
    int word = mode && !is_template_text(mode) ? word_read(r->c, mode, MODES, r->owner) : 0;
    if (word >= 2 && !fields_has(f, "key")) {
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_MISSING_KEY, entry->at, "%s has no \"key\"", r->owner);
        diagnostics_hint(r->c->diagnostics, "\"mode: %s\" needs the columns by which a row is known",
                         MODES[word]);
    }
}

static bool writes_rows(const struct save_reader *r)
{
    return r->out->tool == STEP_POSTGRES || r->out->tool == STEP_DUCKDB;
}

static void check_tool(struct save_reader *r, const struct ynode *entry, const struct fields *f)
{
    if (writes_rows(r))
        check_rows(r, entry, f);
    else if (r->out->tool == STEP_HTTP)
        method_check(r->c, f, r->owner);
    else if (r->out->tool == STEP_PYTHON && !fields_has(f, "code") && !fields_has(f, "file"))
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_MISSING_KEY, entry->at,
                        "%s has no \"code\" and no \"file\"", r->owner);
}

static bool is_unused_auth(struct save_reader *r, const struct field *field)
{
    if (strcmp(field->rule->means, "auth") != 0 || action_logs_in(r->out->tool))
        return false;
    diagnostics_add(r->c->diagnostics, DIAGNOSTIC_UNUSED_AUTH, field->child->key_at,
                    "\"%s\" of %s means nothing: it logs in nowhere", field->rule->name, r->owner);
    return true;
}

/* `name` is that of a variable, and of nothing else. */
static bool is_unused_name(struct save_reader *r, const struct field *field)
{
    if (strcmp(field->rule->means, "name") != 0 || r->out->target == SAVE_VARIABLE)
        return false;
    diagnostics_add(r->c->diagnostics, DIAGNOSTIC_UNUSED_KEY, field->child->key_at,
                    "\"name\" of %s changes nothing beside a storage", r->owner);
    diagnostics_hint(r->c->diagnostics, "a name for templates is an entry of its own: {name: …, data: …}");
    return true;
}

static bool is_unused(struct save_reader *r, const struct field *field)
{
    return is_unused_auth(r, field) || is_unused_name(r, field);
}

static void collect_keys(struct save_reader *r, const struct fields *f)
{
    struct map_builder keys, verbatim;
    map_begin(&keys, r->c->scratch);
    map_begin(&verbatim, r->c->scratch);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct field *field = &f->items[i];
        bool is_verbatim = field->rule->flags & KEY_VERBATIM;
        if (!field->usable || strcmp(field->rule->means, "storage") == 0 || is_unused(r, field))
            continue;
        const struct ynode *node = field_node(r->c, field);
        if (!is_verbatim)
            leaves_check(r->c, node);
        map_put(is_verbatim ? &verbatim : &keys, str_of(field->rule->means), node->value);
    }
    compilation_stop(r->c, map_end(&keys, &r->out->value, r->c->err));
    compilation_stop(r->c, map_end(&verbatim, &r->out->verbatim, r->c->err));
}

static void read_storage(struct save_reader *r, const struct ynode *entry)
{
    uint64_t sets = keys_bit(KEYS_SAVE) | keys_bit(KEYS_TYPE + r->out->tool);
    struct ynode flat = flatten(r, entry);
    struct fields f;
    if (writes_rows(r))
        sets |= keys_bit(KEYS_SAVE_ROWS);
    if (!flat.children)
        return;
    keys_read(r->c, &flat, sets, false, r->owner, &f);
    if (r->c->status != STATUS_OK)
        return;
    check_data(r, &f);
    check_tool(r, entry, &f);
    collect_keys(r, &f);
}

/* ---- what the broker keeps ---------------------------------------------------------------------------- */

/* `data`, or `args`; nothing means the whole result. */
static void take_data(struct save_reader *r, const struct fields *f)
{
    const struct child *data = fields_get(f, "data"), *args = fields_get(f, "args");
    data = data ? data : args;
    r->out->value = data ? data->node->value : value_text("{{ result }}");
    if (data)
        leaves_check(r->c, data->node);
}

static void check_variable(struct save_reader *r, const struct fields *f)
{
    const struct child *name = fields_get(f, "name");
    if (!name)
        return;
    r->out->name = value_as_str(name->node->value);
    r->out->name_at = name->node->at;
    if (!is_template_name(r->out->name)) {
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_BAD_VALUE, name->node->at,
                        "\"%" PRISTR "\" of %s cannot be written as a name in templates",
                        ARGSTR(r->out->name), r->owner);
        diagnostics_hint(r->c->diagnostics, "letters, digits and _ make a name");
    } else {
        (void)reserved_check(r->c, r->out->name, name->node->at, "this value");
    }
}

static void read_kept(struct save_reader *r, const struct ynode *entry)
{
    struct ynode flat = flatten(r, entry);
    struct fields f;
    if (!flat.children)
        return;
    keys_read(r->c, &flat, keys_bit(KEYS_SAVE), false, r->owner, &f);
    if (r->c->status != STATUS_OK)
        return;
    check_data(r, &f);
    take_data(r, &f);
    for (uint32_t i = 0; i < f.count; i++)
        (void)is_unused(r, &f.items[i]);
    if (r->out->target == SAVE_VARIABLE)
        check_variable(r, &f);
}

static void read_entry(struct save_reader *r, const struct ynode *entry)
{
    r->out->at = entry->at;
    r->out->value = r->out->verbatim = VALUE_EMPTY_MAP;
    if (entry->kind != NODE_MAP) {
        if (!entry->broken)
            diagnostics_add(r->c->diagnostics, DIAGNOSTIC_WRONG_KIND, entry->at,
                            "an entry of %s has to be a map, not %s", r->owner, ynode_kind_name(entry));
        return;
    }
    const struct ynode *name = storage_name(r, entry);
    if (name && !find_storage(r, name))
        return;
    if (!name && !ynode_get(entry, STR("name")) && !ynode_get(entry, STR("storage")))
        diagnostics_add(r->c->diagnostics, DIAGNOSTIC_MISSING_KEY, entry->at,
                        "%s has no \"storage\" and no \"name\"", r->owner);
    if (r->out->target == SAVE_STORAGE)
        read_storage(r, entry);
    else
        read_kept(r, entry);
}

void saves_read(struct compilation *c, const struct child *value, const char *owner, struct draft_action *out)
{
    if (!value)
        return;
    bool list = value->node->kind == NODE_LIST;
    uint32_t count = list ? value->node->count : 1;
    struct save_reader r = {.c = c, .owner = compilation_printf(c, "save of %s", owner)};
    out->has_saves = true;
    if (count > MOST_SAVES) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_LIMIT, value->node->at,
                        "%s has %u entries, %d are allowed", r.owner, count, MOST_SAVES);
        return;
    }
    out->saves = compilation_alloc(c, count, sizeof(*out->saves));
    for (uint32_t i = 0; out->saves && i < count && c->status == STATUS_OK; i++) {
        r.out = &out->saves[out->save_count++];
        read_entry(&r, list ? value->node->children[i].node : value->node);
    }
}

void saves_check_type(struct compilation *c, const struct draft_action *action, const char *owner)
{
    for (uint32_t i = 0; i < action->save_count; i++) {
        if (action->saves[i].target != SAVE_STORAGE || step_type_is_tool(action->type))
            continue;
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, action->saves[i].at,
                        "\"save\" of %s cannot write to a storage: no worker runs it", owner);
        diagnostics_hint(c->diagnostics,
                         "put it into the task of an iterator, or into a noop step behind this one");
    }
}
