/* An action with its templates compiled: of a step, or of an iterator's task. */
#include "compile.h"

/* What an action counts for, beside its input: about what it takes when it has none. */
enum { ACTION_BYTES = 2048 };

static struct object_template *link_key(struct compilation *c, const struct draft_action *from,
                                        const char *key, const char *name)
{
    return link_object(c, value_get(from->config, str_of(key)), from->at,
                       compilation_printf(c, "%s.%s", name, key));
}

/* ---- retry, save, assert ------------------------------------------------------------------------------ */

static struct retry_policy *link_retry(struct compilation *c, const struct draft_action *from,
                                       const char *name)
{
    struct retry_policy *r = from->retry ? compilation_keep(c, 1, sizeof(*r)) : NULL;
    if (!r)
        return NULL;
    *r = *from->retry;
    r->retry_when_text = compilation_keep_str(c, r->retry_when_text);
    r->stop_when_text = compilation_keep_str(c, r->stop_when_text);
    r->retry_when =
        link_condition(c, r->retry_when_text, from->at, compilation_printf(c, "%s.retry.retry_when", name));
    r->stop_when =
        link_condition(c, r->stop_when_text, from->at, compilation_printf(c, "%s.retry.stop_when", name));
    return r;
}

/* Names as they are found, each kept once. */
struct names {
    struct compilation *c;
    struct str *items;
    uint32_t count, capacity;
};

static void add_name(void *user, struct str name)
{
    struct names *n = user;
    for (uint32_t i = 0; i < n->count; i++) {
        if (str_equal(n->items[i], name))
            return;
    }
    if (n->count == n->capacity) {
        uint32_t larger = n->capacity ? n->capacity * 2 : 8;
        struct str *moved = compilation_keep(n->c, larger, sizeof(*moved));
        if (!moved)
            return;
        if (n->count)
            memcpy(moved, n->items, n->count * sizeof(*moved));
        n->items = moved;
        n->capacity = larger;
    }
    n->items[n->count++] = compilation_keep_str(n->c, name);
}

/* The worker renders a storage's keys, but for those that are verbatim; here it is only looked at which names
 * they need. */
static void link_storage(struct compilation *c, const struct draft_save *from, const char *name,
                         struct names *names, struct save_entry *out)
{
    struct object_template *keys = link_object(c, from->value, from->at, name);
    out->keys = compilation_keep_value(c, compilation_overlay(c, from->value, from->verbatim));
    if (keys)
        object_each_name(keys, add_name, names);
    object_free(keys);
}

static void link_saves(struct compilation *c, const struct draft_action *from, const char *name,
                       struct action *out)
{
    struct names names = {.c = c};
    out->saves = compilation_keep(c, from->save_count, sizeof(*out->saves));
    if (!out->saves)
        return;
    out->save_count = from->save_count;
    for (uint32_t i = 0; i < from->save_count; i++) {
        const struct draft_save *save = &from->saves[i];
        const char *path = compilation_printf(c, "%s.save[%u]", name, i);
        out->saves[i] = (struct save_entry){
            .target = save->target, .name = compilation_keep_str(c, save->name), .tool = save->tool};
        if (save->target == SAVE_STORAGE)
            link_storage(c, save, path, &names, &out->saves[i]);
        else
            out->saves[i].data = link_object(c, save->value, save->at, path);
    }
    out->names_for_saves = names.items;
    out->names_for_saves_count = names.count;
}

static struct str *link_paths(struct compilation *c, struct value list)
{
    struct str *paths = compilation_keep(c, list.len, sizeof(*paths));
    for (uint32_t i = 0; paths && i < list.len; i++)
        paths[i] = compilation_keep_str(c, value_as_str(list.u.list[i]));
    return paths;
}

static struct assertion *link_assertion(struct compilation *c, const struct draft_assertion *from)
{
    struct assertion *a = from ? compilation_keep(c, 1, sizeof(*a)) : NULL;
    if (!a)
        return NULL;
    a->expects = link_paths(c, from->expects);
    a->returns = link_paths(c, from->returns);
    a->expect_count = from->expects.len;
    a->return_count = from->returns.len;
    return a;
}

/* ---- iterators, calls, signals ------------------------------------------------------------------------ */

