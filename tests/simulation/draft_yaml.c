/* A draft as the text of a playbook. */
#include "draft.h"

/* An expression about the data of a step, or of the entry's own (`result`). Most take what is not there. */
static void write_condition(const struct draft_entry *e, struct buf *out)
{
    const char *about = e->about == DRAFT_NONE ? "result" : draft_step_name((uint32_t)e->about);
    switch (e->condition % 6) {
    case 0: buf_printf(out, "(%s.n | default(0)) %% 2 == 0", about); break;
    case 1: buf_printf(out, "\"{{ (%s.n | default(0)) > 4 }}\"", about); break;
    case 2: buf_printf(out, "%s.n is defined and %s.n %% 3 != 1", about, about); break;
    case 3: buf_add_text(out, "workload.flag"); break;
    case 4: buf_add_text(out, "success"); break;
    default: /* rarely one that cannot be rendered */
        buf_printf(out, e->condition == 5 ? "%s.nobody.knows" : "(%s.n | default(7)) < 7", about);
    }
}

static void write_names(const uint8_t *targets, uint8_t count, struct buf *out)
{
    buf_add_char(out, '[');
    for (uint8_t i = 0; i < count; i++)
        buf_printf(out, "%s%s", i ? ", " : "", draft_step_name(targets[i]));
    buf_add_char(out, ']');
}

static void write_else(const struct draft_entry *e, struct buf *out)
{
    if (e->else_count == 0)
        return;
    buf_add_text(out, "        else: ");
    write_names(e->elses, e->else_count, out);
    buf_add_char(out, '\n');
}

static void write_when(const struct draft_entry *e, struct buf *out)
{
    buf_add_text(out, "        when: ");
    write_condition(e, out);
    buf_add_char(out, '\n');
}

static void write_entry(uint32_t from, uint8_t number, const struct draft_entry *e, struct buf *out)
{
    if (e->form == FORM_ELSE) {
        buf_add_text(out, "      - else: ");
        write_names(e->thens, e->then_count, out);
        buf_add_char(out, '\n');
        return;
    }
    if (e->form == FORM_THEN_ELSE) {
        buf_add_text(out, "      - when: ");
        write_condition(e, out);
        buf_add_char(out, '\n');
        if (e->then_count) {
            buf_add_text(out, "        then: ");
            write_names(e->thens, e->then_count, out);
            buf_add_char(out, '\n');
        }
        write_else(e, out);
        return;
    }
    buf_printf(out, "      - step: %s\n", draft_step_name(e->thens[0]));
    if (e->with_args)
        buf_printf(out, "        args: {of_%s_%u: \"{{ result.n | default('none') }}\"}\n",
                   draft_step_name(from), number);
    if (e->form == FORM_WHEN) {
        write_when(e, out);
        write_else(e, out);
    }
}

/* A step that loops does so while its result says `again`; else its entries count. */
static void write_next(uint32_t s, const struct draft_step *step, struct buf *out)
{
    if (step->loop_to != DRAFT_NONE) {
        buf_printf(out,
                   "    next:\n      - step: %s\n        when: result.again | default(false)\n"
                   "        args: {around: \"{{ result.n }}\"}\n",
                   draft_step_name((uint32_t)step->loop_to));
        if (step->entry_count)
            buf_add_text(out, "      - else: [pass_on_");
        if (step->entry_count)
            buf_printf(out, "%s]\n", draft_step_name(s));
    } else if (step->entry_count) {
        buf_add_text(out, "    next:\n");
        for (uint8_t i = 0; i < step->entry_count; i++)
            write_entry(s, i, &step->entries[i], out);
    }
}

/* What the entries of a step that loops lead to, in a step of its own behind the loop. */
static void write_pass_on(uint32_t s, const struct draft_step *step, struct buf *out)
{
    if (step->loop_to == DRAFT_NONE || step->entry_count == 0)
        return;
    buf_printf(out, "  - step: pass_on_%s\n    result: {n: \"{{ %s.n | default(0) }}\"}\n    next:\n",
               draft_step_name(s), draft_step_name(s));
    for (uint8_t i = 0; i < step->entry_count; i++)
        write_entry(s, i, &step->entries[i], out);
}

/* In the older form: the step's tool for each, with its own args and retry. */
static bool has_older_form(const struct draft_step *step)
{
    const struct draft_loop *l = &step->loop;
    return step->kind == DRAFT_ITERATOR && l->task_count == 1 && l->tasks[0].kind == DRAFT_TOOL &&
           l->collection % 2 == 0 && step->saves == 0;
}

