/* Two executions beside each other, for people: replay/comparison.h. */
#ifndef CLI_COMPARISON_PRINT_H
#define CLI_COMPARISON_PRINT_H

#include "replay/comparison.h"

#include "output.h"

/* `left` and `right` name the sides. */
void comparison_write(struct value comparison, const char *left, const char *right, const struct output *o,
                      struct buf *b);

#endif
