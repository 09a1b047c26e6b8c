/*
 * https://mermaid.js.org/syntax/flowchart.html: "#name;" and "#number;" are characters. Beside quotes, what
 * would be HTML or markdown in a label, or a comment, directive or style in a line, is written so.
 */
#include "outline.h"

static const struct escape ESCAPES[] = {
    {'"', "#quot;"}, {'#', "#35;"},   {'&', "#amp;"}, {'<', "#lt;"},  {'>', "#gt;"},
    {'%', "#37;"},   {':', "#58;"},   {';', "#59;"},  {'\\', "#92;"}, {'`', "#96;"},
    {'*', "#42;"},   {'\n', "<br/>"}, {0, NULL},
};

static void add_step(const struct outline *o, uint32_t step, struct buf *out)
{
    bool is_start = step == o->playbook->start, is_end = (int32_t)step == o->end;
    buf_printf(out, "  s%u%s\"", step, is_start ? "([" : is_end ? "[[" : "[");
    escape_add_step(out, o, step, ESCAPES);
    buf_printf(out, "\"%s\n", is_start ? "])" : is_end ? "]]" : "]");
}

static void add_link(const struct link *l, struct buf *out)
{
    bool dotted = l->kind == LINK_ERROR || l->is_loop;
    buf_printf(out, "  s%u %s", l->from, l->kind == LINK_END ? "-.-" : dotted ? "-.->" : "-->");
    if (l->label.len) {
        buf_add_text(out, "|\"");
        escape_add(out, l->label, ESCAPES);
        buf_add_text(out, "\"|");
    }
    buf_printf(out, " s%u\n", l->to);
}

void mermaid_draw(const struct outline *o, struct buf *out)
{
    buf_add_text(out, "flowchart TD\n");
    for (uint32_t i = 0; i < o->playbook->step_count; i++)
        add_step(o, i, out);
    for (uint32_t i = 0; i < o->link_count; i++)
        add_link(&o->links[i], out);
    for (uint32_t i = 0; i < o->link_count; i++) {
        if (o->links[i].kind == LINK_ERROR)
            buf_printf(out, "  linkStyle %u stroke:red,color:red\n", i);
    }
}
