#include "dev_registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/event.h"
#include "core/json.h"

enum { FILE_MAX_BYTES = 64 << 10 };

/* ---- processes ---------------------------------------------------------------------------------------- */

/*
 * When a process started, in the kernel's ticks since the machine's start; 0 if there is none. With the pid
 * it names a process for good. The field is the 22nd of /proc/PID/stat, the 20th behind the name in
 * parentheses.
 */
static int64_t process_start_ticks(pid_t pid)
{
    char path[64], text[1024];
    (void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    size_t len = fread(text, 1, sizeof(text) - 1, f);
    (void)fclose(f);
    text[len] = '\0';
    const char *name_end = strrchr(text, ')');
    struct str rest = str_of(name_end ? name_end + 1 : "");
    rest = str_trim(rest);
    struct str field = {0};
    for (int i = 0; i < 20; i++)
        field = str_split(&rest, ' ');
    int64_t ticks;
    return str_to_int64(field, &ticks) ? ticks : 0;
}

/* ---- files -------------------------------------------------------------------------------------------- */

static enum status write_file(const char *path, struct str text, struct error *err)
{
    char beside[SERVER_PATH_MAX + 8];
    (void)snprintf(beside, sizeof(beside), "%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    int code = errno;
    if (fd >= 0)
        (void)close(fd);
    if (written && rename(beside, path) == 0)
        return STATUS_OK;
    (void)error_set(err, STATUS_IO, "cannot be written: %s", strerror(written ? errno : code));
    return error_place(err, "%s", path);
}

/* A small JSON file of a map; STATUS_NOT_FOUND if it is not there or not to be read by us. */
static enum status read_map(struct arena *a, const char *path, struct value *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, STATUS_NOT_FOUND, "%s: %s", path, strerror(errno));
    char *text = arena_alloc(a, FILE_MAX_BYTES);
    ssize_t len = text ? read(fd, text, FILE_MAX_BYTES) : -1;
    (void)close(fd);
    if (len < 0)
        return text ? error_set(err, STATUS_IO, "%s cannot be read", path) : arena_error(a, err, path);
    return json_read_map(a, (struct str){text, (size_t)len}, path, out, err);
}

/* The folder of pointers: $XDG_STATE_HOME, else ~/.local/state. */
static enum status state_folder(char *out, struct error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && state[0] == '/')
        return folder_join(state, "noetl/dev", out, err);
    if (home && home[0] == '/')
        return folder_join(home, ".local/state/noetl/dev", out, err);
    return error_set(err, STATUS_NOT_FOUND, "neither XDG_STATE_HOME nor HOME names a folder");
}

/* <state folder>/<digest of the data folder>.json */
static enum status pointer_path(const char *data_dir, char *out, struct error *err)
{
    char folder[SERVER_PATH_MAX], hex[65], name[32];
    TRY(state_folder(folder, err));
    sha256_hex(str_of(data_dir), hex);
    (void)snprintf(name, sizeof(name), "%.16s.json", hex);
    return folder_join(folder, name, out, err);
}

/* ---- adding ------------------------------------------------------------------------------------------- */

static void add_member(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, ",\"%s\":", name);
    json_write_string(b, str_of(text));
}

static enum status write_entry(const struct dev_entry *e, struct error *err)
{
    char path[SERVER_PATH_MAX], time[32];
    struct buf b;
    TRY(folder_join(e->data_dir, "dev.json", path, err));
    time_format(e->started_ns, time);
    buf_init(&b, FILE_MAX_BYTES);
    buf_printf(&b, "{\"pid\":%ld,\"process_start\":%lld", (long)e->pid,
               (long long)process_start_ticks(e->pid));
    add_member(&b, "started_at", time);
    add_member(&b, "data_dir", e->data_dir);
    add_member(&b, "nats_url", e->nats_url);
    add_member(&b, "postgres_url", e->postgres_url);
    add_member(&b, "http", e->http);
    buf_add_text(&b, "}\n");
    enum status s = buf_status(&b, err);
    if (s == STATUS_OK)
        s = write_file(path, buf_str(&b), err);
    buf_free(&b);
    return s;
}

static enum status write_pointer(const struct dev_entry *e, struct error *err)
{
    char folder[SERVER_PATH_MAX], path[SERVER_PATH_MAX];
    struct buf b;
    TRY(state_folder(folder, err));
    TRY(folder_make(folder, err));
    TRY(pointer_path(e->data_dir, path, err));
    buf_init(&b, FILE_MAX_BYTES);
    buf_add_text(&b, "{\"data_dir\":");
    json_write_string(&b, str_of(e->data_dir));
    buf_add_text(&b, "}\n");
    enum status s = buf_status(&b, err);
    if (s == STATUS_OK)
        s = write_file(path, buf_str(&b), err);
    buf_free(&b);
    return s;
}

