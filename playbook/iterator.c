/* `type: iterator`: which items there are, and what is run for each; and `type: playbooks`, which is one too.
 */
#include "compile.h"

enum { DEEPEST = TASK_ID_DEPTH - 1, MOST_TASKS = 100 };

/* ---- its own keys ------------------------------------------------------------------------------------- */

static void check_element(struct compilation *c, const struct child *child, const char *owner)
{
    if (!child)
        return;
    struct str name = value_as_str(child->node->value);
    if (!is_template_name(name))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                        "\"element\" of %s has to be a name of letters, digits and _, not \"%" PRISTR "\"",
                        owner, ARGSTR(name));
    else
        (void)reserved_check(c, name, child->node->at, "the item");
}

static void check_collection(struct compilation *c, const struct child *child, const char *owner)
{
    if (!child || child->node->broken || child->node->kind != NODE_SCALAR ||
        template_is_template(value_as_str(child->node->value)))
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_WRONG_KIND, child->node->at,
                    "\"collection\" of %s has to be a list, or a template that gives one, not %s", owner,
                    ynode_kind_name(child->node));
    if (child->node->value.type == VALUE_STRING)
        diagnostics_hint(c->diagnostics, "a template has braces: \"{{ %" PRISTR " }}\"",
                         ARGSTR(value_as_str(child->node->value)));
}

static void check_whole(struct compilation *c, const struct fields *f, const char *key, int64_t least,
                        const char *owner)
{
    const struct child *child = fields_get(f, key);
    if (!child || template_is_template(value_as_str(child->node->value)))
        return;
    struct value v = child->node->value;
    if (v.type != VALUE_INT || v.u.i < least)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                        "\"%s\" of %s has to be a whole number from %lld", key, owner, (long long)least);
}

static bool is_async(struct compilation *c, const struct child *mode, const char *owner)
{
    static const char *const MODES[] = {"sequential", "async", "parallel", NULL};
    int word = mode ? word_read(c, mode, MODES, owner) : 0;
    if (word == 2)
        diagnostics_add(c->diagnostics, DIAGNOSTIC_OLDER_SPELLING, mode->node->at,
                        "\"mode: parallel\" is an older spelling of \"mode: async\"");
    return word > 0;
}

static void check_concurrency(struct compilation *c, const struct fields *f, const char *owner)
{
    const struct child *concurrency = fields_get(f, "concurrency"), *mode = fields_get(f, "mode");
    if (!concurrency || (mode && !str_is(value_as_str(mode->node->value), "sequential")))
        return;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_UNUSED_KEY, concurrency->key_at,
                    "\"concurrency\" of %s changes nothing: one item is run at a time", owner);
    diagnostics_hint(c->diagnostics, "several are with \"mode: async\"");
}

/* {step: NAME} is the step's own, where it is one: step.c reads it. */
static enum item_error read_on_error(struct compilation *c, const struct child *child, const char *owner)
{
    static const char *const WORDS[] = {"fail", "continue", "collect", NULL};
    bool of_step = c->iterator_depth == 1 && !c->in_workbook;
    if (!child || (child->node->kind == NODE_MAP && of_step))
        return ITEM_ERROR_FAIL;
    if (child->node->kind == NODE_MAP) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                        "\"on_error\" of %s cannot name a step: it is fail, continue or collect", owner);
        return ITEM_ERROR_FAIL;
    }
    int word = word_read(c, child, WORDS, owner);
    if (word < 0)
        diagnostics_hint(c->diagnostics, "it is \"fail\", \"continue\" or \"collect\"");
    return word < 0 ? ITEM_ERROR_FAIL : (enum item_error)word;
}

/* ---- tasks -------------------------------------------------------------------------------------------- */

static bool check_task_type(struct compilation *c, const struct ynode *task, enum step_type type, bool known,
                            const char *what)
{
    const struct child *written = ynode_get(task, STR("type"));
    if (!known)
        return false;
    if (type == STEP_NONE) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_MISSING_KEY, task->at, "%s has no \"type\"", what);
        return false;
    }
    if (type != STEP_START && type != STEP_END && type != STEP_SIGNAL)
        return true;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, written->node->at,
                    "\"type\" of %s cannot be \"%s\"", what, step_type_name(type));
    return false;
}

/* How high the iterators in a task are; 0 if they are too many, which is told of only once. */
static uint32_t task_height(struct compilation *c, const struct draft_action *task, const char *what)
{
    uint32_t height = task->iterator ? task->iterator->height : 0;
    if (c->iterator_depth + height <= DEEPEST)
        return height;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_LIMIT, task->at,
                    "with %s there are more than %d iterators in each other", what, DEEPEST);
    return 0;
}

