/* Places within the layers: as a search from the start comes by, then each between its neighbours. */
#include "layout.h"

enum { SWEEPS = 8 };

/* ---- first -------------------------------------------------------------------------------------------- */

static void enter(struct layout *l, uint32_t index, bool *seen)
{
    struct node *node = &l->nodes[index];
    struct layer *layer = &l->layers[node->layer];
    seen[index] = true;
    node->place = layer->count;
    layer->nodes[layer->count++] = index;
    for (uint32_t i = 0; i < l->wire_count; i++) {
        if (l->wires[i].from == index && !seen[l->wires[i].to])
            enter(l, l->wires[i].to, seen);
    }
}

static enum status order_first(struct layout *l, struct error *err)
{
    bool *seen = ARENA_ARRAY(l->arena, bool, l->node_count);
    for (uint32_t i = 0; i < l->layer_count; i++) {
        struct layer *layer = &l->layers[i];
        layer->nodes = ARENA_ARRAY(l->arena, uint32_t, layer->count);
        layer->count = 0;
        if (!layer->nodes)
            return arena_error(l->arena, err, "the drawing");
    }
    if (!seen)
        return arena_error(l->arena, err, "the drawing");
    enter(l, l->outline->playbook->start, seen);
    for (uint32_t i = 0; i < l->node_count; i++) {
        if (!seen[i])
            enter(l, i, seen);
    }
    return STATUS_OK;
}

/* ---- better ------------------------------------------------------------------------------------------- */

static bool is_crossing(const struct layout *l, struct wire a, struct wire b)
{
    const struct node *n = l->nodes;
    if (n[a.from].layer != n[b.from].layer || n[a.to].kind == NODE_END)
        return false;
    return (n[a.from].place < n[b.from].place && n[a.to].place > n[b.to].place) ||
           (n[a.from].place > n[b.from].place && n[a.to].place < n[b.to].place);
}

static uint32_t count_crossings(const struct layout *l)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->wire_count; i++) {
        for (uint32_t j = 0; j < i; j++)
            count += is_crossing(l, l->wires[i], l->wires[j]);
    }
    return count;
}

/* Mean place of the neighbours in the layer above, or below; its own where it has none. */
static double wanted_place(const struct layout *l, uint32_t index, bool above)
{
    double sum = 0, count = 0;
    for (uint32_t i = 0; i < l->wire_count; i++) {
        struct wire w = l->wires[i];
        if ((above ? w.to : w.from) != index)
            continue;
        sum += l->nodes[above ? w.from : w.to].place;
        count++;
    }
    return count > 0 ? sum / count : l->nodes[index].place;
}

/* Stable. */
static void sort_layer(struct layout *l, struct layer *layer, double *wanted, bool above)
{
    for (uint32_t i = 0; i < layer->count; i++)
        wanted[layer->nodes[i]] = wanted_place(l, layer->nodes[i], above);
    for (uint32_t i = 1; i < layer->count; i++) {
        uint32_t node = layer->nodes[i], to = i;
        for (; to > 0 && wanted[layer->nodes[to - 1]] > wanted[node]; to--)
            layer->nodes[to] = layer->nodes[to - 1];
        layer->nodes[to] = node;
    }
    for (uint32_t i = 0; i < layer->count; i++)
        l->nodes[layer->nodes[i]].place = i;
}

static void sweep(struct layout *l, double *wanted, bool down)
{
    for (uint32_t i = 0; i < l->layer_count; i++)
        sort_layer(l, &l->layers[down ? i : l->layer_count - 1 - i], wanted, down);
}

static void keep_places(const struct layout *l, uint32_t *best)
{
    for (uint32_t i = 0; i < l->node_count; i++)
        best[i] = l->nodes[i].place;
}

static void take_places(struct layout *l, const uint32_t *best)
{
    for (uint32_t i = 0; i < l->node_count; i++) {
        l->nodes[i].place = best[i];
        l->layers[l->nodes[i].layer].nodes[best[i]] = i;
    }
}

enum status layout_order(struct layout *l, struct error *err)
{
    TRY(order_first(l, err));
    double *wanted = ARENA_ARRAY(l->arena, double, l->node_count);
    uint32_t *best = ARENA_ARRAY(l->arena, uint32_t, l->node_count);
    if (!wanted || !best)
        return arena_error(l->arena, err, "the drawing");
    uint32_t fewest = count_crossings(l);
    keep_places(l, best);
    for (int i = 0; i < SWEEPS && fewest > 0; i++) {
        sweep(l, wanted, i % 2 == 0);
        uint32_t crossings = count_crossings(l);
        if (crossings >= fewest)
            continue;
        fewest = crossings;
        keep_places(l, best);
    }
    take_places(l, best);
    return STATUS_OK;
}
