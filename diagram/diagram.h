/*
 * A playbook as a drawing: its steps, and what leads from where to where under which condition. What a step
 * does with its data is left out.
 */
#ifndef DIAGRAM_DIAGRAM_H
#define DIAGRAM_DIAGRAM_H

#include "core/buf.h"
#include "playbook/playbook.h"

enum diagram_format { DIAGRAM_ASCII, DIAGRAM_DOT, DIAGRAM_MERMAID };

enum diagram_ink { INK_PLAIN, INK_NAME, INK_NOTE, INK_CONDITION, INK_LOOP, INK_ERROR };

/* How text gets onto the paper of DIAGRAM_ASCII: columns and colours are the terminal's matter. */
struct diagram_pen {
    size_t width;                                             /* of the paper, in columns */
    size_t (*measure)(struct str s);                          /* columns that `add` uses without a bound */
    void (*add)(struct buf *out, struct str s, size_t width); /* cut at `width` columns; 0: no bound */
    void (*ink)(const void *user, struct buf *out, enum diagram_ink ink, bool on); /* never INK_PLAIN */
    const void *user;                                                              /* for `ink` */
};

/* "ascii", "dot", "mermaid"; STATUS_INVALID, with a suggestion. */
enum status diagram_format_parse(struct str word, enum diagram_format *out, struct error *err) MUST_CHECK;

/*
 * Adds the drawing to `out`, whole lines. DIAGRAM_ASCII is boxes in layers with lines between them where
 * that fits the pen's paper, else a list of the steps; the other formats need no pen.
 */
enum status diagram_draw(const struct playbook *p, enum diagram_format format, const struct diagram_pen *pen,
                         struct buf *out, struct error *err) MUST_CHECK;

#endif