/* Later tasks of the item see its data under it. */
static struct str read_task_name(struct compilation *c, const struct child *name, const char *what)
{
    if (!name)
        return STR("");
    struct str text = value_as_str(name->node->value);
    if (!reserved_check(c, text, name->node->at, "this task's data") && !is_template_name(text))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_AWKWARD_NAME, name->node->at,
                        "\"%" PRISTR "\" of %s cannot be written as a name in templates", ARGSTR(text), what);
    return text;
}

static void read_task(struct compilation *c, const struct ynode *task, const char *what,
                      struct draft_action *out)
{
    bool known;
    struct fields f;
    if (task->kind != NODE_MAP) {
        if (!task->broken)
            diagnostics_add(c->diagnostics, DIAGNOSTIC_WRONG_KIND, task->at, "%s has to be a map, not %s",
                            what, ynode_kind_name(task));
        return;
    }
    enum step_type type = action_type(c, task, what, &known);
    bool usable = check_task_type(c, task, type, known, what);
    uint64_t sets = keys_bit(KEYS_WORK) | keys_bit(KEYS_TASK) | keys_bit(KEYS_TYPE + type);
    keys_read(c, task, sets, !usable, what, &f);
    *out = (struct draft_action){.type = type, .at = task->at};
    if (c->status != STATUS_OK)
        return;
    action_read(c, task, &f, what, out);
    if (type == STEP_WORKBOOK)
        out->name = action_use(c, fields_get(&f, "name"), what, out);
    else
        out->name = read_task_name(c, fields_get(&f, "name"), what);
    saves_check_type(c, out, what);
}

static void read_tasks(struct compilation *c, const struct child *task, const char *owner,
                       struct draft_iterator *out)
{
    const char *what = compilation_printf(c, "the task of %s", owner);
    bool list = task && task->node->kind == NODE_LIST;
    uint32_t count = !task ? 0 : list ? task->node->count : 1;
    if (task && (count == 0 || count > MOST_TASKS)) {
        diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, task->node->at,
                        "\"task\" of %s has to have from 1 to %d actions", owner, MOST_TASKS);
        return;
    }
    out->tasks = compilation_alloc(c, count, sizeof(*out->tasks));
    for (uint32_t i = 0; out->tasks && i < count && c->status == STATUS_OK; i++) {
        const struct ynode *node = list ? task->node->children[i].node : task->node;
        struct draft_action *read = &out->tasks[out->task_count++];
        read_task(c, node, what, read);
        uint32_t height = 1 + task_height(c, read, what);
        out->height = height > out->height ? height : out->height;
    }
}

void iterator_read(struct compilation *c, const struct ynode *in, const struct fields *f, const char *owner,
                   struct draft_action *out)
{
    const struct child *enumerate = fields_get(f, "enumerate"), *chunk = fields_get(f, "chunk"),
                       *element = fields_get(f, "element");
    struct draft_iterator *it = compilation_alloc(c, 1, sizeof(*it));
    if (!it)
        return;
    c->iterator_depth++;
    out->iterator = it;
    it->at = in->at;
    it->height = 1;
    it->element_at = element ? element->node->at : in->at;
    it->enumerate_at = enumerate ? enumerate->key_at : in->at;
    it->has_chunk = chunk != NULL;
    it->chunk_at = chunk ? chunk->key_at : in->at;
    check_collection(c, fields_get(f, "collection"), owner);
    check_element(c, element, owner);
    check_whole(c, f, "concurrency", 1, owner);
    check_whole(c, f, "limit", 0, owner);
    check_whole(c, f, "chunk", 1, owner);
    it->values.element = fields_text(f, "element");
    it->values.async = is_async(c, fields_get(f, "mode"), owner);
    check_concurrency(c, f, owner);
    it->values.enumerate = enumerate && enumerate->node->value.u.b;
    it->values.on_error = read_on_error(c, fields_get(f, "on_error"), owner);
    it->where = condition_read(c, f, "where");
    it->order_by = condition_read(c, f, "order_by");
    if (c->iterator_depth < TASK_ID_DEPTH)
        read_tasks(c, fields_get(f, "task"), owner, it);
    c->iterator_depth--;
}

void listing_read(struct compilation *c, const struct ynode *in, const struct fields *f, const char *owner,
                  struct draft_action *out)
{
    struct draft_iterator *it = compilation_alloc(c, 1, sizeof(*it));
    struct draft_action *call = compilation_alloc(c, 1, sizeof(*call));
    if (!it || !call)
        return;
    *call = (struct draft_action){.type = STEP_PLAYBOOK, .at = in->at};
    c->iterator_depth++;
    *it = (struct draft_iterator){.at = in->at, .height = 1, .tasks = call, .task_count = 1};
    it->values.element = STR("playbook");
    it->values.on_error = read_on_error(c, fields_get(f, "on_error"), owner);
    it->names_checked = true; /* its tasks see no names */
    out->iterator = it;
    c->iterator_depth--;
}
