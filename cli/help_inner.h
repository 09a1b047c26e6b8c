/* What the files that write help share. */
#ifndef CLI_HELP_INNER_H
#define CLI_HELP_INNER_H

#include "help.h"

struct exit_code {
    int code;
    const char *doc;
};
/* exit_code.def; ended by a NULL doc. */
extern const struct exit_code EXIT_CODES[];
/* What help says of the ID of a command (execution_name.h). */
extern const char EXECUTION_NAMES[];
bool help_takes_execution(const struct command *c);

/* "-o, --output table|json|jsonl" */
void help_flag_name(struct buf *out, const struct flag *f);
/* "; may be repeated", or nothing. */
const char *help_flag_more(const struct flag *f);
/* The tables of flags that the command takes, but for those of its connection; ended by NULL. */
enum { FLAG_TABLES = 4 };
void help_flag_tables(const struct command *c, const struct flag *out[FLAG_TABLES]);
/* "noetl show [flags] ID" */
void help_usage(struct buf *out, const struct command *c);

#endif
