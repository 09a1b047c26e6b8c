#include "dump.h"

#include "check.h"
#include "core/json.h"

static void add_json(struct buf *out, struct value v)
{
    struct error err;
    assert_ok(json_write(out, v, JSON_COMPACT, &err), &err);
}

/* The object itself where it has no template in it. */
static void add_object(struct buf *out, const char *name, const struct object_template *o)
{
    if (!o)
        return;
    buf_printf(out, " %s ", name);
    if (!object_is_constant(o)) {
        buf_add_text(out, "{…}");
        return;
    }
    struct arena a;
    struct value v;
    struct error err;
    struct scope scope = {.names = VALUE_EMPTY_MAP};
    struct render_inputs inputs = {0};
    arena_init(&a, 0);
    assert_ok(object_render(o, &scope, &inputs, &a, &v, &err), &err);
    add_json(out, v);
    arena_free(&a);
}

static void add_nodes(struct buf *out, const struct playbook *p, const struct step *s, uint32_t first,
                      uint32_t count, int depth)
{
    for (uint32_t i = first; i < first + count; i++) {
        const struct next_node *n = &s->nodes[i];
        buf_printf(out, "%*s", 4 * depth, "");
        if (n->kind == NEXT_WHEN)
            buf_printf(out, "when %" PRISTR, ARGSTR(n->when_text));
        else
            buf_add_text(out, n->kind == NEXT_ELSE ? "else" : "always");
        for (uint32_t e = n->edge; e < n->edge + n->edge_count; e++) {
            buf_printf(out, " -> %" PRISTR, ARGSTR(p->steps[s->edges[e].target].name));
            buf_add_text(out, s->edges[e].is_loop ? " (loop)" : "");
            add_object(out, "args", s->edges[e].args);
        }
        buf_printf(out, "  @%u:%u\n", n->at.line, n->at.column);
        add_nodes(out, p, s, n->then_node, n->then_count, depth + 1);
        if (n->else_count) {
            buf_printf(out, "%*sotherwise\n", 4 * depth, "");
            add_nodes(out, p, s, n->else_node, n->else_count, depth + 1);
        }
    }
}

static void add_neighbours(struct buf *out, const struct playbook *p, const struct step *s)
{
    buf_add_text(out, "    after");
    for (uint32_t i = 0; i < s->incoming_count; i++)
        buf_printf(out, " %" PRISTR, ARGSTR(p->steps[s->incoming[i]].name));
    buf_add_text(out, "; reaches");
    for (uint32_t i = 0; i < p->step_count; i++) {
        if (i != s->index && p->reach[(size_t)s->index * p->step_count + i])
            buf_printf(out, " %" PRISTR, ARGSTR(p->steps[i].name));
    }
    buf_add_char(out, '\n');
    assert_true(p->reach[(size_t)s->index * p->step_count + s->index]);
}

static void add_options(struct buf *out, const struct playbook *p, const struct step *s)
{
    static const char *const JOINS[] = {"", " join any", " join each"};
    buf_add_text(out, JOINS[s->join]);
    if (s->on_error == ON_ERROR_CONTINUE)
        buf_add_text(out, " on_error continue");
    if (s->on_error == ON_ERROR_STEP)
        buf_printf(out, " on_error -> %" PRISTR, ARGSTR(p->steps[s->on_error_step].name));
    if (!str_is(s->pool, "default"))
        buf_printf(out, " pool %" PRISTR, ARGSTR(s->pool));
    if (s->action.timeout_ms)
        buf_printf(out, " timeout %lld ms", (long long)s->action.timeout_ms);
    if (s->max_visits != 1000)
        buf_printf(out, " max_visits %u", s->max_visits);
    if (s->pass)
        buf_add_text(out, " pass");
    if (s->workbook_name.len)
        buf_printf(out, " action %" PRISTR " (%s)", ARGSTR(s->workbook_name), step_type_name(s->action.type));
}

/* ---- attempts ----------------------------------------------------------------------------------------- */

static void add_retry(struct buf *out, const struct retry_policy *r)
{
    if (!r)
        return;
    buf_printf(out, " retry %u times after %lld ms x %g up to %lld ms +- %g", r->max_attempts,
               (long long)r->initial_delay_ms, r->backoff_multiplier, (long long)r->max_delay_ms, r->jitter);
    if (r->retry_when)
        buf_printf(out, " when %" PRISTR, ARGSTR(r->retry_when_text));
    if (r->stop_when)
        buf_printf(out, " until %" PRISTR, ARGSTR(r->stop_when_text));
}