/* Templates that cannot be rendered, or give what JSON cannot carry. */
static const char *bad_template(uint32_t s)
{
    static const char *const bad[] = {"{{ nobody_knows }}", "{{ {1: 'x'} }}", "{{ [1e200 * 1e200] }}"};
    return bad[s % 3];
}

static void write_args(const struct draft *d, uint32_t s, const struct draft_step *step, struct buf *out)
{
    bool own = step->kind != DRAFT_ROUTE || step->has_args;
    if (!own)
        return;
    buf_printf(out, "    args: {of_step: %s", draft_step_name(s));
    if (step->reads != DRAFT_NONE)
        buf_printf(out, ", read: \"{{ %s.n | default('none') }}\"", draft_step_name((uint32_t)step->reads));
    if (step->reads != DRAFT_NONE && d->steps[step->reads].saves)
        buf_printf(out, ", variable: \"{{ v_%s | default('none') }}\"",
                   draft_step_name((uint32_t)step->reads));
    if (has_older_form(step))
        buf_add_text(out, ", item: \"{{ x }}\", at: \"{{ _loop.index }}\"");
    if (step->has_args)
        buf_add_text(out, ", limit: \"{{ workload.limit }}\", text: \"is {{ flag }}\","
                          " picked: \"{{ {1: 'x'}[1] if 1e200 * 1e200 > 1 }}\"");
    if (step->bad_args)
        buf_printf(out, ", bad: \"%s\"", bad_template(s));
    buf_add_text(out, "}\n");
}

static void write_on_error(const struct draft_step *step, struct buf *out)
{
    if (step->on_error == DRAFT_CONTINUE)
        buf_add_text(out, "    on_error: continue\n");
    else if (step->on_error == DRAFT_GO)
        buf_printf(out, "    on_error: {step: %s}\n", draft_step_name((uint32_t)step->on_error_step));
}

/* ---- what a step runs --------------------------------------------------------------------------------- */

static void write_retry(const struct draft_retry *r, const char *before, const char *after, struct buf *out)
{
    static const char *const delays[] = {"0", "0.01", "1.5", "400"};
    static const char *const whens[] = {"", "error is not none and attempt < 3",
                                        "(result.n | default(9)) > 5", "nobody.knows", "status_code == 502"};
    static const char *const stops[] = {"", "attempt == 2", "\"{{ (result.n | default(0)) == 4 }}\""};
    if (r->attempts == 0)
        return;
    buf_printf(out, "%sretry: {max_attempts: %u, initial_delay: %s", before, r->attempts, delays[r->delay]);
    if (r->jitter)
        buf_add_text(out, ", jitter: 0.5, backoff_multiplier: 1");
    if (r->when)
        buf_printf(out, ", retry_when: %s", whens[r->when]);
    if (r->stop)
        buf_printf(out, ", stop_when: %s", stops[r->stop]);
    buf_printf(out, "}%s", after);
}

/* `element` is that of the iterator around the task. */
static void write_task(const struct draft *d, uint32_t s, const struct draft_task *t, uint8_t number,
                       uint32_t depth, struct buf *out)
{
    char element = (char)('x' + depth - 1);
    buf_add_char(out, '{');
    if (t->kind == DRAFT_TOOL)
        buf_printf(out, "name: t%u, type: noop", number);
    else if (t->kind == DRAFT_WORKBOOK)
        buf_add_text(out, "type: workbook, name: shared");
    else if (t->kind == DRAFT_PLAYBOOK)
        buf_printf(out, "name: t%u, type: playbook, path: %" PRISTR, number, ARGSTR(draft_path(d->calls)));
    else if (t->kind == DRAFT_PLAYBOOKS)
        buf_printf(out, "name: t%u, type: playbooks, path: %" PRISTR "%s", number,
                   ARGSTR(draft_prefix(d->calls)), t->saves ? ", parallel: true, on_error: collect" : "");
    else
        buf_printf(
            out,
            "name: t%u, type: iterator, element: %c, collection: \"{{ range(_loop.index + 1) | list }}\"",
            number, element + 1);
    buf_printf(out,
               ", args: {of_task: t%u, item: \"{{ %c }}\", at: \"{{ _loop.index }} of {{ _loop.count }}\"",
               number, element);
    if (number)
        buf_add_text(out, ", before: \"{{ result.n | default('none') }}\"");
    if (t->kind == DRAFT_PLAYBOOK)
        buf_add_text(out, ", limit: \"{{ _loop.index }}\"");
    buf_add_char(out, '}');
    write_retry(&t->retry, ", ", "", out);
    if (t->saves)
        buf_printf(out,
                   ", save: [{name: last_of_%s, data: \"{{ result }}\"}, {storage: event, data: {of: \"{{ %c "
                   "}}\"}}]",
                   draft_step_name(s), element);
    if (t->kind == DRAFT_ITERATOR) {
        const struct draft_task inner = {.kind = depth == 1 && t->saves ? DRAFT_ITERATOR : DRAFT_TOOL};
        buf_add_text(out, depth == 1 && t->retry.attempts ? ", mode: async, on_error: collect, task: "
                                                          : ", task: ");
        write_task(d, s, &inner, 0, depth + 1, out);
    }
    buf_add_char(out, '}');
}

