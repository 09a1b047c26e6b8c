/*
 * Columns. In each layer in turn, all nodes move as near as they can to the middle of their neighbours in the
 * layer before: least squares under the order and the distances that they have to keep, which are an isotonic
 * regression of what is wanted less what stands to the left (pool adjacent violators).
 */
#include "layout.h"

enum { SWEEPS = 9, GAP = 2 };

struct mover {
    struct layout *layout;
    int32_t *left; /* of each node; may be negative */
    struct pool {
        double sum, weight;
        uint32_t count;
    } * pools;
};

/* In whole columns. */
static double half_width(const struct mover *m, uint32_t node)
{
    return (int32_t)(m->layout->nodes[node].width / 2);
}

static double center_of(const struct mover *m, uint32_t node)
{
    return m->left[node] + half_width(m, node);
}

/* Where the left edge wants to be, and how much: lines over several layers most, so that they are straight.
 */
static double wanted_left(const struct mover *m, uint32_t node, bool above, double *weight)
{
    const struct layout *l = m->layout;
    double sum = 0, count = 0;
    for (uint32_t i = 0; i < l->wire_count; i++) {
        struct wire w = l->wires[i];
        if ((above ? w.to : w.from) != node || l->nodes[w.to].kind == NODE_END)
            continue;
        sum += center_of(m, above ? w.from : w.to);
        count++;
    }
    *weight = count > 0 ? (l->nodes[node].kind == NODE_BEND ? 4 : 1) : 0.01;
    return count > 0 ? sum / count - half_width(m, node) : m->left[node];
}

/* Adds one to the pools, and joins pools until their means go up. */
static uint32_t pool_add(struct pool *pools, uint32_t count, double wanted, double weight)
{
    pools[count++] = (struct pool){wanted * weight, weight, 1};
    while (count > 1) {
        struct pool *a = &pools[count - 2], *b = &pools[count - 1];
        if (a->sum / a->weight <= b->sum / b->weight)
            break;
        *a = (struct pool){a->sum + b->sum, a->weight + b->weight, a->count + b->count};
        count--;
    }
    return count;
}

static int32_t rounded(double x)
{
    return (int32_t)(x + 100000.5) - 100000;
}

static void move_layer(struct mover *m, const struct layer *layer, bool above)
{
    uint32_t pools = 0, at = 0;
    int32_t offset = 0;
    for (uint32_t i = 0; i < layer->count; i++) {
        double weight, wanted = wanted_left(m, layer->nodes[i], above, &weight);
        pools = pool_add(m->pools, pools, wanted - offset, weight);
        offset += (int32_t)m->layout->nodes[layer->nodes[i]].width + GAP;
    }
    offset = 0;
    for (uint32_t p = 0; p < pools; p++) {
        int32_t mean = rounded(m->pools[p].sum / m->pools[p].weight);
        for (uint32_t i = 0; i < m->pools[p].count; i++, at++) {
            m->left[layer->nodes[at]] = mean + offset;
            offset += (int32_t)m->layout->nodes[layer->nodes[at]].width + GAP;
        }
    }
}

static void sweep(struct mover *m, bool down)
{
    struct layout *l = m->layout;
    for (uint32_t i = 0; i < l->layer_count; i++)
        move_layer(m, &l->layers[down ? i : l->layer_count - 1 - i], down);
}

static void place_barrier(struct layout *l)
{
    if (l->outline->end < 0)
        return;
    struct node *end = &l->nodes[l->outline->end];
    l->width = end->width > l->width ? end->width : l->width;
    end->width = l->width;
    end->center = end->width / 2;
}

/* The leftmost node stands in column 0. */
static void settle(const struct mover *m)
{
    struct layout *l = m->layout;
    int32_t least = INT32_MAX;
    for (uint32_t i = 0; i < l->node_count; i++) {
        if (l->nodes[i].kind != NODE_END && m->left[i] < least)
            least = m->left[i];
    }
    for (uint32_t i = 0; i < l->node_count; i++) {
        struct node *node = &l->nodes[i];
        uint32_t left = (uint32_t)(m->left[i] - least);
        if (node->kind == NODE_END)
            continue;
        node->center = left + node->width / 2;
        l->width = left + node->width > l->width ? left + node->width : l->width;
    }
    place_barrier(l);
}

enum status layout_move(struct layout *l, struct error *err)
{
    struct mover m = {l, ARENA_ARRAY(l->arena, int32_t, l->node_count),
                      ARENA_ARRAY(l->arena, struct pool, l->node_count)};
    if (!m.left || !m.pools)
        return arena_error(l->arena, err, "the drawing");
    for (int i = 0; i < SWEEPS; i++)
        sweep(&m, i % 2 == 0);
    settle(&m);
    return STATUS_OK;
}
