/*
 * Pages of documentation whose examples are run: code blocks in their order, and answers that are compared
 * with those that the page shows.
 */
#ifndef TESTS_PAGE_H
#define TESTS_PAGE_H

#include "core/arena.h"
#include "core/value.h"

struct page_block {
    struct str language, text; /* the text ends with a line end */
    struct str before;         /* what stands between it and the block before */
};

/* A file of the project ("docs/API.md"), in `a`. */
struct str page_read(const char *name, struct arena *a);
/* The next ``` block; the page begins behind it then. False if there is none. */
bool page_next(struct str *page, struct page_block *out);
/* What stands behind the first `mark` up to the next `end`; all of the rest without one. "" if there is no
 * mark. */
struct str page_between(struct str text, const char *mark, char end);
/*
 * The answer has the members, of the same types, that the page shows, and no others; of lists, the items that
 * both have. Of the values only words are compared that name something: kind, status, place, path, …. Else
 * the test fails.
 *
 * "…" as a value stands for any, as a member's name for further members, as an item for further items.
 */
void page_compare(struct value shown, struct value made, const char *command);
/* The same, and with equal values and lists of the same length. NULL, or what differs, until the next call.
 */
const char *page_difference(struct value shown, struct value made);

#endif
