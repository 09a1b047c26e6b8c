#include "diagram.h"

#include "outline.h"

static const struct str FORMATS[] = {{"ascii", 5}, {"dot", 3}, {"mermaid", 7}};
enum { FORMAT_COUNT = sizeof(FORMATS) / sizeof(FORMATS[0]) };

enum status diagram_format_parse(struct str word, enum diagram_format *out, struct error *err)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (str_equal(word, FORMATS[i])) {
            *out = (enum diagram_format)i;
            return STATUS_OK;
        }
    }
    (void)error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is no form of a drawing", ARGSTR(word));
    struct str near = str_nearest(word, FORMATS, FORMAT_COUNT);
    if (near.len)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return error_hint(err, "It is one of ascii, dot, mermaid.");
}

void pen_add(const struct diagram_pen *pen, struct buf *out, enum diagram_ink ink, struct str s, size_t width)
{
    if (ink != INK_PLAIN)
        pen->ink(pen->user, out, ink, true);
    pen->add(out, s, width);
    if (ink != INK_PLAIN)
        pen->ink(pen->user, out, ink, false);
}

enum diagram_ink link_ink(const struct link *l)
{
    return l->kind == LINK_ERROR ? INK_ERROR : l->is_loop ? INK_LOOP : INK_CONDITION;
}

static enum status draw_text(const struct outline *o, const struct diagram_pen *pen, struct arena *a,
                             struct buf *out, struct error *err)
{
    bool fits;
    TRY(boxes_draw(o, pen, a, out, &fits, err));
    if (!fits)
        list_draw(o, pen, out);
    return buf_status(out, err);
}

static enum status draw(const struct playbook *p, enum diagram_format format, const struct diagram_pen *pen,
                        struct arena *a, struct buf *out, struct error *err)
{
    struct outline o;
    TRY(outline_make(p, a, &o, err));
    switch (format) {
    case DIAGRAM_ASCII: return draw_text(&o, pen, a, out, err);
    case DIAGRAM_DOT: dot_draw(&o, out); break;
    case DIAGRAM_MERMAID: mermaid_draw(&o, out); break;
    }
    return buf_status(out, err);
}

enum status diagram_draw(const struct playbook *p, enum diagram_format format, const struct diagram_pen *pen,
                         struct buf *out, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = draw(p, format, pen, &a, out, err);
    arena_free(&a);
    return status;
}
