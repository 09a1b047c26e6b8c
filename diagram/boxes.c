/* The drawing in layers: boxes for steps, lines between them, conditions on the lines. */
#include "canvas.h"
#include "layout.h"
#include "route.h"

struct painter {
    const struct layout *layout;
    struct canvas canvas;
    struct route *routes; /* from each layer to the next */
    uint32_t *tops;       /* rows of the layers */
};

/* ---- nodes -------------------------------------------------------------------------------------------- */

static uint32_t left_of(const struct node *n)
{
    return n->center - n->width / 2;
}

static void write_text(struct painter *p, uint32_t column, uint32_t row, enum diagram_ink ink,
                       struct str text)
{
    uint32_t width = text_width(p->layout->pen, text);
    canvas_text(&p->canvas, column, row, (struct canvas_text){text, width, width, ink});
}

static bool has_wire(const struct layout *l, uint32_t node)
{
    for (uint32_t i = 0; i < l->wire_count; i++) {
        if (l->wires[i].from == node)
            return true;
    }
    return false;
}

static void draw_frame(struct painter *p, const struct node *n, uint32_t top)
{
    uint32_t left = left_of(n), right = left + n->width - 1, bottom = top + n->height - 1;
    for (uint32_t column = left; column <= right; column++) {
        unsigned lines = (column > left ? LINE_LEFT : 0) | (column < right ? LINE_RIGHT : 0);
        canvas_join(&p->canvas, column, top, lines);
        canvas_join(&p->canvas, column, bottom, lines);
    }
    for (uint32_t row = top; row < bottom; row++) {
        canvas_join(&p->canvas, left, row, LINE_DOWN);
        canvas_join(&p->canvas, right, row, LINE_DOWN);
        canvas_join(&p->canvas, left, row + 1, LINE_UP);
        canvas_join(&p->canvas, right, row + 1, LINE_UP);
    }
}

static void draw_step(struct painter *p, uint32_t node, uint32_t top, uint32_t bottom)
{
    const struct node *n = &p->layout->nodes[node];
    draw_frame(p, n, top);
    for (uint32_t i = 0; i < n->lines.count; i++)
        write_text(p, left_of(n) + 2, top + 1 + i, i ? INK_NOTE : INK_NAME, n->lines.texts[i]);
    if (!has_wire(p->layout, node))
        return;
    canvas_join(&p->canvas, n->center, top + n->height - 1, LINE_DOWN);
    canvas_pass(&p->canvas, n->center, top + n->height, bottom);
}

static void draw_bars(struct painter *p, uint32_t from, uint32_t to, uint32_t row)
{
    for (uint32_t column = from; column < to; column++)
        canvas_text(&p->canvas, column, row, (struct canvas_text){STR("═"), 0, 1, INK_PLAIN});
}

/* Its name within a bar from edge to edge, its notes below. */
static void draw_end(struct painter *p, const struct node *n, uint32_t top)
{
    for (uint32_t i = 0; i < n->lines.count; i++) {
        uint32_t width = text_width(p->layout->pen, n->lines.texts[i]), left = n->center - width / 2;
        if (i == 0) {
            draw_bars(p, 0, left - 1, top);
            draw_bars(p, left + width + 1, n->width, top);
        }
        write_text(p, left, top + i, i ? INK_NOTE : INK_NAME, n->lines.texts[i]);
    }
}

static void draw_node(struct painter *p, uint32_t node, uint32_t top, uint32_t bottom)
{
    const struct node *n = &p->layout->nodes[node];
    switch (n->kind) {
    case NODE_STEP: draw_step(p, node, top, bottom); break;
    case NODE_END: draw_end(p, n, top); break;
    case NODE_LABEL:
        canvas_text(&p->canvas, left_of(n), top,
                    (struct canvas_text){n->lines.texts[0], n->width, n->width,
                                         link_ink(&p->layout->outline->links[n->index])});
        break;
    case NODE_BEND: canvas_pass(&p->canvas, n->center, top, bottom); break;
    }
}

/* ---- whole -------------------------------------------------------------------------------------------- */

/* A row for arrows, if there are boxes below, and at least one in all. */
static uint32_t rows_between(const struct painter *p, uint32_t layer)
{
    uint32_t rows = p->routes[layer].rows + p->layout->layers[layer + 1].has_steps;
    return rows ? rows : 1;
}

static enum status measure(struct painter *p, uint32_t *width, uint32_t *height, struct error *err)
{
    const struct layout *l = p->layout;
    p->routes = ARENA_ARRAY(l->arena, struct route, l->layer_count);
    p->tops = ARENA_ARRAY(l->arena, uint32_t, l->layer_count);
    if (!p->routes || !p->tops)
        return arena_error(l->arena, err, "the drawing");
    for (uint32_t i = 0; i < l->layer_count; i++) {
        p->tops[i] = *height;
        *height += l->layers[i].height;
        if (i + 1 == l->layer_count)
            break;
        TRY(route_make(l, i, &p->routes[i], err));
        *height += rows_between(p, i);
        *width = p->routes[i].width > *width ? p->routes[i].width : *width;
    }
    return STATUS_OK;
}

static void draw_layer(struct painter *p, uint32_t i)
{
    const struct layer *layer = &p->layout->layers[i];
    uint32_t bottom = p->tops[i] + layer->height;
    for (uint32_t n = 0; n < layer->count; n++)
        draw_node(p, layer->nodes[n], p->tops[i], bottom);
    if (i + 1 < p->layout->layer_count)
        route_draw(&p->routes[i], &p->canvas, bottom, p->tops[i + 1]);
}

/* Lines of nodes, arrows, and the bars of `end`. */
static size_t count_texts(const struct layout *l)
{
    size_t count = l->wire_count + 2 * (size_t)l->width;
    for (uint32_t i = 0; i < l->node_count; i++)
        count += l->nodes[i].lines.count;
    return count;
}

enum status boxes_draw(const struct outline *o, const struct diagram_pen *pen, struct arena *a,
                       struct buf *out, bool *fits, struct error *err)
{
    struct layout l;
    struct painter p = {.layout = &l};
    uint32_t width, height = 0;
    TRY(layout_make(o, pen, a, LONGEST_TEXT, &l, fits, err));
    if (!*fits)
        TRY(layout_make(o, pen, a, SHORT_LABEL, &l, fits, err));
    if (!*fits)
        return STATUS_OK;
    width = l.width;
    TRY(measure(&p, &width, &height, err));
    *fits = width <= pen->width;
    if (!*fits)
        return STATUS_OK;
    TRY(canvas_make(&p.canvas, a, width, height, (uint32_t)count_texts(&l), err));
    for (uint32_t i = 0; i < l.layer_count; i++)
        draw_layer(&p, i);
    canvas_print(&p.canvas, pen, out);
    return STATUS_OK;
}
