/*
 * The folder of a private server (private_nats.h, private_postgres.h): made if missing, used by one instance
 * at a time, with the server's log. The lock is the kernel's (flock), so it ends with its holder, however
 * that ends.
 */
#ifndef RUNTIME_SERVER_FOLDER_H
#define RUNTIME_SERVER_FOLDER_H

#include <sys/types.h>

#include "core/status.h"
#include "process.h"

enum { SERVER_PATH_MAX = 1024 };

struct server_folder {
    char path[SERVER_PATH_MAX]; /* absolute, without links */
    int lock;                   /* held while open */
    int log;                    /* where the server's output goes */
    char log_path[SERVER_PATH_MAX];
    off_t log_start; /* what this start wrote begins here */
};

/* All folders of the path that are missing, with mode 0755; STATUS_DENIED or STATUS_IO name the one that it
 * was. */
enum status folder_make(const char *path, struct error *err) MUST_CHECK;
/* Joins into out[SERVER_PATH_MAX]; STATUS_LIMIT for a path that is too long. */
enum status folder_join(const char *folder, const char *name, char *out, struct error *err) MUST_CHECK;

/* Opens a log for appending; one over 10 MiB is moved to <path>.1 first. */
enum status server_log_open(const char *path, int *fd, struct error *err) MUST_CHECK;

/*
 * Makes and locks the folder and opens the log (`log_path`, NULL: <folder>/log). STATUS_CONFLICT when another
 * process uses it: the message has its pid.
 */
enum status server_folder_open(const char *path, const char *log_path, struct server_folder *out,
                               struct error *err) MUST_CHECK;
/* May be called twice, and for a zeroed one. */
void server_folder_close(struct server_folder *f);

/* Writes a whole file in the folder, for its owner only. */
enum status server_folder_write(const struct server_folder *f, const char *name, const char *text,
                                struct error *err) MUST_CHECK;
/* The first number in a file of the folder; 0 if there is none. */
long server_folder_number(const struct server_folder *f, const char *name);

/*
 * Ends a server that a former owner of this folder left running: `pid` if it works in <folder>/<below> now,
 * with `gentle`, then SIGKILL after 10 s. Any other process is left alone.
 */
void server_folder_end_orphan(const struct server_folder *f, const char *below, pid_t pid, int gentle);

/* An error that says `what` and quotes the last line of what the server logged since this start. */
enum status server_folder_error(const struct server_folder *f, enum status s, const char *what,
                                struct error *err) MUST_CHECK;
/* Whether it logged this text since this start. */
bool server_folder_logged(const struct server_folder *f, const char *text);

#endif
