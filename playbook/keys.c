#include "keys.h"

#include <stdio.h>

#include "compile.h"

enum {
    TEXT = KIND_TEXT,
    NUMBER = KIND_NUMBER,
    BOOL = KIND_BOOL,
    MAP = KIND_MAP,
    LIST = KIND_LIST,
    TEMPLATE = KIND_TEMPLATE,
    ANY = KIND_ANY,
    REQUIRED = KEY_REQUIRED,
    OLDER = KEY_OLDER,
    BASE64 = KEY_BASE64,
    VERBATIM = KEY_VERBATIM,
    CONFIG = KEY_CONFIG,
};

/* The sets by the names of the table. */
enum {
    SET_ROOT = KEYS_ROOT,
    SET_METADATA = KEYS_METADATA,
    SET_STEP = KEYS_STEP,
    SET_ACTION = KEYS_ACTION,
    SET_TASK = KEYS_TASK,
    SET_LOOP = KEYS_LOOP,
    SET_WORK = KEYS_WORK,
    SET_ENTRY = KEYS_ENTRY,
    SET_ON_ERROR = KEYS_ON_ERROR,
    SET_RETRY = KEYS_RETRY,
    SET_ASSERT = KEYS_ASSERT,
    SET_SAVE = KEYS_SAVE,
    SET_SAVE_ROWS = KEYS_SAVE_ROWS,
#define X(name, word, tool, doc) SET_##name = KEYS_TYPE + STEP_##name,
#include "step_type.def"
#undef X
};

static const struct key_rule RULES[] = {
#define X(set, key, means, kinds, flags)                                                                     \
    {SET_##set, key, sizeof(means) > 1 ? (means) : (key), (kinds), (flags)},
#include "keys.def"
#undef X
};

enum { RULE_COUNT = sizeof(RULES) / sizeof(*RULES) };

/* The rule of the latest of the sets that has the key. */
static const struct key_rule *find_rule(uint64_t sets, struct str key)
{
    const struct key_rule *found = NULL;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if ((sets & keys_bit(RULES[i].set)) && str_is(key, RULES[i].name) &&
            (!found || RULES[i].set > found->set))
            found = &RULES[i];
    }
    return found;
}

bool keys_has(enum key_set set, struct str key)
{
    return find_rule(keys_bit(set), key) != NULL;
}

enum step_type keys_find_type(struct str key)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (RULES[i].set > KEYS_TYPE && str_is(key, RULES[i].name))
            return (enum step_type)(RULES[i].set - KEYS_TYPE);
    }
    return STEP_NONE;
}

/* ---- unknown keys ----------------------------------------------------------------------------- */

static struct str nearest_key(uint64_t sets, struct str key)
{
    struct str candidates[RULE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if ((sets & keys_bit(RULES[i].set)) && !(RULES[i].flags & KEY_OLDER))
            candidates[count++] = str_of(RULES[i].name);
    }
    return str_nearest(key, candidates, count);
}

/* What a step's or an action's key would be inside of; NULL if of nothing. */
static const char *find_owner(struct str key)
{
    static const struct {
        enum key_set set;
        const char *owner;
    } INSIDE[] = {{KEYS_RETRY, "retry"}, {KEYS_ASSERT, "assert"}, {KEYS_SAVE, "save"}};
    for (size_t i = 0; i < sizeof(INSIDE) / sizeof(*INSIDE); i++) {
        if (find_rule(keys_bit(INSIDE[i].set), key))
            return INSIDE[i].owner;
    }
    return NULL;
}

static void add_unknown(struct compilation *c, uint64_t sets, const struct child *child, const char *what)
{
    enum step_type type = keys_find_type(child->key);
    struct str near = c->diagnostics->dropped ? STR("") : nearest_key(sets, child->key);
    const char *owner = find_owner(child->key);
    bool has_no_type = sets == (keys_bit(KEYS_STEP) | keys_bit(KEYS_WORK) | keys_bit(KEYS_TYPE));
    if (type != STEP_NONE && has_no_type) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_TYPE, child->key_at,
                        "%s has \"%" PRISTR "\" but no type", what, ARGSTR(child->key));
        diagnostics_hint(c->diagnostics, "is it \"type: %s\"?", step_type_name(type));
        return;
    }
    diagnostics_add(c->diagnostics, DIAGNOSTIC_UNKNOWN_KEY, child->key_at,
                    "unknown key \"%" PRISTR "\" in %s", ARGSTR(child->key), what);
    if (type != STEP_NONE && (sets & keys_bit(KEYS_WORK)))
        diagnostics_hint(c->diagnostics, "it is a key of \"type: %s\"", step_type_name(type));
    else if (owner && (sets & keys_bit(KEYS_WORK)))
        diagnostics_hint(c->diagnostics, "it belongs into \"%s\"", owner);
    else if (near.len)
        diagnostics_hint(c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
    else if (str_is(child->key, "when") && (sets & keys_bit(KEYS_STEP)))
        diagnostics_hint(c->diagnostics, "conditions belong to the entries of next that lead to the step");
}

/* ---- kinds ------------------------------------------------------------------------------------ */

