/* https://graphviz.org/doc/info/lang.html; labels are escStrings, in which "&" begins an entity. */
#include "outline.h"

static const struct escape ESCAPES[] = {
    {'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'&', "&amp;"}, {0, NULL},
};

static const char *shape_of(const struct outline *o, uint32_t step)
{
    if ((int32_t)step == o->end)
        return ", shape=box, style=bold, peripheries=2";
    if (step == o->playbook->start)
        return ", style=\"rounded,bold\"";
    return outline_is_reached(o, step) ? "" : ", color=gray, fontcolor=gray";
}

static const char *style_of(const struct link *l)
{
    if (l->kind == LINK_ERROR)
        return l->is_loop ? "color=red, fontcolor=red, style=dotted, constraint=false, "
                          : "color=red, fontcolor=red, style=dotted, ";
    if (l->kind == LINK_END)
        return "color=gray, style=dotted, arrowhead=none, ";
    return l->is_loop ? "style=dashed, constraint=false, " : "";
}

static void add_link(const struct link *l, struct buf *out)
{
    const char *style = style_of(l);
    buf_printf(out, "  s%u -> s%u", l->from, l->to);
    if (style[0] || l->label.len) {
        buf_printf(out, " [%slabel=\"", style);
        escape_add(out, l->label, ESCAPES);
        buf_add_text(out, "\"]");
    }
    buf_add_text(out, ";\n");
}

void dot_draw(const struct outline *o, struct buf *out)
{
    buf_add_text(out, "digraph playbook {\n  label=\"");
    escape_add(out, o->playbook->path, ESCAPES);
    buf_add_text(out, "\";\n  labelloc=t;\n  node [shape=box, style=rounded];\n");
    for (uint32_t i = 0; i < o->playbook->step_count; i++) {
        buf_printf(out, "  s%u [label=\"", i);
        escape_add_step(out, o, i, ESCAPES);
        buf_printf(out, "\"%s];\n", shape_of(o, i));
    }
    for (uint32_t i = 0; i < o->link_count; i++)
        add_link(&o->links[i], out);
    buf_add_text(out, "}\n");
}
