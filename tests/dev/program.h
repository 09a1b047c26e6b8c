/* The built program as a process of the test, and `noetl dev` in particular. */
#ifndef TESTS_DEV_PROGRAM_H
#define TESTS_DEV_PROGRAM_H

#include "cli/dev_registry.h"
#include "runtime/process.h"

struct program {
    struct process process;
    char output[16384]; /* all that it printed, from program_end() on */
    int fd;
};

/* NOETL_BINARY with these arguments (NULL-ended). */
void program_start(struct program *p, const char *const *arguments);
/* Waits for it to end by itself; its exit code. */
int program_end(struct program *p);
/* Starts it and waits. */
int program_run(struct program *p, const char *const *arguments);

/* `noetl dev` on free ports in a folder of the test; returns when it is ready. */
void dev_start(struct program *p, const char *folder, struct dev_entry *entry);
/* The same with up to ten further arguments, NULL-ended. */
void dev_start_with(struct program *p, const char *folder, const char *const *more, struct dev_entry *entry);
/* SIGTERM, and an exit code of 0. */
void dev_stop(struct program *p);
/* The pid of its child whose command line ends in `word` ("broker"), or that runs the program `word`; 0:
 * none. */
pid_t child_of(pid_t parent, const char *word);
/* Waits up to 30 s for a process to be gone (or a zombie of the container). */
bool wait_gone(pid_t pid);

#endif