static struct iterator *link_iterator(struct compilation *c, const struct draft_action *from,
                                      const char *name)
{
    const struct draft_iterator *draft = from->iterator;
    struct iterator *it = draft ? compilation_keep(c, 1, sizeof(*it)) : NULL;
    if (!it)
        return NULL;
    *it = draft->values;
    it->element = compilation_keep_str(c, it->element);
    it->collection = link_key(c, from, "collection", name);
    it->concurrency = link_key(c, from, "concurrency", name);
    it->limit = link_key(c, from, "limit", name);
    it->chunk = link_key(c, from, "chunk", name);
    it->where = link_condition(c, draft->where, draft->at, compilation_printf(c, "%s.where", name));
    it->order_by = link_condition(c, draft->order_by, draft->at, compilation_printf(c, "%s.order_by", name));
    it->tasks = compilation_keep(c, draft->task_count, sizeof(*it->tasks));
    if (!it->tasks)
        return it;
    it->task_count = draft->task_count;
    for (uint32_t i = 0; i < it->task_count && c->status == STATUS_OK && !c->diagnostics->errors; i++)
        link_action(c, &draft->tasks[i], compilation_printf(c, "%s.task[%u]", name, i), &it->tasks[i]);
    return it;
}

static struct playbook_call *link_call(struct compilation *c, const struct draft_action *from,
                                       const char *name)
{
    struct playbook_call *call = compilation_keep(c, 1, sizeof(*call));
    if (!call)
        return NULL;
    call->path = link_key(c, from, "path", name);
    call->version = link_key(c, from, "version", name);
    call->wait = link_key(c, from, "wait", name);
    call->return_step = compilation_keep_str(c, from->return_step);
    return call;
}

static struct playbook_listing *link_listing(struct compilation *c, const struct draft_action *from,
                                             const char *name)
{
    struct playbook_listing *listing = compilation_keep(c, 1, sizeof(*listing));
    if (!listing)
        return NULL;
    listing->path = link_key(c, from, "path", name);
    listing->parallel = link_key(c, from, "parallel", name);
    return listing;
}

static void link_type(struct compilation *c, const struct draft_action *from, const char *name,
                      struct action *out)
{
    struct value config = from->config;
    if (step_type_has_items(from->type))
        out->iterator = link_iterator(c, from, name);
    else if (from->type == STEP_PLAYBOOK)
        out->call = link_call(c, from, name);
    else if (from->type == STEP_SIGNAL)
        out->signal = link_key(c, from, "name", name);
    if (from->type == STEP_PLAYBOOKS)
        out->listing = link_listing(c, from, name);
    if (step_type_has_attempts(from->type) && !step_type_is_tool(from->type))
        config = VALUE_EMPTY_MAP;
    out->config = link_object(c, config, from->at, name);
}

void link_action(struct compilation *c, const struct draft_action *from, const char *name, struct action *out)
{
    if (!link_count_bytes(c, ACTION_BYTES, from->at))
        return;
    out->type = from->type;
    c->playbook->fetches_secrets |= from->type == STEP_SECRETS;
    out->timeout_ms = from->timeout_ms;
    out->name = compilation_keep_str(c, from->name);
    if (link_count(c, from->verbatim, from->at))
        out->verbatim = compilation_keep_value(c, from->verbatim);
    out->args = link_object(c, from->args, from->at, compilation_printf(c, "%s.args", name));
    link_type(c, from, name, out);
    out->retry = link_retry(c, from, name);
    out->assertion = link_assertion(c, from->assertion);
    link_saves(c, from, name, out);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

static void free_iterator(struct iterator *it)
{
    if (!it)
        return;
    object_free(it->collection);
    object_free(it->concurrency);
    object_free(it->limit);
    object_free(it->chunk);
    template_free(it->where);
    template_free(it->order_by);
    for (uint32_t i = 0; i < it->task_count; i++)
        action_free(&it->tasks[i]);
}

void action_free(struct action *action)
{
    object_free(action->args);
    object_free(action->config);
    object_free(action->signal);
    free_iterator(action->iterator);
    if (action->call) {
        object_free(action->call->path);
        object_free(action->call->version);
        object_free(action->call->wait);
    }
    if (action->listing) {
        object_free(action->listing->path);
        object_free(action->listing->parallel);
    }
    if (action->retry) {
        template_free(action->retry->retry_when);
        template_free(action->retry->stop_when);
    }
    for (uint32_t i = 0; i < action->save_count; i++)
        object_free(action->saves[i].data);
}
