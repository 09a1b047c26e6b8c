/* One run of the program: what a command's handler is given. */
#ifndef CLI_INVOCATION_H
#define CLI_INVOCATION_H

#include "args.h"
#include "output.h"

/* As shells have it, 128 + SIGINT: a wait that the user ended with Ctrl-C; 128 + SIGPIPE: nobody reads on. */
enum { EXIT_INTERRUPTED = 130, EXIT_READER_GONE = 141 };

struct invocation {
    const char *program; /* argv[0] */
    const char *const *environment;
    struct args args;
    struct settings *settings; /* loaded for commands of GROUP_CONNECTION, else NULL */
    struct output out;         /* standard output, in the form that --output asks for */
    struct arena arena;        /* lives as long as the command */
    int exit_code;             /* what a handler that returns STATUS_OK wants the program to end with */
};

/* A whole file, or standard input for "-", in the arena; `max_bytes` bounds it. STATUS_NOT_FOUND,
 * STATUS_LIMIT. */
enum status read_input(struct arena *a, const char *path, size_t max_bytes, struct str *out,
                       struct error *err) MUST_CHECK;

/* Parses the command line, runs the command and prints what went wrong. The program's exit code. */
int noetl_main(int argc, char **argv, const char *const *environment);

#endif
