/* What all formats draw: links between steps, each with its text, and what is noted about a step. */
#ifndef DIAGRAM_OUTLINE_H
#define DIAGRAM_OUTLINE_H

#include "diagram.h"

enum link_kind {
    LINK_NEXT,
    LINK_ERROR, /* on_error */
    LINK_END,   /* not written: the branch ends here, and `end` comes when all have */
};

struct link {
    uint32_t from, to; /* indices of steps */
    enum link_kind kind;
    bool is_loop;
    struct str label; /* its condition on one line, "else", "on error"; "" if it is always taken */
};

/* Short texts in the order in which they are shown, the type first. */
struct notes {
    struct str *texts;
    uint32_t count;
};

struct outline {
    const struct playbook *playbook;
    int32_t end;        /* the barrier, -1 if none; a playbook that starts with it has none */
    struct link *links; /* ordered by `from`, and there as they are written */
    uint32_t link_count;
    struct notes *notes; /* of each step */
};

/* In the arena, borrowing from the playbook. */
enum status outline_make(const struct playbook *p, struct arena *a, struct outline *out,
                         struct error *err) MUST_CHECK;
/* Whether anything leads to the step. */
bool outline_is_reached(const struct outline *o, uint32_t step);

/* In the place of a character: `table` ends with a NULL text. Other control characters become spaces. */
struct escape {
    char character;
    const char *text;
};
void escape_add(struct buf *out, struct str s, const struct escape *table);
/* The name and below it the notes, lines as `table` has "\n". */
void escape_add_step(struct buf *out, const struct outline *o, uint32_t step, const struct escape *table);

/* The formats. */
void dot_draw(const struct outline *o, struct buf *out);
void mermaid_draw(const struct outline *o, struct buf *out);
/* *fits is false, and nothing is drawn, where the paper is too narrow. */
enum status boxes_draw(const struct outline *o, const struct diagram_pen *pen, struct arena *a,
                       struct buf *out, bool *fits, struct error *err) MUST_CHECK;
void list_draw(const struct outline *o, const struct diagram_pen *pen, struct buf *out);

void pen_add(const struct diagram_pen *pen, struct buf *out, enum diagram_ink ink, struct str s,
             size_t width);
enum diagram_ink link_ink(const struct link *l);

#endif