enum status dev_registry_add(const struct dev_entry *entry, struct error *err)
{
    TRY(write_pointer(entry, err));
    return write_entry(entry, err);
}

void dev_registry_remove(const struct dev_entry *entry)
{
    char path[SERVER_PATH_MAX];
    if (folder_join(entry->data_dir, "dev.json", path, NULL) == STATUS_OK)
        (void)unlink(path);
    if (pointer_path(entry->data_dir, path, NULL) == STATUS_OK)
        (void)unlink(path);
}

/* ---- finding ------------------------------------------------------------------------------------------ */

static bool take_text(struct value map, struct str name, char *out, size_t size)
{
    struct value v = value_get(map, name);
    if (v.type != VALUE_STRING || v.len >= size)
        return false;
    memcpy(out, v.u.s, v.len);
    out[v.len] = '\0';
    return true;
}

static bool entry_from_value(struct value v, struct dev_entry *e)
{
    char time[64];
    struct value pid = VALUE_GET(v, "pid"), start = VALUE_GET(v, "process_start");
    if (pid.type != VALUE_INT || start.type != VALUE_INT || pid.u.i <= 0 || pid.u.i > INT_MAX)
        return false;
    e->pid = (pid_t)pid.u.i;
    return take_text(v, STR("started_at"), time, sizeof(time)) &&
           time_parse(str_of(time), &e->started_ns, NULL) == STATUS_OK &&
           take_text(v, STR("data_dir"), e->data_dir, sizeof(e->data_dir)) &&
           take_text(v, STR("nats_url"), e->nats_url, sizeof(e->nats_url)) &&
           take_text(v, STR("postgres_url"), e->postgres_url, sizeof(e->postgres_url)) &&
           take_text(v, STR("http"), e->http, sizeof(e->http)) && process_start_ticks(e->pid) == start.u.i;
}

/* Whether a dev runs in that folder now. */
static bool runs_in(const char *data_dir, struct dev_entry *out)
{
    char path[SERVER_PATH_MAX];
    struct arena a;
    struct value v = {0};
    if (folder_join(data_dir, "dev.json", path, NULL) != STATUS_OK)
        return false;
    arena_init(&a, 0);
    bool runs = read_map(&a, path, &v, NULL) == STATUS_OK && entry_from_value(v, out);
    arena_free(&a);
    return runs;
}

static enum status find_in(const char *data_dir, struct dev_entry *out, struct error *err)
{
    char real[PATH_MAX];
    if (runs_in(realpath(data_dir, real) ? real : data_dir, out))
        return STATUS_OK;
    (void)error_set(err, STATUS_NOT_FOUND, "no `noetl dev` runs in this folder");
    (void)error_place(err, "%s", data_dir);
    return error_hint(err, "Start it with: noetl dev --data-dir %s", data_dir);
}

/* Whether a dev runs in the data folder that a pointer names. */
static bool follow_pointer(const char *folder, const char *name, struct dev_entry *out)
{
    char path[SERVER_PATH_MAX], data_dir[SERVER_PATH_MAX];
    struct arena a;
    struct value v = {0};
    if (!str_ends_with(str_of(name), STR(".json")) || folder_join(folder, name, path, NULL) != STATUS_OK)
        return false;
    arena_init(&a, 0);
    bool runs = read_map(&a, path, &v, NULL) == STATUS_OK &&
                take_text(v, STR("data_dir"), data_dir, sizeof(data_dir)) && runs_in(data_dir, out);
    arena_free(&a);
    return runs;
}

static enum status several(const struct buf *names, struct error *err)
{
    (void)error_set(err, STATUS_CONFLICT, "several `noetl dev` run: %s", names->data ? names->data : "");
    return error_hint(err, "Say which one with --data-dir DIR, or name the server with --server URL.");
}

enum status dev_registry_find(const char *data_dir, struct dev_entry *out, struct error *err)
{
    if (data_dir)
        return find_in(data_dir, out, err);
    char folder[SERVER_PATH_MAX];
    DIR *dir = state_folder(folder, NULL) == STATUS_OK ? opendir(folder) : NULL;
    struct dev_entry found;
    struct buf names;
    int count = 0;
    buf_init(&names, FILE_MAX_BYTES);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!follow_pointer(folder, e->d_name, &found))
            continue;
        buf_printf(&names, "%s%s", count ? ", " : "", found.data_dir);
        *out = found;
        count++;
    }
    if (dir)
        (void)closedir(dir);
    enum status s = STATUS_OK;
    if (count == 0) {
        (void)error_set(err, STATUS_NOT_FOUND, "no `noetl dev` runs");
        s = error_hint(err, "Start one with: noetl dev");
    } else if (count > 1) {
        s = several(&names, err);
    }
    buf_free(&names);
    return s;
}