static uint32_t kind_of(const struct ynode *n)
{
    if (n->kind == NODE_MAP)
        return KIND_MAP;
    if (n->kind == NODE_LIST)
        return KIND_LIST;
    switch (n->value.type) {
    case VALUE_BOOL: return KIND_BOOL;
    case VALUE_INT:
    case VALUE_BIGINT:
    case VALUE_FLOAT: return KIND_NUMBER;
    case VALUE_STRING: return KIND_TEXT | (template_is_template(value_as_str(n->value)) ? KIND_TEMPLATE : 0);
    default: return 0;
    }
}

static void kinds_text(uint32_t kinds, char out[96])
{
    static const char *const NAMES[] = {"text", "a number", "true or false", "a map", "a list", "a template"};
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        if (!(kinds & (1u << i)))
            continue;
        bool last = (kinds >> (i + 1)) == 0;
        int n = snprintf(out + used, 96 - used, "%s%s", !used ? "" : last ? " or " : ", ", NAMES[i]);
        used += n > 0 && (size_t)n < 96 - used ? (size_t)n : 0;
    }
}

bool keys_check_kind(struct compilation *c, const struct child *child, uint32_t kinds, const char *what)
{
    char wanted[96];
    if (child->node->broken)
        return false;
    if ((kinds & KIND_ANY) || (kind_of(child->node) & kinds))
        return true;
    kinds_text(kinds, wanted);
    diagnostics_add(c->diagnostics, DIAGNOSTIC_WRONG_KIND, child->node->at,
                    "\"%" PRISTR "\" of %s has to be %s, not %s", ARGSTR(child->key), what, wanted,
                    ynode_kind_name(child->node));
    return false;
}

/* ---- a map ------------------------------------------------------------------------------------ */

static void add_older(struct compilation *c, const struct key_rule *rule, const struct child *child)
{
    if (!(rule->flags & KEY_OLDER))
        return;
    if (rule->flags & KEY_BASE64) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_OLDER_SPELLING, child->key_at,
                        "\"%s\" is an older spelling of \"%s\", as base64", rule->name, rule->means);
        diagnostics_hint(c->diagnostics, "write the text itself, after \"%s: |\"", rule->means);
        return;
    }
    diagnostics_add(c->diagnostics, DIAGNOSTIC_OLDER_SPELLING, child->key_at,
                    "\"%s\" is an older spelling of \"%s\"", rule->name, rule->means);
}

/* `args` may be there in several spellings, which are merged; other keys only once. */
static void check_conflict(struct compilation *c, const struct fields *f, const struct key_rule *rule,
                           const struct child *child, const char *what)
{
    for (uint32_t i = 0; i < f->count; i++) {
        const struct key_rule *other = f->items[i].rule;
        if (strcmp(other->means, rule->means) != 0)
            continue;
        bool args = strcmp(rule->means, "args") == 0;
        diagnostics_add(c->diagnostics, args ? DIAGNOSTIC_MERGED_ARGS : DIAGNOSTIC_CONFLICTING_KEYS,
                        child->key_at,
                        args ? "\"%s\" and \"%s\" of %s are the same key and are merged"
                             : "\"%s\" and \"%s\" of %s are the same key",
                        other->name, rule->name, what);
        diagnostics_hint(c->diagnostics,
                         args ? "where they have the same name, args wins" : "keep one of them");
        return;
    }
}

static void check_required(struct compilation *c, const struct ynode *map, uint64_t sets, const char *what,
                           const struct fields *f)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct key_rule *rule = &RULES[i];
        if (!(rule->flags & KEY_REQUIRED) || !(sets & keys_bit(rule->set)) || fields_has(f, rule->means))
            continue;
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_KEY, map->at, "%s has no \"%s\"", what,
                        rule->name);
    }
}

static bool has_no_value(const struct child *child, const struct key_rule *rule)
{
    return child->node->kind == NODE_SCALAR && child->node->value.type == VALUE_NULL &&
           !child->node->broken && !(rule->kinds & KIND_ANY);
}

void keys_read(struct compilation *c, const struct ynode *map, uint64_t sets, bool free_keys,
               const char *what, struct fields *out)
{
    *out = (struct fields){.items = compilation_alloc(c, map->count, sizeof(struct field))};
    if (!out->items)
        return;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct child *child = &map->children[i];
        const struct key_rule *rule = find_rule(sets, child->key);
        if (str_starts_with(child->key, STR("x-")) || (rule && has_no_value(child, rule)))
            continue;
        if (!rule) {
            if (!free_keys)
                add_unknown(c, sets, child, what);
            continue;
        }
        add_older(c, rule, child);
        check_conflict(c, out, rule, child, what);
        bool usable = keys_check_kind(c, child, rule->kinds, what);
        out->items[out->count++] = (struct field){rule, child, usable};
    }
    if (!map->broken)
        check_required(c, map, sets, what, out);
}

const struct child *fields_get(const struct fields *f, const char *key)
{
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->items[i].usable && strcmp(f->items[i].rule->means, key) == 0)
            return f->items[i].child;
    }
    return NULL;
}

bool fields_has(const struct fields *f, const char *key)
{
    for (uint32_t i = 0; i < f->count; i++) {
        if (strcmp(f->items[i].rule->means, key) == 0)
            return true;
    }
    return false;
}

struct str fields_text(const struct fields *f, const char *key)
{
    const struct child *child = fields_get(f, key);
    return child ? value_as_str(child->node->value) : STR("");
}
