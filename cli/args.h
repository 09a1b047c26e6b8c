/*
 * The command line: tables of commands and flags, and a parser that knows nothing but the tables. Help,
 * docs/CLI.md and suggestions come from the same tables (help.h).
 *
 *   noetl [shared flags] COMMAND [flags and arguments in any order] [-- arguments]
 *   --flag VALUE   --flag=VALUE   -f VALUE   -fVALUE   -abc (letters without values)
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/settings.h"
#include "core/arena.h"
#include "core/status.h"

enum { MANY = 1000, NO_SETTING = SETTING_COUNT };

/* Sets of flags that several commands share; GROUP_GLOBAL belongs to each. */
enum flag_group { GROUP_GLOBAL = 1, GROUP_CONNECTION = 2, GROUP_OUTPUT = 4 };

struct flag {
    const char *name;  /* without dashes; NULL ends a table */
    char letter;       /* 0: none */
    bool repeats;      /* may be given several times; else the last one counts */
    const char *value; /* what the value is called in help; NULL: the flag takes none */
    int setting;       /* the enum setting that the value goes to, or NO_SETTING */
    const char *doc;
};

struct example {
    const char *line, *doc; /* NULL line ends */
};

struct command_details {
    const char *text;               /* paragraphs for the help, or NULL */
    const struct flag *flags;       /* of this command alone, or NULL */
    const struct example *examples; /* never NULL */
};

struct invocation;
struct command {
    const char *name, *arguments;
    size_t least, most;
    unsigned groups;
    const char *summary;
    const struct command_details *details;
    enum status (*run)(struct invocation *in, struct error *err);
};

/* All commands, in the order of the help; ended by an empty name. */
extern const struct command COMMANDS[];
/* Every command has COMMON_FLAGS, the first of which is --help. GLOBAL_FLAGS are these and --version, which
 * is asked of the program. */
extern const struct flag GLOBAL_FLAGS[], COMMON_FLAGS[], CONNECTION_FLAGS[], OUTPUT_FLAGS[];

struct flag_use {
    const struct flag *flag;
    const char *value; /* "" of a flag without value */
};

struct args {
    const struct command *command; /* NULL: no word of the line was a command's */
    const char **positional;
    size_t count;
    struct flag_use *uses;
    size_t use_count;
};

/*
 * Takes `argv` (from [1] on) apart; strings are borrowed from it, arrays are made in `a`. With --help or
 * --version on the line nothing else has to be right. STATUS_INVALID names the word, with a suggestion.
 */
enum status args_parse(int argc, char **argv, struct arena *a, struct args *out,
                       struct error *err) MUST_CHECK;

/* The tables in which a flag of the command may stand, or every shared one for NULL; their number. */
enum { ARGS_TABLES = 4 };
size_t args_flag_tables(const struct command *command, const struct flag *tables[ARGS_TABLES]);

bool args_has(const struct args *args, const char *flag);
/* Value of the last use, or NULL. */
const char *args_text(const struct args *args, const char *flag);
/* The uses of a repeated flag one after another: start with *at = 0; NULL at the end. */
const char *args_each(const struct args *args, const char *flag, size_t *at);
/* A whole number; `fallback` when the flag is not there. STATUS_INVALID names the flag. */
enum status args_number(const struct args *args, const char *flag, int64_t fallback, int64_t *out,
                        struct error *err) MUST_CHECK;
/* The same between bounds, which `fallback` need not keep. */
enum status args_number_between(const struct args *args, const char *flag, int64_t fallback, int64_t least,
                                int64_t most, int64_t *out, struct error *err) MUST_CHECK;
/* Milliseconds, as durations are written in settings. */
enum status args_duration(const struct args *args, const char *flag, int64_t fallback, int64_t *out,
                          struct error *err) MUST_CHECK;

/* Whether people are not told of it: programs ask for it. */
bool command_is_hidden(const struct command *c);
/* The command of that name ("config show"), or NULL. */
const struct command *command_find(struct str name);

#endif
