#include "layout.h"

enum { MOST_STEPS = 150, MOST_NODES = 1000, LONGEST_LINE = 30 };

uint32_t text_width(const struct diagram_pen *pen, struct str s)
{
    size_t width = pen->measure(s);
    return width < LONGEST_TEXT ? (uint32_t)width : LONGEST_TEXT;
}

/* ---- layers ------------------------------------------------------------------------------------------- */

/*
 * Levels: how many steps come before. A level becomes a layer, and one more below it for labels if a link
 * that leaves it has one.
 */
struct levels {
    uint32_t *of_step;
    bool *has_labels; /* of each level */
    uint32_t *layer;  /* of each level */
};

static bool has_label(const struct link *l)
{
    return l->label.len > 0 || l->is_loop;
}

static bool is_end(const struct outline *o, uint32_t step)
{
    return (int32_t)step == o->end;
}

/* Without loops no path is longer than there are steps, so it ends. */
static void find_levels(const struct outline *o, uint32_t *level)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < o->link_count; i++) {
            const struct link *l = &o->links[i];
            if (l->is_loop || is_end(o, l->to) || level[l->to] > level[l->from])
                continue;
            level[l->to] = level[l->from] + 1;
            changed = true;
        }
    }
}

static uint32_t count_levels(const struct outline *o, uint32_t *level)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < o->playbook->step_count; i++)
        count = level[i] + 1 > count ? level[i] + 1 : count;
    if (o->end >= 0)
        level[o->end] = count++;
    return count;
}

static enum status make_layers(struct layout *l, struct levels *levels, struct error *err)
{
    const struct outline *o = l->outline;
    uint32_t n = o->playbook->step_count;
    *levels = (struct levels){ARENA_ARRAY(l->arena, uint32_t, n), ARENA_ARRAY(l->arena, bool, n + 1),
                              ARENA_ARRAY(l->arena, uint32_t, n + 1)};
    if (!levels->of_step || !levels->has_labels || !levels->layer)
        return arena_error(l->arena, err, "the drawing");
    find_levels(o, levels->of_step);
    uint32_t count = count_levels(o, levels->of_step);
    for (uint32_t i = 0; i < o->link_count; i++) {
        if (has_label(&o->links[i]))
            levels->has_labels[levels->of_step[o->links[i].from]] = true;
    }
    for (uint32_t i = 0; i < count; i++) {
        levels->layer[i] = l->layer_count;
        l->layer_count += levels->has_labels[i] ? 2 : 1;
    }
    l->layers = ARENA_ARRAY(l->arena, struct layer, l->layer_count);
    return l->layers ? STATUS_OK : arena_error(l->arena, err, "the drawing");
}

/* ---- nodes -------------------------------------------------------------------------------------------- */

static struct str label_text(const struct layout *l, const struct link *link)
{
    struct str to = l->outline->playbook->steps[link->to].name;
    if (!link->is_loop)
        return link->kind == LINK_ERROR ? STR("✗ on error") : link->label;
    if (link->kind == LINK_ERROR)
        return arena_printf(l->arena, "✗ on error ↺ %" PRISTR, ARGSTR(to));
    return arena_printf(l->arena, "↺ %" PRISTR "%s%" PRISTR, ARGSTR(to), link->label.len ? ": " : "",
                        ARGSTR(link->label));
}

/* As many notes as have room, from *at on. */
static struct str notes_line(const struct layout *l, const struct notes *n, uint32_t *at)
{
    struct str line = n->texts[(*at)++];
    for (; line.ptr && *at < n->count; (*at)++) {
        struct str more = n->texts[*at];
        if (l->pen->measure(line) + l->pen->measure(more) + 3 > LONGEST_LINE)
            break;
        line = arena_printf(l->arena, "%" PRISTR " · %" PRISTR, ARGSTR(line), ARGSTR(more));
    }
    return line;
}

static struct str first_line(const struct layout *l, const struct node *node)
{
    const struct playbook *p = l->outline->playbook;
    if (node->kind == NODE_LABEL)
        return label_text(l, &l->outline->links[node->index]);
    const char *mark = node->index == p->start ? "▶ " : "";
    return arena_printf(l->arena, "%s%" PRISTR, mark, ARGSTR(p->steps[node->index].name));
}

static enum status add_lines(struct layout *l, struct node *node, struct error *err)
{
    static const struct notes none = {0};
    const struct notes *n = node->kind == NODE_LABEL ? &none : &l->outline->notes[node->index];
    node->lines.texts = ARENA_ARRAY(l->arena, struct str, n->count + 1);
    if (!node->lines.texts)
        return arena_error(l->arena, err, "the drawing");
    node->lines.texts[node->lines.count++] = first_line(l, node);
    for (uint32_t at = 0; at < n->count;)
        node->lines.texts[node->lines.count++] = notes_line(l, n, &at);
    for (uint32_t i = 0; i < node->lines.count; i++) {
        if (!node->lines.texts[i].ptr)
            return arena_error(l->arena, err, "the drawing");
        uint32_t width = text_width(l->pen, node->lines.texts[i]);
        node->width = width > node->width ? width : node->width;
    }
    if (node->kind == NODE_LABEL && node->width > l->longest_label)
        node->width = l->longest_label;
    return STATUS_OK;
}

