/*
 * What child processes have started in turn, when this process is killed. The kernel ends a child with its
 * parent (PR_SET_PDEATHSIG), but not what that child has started. The guard is a process that is told which
 * groups there are; when its socket ends, because this process did, it kills those that are left: by their
 * numbers, so one that is stopped, and continued long after its parent was killed, may find others there.
 */
#ifndef RUNTIME_GUARD_H
#define RUNTIME_GUARD_H

#include <sys/types.h>

#include "core/status.h"

/*
 * One for the process. It forks, so it is to be called before there are threads. From then on process_start()
 * and process_end() tell it of children with a group of their own that are to die with their parent.
 */
enum status guard_start(struct error *err) MUST_CHECK;
/* It ends too, and is reaped; killed, if it stands still. Once nobody starts children any more. */
void guard_stop(void);

/* For process.c. In the child, between fork and exec: only calls that are safe in a signal handler. */
void guard_watch(pid_t group);
/* In the parent, afterwards: says when the guard is gone. */
void guard_look(void);
/* Before the leader is reaped, after which its number can be given to others. */
void guard_forget(pid_t group);

#endif
