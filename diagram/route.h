/*
 * Lines from one layer to the next. All lines of a node are one comb: down from the node to a row of its
 * own, along it, and down to each target; nodes with the same targets share one. Combs whose rows do not
 * overlap may lie side by side. Combs with a single target meet above it; one with several comes to it in a
 * column of its own, for where they met it could not be seen which way to go on.
 */
#ifndef DIAGRAM_ROUTE_H
#define DIAGRAM_ROUTE_H

#include "canvas.h"
#include "layout.h"

enum { NO_COMB = UINT32_MAX };

/* Where a comb has a vertical line: up to the layer above or down to the one below; or to another comb, which
 * goes on with it in another column. */
struct pin {
    uint32_t comb, column;
    bool is_below;
    uint32_t other;  /* comb, or NO_COMB */
    uint32_t target; /* the node below */
};

struct comb {
    uint32_t left, right; /* equal: straight down, without a row */
    uint32_t row;
    uint32_t from; /* the comb that it goes on with, or NO_COMB */
    bool placed;
};

struct route {
    const struct layout *layout;
    struct pin *pins;
    struct comb *combs;
    uint32_t pin_count, comb_count;
    uint32_t rows;
    uint32_t width; /* of the paper; more than the layout's if a line has to go round all */
};

/* Lines that leave `layer`. */
enum status route_make(const struct layout *l, uint32_t layer, struct route *out,
                       struct error *err) MUST_CHECK;
/* In rows [top, bottom), which are at least route.rows, and one more if there are steps below, for arrows. */
void route_draw(const struct route *r, struct canvas *c, uint32_t top, uint32_t bottom);

#endif