static const char *const on_errors_of_items[] = {"fail", "continue", "collect"};

static void write_listing(const struct draft *d, const struct draft_step *step, struct buf *out)
{
    buf_printf(out, "    path: %" PRISTR "\n    parallel: %s\n", ARGSTR(draft_prefix(d->calls)),
               step->loop.async ? "true" : "\"{{ workload.nobody is defined }}\"");
    if (step->on_error != DRAFT_GO)
        buf_printf(out, "    on_error: %s\n", on_errors_of_items[step->loop.on_error]);
}

static void write_loop(const struct draft *d, uint32_t s, const struct draft_step *step, struct buf *out)
{
    static const char *const collections[] = {"[3, 1, 2]",
                                              "[1, 2]",
                                              "[4, 4, 1, 0]",
                                              "\"{{ range(3) | list }}\"",
                                              "\"{{ range(workload.limit % 4) | list }}\"",
                                              "[]",
                                              "[5]",
                                              "\"{{ {'a': 1} }}\""};
    static const char *const wheres[] = {"", "x != 2", "x > _loop.index"};
    static const char *const orders[] = {"", "x", "0 - x"};
    const struct draft_loop *l = &step->loop;
    uint8_t which = l->collection % 8;
    if (l->collection == 23)
        buf_add_text(out, "    collection: \"{{ 7 }}\"\n");
    else
        buf_printf(out, "    collection: %s\n", collections[which]);
    buf_printf(out, "    element: x\n    mode: %s\n", l->async ? "async" : "sequential");
    if (l->where && which != 7)
        buf_printf(out, "    where: %s\n", wheres[l->where]);
    if (l->order_by && which != 7)
        buf_printf(out, "    order_by: %s\n", orders[l->order_by]);
    if (l->limit)
        buf_printf(out, "    limit: %u\n", l->limit - 1);
    if (l->chunk)
        buf_printf(out, "    chunk: %u\n", l->chunk);
    if (l->concurrency)
        buf_printf(out, "    concurrency: %u\n", l->concurrency);
    if (l->enumerate)
        buf_add_text(out, "    enumerate: true\n");
    if (step->on_error != DRAFT_GO)
        buf_printf(out, "    on_error: %s\n", on_errors_of_items[l->on_error]);
    buf_add_text(out, "    task:\n");
    for (uint8_t i = 0; i < l->task_count; i++) {
        buf_add_text(out, "      - ");
        write_task(d, s, &l->tasks[i], i, 1, out);
        buf_add_char(out, '\n');
    }
}

static void write_older_loop(const struct draft_step *step, struct buf *out)
{
    const struct draft_loop *l = &step->loop;
    buf_printf(out, "    type: noop\n    loop: {in: \"{{ range(%u) | list }}\", iterator: x, mode: %s",
               l->collection % 5, l->async ? "async" : "sequential");
    if (l->concurrency)
        buf_printf(out, ", concurrency: %u", l->concurrency);
    if (l->where)
        buf_add_text(out, ", where: x != 1");
    buf_add_text(out, "}\n");
    if (step->on_error != DRAFT_GO)
        buf_printf(out, "    on_error: %s\n", on_errors_of_items[l->on_error]);
}

static void write_signal(const struct draft *d, uint32_t s, const struct draft_step *step, struct buf *out)
{
    struct str name = draft_signal(d, s);
    if (name.len)
        buf_printf(out, "    name: %" PRISTR "\n", ARGSTR(name));
    else
        buf_printf(out, "    name: never_%s\n%s", draft_step_name(s),
                   step->waits == 1 ? "    timeout: 3\n" : "");
}

