/*
 * Channel routing. Where a comb comes down into a column from which another comb hangs, the other one's row
 * has to be above (else their lines would lie on one another). Where that goes round in a circle, a comb
 * comes down in a free column nearby instead, and another comb brings it back further below.
 */
#include "route.h"

/* ---- combs -------------------------------------------------------------------------------------------- */

static void add_pin(struct route *r, struct pin pin)
{
    r->pins[r->pin_count++] = pin;
}

static uint32_t add_comb(struct route *r, uint32_t from)
{
    r->combs[r->comb_count] = (struct comb){.from = from};
    return r->comb_count++;
}

static bool leads_to(const struct layout *l, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < l->wire_count; i++) {
        if (l->wires[i].from == from && l->wires[i].to == to)
            return true;
    }
    return false;
}

static bool targets_are_among(const struct layout *l, uint32_t node, uint32_t other)
{
    for (uint32_t i = 0; i < l->wire_count; i++) {
        struct wire w = l->wires[i];
        if (w.from == node && (l->nodes[w.to].kind == NODE_END || !leads_to(l, other, w.to)))
            return false;
    }
    return true;
}

static bool has_targets(const struct layout *l, uint32_t node)
{
    for (uint32_t i = 0; i < l->wire_count; i++) {
        if (l->wires[i].from == node)
            return true;
    }
    return false;
}

/* The barrier is met anywhere. */
static void add_targets(struct route *r, const struct layout *l, uint32_t comb, uint32_t node)
{
    for (uint32_t i = 0; i < l->wire_count; i++) {
        uint32_t to = l->wires[i].to, meets = l->nodes[to].kind == NODE_END ? node : to;
        if (l->wires[i].from == node)
            add_pin(r, (struct pin){comb, l->nodes[meets].center, true, NO_COMB, to});
    }
}

/* `combs` has the comb of each place. */
static void add_combs(struct route *r, const struct layout *l, const struct layer *layer, uint32_t *combs)
{
    for (uint32_t i = 0; i < layer->count; i++) {
        uint32_t node = layer->nodes[i];
        combs[i] = NO_COMB;
        if (!has_targets(l, node))
            continue;
        for (uint32_t j = 0; j < i && combs[i] == NO_COMB; j++) {
            uint32_t other = layer->nodes[j];
            if (combs[j] != NO_COMB && targets_are_among(l, node, other) && targets_are_among(l, other, node))
                combs[i] = combs[j];
        }
        if (combs[i] == NO_COMB) {
            combs[i] = add_comb(r, NO_COMB);
            add_targets(r, l, combs[i], node);
        }
        add_pin(r, (struct pin){combs[i], l->nodes[node].center, false, NO_COMB, 0});
    }
}

/* ---- columns ------------------------------------------------------------------------------------------ */

static uint32_t count_targets(const struct route *r, uint32_t comb)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->pin_count; i++)
        count += r->pins[i].comb == comb && r->pins[i].is_below;
    return count;
}

/* Where the comb comes from. */
static uint32_t first_column(const struct route *r, uint32_t comb)
{
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < r->pin_count; i++) {
        const struct pin *p = &r->pins[i];
        if (p->comb == comb && !p->is_below && p->column < first)
            first = p->column;
    }
    return first;
}

/* Combs with one target come in the middle, the others as they come from the left or from the right. */
static uint32_t entry_rank(const struct route *r, const struct pin *p)
{
    bool shared = count_targets(r, p->comb) == 1;
    return 2 * (shared ? r->layout->nodes[p->target].center : first_column(r, p->comb)) + shared;
}

/* The n entries of a box are two columns apart. */
static uint32_t entry_column(const struct route *r, const struct pin *p)
{
    uint32_t before = 0, count = 0, rank = entry_rank(r, p);
    bool any_shared = false;
    for (uint32_t i = 0; i < r->pin_count; i++) {
        const struct pin *q = &r->pins[i];
        if (!q->is_below || q->target != p->target)
            continue;
        bool first = count_targets(r, q->comb) > 1 || !any_shared;
        any_shared = any_shared || count_targets(r, q->comb) == 1;
        count += first;
        before += first && entry_rank(r, q) < rank;
    }
    return r->layout->nodes[p->target].center + 2 * before + 1 - count;
}

