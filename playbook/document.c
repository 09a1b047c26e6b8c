/* The root of a playbook: what it is, where it belongs, and its parts in the order in which they are needed.
 */
#include "compile.h"

static const struct position TOP = {1, 1, 0};

/* ---- identity --------------------------------------------------------------------------------- */

static void check_constant(struct compilation *c, const struct ynode *root, const struct fields *f,
                           const char *key, const char *wanted)
{
    const struct child *child = fields_get(f, key);
    if (!fields_has(f, key)) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_NO_API_VERSION, root->at, "the playbook has no \"%s\"",
                        key);
        diagnostics_hint(c->diagnostics, "write \"%s: %s\"", key, wanted);
    } else if (child && !str_is(value_as_str(child->node->value), wanted)) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_WRONG_DOCUMENT, child->node->at,
                        "\"%s\" has to be %s, not %" PRISTR, key, wanted,
                        ARGSTR(value_as_str(child->node->value)));
    }
}

/* Text under a key of metadata, or of the root, where playbooks used to have it. */
static const struct child *find_identity(const struct ynode *root, struct str key)
{
    const struct child *metadata = ynode_get(root, STR("metadata")), *found = NULL;
    if (metadata && metadata->node->kind == NODE_MAP)
        found = ynode_get(metadata->node, key);
    if (!found || value_as_str(found->node->value).len == 0)
        found = ynode_get(root, key);
    return found && value_as_str(found->node->value).len ? found : NULL;
}

static struct str identity_text(const struct ynode *root, struct str key)
{
    const struct child *child = find_identity(root, key);
    return child ? value_as_str(child->node->value) : STR("");
}

const struct child *document_path(const struct ynode *root)
{
    if (root->kind != NODE_MAP)
        return NULL;
    const struct child *path = find_identity(root, STR("path"));
    return path ? path : find_identity(root, STR("name"));
}

static bool is_path_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-/.=", c));
}

bool playbook_path_is_valid(struct str path)
{
    if (path.len == 0 || path.len > PLAYBOOK_PATH_MAX)
        return false;
    for (size_t i = 0; i < path.len; i++)
        if (!is_path_character(path.ptr[i]))
            return false;
    char first = path.ptr[0], last = path.ptr[path.len - 1];
    return first != '.' && first != '/' && last != '.' && last != '/' && str_find(path, STR("..")) < 0 &&
           str_find(path, STR("//")) < 0;
}

bool playbook_prefix_is_valid(struct str prefix)
{
    if (prefix.len > 1 && prefix.ptr[prefix.len - 1] == '/')
        prefix.len--;
    return playbook_path_is_valid(prefix);
}

bool playbook_path_is_under(struct str path, struct str prefix)
{
    bool folder = prefix.len && prefix.ptr[prefix.len - 1] == '/';
    if (!str_starts_with(path, prefix))
        return false;
    return folder ? path.len > prefix.len : path.len == prefix.len || path.ptr[prefix.len] == '/';
}

static void read_path(struct compilation *c, const struct ynode *root)
{
    const struct child *path = document_path(root);
    if (!path) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_KEY, root->at,
                        "the playbook has no \"metadata.path\"");
        diagnostics_hint(c->diagnostics,
                         "the path names it in the catalog: \"metadata: {path: examples/hello}\"");
        return;
    }
    struct str text = value_as_str(path->node->value);
    c->playbook->path = compilation_keep_str(c, text);
    if (playbook_path_is_valid(text))
        return;
    diagnostics_add(
        c->diagnostics, DIAGNOSTIC_BAD_VALUE, path->node->at,
        "\"%" PRISTR
        "\" cannot be the path of a playbook: that has 1 to %d of A-Z a-z 0-9 _ - / . =, without . or / "
        "at an end or two of them in a row",
        ARGSTR(text), PLAYBOOK_PATH_MAX);
    if (str_is(path->key, "name"))
        diagnostics_hint(c->diagnostics, "the name stands for the path where there is no \"metadata.path\"");
}

static void hint_moved(struct compilation *c, const struct fields *f)
{
    static const char *const MOVED[] = {"name", "path", "version", "description"};
    for (size_t i = 0; i < sizeof(MOVED) / sizeof(*MOVED); i++) {
        const struct child *child = fields_get(f, MOVED[i]);
        if (child)
            diagnostics_add(c->diagnostics, DIAGNOSTIC_OLDER_SPELLING, child->key_at,
                            "\"%s\" is an older spelling of \"metadata.%s\"", MOVED[i], MOVED[i]);
    }
}

/* metadata.version may be a number, written as in the text. */
static struct str version_text(struct compilation *c, const struct ynode *root)
{
    const struct child *metadata = ynode_get(root, STR("metadata"));
    const struct child *version = metadata && metadata->node->kind == NODE_MAP
                                      ? ynode_get(metadata->node, STR("version"))
                                      : ynode_get(root, STR("version"));
    if (!version || version->node->kind != NODE_SCALAR)
        return STR("");
    if (version->node->value.type == VALUE_STRING || version->node->at.length == 0)
        return value_as_str(version->node->value);
    size_t from = source_offset(c->source, version->node->at);
    struct position behind = version->node->at;
    behind.column += behind.length;
    return (struct str){c->source->text.ptr + from, source_offset(c->source, behind) - from};
}

