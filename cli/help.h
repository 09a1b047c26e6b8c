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
/* Man pages: noetl(1), that of a command, and files of all of them in a folder that is there. */
void help_man(struct buf *out);
void help_man_command(const struct command *command, struct buf *out);
enum status help_man_pages(const char *folder, struct error *err) MUST_CHECK;

#endif
