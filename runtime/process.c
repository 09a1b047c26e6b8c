#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "guard.h"

enum { FIRST_FREE_FD = 4, POLL_MS = 10 };

/* ---- finding ----------------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

static bool find_in(const char *folder, size_t folder_len, const char *name, char *out, size_t size)
{
    int len = folder_len
                  ? snprintf(out, size, "%.*s/%s", (int)folder_len, folder, name)
                  : snprintf(out, size, "./%s", name); /* an empty entry of PATH is the working folder */
    return len > 0 && (size_t)len < size && is_program(out);
}

bool process_find(const char *name, const char *const *also, char *out, size_t size)
{
    if (strchr(name, '/'))
        return (size_t)snprintf(out, size, "%s", name) < size && is_program(out);
    const char *path = getenv("PATH");
    for (const char *at = path ? path : "/usr/bin:/bin";;) {
        size_t len = strcspn(at, ":");
        if (find_in(at, len, name, out, size))
            return true;
        if (!at[len])
            break;
        at += len + 1;
    }
    for (; also && *also; also++)
        if (find_in(*also, strlen(*also), name, out, size))
            return true;
    return false;
}

/* ---- the child, between fork and exec: only calls that are safe in a signal handler ------------------ */

enum step { STEP_GROUP, STEP_FILES, STEP_FOLDER, STEP_USER, STEP_PARENT, STEP_PROGRAM };
static const char *const STEP_NAMES[] = {"making its process group", "giving it its files",
                                         "entering its folder",      "becoming its user",
                                         "tying it to this process", "running the program"};

struct report {
    enum step step;
    int number; /* errno */
};

struct start {
    const struct process_options *options;
    const char *path;
    int report; /* pipe to the parent, closed by a successful exec */
    pid_t parent;
};

