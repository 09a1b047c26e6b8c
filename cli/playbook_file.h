/* A playbook in a file, read and checked on this side of the network. */
#ifndef CLI_PLAYBOOK_FILE_H
#define CLI_PLAYBOOK_FILE_H

#include "playbook/playbook.h"

struct playbook_file {
    const char *name; /* as diagnostics call it */
    struct str text;
    struct diagnostics diagnostics; /* all of them, warnings too */
    struct playbook *playbook;      /* NULL when there are errors */
};

/* `path` "-": standard input. A playbook with errors is no failure here; one that cannot be read is. */
enum status playbook_file_read(struct arena *a, const char *path, struct playbook_file *out,
                               struct error *err) MUST_CHECK;
void playbook_file_free(struct playbook_file *f);
/* Prints what there is to say about the playbook on standard error; STATUS_INVALID if it has errors. */
enum status playbook_file_report(const struct playbook_file *f, struct error *err) MUST_CHECK;

#endif
