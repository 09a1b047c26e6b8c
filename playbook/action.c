/* What a step, an action of the workbook or an iterator's task does: type, args, and the tool's own keys. */
#include "compile.h"

#include "core/digest.h"
#include "core/utf8.h"

#define MAX_SECONDS 2592000 /* 30 days */

/* ---- type ------------------------------------------------------------------------------------- */

static void add_unknown_type(struct compilation *c, const struct child *child, const char *what)
{
    struct str words[STEP_TYPE_COUNT];
    struct str text = value_as_str(child->node->value);
    for (int t = 1; t < STEP_TYPE_COUNT; t++)
        words[t - 1] = str_of(step_type_name((enum step_type)t));
    struct str near = str_nearest(text, words, STEP_TYPE_COUNT - 1);
    diagnostics_add(c->diagnostics, DIAGNOSTIC_UNKNOWN_TYPE, child->node->at,
                    "unknown type \"%" PRISTR "\" of %s", ARGSTR(text), what);
    if (near.len)
        diagnostics_hint(c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
}

enum step_type action_type(struct compilation *c, const struct ynode *in, const char *what, bool *known)
{
    const struct child *child = ynode_get(in, STR("type"));
    *known = true;
    if (!child || child->node->value.type == VALUE_NULL)
        return STEP_NONE;
    *known = false;
    if (child->node->broken || child->node->value.type != VALUE_STRING)
        return STEP_NONE;
    struct str text = value_as_str(child->node->value);
    for (int t = 1; t < STEP_TYPE_COUNT; t++) {
        if (!str_is(text, step_type_name((enum step_type)t)))
            continue;
        *known = true;
        return (enum step_type)t;
    }
    if (str_is(text, "route") || str_is(text, "router")) {
        *known = true;
        diagnostics_add(c->diagnostics, DIAGNOSTIC_OLDER_SPELLING, child->node->at,
                        "a step that only routes needs no type");
        return STEP_NONE;
    }
    add_unknown_type(c, child, what);
    return STEP_NONE;
}

/* ---- args, timeout ---------------------------------------------------------------------------- */

struct value args_read(struct compilation *c, const struct fields *fields)
{
    /* Over each other in this order. */
    static const char *const SPELLINGS[] = {"data", "input", "payload", "with", "args"};
    struct value args = {.type = VALUE_UNDEFINED};
    for (size_t s = 0; s < sizeof(SPELLINGS) / sizeof(*SPELLINGS); s++) {
        for (uint32_t i = 0; i < fields->count; i++) {
            const struct field *f = &fields->items[i];
            if (!f->usable || strcmp(f->rule->means, "args") != 0 || strcmp(f->rule->name, SPELLINGS[s]) != 0)
                continue;
            leaves_check(c, f->child->node);
            args = compilation_overlay(c, args, f->child->node->value);
        }
    }
    return args;
}

int64_t timeout_read(struct compilation *c, const struct child *child, const char *what)
{
    if (!child)
        return 0;
    struct value v = child->node->value;
    double seconds = v.type == VALUE_INT ? (double)v.u.i : v.type == VALUE_FLOAT ? v.u.f : 0;
    if (seconds >= 0.001 && seconds <= MAX_SECONDS)
        return (int64_t)(seconds * 1000 + 0.5);
    diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                    "\"timeout\" of %s has to be from 0.001 to %d seconds", what, MAX_SECONDS);
    return 0;
}

/* What bounds an attempt is the worker's, or the wait's: the items of an iterator have their own, and so has
 * a playbook. */
void timeout_check_type(struct compilation *c, const struct child *timeout, enum step_type type,
                        const char *what)
{
    if (!timeout || (!step_type_has_items(type) && type != STEP_PLAYBOOK))
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_MISPLACED_KEY, timeout->key_at,
                    "\"timeout\" of %s means nothing", what);
    diagnostics_hint(c->diagnostics, type == STEP_ITERATOR   ? "it belongs to the iterator's task"
                                     : type == STEP_PLAYBOOK ? "it belongs to the other playbook's metadata"
                                                             : "it belongs to the metadata of the playbooks");
}

/* ---- the tool's keys -------------------------------------------------------------------------- */

/* The node with the text that its base64 stands for. */
static const struct ynode *decode(struct compilation *c, const struct child *child)
{
    struct buf text;
    struct str decoded = {0};
    struct ynode *node = compilation_alloc(c, 1, sizeof(*node));
    if (!node)
        return child->node;
    *node = *child->node;
    buf_init(&text, YAML_MAX_BYTES);
    if (base64_decode(&text, value_as_str(child->node->value)) && utf8_check(buf_str(&text)) == text.len) {
        decoded = (struct str){arena_strdup(c->scratch, buf_str(&text)), text.len};
        if (decoded.ptr)
            node->value = value_str(decoded);
        else
            compilation_stop(c, arena_error(c->scratch, c->err, "decoded text"));
        node->decoded = true;
    } else if (buf_status(&text, c->err) != STATUS_OK) {
        compilation_stop(c, c->err->status);
    } else {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_BASE64, child->node->at,
                        "\"%" PRISTR "\" is not the base64 of a UTF-8 text", ARGSTR(child->key));
    }
    buf_free(&text);
    return node;
}

const struct ynode *field_node(struct compilation *c, const struct field *field)
{
    return field->rule->flags & KEY_BASE64 ? decode(c, field->child) : field->child->node;
}