static void read_identity(struct compilation *c, const struct ynode *root, const struct fields *f)
{
    struct playbook *p = c->playbook;
    const struct child *metadata = fields_get(f, "metadata");
    struct fields m = {0};
    p->metadata = VALUE_EMPTY_MAP;
    if (metadata) {
        keys_read(c, metadata->node, keys_bit(KEYS_METADATA), true, "metadata", &m);
        p->metadata = compilation_keep_value(c, metadata->node->value);
        p->timeout_ms = timeout_read(c, fields_get(&m, "timeout"), "metadata");
    }
    hint_moved(c, f);
    read_path(c, root);
    p->name = compilation_keep_str(c, identity_text(root, STR("name")));
    p->description = compilation_keep_str(c, identity_text(root, STR("description")));
    p->version = compilation_keep_str(c, version_text(c, root));
}

/* ---- workload --------------------------------------------------------------------------------- */

static void warn_of_templates(struct compilation *c, const struct ynode *n)
{
    if (n->value.type == VALUE_STRING && template_is_template(value_as_str(n->value))) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_WORKLOAD_TEMPLATE, n->at,
                        "workload is not rendered: this stays text");
        diagnostics_hint(c->diagnostics, "write the template where the value is used");
    }
    for (uint32_t i = 0; i < n->count; i++)
        warn_of_templates(c, n->children[i].node);
}

static void read_workload(struct compilation *c, const struct child *workload)
{
    c->playbook->workload = VALUE_EMPTY_MAP;
    if (!workload)
        return;
    warn_of_templates(c, workload->node);
    c->playbook->workload = compilation_keep_value(c, workload->node->value);
}

/* ---- workflow --------------------------------------------------------------------------------- */

bool item_check(struct compilation *c, const struct ynode *item, const char *list)
{
    if (item->kind == NODE_MAP)
        return true;
    if (!item->broken)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_WRONG_KIND, item->at,
                        "an item of \"%s\" has to be a map, not %s", list, ynode_kind_name(item));
    return false;
}

static void index_steps(struct compilation *c)
{
    struct playbook *p = c->playbook;
    p->by_name = compilation_keep(c, p->step_count, sizeof(*p->by_name));
    for (uint32_t i = 0; p->by_name && i < p->step_count; i++) {
        const struct step *step = &p->steps[i];
        if (step->name.len == 0)
            continue;
        if (step_index(p, i))
            continue;
        c->incomplete = true;
        diagnostics_add(c->diagnostics, DIAGNOSTIC_DUPLICATE_STEP, step->at,
                        "there are two steps named \"%" PRISTR "\"", ARGSTR(step->name));
        diagnostics_hint(c->diagnostics, "the first is at line %u",
                         p->steps[playbook_find_step(p, step->name)].at.line);
    }
}

static void find_ends(struct compilation *c)
{
    struct playbook *p = c->playbook;
    int32_t start = playbook_find_step(p, STR("start"));
    p->end = playbook_find_step(p, STR("end"));
    p->start = start < 0 ? 0 : (uint32_t)start;
    if (start >= 0 || p->steps[0].name.len == 0)
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_NO_START, p->steps[0].at,
                    "no step is named \"start\": the execution begins at \"%" PRISTR "\"",
                    ARGSTR(p->steps[0].name));
}

static void read_workflow(struct compilation *c, const struct child *workflow)
{
    struct playbook *p = c->playbook;
    uint32_t count = workflow ? workflow->node->count : 0;
    p->end = -1;
    if (count == 0 || count > PLAYBOOK_MAX_STEPS) {
        if (count)
            diagnostics_add(c->diagnostics, DIAGNOSTIC_LIMIT, workflow->key_at,
                            "the workflow has %u steps, %d are allowed", count, PLAYBOOK_MAX_STEPS);
        else if (workflow)
            diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, workflow->key_at,
                            "the workflow has no step");
        return;
    }
    p->steps = compilation_keep(c, count, sizeof(*p->steps));
    c->drafts = compilation_alloc(c, count, sizeof(*c->drafts));
    if (!p->steps || !c->drafts)
        return;
    p->step_count = count;
    for (uint32_t i = 0; i < count && c->status == STATUS_OK; i++) {
        const struct ynode *item = workflow->node->children[i].node;
        c->drafts[i].result = (struct value){.type = VALUE_UNDEFINED};
        if (item_check(c, item, "workflow"))
            step_read(c, item, i);
        c->incomplete = c->incomplete || item->broken || p->steps[i].name.len == 0;
    }
    if (c->status != STATUS_OK)
        return;
    index_steps(c);
    for (uint32_t i = 0; i < count && c->status == STATUS_OK; i++)
        names_check(c, &c->drafts[i].action);
    if (c->status == STATUS_OK)
        find_ends(c);
}

void document_read(struct compilation *c, const struct ynode *root)
{
    struct fields f;
    if (root->kind != NODE_MAP) {
        if (!root->broken)
            diagnostics_add(c->diagnostics, DIAGNOSTIC_WRONG_DOCUMENT, TOP,
                            "a playbook is a map with a workflow, not %s", ynode_kind_name(root));
        return;
    }
    keys_read(c, root, keys_bit(KEYS_ROOT), false, "the playbook", &f);
    if (c->status != STATUS_OK)
        return;
    check_constant(c, root, &f, "apiVersion", "noetl.io/v1");
    check_constant(c, root, &f, "kind", "Playbook");
    read_identity(c, root, &f);
    read_workload(c, fields_get(&f, "workload"));
    workbook_read(c, fields_get(&f, "workbook"));
    read_workflow(c, fields_get(&f, "workflow"));
}