/* First above the places 0–3, so that no copy overwrites one that is still to be copied. */
static bool place_files(const struct start *s, int *report)
{
    const int given[3] = {s->options->in, s->options->out, s->options->error};
    int moved[3];
    int copy = fcntl(s->report, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (copy < 0)
        return false;
    *report = copy;
    for (int i = 0; i < 3; i++) {
        int fd = given[i] >= 0 ? given[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
        moved[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        if (moved[i] < 0)
            return false;
    }
    for (int i = 0; i < 3; i++)
        if (dup2(moved[i], i) < 0)
            return false;
    if (dup3(*report, FIRST_FREE_FD - 1, O_CLOEXEC) < 0)
        return false;
    *report = FIRST_FREE_FD - 1;
    return close_range(FIRST_FREE_FD, UINT_MAX, 0) == 0;
}

static bool become_user(const struct process_options *o)
{
    return !o->drop_to_user || (setgroups(0, NULL) == 0 && setgid(o->gid) == 0 && setuid(o->uid) == 0);
}

/* After the change of user, which clears it. The parent may have ended before the wish was known. */
static bool tie_to_parent(const struct start *s)
{
    const struct process_options *o = s->options;
    if (!o->die_with_parent)
        return true;
    if (prctl(PR_SET_PDEATHSIG, o->death_signal ? o->death_signal : SIGKILL) != 0)
        return false;
    if (getppid() != s->parent)
        _exit(128 + SIGKILL);
    return true;
}

static bool is_guarded(const struct process_options *o)
{
    return o->own_group && o->die_with_parent && (o->death_signal == 0 || o->death_signal == SIGKILL);
}

/* What this process blocks and ignores is its own affair. */
static void reset_signals(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, &standard, NULL); /* SIGKILL and SIGSTOP refuse, and have no other */
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run_child(const struct start *s)
{
    const struct process_options *o = s->options;
    int report = s->report;
    enum step step = STEP_GROUP;
    bool ok = !o->own_group || setpgid(0, 0) == 0;
    if (ok && is_guarded(o))
        guard_watch(getpid());
    if (ok && (step = STEP_FILES, true))
        ok = place_files(s, &report);
    int number = errno;
    reset_signals();
    errno = number;
    if (ok && (step = STEP_FOLDER, o->cwd))
        ok = chdir(o->cwd) == 0;
    if (ok && (step = STEP_USER, true))
        ok = become_user(o);
    if (ok && (step = STEP_PARENT, true))
        ok = tie_to_parent(s);
    if (ok) {
        step = STEP_PROGRAM;
        /* execve() changes neither, whatever its type says. */
        union {
            const char *const *given;
            char *const *taken;
        } argv = {o->argv}, env = {o->env};
        execve(s->path, argv.taken, o->env ? env.taken : environ);
    }
    struct report r = {step, errno};
    ssize_t written = write(report, &r, sizeof(r));
    (void)written; /* the parent is gone */
    _exit(127);
}

static void reap(struct process *p, int *code)
{
    int status = 0;
    pid_t r;
    if (p->is_guarded)
        guard_forget(p->pid);
    do
        r = waitpid(p->pid, &status, 0);
    while (r < 0 && errno == EINTR);
    p->pid = 0;
    if (code)
        *code = r < 0 ? 127 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- starting ---------------------------------------------------------------------------------------- */

static enum status not_started(const char *program, const struct report *r, struct error *err)
{
    enum status status = r->number == ENOENT                         ? STATUS_NOT_FOUND
                         : r->number == EACCES || r->number == EPERM ? STATUS_DENIED
                                                                     : STATUS_IO;
    error_set(err, status, "the program does not start: %s: %s", STEP_NAMES[r->step], strerror(r->number));
    return error_place(err, "%s", program);
}

/* Ends when exec closed the pipe, or with what went wrong. */
static enum status await_exec(int fd, const char *program, struct process *p, struct error *err)
{
    struct report r;
    ssize_t n;
    do
        n = read(fd, &r, sizeof(r));
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(r))
        return STATUS_OK;
    reap(p, NULL);
    return not_started(program, &r, err);
}

/* All signals wait while there are two of this process, so that no handler runs in the child. */
static pid_t fork_quietly(const struct start *s)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        run_child(s);
    int failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return pid;
}

enum status process_start(const struct process_options *options, struct process *out, struct error *err)
{
    char path[PATH_MAX];
    int ends[2];
    const char *program = options->argv[0];
    *out = (struct process){.pid = 0};
    if (!process_find(program, NULL, path, sizeof(path))) {
        error_set(err, STATUS_NOT_FOUND, "there is no program %s", program);
        error_hint(err, "Install it, or put its folder into PATH.");
        return error_place(err, "%s", program);
    }
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(err, STATUS_IO, "the system gives no pipe: %s", strerror(errno));
    struct start s = {options, path, ends[1], getpid()};
    struct process p = {
        .pid = fork_quietly(&s), .own_group = options->own_group, .is_guarded = is_guarded(options)};
    int failure = errno;
    close(ends[1]);
    enum status status =
        p.pid > 0 ? await_exec(ends[0], program, &p, err)
                  : error_set(err, STATUS_IO, "the system gives no process: %s", strerror(failure));
    close(ends[0]);
    if (p.is_guarded)
        guard_look();
    if (status == STATUS_OK)
        *out = p;
    return status;
}

/* ---- waiting and ending ------------------------------------------------------------------------------ */

/* True when the process has ended; it is not reaped, so that its number stays taken. */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    int r;
    do
        r = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (r < 0 && errno == EINTR);
    return r < 0 || info.si_pid == pid; /* no such child: nothing to wait for */
}

static int left_ms(int64_t until_ns)
{
    if (until_ns == INT64_MAX)
        return -1;
    int64_t left = (until_ns - mono_now().ns + 999999) / 1000000;
    return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

static bool await_end(pid_t pid, int64_t timeout_ms)
{
    int64_t until_ns = timeout_ms < 0 ? INT64_MAX : mono_now().ns + timeout_ms * 1000000;
    int fd = pidfd_open(pid, 0);
    bool ended;
    while (!(ended = has_ended(pid))) {
        int wait_ms = left_ms(until_ns);
        if (wait_ms == 0)
            break;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        /* Without a pidfd (an old kernel, no descriptor left) it is looked at now and then. */
        (void)poll(&p, fd >= 0 ? 1 : 0, fd >= 0 ? wait_ms : POLL_MS);
    }
    if (fd >= 0)
        close(fd);
    return ended;
}

bool process_wait(struct process *p, int64_t timeout_ms, int *code)
{
    if (p->pid <= 0)
        return true;
    if (!await_end(p->pid, timeout_ms))
        return false;
    reap(p, code);
    return true;
}

void process_signal(const struct process *p, int signal)
{
    if (p->pid > 0)
        (void)kill(p->own_group ? -p->pid : p->pid,
                   signal); /* it may have ended: then there is nothing to do */
}

void process_end(struct process *p, int64_t grace_ms, int *code)
{
    if (p->pid <= 0)
        return;
    process_signal(p, SIGTERM);
    bool ended = await_end(p->pid, grace_ms);
    /* Not reaped yet, so the number of its group cannot be somebody else's: what is left of the group goes
     * too. */
    if (!ended || p->own_group)
        process_signal(p, SIGKILL);
    (void)await_end(p->pid, -1);
    reap(p, code);
}
