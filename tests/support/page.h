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
};

/* A file of the project ("docs/API.md"), in `a`. */
struct str page_read(const char *name, struct arena *a);
/* The next ``` block; the page begins behind it then. False if there is none. */
bool page_next(struct str *page, struct page_block *out);
/* What stands behind the first `mark` up to the next `end`; all of the rest without one. "" if there is no
 * mark. */
struct str page_between(struct str text, const char *mark, char end);
/*
 * The answer has the members, of the same types, that the page shows, and no others, and at least as many
 * items. Of the values only words are compared that name something: kind, status, place, path, ….
 */
void page_compare(struct value shown, struct value made, const char *command);

#endif
