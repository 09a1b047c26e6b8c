/*
 * Where the parts of a drawing are. K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of
 * hierarchical system structures" (1981): steps in layers, each below what leads to it; lines over several
 * layers get a place in each of them; places are ordered so that few lines cross, and then moved apart.
 */
#ifndef DIAGRAM_LAYOUT_H
#define DIAGRAM_LAYOUT_H

#include "outline.h"

struct node {
    enum {
        NODE_STEP,
        NODE_END,   /* the barrier: as wide as the drawing, in a layer of its own */
        NODE_LABEL, /* the text of a link; of a loop, where its line ends */
        NODE_BEND,  /* a line passes through the layer */
    } kind;
    uint32_t index;        /* of the step, or of the link */
    struct notes lines;    /* of text: a step's name and notes, or a label */
    uint32_t layer, place; /* in the layer, from the left */
    uint32_t width, height;
    uint32_t center; /* column */
};

/* From a node to one in the next layer. */
struct wire {
    uint32_t from, to;
};

struct layer {
    uint32_t *nodes; /* from the left */
    uint32_t count, height;
    bool has_steps;
};

struct layout {
    const struct outline *outline;
    const struct diagram_pen *pen;
    struct arena *arena;
    struct node *nodes; /* those of the steps first, by their indices */
    uint32_t node_count;
    struct wire *wires;
    uint32_t wire_count;
    struct layer *layers;
    uint32_t layer_count;
    uint32_t width;
    uint32_t longest_label; /* in columns */
};

/*
 * Labels are cut at `longest_label` columns. *fits is false, and the rest of no use, if there is too much for
 * a drawing in layers on the pen's paper.
 */
enum status layout_make(const struct outline *o, const struct diagram_pen *pen, struct arena *a,
                        uint32_t longest_label, struct layout *out, bool *fits, struct error *err) MUST_CHECK;
/* Its parts, in order.c and move.c: places within the layers; columns. */
enum status layout_order(struct layout *l, struct error *err) MUST_CHECK;
enum status layout_move(struct layout *l, struct error *err) MUST_CHECK;

/* Columns of a text that is cut at LONGEST_TEXT. */
enum { LONGEST_TEXT = 36, SHORT_LABEL = 20 };
uint32_t text_width(const struct diagram_pen *pen, struct str s);

#endif