static void add_saves(struct buf *out, const struct action *a)
{
    for (uint32_t i = 0; i < a->save_count; i++) {
        const struct save_entry *save = &a->saves[i];
        buf_printf(out, " save %s", save->target == SAVE_EVENT ? "event" : step_type_name(save->tool));
        if (save->target == SAVE_VARIABLE)
            buf_printf(out, "as %" PRISTR, ARGSTR(save->name));
        add_object(out, "data", save->data);
        if (save->target == SAVE_STORAGE) {
            buf_add_char(out, ' ');
            add_json(out, save->keys);
        }
    }
    for (uint32_t i = 0; i < a->names_for_saves_count; i++)
        buf_printf(out, "%s%" PRISTR, i ? ", " : " reading ", ARGSTR(a->names_for_saves[i]));
}

static void add_paths(struct buf *out, const char *what, const struct str *paths, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        buf_printf(out, " %s %" PRISTR, what, ARGSTR(paths[i]));
}

static void add_attempts(struct buf *out, const struct action *a)
{
    add_retry(out, a->retry);
    add_saves(out, a);
    if (!a->assertion)
        return;
    add_paths(out, "expects", a->assertion->expects, a->assertion->expect_count);
    add_paths(out, "returns", a->assertion->returns, a->assertion->return_count);
}

static void add_verbatim(struct buf *out, const struct action *a)
{
    if (a->verbatim.len) {
        buf_add_text(out, " verbatim ");
        add_json(out, a->verbatim);
    }
}

static void add_work(struct buf *out, const struct action *a, int depth);

static void add_iterator(struct buf *out, const struct iterator *it, int depth)
{
    static const char *const ON_ERROR[] = {"", " on_error continue", " on_error collect"};
    buf_printf(out, " each %" PRISTR "%s%s%s%s", ARGSTR(it->element), it->async ? " async" : "",
               it->enumerate ? " enumerated" : "", it->own_tool ? " by its own tool" : "",
               ON_ERROR[it->on_error]);
    add_object(out, "of", it->collection);
    add_object(out, "concurrency", it->concurrency);
    add_object(out, "limit", it->limit);
    add_object(out, "chunk", it->chunk);
    buf_printf(out, "%s%s", it->where ? " where" : "", it->order_by ? " ordered" : "");
    for (uint32_t i = 0; i < it->task_count; i++) {
        const struct action *task = &it->tasks[i];
        buf_printf(out, "\n%*stask %" PRISTR " %s", 4 * depth, "", ARGSTR(task->name),
                   step_type_name(task->type));
        add_object(out, "args", task->args);
        add_object(out, "config", task->config);
        add_verbatim(out, task);
        add_work(out, task, depth + 1);
    }
}

static void add_work(struct buf *out, const struct action *a, int depth)
{
    add_attempts(out, a);
    if (a->listing) {
        add_object(out, "lists", a->listing->path);
        add_object(out, "parallel", a->listing->parallel);
    }
    if (a->iterator)
        add_iterator(out, a->iterator, depth);
    if (a->call) {
        add_object(out, "calls", a->call->path);
        add_object(out, "version", a->call->version);
        add_object(out, "wait", a->call->wait);
        buf_printf(out, " returns %" PRISTR, ARGSTR(a->call->return_step));
    }
    add_object(out, "signal", a->signal);
}

static void add_step(struct buf *out, const struct playbook *p, const struct step *s)
{
    buf_printf(out, "%" PRISTR ": %s", ARGSTR(s->name),
               s->type == STEP_NONE ? "routes" : step_type_name(s->type));
    add_options(out, p, s);
    buf_printf(out, "  @%u:%u\n", s->at.line, s->at.column);
    buf_add_text(out, "   ");
    add_object(out, "args", s->action.args);
    add_object(out, "config", s->action.config);
    add_object(out, "result", s->result);
    add_verbatim(out, &s->action);
    add_work(out, &s->action, 2);
    buf_add_char(out, '\n');
    add_neighbours(out, p, s);
    add_nodes(out, p, s, 0, s->root_count, 1);
}

void playbook_dump(const struct playbook *p, struct buf *out)
{
    buf_printf(out, "path %" PRISTR, ARGSTR(p->path));
    if (p->name.len)
        buf_printf(out, " name %" PRISTR, ARGSTR(p->name));
    if (p->version.len)
        buf_printf(out, " version %" PRISTR, ARGSTR(p->version));
    if (p->description.len)
        buf_printf(out, " description %" PRISTR, ARGSTR(p->description));
    if (p->timeout_ms)
        buf_printf(out, " timeout %lld ms", (long long)p->timeout_ms);
    buf_printf(out, "\nstart %" PRISTR, ARGSTR(p->steps[p->start].name));
    if (p->end >= 0)
        buf_printf(out, ", end %" PRISTR, ARGSTR(p->steps[p->end].name));
    buf_add_text(out, "\nmetadata ");
    add_json(out, p->metadata);
    buf_add_text(out, "\nworkload ");
    add_json(out, p->workload);
    buf_add_char(out, '\n');
    for (uint32_t i = 0; i < p->step_count; i++)
        add_step(out, p, &p->steps[i]);
}