static void find_span(struct route *r, uint32_t comb)
{
    struct comb *c = &r->combs[comb];
    c->left = UINT32_MAX;
    c->right = 0;
    for (uint32_t i = 0; i < r->pin_count; i++) {
        const struct pin *p = &r->pins[i];
        if (p->comb != comb)
            continue;
        c->left = p->column < c->left ? p->column : c->left;
        c->right = p->column > c->right ? p->column : c->right;
    }
}

static void find_columns(struct route *r)
{
    for (uint32_t i = 0; i < r->pin_count; i++) {
        struct pin *p = &r->pins[i];
        if (p->is_below && r->layout->nodes[p->target].kind == NODE_STEP)
            p->column = entry_column(r, p);
    }
    for (uint32_t i = 0; i < r->comb_count; i++)
        find_span(r, i);
}

/* ---- rows --------------------------------------------------------------------------------------------- */

static bool is_straight(const struct comb *c)
{
    return c->left == c->right;
}

/* Another comb without a row yet that hangs from this column. */
static bool is_taken(const struct route *r, uint32_t comb, uint32_t column)
{
    for (uint32_t i = 0; i < r->pin_count; i++) {
        const struct pin *p = &r->pins[i];
        const struct comb *other = &r->combs[p->comb];
        if (p->comb != comb && !p->is_below && p->other == NO_COMB && p->column == column &&
            !is_straight(other) && (!other->placed || other->row == r->rows))
            return true;
    }
    return false;
}

/* Whether all are placed that have to be above. */
static bool is_ready(const struct route *r, uint32_t comb)
{
    uint32_t from = r->combs[comb].from;
    if (from != NO_COMB && (!r->combs[from].placed || r->combs[from].row == r->rows))
        return false;
    for (uint32_t i = 0; i < r->pin_count; i++) {
        if (r->pins[i].comb == comb && r->pins[i].is_below && r->pins[i].other == NO_COMB &&
            is_taken(r, comb, r->pins[i].column))
            return false;
    }
    return true;
}

/* Whether the row has room for it, with a column between. */
static bool has_room(const struct route *r, uint32_t comb)
{
    const struct comb *c = &r->combs[comb];
    for (uint32_t i = 0; i < r->comb_count; i++) {
        const struct comb *other = &r->combs[i];
        if (other->placed && other->row == r->rows && c->left <= other->right + 1 &&
            other->left <= c->right + 1)
            return false;
    }
    return true;
}

static void place(struct route *r, uint32_t comb)
{
    r->combs[comb].placed = true;
    r->combs[comb].row = r->rows;
}

static bool is_free(const struct route *r, uint32_t column)
{
    for (uint32_t i = 0; i < r->pin_count; i++) {
        if (r->pins[i].column == column)
            return false;
    }
    return column < r->width;
}

static uint32_t free_column(struct route *r, uint32_t near)
{
    for (uint32_t distance = 2; distance < r->width; distance++) {
        if (is_free(r, near + distance))
            return near + distance;
        if (near >= distance && is_free(r, near - distance))
            return near - distance;
    }
    return r->width++;
}

static void go_round(struct route *r, struct pin *pin)
{
    uint32_t column = free_column(r, pin->column), next = add_comb(r, pin->comb);
    add_pin(r, (struct pin){next, column, false, pin->comb, 0});
    add_pin(r, (struct pin){next, pin->column, true, NO_COMB, pin->target});
    pin->other = next;
    pin->column = column;
    find_span(r, pin->comb);
    find_span(r, next);
}

/* Takes the comb out of every circle. */
static void free_comb(struct route *r, uint32_t comb)
{
    for (uint32_t i = 0; i < r->pin_count; i++) {
        struct pin *p = &r->pins[i];
        if (p->comb == comb && p->is_below && p->other == NO_COMB && is_taken(r, comb, p->column))
            go_round(r, p);
    }
}