/* Measured, too. */
static enum status add_node(struct layout *l, struct node node, struct error *err)
{
    node.width = node.height = 1;
    if (node.kind != NODE_BEND)
        TRY(add_lines(l, &node, err));
    if (node.kind == NODE_STEP) {
        node.height = node.lines.count + 2;
        node.width += 4;
    } else if (node.kind == NODE_END) {
        node.height = node.lines.count;
        node.width += 8;
    }
    struct layer *layer = &l->layers[node.layer];
    layer->count++;
    layer->height = node.height > layer->height ? node.height : layer->height;
    layer->has_steps = layer->has_steps || node.kind == NODE_STEP || node.kind == NODE_END;
    l->nodes[l->node_count++] = node;
    return STATUS_OK;
}

static void add_wire(struct layout *l, uint32_t from, uint32_t to)
{
    l->wires[l->wire_count++] = (struct wire){from, to};
}

/* What stands between the two steps, and the wires along it. */
static enum status add_chain(struct layout *l, uint32_t index, struct error *err)
{
    const struct link *link = &l->outline->links[index];
    uint32_t at = link->from, layer = l->nodes[at].layer + 1;
    uint32_t below = link->is_loop ? layer + 1 : l->nodes[link->to].layer;
    for (uint32_t first = layer; layer < below; layer++) {
        add_wire(l, at, l->node_count);
        at = l->node_count;
        bool labelled = layer == first && has_label(link);
        TRY(add_node(l, (struct node){labelled ? NODE_LABEL : NODE_BEND, index, .layer = layer}, err));
    }
    if (!link->is_loop)
        add_wire(l, at, link->to);
    return STATUS_OK;
}

static uint32_t count_wires(const struct layout *l, uint32_t from)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->wire_count; i++)
        count += l->wires[i].from == from;
    return count;
}

/* Lines that come to a step in columns of their own, and one column for those that meet above it. */
static uint32_t count_entries(const struct layout *l, uint32_t step)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < l->wire_count; i++)
        count += l->wires[i].to == step && count_wires(l, l->wires[i].from) > 1;
    return count;
}

static void widen(const struct layout *l, struct node *node, uint32_t entries)
{
    uint32_t least = 2 * entries + 1;
    if (node->kind == NODE_STEP && node->width < least)
        node->width = least < l->pen->width ? least : (uint32_t)l->pen->width;
}

static size_t count_nodes(const struct layout *l, const struct levels *levels)
{
    const struct outline *o = l->outline;
    size_t count = o->playbook->step_count;
    for (uint32_t i = 0; i < o->link_count; i++) {
        const struct link *link = &o->links[i];
        uint32_t from = levels->layer[levels->of_step[link->from]];
        count += link->is_loop ? 1 : levels->layer[levels->of_step[link->to]] - from - 1;
    }
    return count;
}

static enum status add_all(struct layout *l, const struct levels *levels, size_t most, struct error *err)
{
    const struct outline *o = l->outline;
    l->nodes = ARENA_ARRAY(l->arena, struct node, most);
    l->wires = ARENA_ARRAY(l->arena, struct wire, most + o->link_count);
    if (!l->nodes || !l->wires)
        return arena_error(l->arena, err, "the drawing");
    for (uint32_t i = 0; i < o->playbook->step_count; i++) {
        struct node node = {is_end(o, i) ? NODE_END : NODE_STEP, i,
                            .layer = levels->layer[levels->of_step[i]]};
        TRY(add_node(l, node, err));
    }
    for (uint32_t i = 0; i < o->link_count; i++)
        TRY(add_chain(l, i, err));
    for (uint32_t i = 0; i < o->playbook->step_count; i++)
        widen(l, &l->nodes[i], count_entries(l, i));
    return STATUS_OK;
}

enum status layout_make(const struct outline *o, const struct diagram_pen *pen, struct arena *a,
                        uint32_t longest_label, struct layout *out, bool *fits, struct error *err)
{
    struct levels levels;
    *out = (struct layout){.outline = o, .pen = pen, .arena = a, .longest_label = longest_label};
    *fits = o->playbook->step_count <= MOST_STEPS;
    if (!*fits)
        return STATUS_OK;
    TRY(make_layers(out, &levels, err));
    size_t count = count_nodes(out, &levels);
    *fits = count <= MOST_NODES;
    if (!*fits)
        return STATUS_OK;
    TRY(add_all(out, &levels, count, err));
    TRY(layout_order(out, err));
    TRY(layout_move(out, err));
    *fits = out->width <= pen->width;
    return STATUS_OK;
}
