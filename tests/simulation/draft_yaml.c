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

static void write_args(uint32_t s, const struct draft_step *step, struct buf *out)
{
    bool own = step->kind == DRAFT_TOOL || step->kind == DRAFT_WORKBOOK || step->has_args;
    if (!own)
        return;
    buf_printf(out, "    args: {of_step: %s", draft_step_name(s));
    if (step->reads != DRAFT_NONE)
        buf_printf(out, ", read: \"{{ %s.n | default('none') }}\"", draft_step_name((uint32_t)step->reads));
    if (step->has_args)
        buf_add_text(out, ", limit: \"{{ workload.limit }}\", text: \"is {{ flag }}\"");
    if (step->bad_args)
        buf_add_text(out, ", bad: \"{{ nobody_knows }}\"");
    buf_add_text(out, "}\n");
}

static void write_on_error(const struct draft_step *step, struct buf *out)
{
    if (step->on_error == DRAFT_CONTINUE)
        buf_add_text(out, "    on_error: continue\n");
    else if (step->on_error == DRAFT_GO)
        buf_printf(out, "    on_error: {step: %s}\n", draft_step_name((uint32_t)step->on_error_step));
}

static void write_kind(uint32_t s, const struct draft_step *step, struct buf *out)
{
    if (step->kind == DRAFT_TOOL && s % 2)
        buf_add_text(out, "    type: noop\n");
    else if (step->kind == DRAFT_TOOL)
        buf_add_text(out, "    type: python\n    code: result = input_data\n");
    else if (step->kind == DRAFT_WORKBOOK)
        buf_add_text(out, "    type: workbook\n    name: shared\n");
    else if (step->has_result)
        buf_add_text(out, "    result: {n: 3, of: \"{{ workload.limit }}\"}\n");
}

static void write_step(uint32_t s, const struct draft_step *step, struct buf *out)
{
    static const char *const joins[] = {"", "    join: any\n", "    join: each\n"};
    buf_printf(out, "  - step: %s\n", draft_step_name(s));
    write_kind(s, step, out);
    buf_add_text(out, joins[step->join]);
    if (step->pass)
        buf_add_text(out, "    pass: true\n");
    if (step->max_visits)
        buf_printf(out, "    max_visits: %u\n", step->max_visits);
    write_args(s, step, out);
    write_on_error(step, out);
    write_next(s, step, out);
    write_pass_on(s, step, out);
}

static void write_end(const struct draft *d, struct buf *out)
{
    buf_add_text(out, "  - step: end\n");
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
    for (uint32_t s = 0; s < d->count; s++)
        needed = needed || (d->steps[s].there && d->steps[s].kind == DRAFT_WORKBOOK);
    if (needed)
        buf_add_text(
            out, "workbook:\n  - name: shared\n    type: noop\n    args: {shared: true, of_step: none}\n");
}

void draft_write(const struct draft *d, struct str path, struct buf *out)
{
    buf_printf(out,
               "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {path: %" PRISTR "}\n"
               "workload: {flag: false, limit: 10}\n",
               ARGSTR(path));
    write_workbook(d, out);
    buf_add_text(out, "workflow:\n");
    for (uint32_t s = 0; s < d->count; s++) {
        if (d->steps[s].there)
            write_step(s, &d->steps[s], out);
    }
    if (d->has_end)
        write_end(d, out);
}