static bool is_waiting(const struct comb *c)
{
    return !c->placed && !is_straight(c);
}

/* The first that waits for others; those that go on from a comb only wait for that one and for others. */
static uint32_t first_waiting(const struct route *r)
{
    for (uint32_t i = 0; i < r->comb_count; i++) {
        if (is_waiting(&r->combs[i]) && (r->combs[i].from == NO_COMB || r->combs[r->combs[i].from].placed))
            return i;
    }
    return NO_COMB;
}

static bool fill_row(struct route *r)
{
    bool any = false;
    for (uint32_t i = 0; i < r->comb_count; i++) {
        if (!is_waiting(&r->combs[i]) || !is_ready(r, i) || !has_room(r, i))
            continue;
        place(r, i);
        any = true;
    }
    return any;
}

static void place_all(struct route *r)
{
    for (uint32_t waiting; (waiting = first_waiting(r)) != NO_COMB; r->rows++) {
        if (fill_row(r))
            continue;
        free_comb(r, waiting);
        place(r, waiting);
    }
}

enum status route_make(const struct layout *l, uint32_t layer, struct route *out, struct error *err)
{
    uint32_t wires = 0, count = l->layers[layer].count;
    for (uint32_t i = 0; i < l->wire_count; i++)
        wires += l->nodes[l->wires[i].from].layer == layer;
    *out = (struct route){
        .layout = l,
        .pins = ARENA_ARRAY(l->arena, struct pin, 3 * wires + count),
        .combs = ARENA_ARRAY(l->arena, struct comb, wires + count),
        .width = l->width,
    };
    uint32_t *combs = ARENA_ARRAY(l->arena, uint32_t, count);
    if (!out->pins || !out->combs || !combs)
        return arena_error(l->arena, err, "the drawing");
    add_combs(out, l, &l->layers[layer], combs);
    find_columns(out);
    place_all(out);
    return STATUS_OK;
}

/* ---- drawing ------------------------------------------------------------------------------------------ */

static void draw_row(const struct comb *c, struct canvas *canvas, uint32_t row)
{
    for (uint32_t column = c->left; column < c->right; column++) {
        canvas_join(canvas, column, row, LINE_RIGHT);
        canvas_join(canvas, column + 1, row, LINE_LEFT);
    }
}

static void draw_pin(const struct route *r, const struct pin *p, struct canvas *canvas, uint32_t top,
                     uint32_t bottom)
{
    const struct comb *c = &r->combs[p->comb];
    uint32_t row = top + c->row;
    canvas_join(canvas, p->column, row, p->is_below ? LINE_DOWN : LINE_UP);
    if (p->is_below)
        canvas_pass(canvas, p->column, row + 1, p->other == NO_COMB ? bottom : top + r->combs[p->other].row);
    else if (p->other == NO_COMB)
        canvas_pass(canvas, p->column, top, row);
}

static void draw_arrow(const struct route *r, const struct pin *p, struct canvas *canvas, uint32_t row)
{
    const struct node *to = &r->layout->nodes[p->target];
    if (p->is_below && p->other == NO_COMB && (to->kind == NODE_STEP || to->kind == NODE_END))
        canvas_text(canvas, p->column, row, (struct canvas_text){STR("▼"), 0, 1, INK_PLAIN});
}

void route_draw(const struct route *r, struct canvas *c, uint32_t top, uint32_t bottom)
{
    for (uint32_t i = 0; i < r->comb_count; i++) {
        if (!is_straight(&r->combs[i]))
            draw_row(&r->combs[i], c, top + r->combs[i].row);
    }
    for (uint32_t i = 0; i < r->pin_count; i++) {
        if (is_straight(&r->combs[r->pins[i].comb]))
            canvas_pass(c, r->pins[i].column, top, bottom);
        else
            draw_pin(r, &r->pins[i], c, top, bottom);
        draw_arrow(r, &r->pins[i], c, bottom - 1);
    }
}
