#include "outline.h"

enum { LONGEST_CONDITION = 60 };

/* Appends to arrays that are large enough; a lack of memory sticks in `failed`. */
struct outliner {
    struct outline *out;
    struct arena *arena;
    bool failed;
};

static struct str text(struct outliner *w, struct str s)
{
    if (!s.ptr)
        w->failed = true;
    return s.ptr ? s : STR("");
}

/* ---- conditions --------------------------------------------------------------------------------------- */

/* The expression of a text that is one {{ … }}; else the text. */
static struct str bare_condition(struct str s)
{
    s = str_trim(s);
    if (s.len < 4 || !str_starts_with(s, STR("{{")) || !str_ends_with(s, STR("}}")))
        return s;
    struct str inner = str_trim((struct str){s.ptr + 2, s.len - 4});
    return str_find(inner, STR("}}")) < 0 ? inner : s;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* On one line, with single spaces. */
static struct str one_line(struct outliner *w, struct str s)
{
    char *line = arena_strdup(w->arena, s);
    size_t len = 0;
    for (size_t i = 0; line && i < s.len; i++) {
        bool space = is_space(s.ptr[i]);
        if (!space || (len > 0 && line[len - 1] != ' '))
            line[len++] = space ? ' ' : s.ptr[i];
    }
    return text(w, (struct str){line, len});
}

static struct str condition(struct outliner *w, const struct next_node *node)
{
    struct str line = one_line(w, bare_condition(node->when_text));
    struct str head = str_head(line, LONGEST_CONDITION);
    if (head.len == line.len)
        return line;
    return text(w, arena_printf(w->arena, "%" PRISTR "…", ARGSTR(head)));
}

static struct str both(struct outliner *w, struct str outer, struct str inner)
{
    if (!outer.len || !inner.len)
        return outer.len ? outer : inner;
    const char *between = str_is(inner, "else") ? ", " : " and ";
    return text(w, arena_printf(w->arena, "%" PRISTR "%s%" PRISTR, ARGSTR(outer), between, ARGSTR(inner)));
}

/* ---- links -------------------------------------------------------------------------------------------- */

static void add_link(struct outliner *w, struct link l)
{
    w->out->links[w->out->link_count++] = l;
}

static void add_edges(struct outliner *w, const struct step *s, const struct next_node *node,
                      struct str label)
{
    for (uint32_t e = node->edge; e < node->edge + node->edge_count; e++)
        add_link(w, (struct link){s->index, s->edges[e].target, LINK_NEXT, s->edges[e].is_loop, label});
}

static uint32_t count_conditions(const struct step *s, uint32_t first, uint32_t count)
{
    uint32_t conditions = 0;
    for (uint32_t i = first; i < first + count; i++)
        conditions += s->nodes[i].kind == NEXT_WHEN;
    return conditions;
}

static void add_nodes(struct outliner *w, const struct step *s, uint32_t first, uint32_t count,
                      struct str outer);

/* Of one condition among several, `else` has to say which. */
static struct str otherwise(struct outliner *w, struct str own, bool alone)
{
    return alone ? STR("else") : text(w, arena_printf(w->arena, "not (%" PRISTR ")", ARGSTR(own)));
}

static void add_node(struct outliner *w, const struct step *s, const struct next_node *node, bool alone,
                     struct str outer)
{
    struct str own = node->kind == NEXT_WHEN   ? condition(w, node)
                     : node->kind == NEXT_ELSE ? STR("else")
                                               : STR("");
    struct str label = both(w, outer, own);
    add_edges(w, s, node, label);
    add_nodes(w, s, node->then_node, node->then_count, label);
    if (node->else_count)
        add_nodes(w, s, node->else_node, node->else_count, both(w, outer, otherwise(w, own, alone)));
}

static void add_nodes(struct outliner *w, const struct step *s, uint32_t first, uint32_t count,
                      struct str outer)
{
    bool alone = count_conditions(s, first, count) == 1;
    for (uint32_t i = first; i < first + count; i++)
        add_node(w, s, &s->nodes[i], alone, outer);
}

/* The search that finds loops leaves exactly those out by which a step would reach itself. */
static bool reaches(const struct playbook *p, uint32_t from, uint32_t to)
{
    return p->reach[(size_t)from * p->step_count + to] != 0;
}

bool outline_is_reached(const struct outline *o, uint32_t step)
{
    return (int32_t)step == o->end || reaches(o->playbook, o->playbook->start, step);
}

static bool goes_on(const struct outline *o, uint32_t first)
{
    for (uint32_t i = first; i < o->link_count; i++) {
        if (o->links[i].kind == LINK_NEXT && !o->links[i].is_loop)
            return true;
    }
    return false;
}

static void add_links(struct outliner *w, const struct step *s)
{
    struct outline *o = w->out;
    uint32_t first = o->link_count;
    add_nodes(w, s, 0, s->root_count, STR(""));
    if (s->on_error == ON_ERROR_STEP)
        add_link(w, (struct link){s->index, s->on_error_step, LINK_ERROR,
                                  reaches(o->playbook, s->on_error_step, s->index), STR("on error")});
    if (o->end >= 0 && (int32_t)s->index != o->end && !goes_on(o, first) && outline_is_reached(o, s->index))
        add_link(w, (struct link){s->index, (uint32_t)o->end, LINK_END, false, STR("")});
}

/* ---- notes -------------------------------------------------------------------------------------------- */

enum { MOST_NOTES = 8 }; /* beside those of the tasks of an iterator */

static void note(struct outliner *w, struct notes *n, struct str s)
{
    n->texts[n->count++] = text(w, s);
}

/* What is written there: without a context only what is no template can be rendered. */
static struct str as_written(struct outliner *w, const struct object_template *o)
{
    struct value v, unresolved;
    struct scope nothing = {.names = VALUE_EMPTY_MAP};
    struct render_inputs inputs = {.undefined = UNDEFINED_STRICT, .env = VALUE_EMPTY_MAP};
    enum status status = object_render_partial(o, &nothing, &inputs, w->arena, &v, &unresolved, NULL);
    w->failed = w->failed || status == STATUS_NO_MEMORY;
    if (status != STATUS_OK || v.type != VALUE_STRING)
        return STR("…");
    return one_line(w, value_as_str(v));
}

static struct str named(struct outliner *w, const char *word, struct str name)
{
    return text(w, arena_printf(w->arena, "%s%s%" PRISTR, word, name.len ? " " : "", ARGSTR(name)));
}

static struct str action_text(struct outliner *w, const struct action *a)
{
    const char *word = step_type_name(a->type);
    if (a->listing)
        return text(w,
                    arena_printf(w->arena, "playbooks %" PRISTR "%s", ARGSTR(as_written(w, a->listing->path)),
                                 a->listing->parallel ? ", async" : ""));
    if (a->iterator)
        return text(w, arena_printf(w->arena, "iterator of each %" PRISTR "%s", ARGSTR(a->iterator->element),
                                    a->iterator->async ? ", async" : ""));
    if (a->call)
        return named(w, word, as_written(w, a->call->path));
    if (a->signal)
        return named(w, word, as_written(w, a->signal));
    return str_of(word);
}

static void note_type(struct outliner *w, struct notes *n, const struct step *s)
{
    struct str action = action_text(w, &s->action);
    if (s->type == STEP_WORKBOOK)
        note(w, n,
             arena_printf(w->arena, "workbook %" PRISTR " (%" PRISTR ")", ARGSTR(s->workbook_name),
                          ARGSTR(action)));
    else if (s->type != STEP_NONE)
        note(w, n, action);
    const struct iterator *it =
        s->action.listing ? NULL : s->action.iterator; /* a listing's call is made up */
    for (uint32_t i = 0; it && i < it->task_count; i++) {
        struct str task = named(w, "task", it->tasks[i].name);
        note(w, n,
             arena_printf(w->arena, "%" PRISTR ": %" PRISTR, ARGSTR(task),
                          ARGSTR(action_text(w, &it->tasks[i]))));
    }
}

static void note_marks(struct outliner *w, struct notes *n, const struct step *s)
{
    const struct action *a = &s->action;
    if (s->pass)
        note(w, n, STR("pass"));
    if (s->join != JOIN_ALL)
        note(w, n, s->join == JOIN_ANY ? STR("join any") : STR("join each"));
    if (a->retry && a->retry->max_attempts > 1)
        note(w, n, arena_printf(w->arena, "%u attempts", a->retry->max_attempts));
    if (a->timeout_ms > 0)
        note(w, n, arena_printf(w->arena, "timeout %g s", (double)a->timeout_ms / 1000));
    if (s->pool.len && !str_is(s->pool, "default"))
        note(w, n, named(w, "pool", s->pool));
    if (s->on_error == ON_ERROR_CONTINUE)
        note(w, n, STR("goes on after an error"));
    if (!outline_is_reached(w->out, s->index))
        note(w, n, STR("never runs"));
}

static void add_notes(struct outliner *w, const struct step *s)
{
    struct notes *n = &w->out->notes[s->index];
    uint32_t tasks = s->action.iterator ? s->action.iterator->task_count : 0;
    n->texts = ARENA_ARRAY(w->arena, struct str, MOST_NOTES + tasks);
    if (!n->texts) {
        w->failed = true;
        return;
    }
    note_type(w, n, s);
    note_marks(w, n, s);
}

/* ---- whole -------------------------------------------------------------------------------------------- */

enum status outline_make(const struct playbook *p, struct arena *a, struct outline *out, struct error *err)
{
    struct outliner w = {.out = out, .arena = a};
    size_t links = 0;
    for (uint32_t i = 0; i < p->step_count; i++)
        links += p->steps[i].edge_count + 2;
    *out = (struct outline){.playbook = p,
                            .end = p->end == (int32_t)p->start ? -1 : p->end,
                            .links = ARENA_ARRAY(a, struct link, links),
                            .notes = ARENA_ARRAY(a, struct notes, p->step_count)};
    w.failed = !out->links || !out->notes;
    for (uint32_t i = 0; i < p->step_count && !w.failed; i++) {
        add_links(&w, &p->steps[i]);
        add_notes(&w, &p->steps[i]);
    }
    return w.failed ? arena_error(a, err, "the drawing") : STATUS_OK;
}

/* ---- escapes ------------------------------------------------------------------------------------------ */

static const char *escape_of(const struct escape *table, char c)
{
    for (; table->text; table++) {
        if (table->character == c)
            return table->text;
    }
    return (unsigned char)c < 0x20 || c == 0x7f ? " " : NULL;
}

void escape_add(struct buf *out, struct str s, const struct escape *table)
{
    for (size_t i = 0; i < s.len; i++) {
        const char *instead = escape_of(table, s.ptr[i]);
        if (instead)
            buf_add_text(out, instead);
        else
            buf_add_char(out, s.ptr[i]);
    }
}

void escape_add_step(struct buf *out, const struct outline *o, uint32_t step, const struct escape *table)
{
    const struct notes *n = &o->notes[step];
    escape_add(out, o->playbook->steps[step].name, table);
    for (uint32_t i = 0; i < n->count; i++) {
        escape_add(out, STR("\n"), table);
        escape_add(out, n->texts[i], table);
    }
}
