/* Each step with what it leads to below it: for graphs that are too wide to be drawn. */
#include "outline.h"

static void add_notes(const struct outline *o, const struct diagram_pen *pen, uint32_t step, struct buf *out)
{
    const struct notes *n = &o->notes[step];
    for (uint32_t i = 0; i < n->count; i++) {
        buf_add_text(out, i ? " · " : "  ");
        pen_add(pen, out, INK_NOTE, n->texts[i], 0);
    }
}

static void add_link(const struct outline *o, const struct diagram_pen *pen, const struct link *l,
                     struct buf *out)
{
    const char *arrow = l->is_loop ? "↺" : l->kind == LINK_ERROR ? "✗" : "→";
    buf_printf(out, "    %s ", arrow);
    pen->add(out, o->playbook->steps[l->to].name, 0);
    if (l->label.len) {
        bool when = l->kind == LINK_NEXT && !str_is(l->label, "else");
        buf_add_text(out, when ? "  when " : "  ");
        pen_add(pen, out, link_ink(l), l->label, 0);
    }
    buf_add_char(out, '\n');
}

static void add_step(const struct outline *o, const struct diagram_pen *pen, uint32_t step, struct buf *out)
{
    const struct playbook *p = o->playbook;
    buf_add_text(out, step == p->start ? "▶ " : (int32_t)step == o->end ? "═ " : "  ");
    pen_add(pen, out, INK_NAME, p->steps[step].name, 0);
    add_notes(o, pen, step, out);
    buf_add_char(out, '\n');
}

void list_draw(const struct outline *o, const struct diagram_pen *pen, struct buf *out)
{
    uint32_t l = 0;
    for (uint32_t i = 0; i < o->playbook->step_count; i++) {
        add_step(o, pen, i, out);
        for (; l < o->link_count && o->links[l].from == i; l++)
            add_link(o, pen, &o->links[l], out);
    }
}
