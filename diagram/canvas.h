/*
 * Paper of fixed size on which lines and texts are put. A horizontal line belongs to whom it connects; a
 * vertical one that meets it without being joined to it is shown to pass over it.
 */
#ifndef DIAGRAM_CANVAS_H
#define DIAGRAM_CANVAS_H

#include "diagram.h"

struct canvas_text {
    struct str text;
    size_t cut; /* columns that the text may take; 0: no bound */
    uint32_t width;
    enum diagram_ink ink;
};

enum { LINE_UP = 1, LINE_DOWN = 2, LINE_LEFT = 4, LINE_RIGHT = 8 };

struct canvas_cell {
    uint8_t joined;  /* lines of the connection that is horizontal here, with where it turns */
    uint8_t passing; /* vertical lines */
    uint32_t text;   /* 1 + the index of the text that begins here; 0: none */
};

struct canvas {
    struct canvas_cell *cells;
    uint32_t width, height;
    struct canvas_text *texts;
    uint32_t text_count, text_capacity;
};

enum status canvas_make(struct canvas *c, struct arena *a, uint32_t width, uint32_t height,
                        uint32_t text_capacity, struct error *err) MUST_CHECK;
/* Texts are borrowed and must not overlap. */
void canvas_text(struct canvas *c, uint32_t column, uint32_t row, struct canvas_text text);
void canvas_join(struct canvas *c, uint32_t column, uint32_t row, unsigned lines);
/* From row `top` up to, without, `bottom`. */
void canvas_pass(struct canvas *c, uint32_t column, uint32_t top, uint32_t bottom);
/* Lines without spaces at their ends. */
void canvas_print(const struct canvas *c, const struct diagram_pen *pen, struct buf *out);

#endif
