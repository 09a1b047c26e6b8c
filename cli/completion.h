/*
 * What may stand at the end of an unfinished command line, from the tables alone. What only a file system or
 * a server knows is named by its kind, and whoever asks looks it up.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "args.h"

enum completion_kind {
    COMPLETE_WORDS, /* what was handed to `add` is all */
    COMPLETE_FILES,
    COMPLETE_FOLDERS,
    COMPLETE_EXECUTIONS, /* ids */
    COMPLETE_PLAYBOOKS,  /* files and paths of the catalog */
    COMPLETE_PATHS,      /* of the catalog */
};

/* A candidate; `doc` is "" or a few words. */
typedef void completion_add(void *context, struct str word, struct str doc);

struct completion {
    enum completion_kind kind;
    struct str prefix; /* of the last word, in front of what is to be completed: "--execution=" */
    struct str rest;   /* of it, which candidates begin with */
};

/*
 * `words` are those behind the program's name, the last unfinished, perhaps empty. Candidates that begin with
 * the last word go to `add`, with the prefix in front.
 */
void completion_find(const char *const *words, size_t count, struct arena *a, completion_add *add,
                     void *context, struct completion *out);

#endif
