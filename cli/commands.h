/* The handlers and details of commands.def, each in its command_<id>.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "invocation.h"

#define X(id, name, arguments, least, most, groups, summary)                                                 \
    enum status command_##id(struct invocation *in, struct error *err) MUST_CHECK;                           \
    extern const struct command_details details_##id;
#include "commands.def"
#undef X

#endif