static void write_kind(const struct draft *d, uint32_t s, const struct draft_step *step, struct buf *out)
{
    static const char *const types[] = {"",         "noop",   "workbook", "iterator",
                                        "playbook", "signal", "playbooks"};
    if (step->kind == DRAFT_ROUTE) {
        if (step->has_result)
            buf_add_text(out, "    result: {n: 3, of: \"{{ workload.limit }}\"}\n");
        return;
    }
    if (has_older_form(step)) {
        write_older_loop(step, out);
        return;
    }
    bool python = step->kind == DRAFT_TOOL && s % 2 == 0;
    buf_printf(out, "    type: %s\n", python ? "python\n    code: result = input_data" : types[step->kind]);
    if (step->kind == DRAFT_WORKBOOK)
        buf_add_text(out, "    name: shared\n");
    else if (step->kind == DRAFT_ITERATOR)
        write_loop(d, s, step, out);
    else if (step->kind == DRAFT_SIGNAL)
        write_signal(d, s, step, out);
    else if (step->kind == DRAFT_PLAYBOOKS)
        write_listing(d, step, out);
    else if (step->kind == DRAFT_PLAYBOOK)
        buf_printf(out, "    path: %" PRISTR "\n%s%s", ARGSTR(draft_path(d->calls)),
                   step->detached ? "    wait: false\n" : "",
                   step->one_step ? "    return_step: start\n" : "");
}

static void write_work(uint32_t s, const struct draft_step *step, struct buf *out)
{
    static const char *const expects[] = {"", "[workload.limit, flag]", "[workload.limit, nobody.knows]"};
    static const char *const returns[] = {"", "[result]", "[result.nobody]"};
    if (step->kind == DRAFT_ROUTE || step->pass)
        return;
    write_retry(&step->retry, "    ", "\n", out);
    if (step->saves)
        buf_printf(out, "    save:\n      - {name: v_%s, data: \"{{ result.n | default('none') }}\"}\n",
                   draft_step_name(s));
    if (step->saves == 2)
        buf_add_text(out, "      - {storage: event, data: {n: \"{{ status }}\"}}\n");
    if (step->saves == 3)
        buf_printf(out, "      - {name: bad, data: \"%s\"}\n", bad_template(s));
    if (step->expects || step->returns) {
        buf_add_text(out, "    assert:\n");
        if (step->expects)
            buf_printf(out, "      expects: %s\n", expects[step->expects]);
        if (step->returns)
            buf_printf(out, "      returns: %s\n", returns[step->returns]);
    }
}

static void write_step(const struct draft *d, uint32_t s, const struct draft_step *step, struct buf *out)
{
    static const char *const joins[] = {"", "    join: any\n", "    join: each\n"};
    buf_printf(out, "  - step: %s\n", draft_step_name(s));
    write_kind(d, s, step, out);
    write_work(s, step, out);
    buf_add_text(out, joins[step->join]);
    if (step->pass)
        buf_add_text(out, "    pass: true\n");
    if (step->max_visits)
        buf_printf(out, "    max_visits: %u\n", step->max_visits);
    write_args(d, s, step, out);
    write_on_error(step, out);
    write_next(s, step, out);
    write_pass_on(s, step, out);
}

static void write_end(const struct draft *d, struct buf *out)
{
    buf_add_text(out, "  - step: end\n");
    if (d->end_works)
        buf_add_text(out, "    type: noop\n    args: {of_step: end}\n");
    if (!d->end_result)
        return;
    buf_add_text(out, "    result:\n");
    for (uint32_t s = 0; s < d->count; s++) {
        const char *name = draft_step_name(s);
        if (d->steps[s].there && !d->steps[s].several)
            buf_printf(out, "      %s: \"{{ %s if %s is defined else 'never' }}\"\n", name, name, name);
    }
}

static void write_workbook(const struct draft *d, struct buf *out)
{
    bool needed = false;
    for (uint32_t s = 0; s < d->count; s++) {
        const struct draft_step *step = &d->steps[s];
        needed = needed || (step->there && step->kind == DRAFT_WORKBOOK);
        for (uint8_t i = 0; step->there && step->kind == DRAFT_ITERATOR && i < step->loop.task_count; i++)
            needed = needed || step->loop.tasks[i].kind == DRAFT_WORKBOOK;
    }
    if (needed)
        buf_add_text(
            out, "workbook:\n  - name: shared\n    type: noop\n    args: {shared: true, of_step: none}\n");
}

void draft_write(const struct draft *d, struct str path, struct buf *out)
{
    buf_printf(out, "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {path: %" PRISTR, ARGSTR(path));
    if (d->timeout_ms)
        buf_printf(out, ", timeout: %u.%03u", d->timeout_ms / 1000, d->timeout_ms % 1000);
    buf_add_text(out, "}\nworkload: {flag: false, limit: 10}\n");
    write_workbook(d, out);
    buf_add_text(out, "workflow:\n");
    for (uint32_t s = 0; s < d->count; s++) {
        if (d->steps[s].there)
            write_step(d, s, &d->steps[s], out);
    }
    if (d->has_end)
        write_end(d, out);
}
