/* Child processes: started with a file list of their own, waited for, and ended with all they started. */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/status.h"

struct process_options {
    const char *const *argv; /* argv[0] is looked up in PATH; ends with NULL */
    const char *const *env;  /* "NAME=value", ends with NULL; NULL: this process's */
    const char *cwd;         /* NULL: this process's */
    int in, out, error;      /* file descriptors for 0, 1, 2; -1: /dev/null */
    bool own_group;          /* a process group of its own, so that process_kill() reaches all it starts */
    bool die_with_parent;    /* gets death_signal when the thread that started it ends (Linux); with a
                              * group of its own and SIGKILL, and a guard (guard.h): the whole group */
    int death_signal;        /* 0: SIGKILL */
    bool drop_to_user;       /* run as uid, gid */
    uid_t uid;
    gid_t gid;
};

struct process {
    pid_t pid; /* 0: none */
    bool own_group, is_guarded;
};

/* No descriptor but 0, 1, 2 is inherited. STATUS_NOT_FOUND when the program is not there. */
enum status process_start(const struct process_options *options, struct process *out,
                          struct error *err) MUST_CHECK;
/* Waits up to `timeout_ms` (-1: as long as it takes). True when it has ended; *code: exit code, or 128 +
 * signal. */
bool process_wait(struct process *p, int64_t timeout_ms, int *code);
/* To the process, or to its group if it has one. */
void process_signal(const struct process *p, int signal);
/* SIGTERM, then SIGKILL after `grace_ms`; reaped when it returns. */
void process_end(struct process *p, int64_t grace_ms, int *code);
/* The path of a program in PATH or one of `also` (NULL-ended list of folders, may be NULL), into `out`. */
bool process_find(const char *name, const char *const *also, char *out, size_t size);

#endif
