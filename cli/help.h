/* Help and docs/CLI.md, written from the tables of args.h, core/status.def and config/settings.def. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "args.h"
#include "output.h"

void help_overview(const struct output *o, struct buf *out);
void help_command(const struct output *o, const struct command *command, struct buf *out);
void help_exit_codes(struct buf *out);
void help_settings(const struct output *o, struct arena *a, struct buf *out);
/* The whole of docs/CLI.md. */
void help_markdown(struct buf *out);

#endif
