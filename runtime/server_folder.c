#include "server_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"

enum { LOG_ROTATE_BYTES = 10 << 20, LOG_READ_BYTES = 64 << 10, ORPHAN_WAIT_MS = 10000 };

static enum status file_error(struct error *err, const char *path, const char *what)
{
    int e = errno;
    error_set(err, e == EACCES || e == EPERM || e == EROFS ? STATUS_DENIED : STATUS_IO, "%s: %s", what,
              strerror(e));
    error_place(err, "%s", path);
    return error_hint(err, "Choose a folder that you may write to.");
}

enum status folder_make(const char *path, struct error *err)
{
    char part[SERVER_PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return error_set(err, len ? STATUS_LIMIT : STATUS_INVALID, "the path of a folder has 1 to %d bytes",
                         SERVER_PATH_MAX - 1);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return file_error(err, part, "the folder cannot be made");
        part[i] = kept;
    }
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "there is a file where a folder should be");
    return error_place(err, "%s", path);
}

enum status folder_join(const char *folder, const char *name, char *out, struct error *err)
{
    int n = snprintf(out, SERVER_PATH_MAX, "%s/%s", folder, name);
    if (n >= 0 && n < SERVER_PATH_MAX)
        return STATUS_OK;
    error_set(err, STATUS_LIMIT, "the path of the folder is longer than %d bytes", SERVER_PATH_MAX - 1);
    return error_place(err, "%s", folder);
}

static enum status take_lock(struct server_folder *f, struct error *err)
{
    char path[SERVER_PATH_MAX], pid[32] = "";
    TRY(folder_join(f->path, "lock", path, err));
    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock < 0)
        return file_error(err, path, "the folder's lock file cannot be written");
    if (flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(f->lock, pid, sizeof pid - 1, 0);
        pid[n < 0 ? 0 : n] = '\0';
        pid[strcspn(pid, "\n")] = '\0';
        error_set(err, STATUS_CONFLICT, "the folder is in use by process %.20s", pid[0] ? pid : "(unknown)");
        error_place(err, "%s", f->path);
        return error_hint(err, "Stop that one, or choose another folder.");
    }
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(f->lock, 0) != 0 || pwrite(f->lock, pid, (size_t)n, 0) != n)
        return file_error(err, path, "the folder's lock file cannot be written");
    return STATUS_OK;
}

enum status server_log_open(const char *path, int *fd, struct error *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_size > LOG_ROTATE_BYTES) {
        char old[SERVER_PATH_MAX + 2];
        snprintf(old, sizeof old, "%s.1", path);
        if (rename(path, old) != 0)
            return file_error(err, path, "the old log cannot be moved away");
    }
    *fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return *fd >= 0 ? STATUS_OK : file_error(err, path, "the log cannot be written");
}

static enum status open_log(struct server_folder *f, const char *log_path, struct error *err)
{
    if (log_path)
        snprintf(f->log_path, sizeof f->log_path, "%s", log_path);
    else
        TRY(folder_join(f->path, "log", f->log_path, err));
    TRY(server_log_open(f->log_path, &f->log, err));
    f->log_start = lseek(f->log, 0, SEEK_END);
    return STATUS_OK;
}

enum status server_folder_open(const char *path, const char *log_path, struct server_folder *out,
                               struct error *err)
{
    *out = (struct server_folder){.lock = -1, .log = -1};
    TRY(folder_make(path, err));
    char real[PATH_MAX];
    if (!realpath(path, real))
        return file_error(err, path, "the folder cannot be read");
    if (strlen(real) >= sizeof out->path)
        return error_set(err, STATUS_LIMIT, "the path of the folder is longer than %d bytes",
                         SERVER_PATH_MAX - 1);
    memcpy(out->path, real, strlen(real) + 1);
    enum status s = take_lock(out, err);
    if (s == STATUS_OK)
        s = open_log(out, log_path, err);
    if (s != STATUS_OK)
        server_folder_close(out);
    return s;
}

void server_folder_close(struct server_folder *f)
{
    if (f->path[0] == '\0')
        return;
    if (f->log >= 0)
        close(f->log);
    if (f->lock >= 0)
        close(f->lock);
    *f = (struct server_folder){.lock = -1, .log = -1};
}

enum status server_folder_write(const struct server_folder *f, const char *name, const char *text,
                                struct error *err)
{
    char path[SERVER_PATH_MAX];
    TRY(folder_join(f->path, name, path, err));
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_error(err, path, "the file cannot be written");
    ssize_t wanted = (ssize_t)strlen(text);
    ssize_t written = write(fd, text, (size_t)wanted);
    if (written >= 0 && written < wanted)
        errno = ENOSPC;
    enum status s = written == wanted ? STATUS_OK : file_error(err, path, "the file cannot be written");
    close(fd);
    return s;
}

long server_folder_number(const struct server_folder *f, const char *name)
{
    char path[SERVER_PATH_MAX], text[32] = "";
    if (folder_join(f->path, name, path, NULL) != STATUS_OK)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

static bool works_in(pid_t pid, const char *folder)
{
    char link[64], target[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%ld/cwd", (long)pid);
    ssize_t n = readlink(link, target, sizeof target - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    return strcmp(target, folder) == 0;
}

void server_folder_end_orphan(const struct server_folder *f, const char *below, pid_t pid, int gentle)
{
    char folder[SERVER_PATH_MAX];
    if (pid <= 1)
        return;
    if (below[0] == '\0')
        memcpy(folder, f->path, sizeof folder);
    else if (folder_join(f->path, below, folder, NULL) != STATUS_OK)
        return;
    const struct timespec pause = {.tv_nsec = 20 * 1000000L};
    for (int waited_ms = 0; works_in(pid, folder); waited_ms += 20) {
        if (waited_ms == 0)
            kill(pid, gentle);
        else if (waited_ms == ORPHAN_WAIT_MS)
            kill(pid, SIGKILL);
        else if (waited_ms > 2 * ORPHAN_WAIT_MS)
            return; /* it cannot be ended; the start that follows says what is in its way */
        nanosleep(&pause, NULL);
    }
}

/* The end of what was logged since the start, zero-terminated. */
static void read_log(const struct server_folder *f, char *out, size_t size)
{
    off_t end = lseek(f->log, 0, SEEK_END);
    off_t from = f->log_start;
    if (end - from > (off_t)size - 1)
        from = end - (off_t)size + 1;
    ssize_t n = pread(f->log, out, size - 1, from);
    out[n < 0 ? 0 : n] = '\0';
}

bool server_folder_logged(const struct server_folder *f, const char *text)
{
    char *log = malloc(LOG_READ_BYTES);
    if (!log)
        return false;
    read_log(f, log, LOG_READ_BYTES);
    bool found = strstr(log, text) != NULL;
    free(log);
    return found;
}

enum status server_folder_error(const struct server_folder *f, enum status s, const char *what,
                                struct error *err)
{
    char log[4096];
    read_log(f, log, sizeof log);
    struct str rest = str_trim(str_of(log)), last = rest;
    while (rest.len > 0)
        last = str_split(&rest, '\n');
    error_set(err, s, "%s%s%.*s", what, last.len ? "; its last words: " : "",
              last.len > 400 ? 400 : (int)last.len, last.ptr);
    error_place(err, "%s", f->path);
    return error_hint(err, "%.200s has its whole log.", f->log_path);
}