static void check_one_of(struct compilation *c, const struct ynode *in, const struct fields *f, const char *a,
                         const char *b, const char *what)
{
    if (fields_has(f, a) && fields_has(f, b)) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_CONFLICTING_KEYS, in->at, "%s has both \"%s\" and \"%s\"",
                        what, a, b);
        diagnostics_hint(c->diagnostics, "keep one of them");
    } else if (!fields_has(f, a) && !fields_has(f, b) && !in->broken) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_KEY, in->at, "%s has no \"%s\" and no \"%s\"",
                        what, a, b);
    }
}

void method_check(struct compilation *c, const struct fields *f, const char *what)
{
    static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
    const struct child *child = fields_get(f, "method");
    struct str method = child ? value_as_str(child->node->value) : STR("");
    if (!child || template_is_template(method))
        return;
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(*METHODS); i++) {
        if (method.len == strlen(METHODS[i]) && strncasecmp(method.ptr, METHODS[i], method.len) == 0)
            return;
    }
    diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                    "\"%" PRISTR "\" of %s is no method of HTTP", ARGSTR(method), what);
    diagnostics_hint(c->diagnostics, "the methods are GET POST PUT PATCH DELETE HEAD OPTIONS");
}

static void check_playbook_path(struct compilation *c, const struct fields *f, const char *what)
{
    const struct child *child = fields_get(f, "path");
    struct str path = child ? value_as_str(child->node->value) : STR("");
    if (child && !template_is_template(path) && !playbook_path_is_valid(path))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                        "\"%" PRISTR "\" of %s is no path of a playbook", ARGSTR(path), what);
}

static void check_prefix(struct compilation *c, const struct fields *f, const char *what)
{
    const struct child *child = fields_get(f, "path");
    struct str prefix = child ? value_as_str(child->node->value) : STR("");
    if (!child || template_is_template(prefix) || playbook_prefix_is_valid(prefix))
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                    "\"%" PRISTR "\" of %s is no path under which playbooks could be", ARGSTR(prefix), what);
    diagnostics_hint(c->diagnostics, "\"jobs/\" is everything in the folder jobs of the catalog");
}

static void check_tool(struct compilation *c, const struct ynode *in, const struct fields *f,
                       enum step_type type, const char *what)
{
    if (type == STEP_PYTHON)
        check_one_of(c, in, f, "code", "file", what);
    else if (type == STEP_POSTGRES || type == STEP_DUCKDB)
        check_one_of(c, in, f, "command", "commands", what);
    else if (type == STEP_HTTP)
        method_check(c, f, what);
    else if (type == STEP_NATS)
        nats_check(c, in, f, what);
    else if (type == STEP_SECRETS)
        secrets_check(c, in, f, what);
    else if (type == STEP_PLAYBOOK)
        check_playbook_path(c, f, what);
    else if (type == STEP_PLAYBOOKS)
        check_prefix(c, f, what);
}

bool action_logs_in(enum step_type type)
{
    return type == STEP_HTTP || type == STEP_POSTGRES || type == STEP_DUCKDB || type == STEP_NATS;
}

/* A workbook step's auth is its action's; step.c looks whether that logs in. */
static bool is_unused_auth(struct compilation *c, const struct field *field, enum step_type type,
                           const char *what)
{
    if (strcmp(field->rule->means, "auth") != 0 || type == STEP_WORKBOOK || action_logs_in(type))
        return false;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_UNUSED_AUTH, field->child->key_at,
                    "\"%s\" of %s means nothing: its type logs in nowhere", field->rule->name, what);
    return true;
}

static void collect_keys(struct compilation *c, const struct fields *f, const char *what,
                         struct draft_action *out)
{
    struct map_builder config, verbatim;
    map_begin(&config, c->scratch);
    map_begin(&verbatim, c->scratch);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct field *field = &f->items[i];
        uint32_t flags = field->rule->flags;
        if (!field->usable || !(flags & (KEY_CONFIG | KEY_VERBATIM)) ||
            is_unused_auth(c, field, out->type, what))
            continue;
        const struct ynode *node = field_node(c, field);
        if (flags & KEY_CONFIG)
            leaves_check(c, node);
        map_put(flags & KEY_CONFIG ? &config : &verbatim, str_of(field->rule->means), node->value);
    }
    compilation_stop(c, map_end(&config, &out->config, c->err));
    compilation_stop(c, map_end(&verbatim, &out->verbatim, c->err));
}

void action_read(struct compilation *c, const struct ynode *in, const struct fields *fields, const char *what,
                 struct draft_action *out)
{
    out->args = args_read(c, fields);
    out->timeout_ms = timeout_read(c, fields_get(fields, "timeout"), what);
    timeout_check_type(c, fields_get(fields, "timeout"), out->type, what);
    retry_read(c, fields_get(fields, "retry"), what, out);
    saves_read(c, fields_get(fields, "save"), what, out);
    assertion_read(c, fields_get(fields, "assert"), what, out);
    check_tool(c, in, fields, out->type, what);
    collect_keys(c, fields, what, out);
    if (out->type == STEP_ITERATOR)
        iterator_read(c, in, fields, what, out);
    if (out->type == STEP_PLAYBOOKS)
        listing_read(c, in, fields, what, out);
    if (out->type == STEP_PLAYBOOK)
        out->return_step = fields_text(fields, "return_step");
}
