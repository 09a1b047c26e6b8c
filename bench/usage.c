#include "usage.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* /proc/<pid>/stat (proc(5)): the parent, and the ticks of the process and of its children that were waited
 * for. */
struct stat_line {
    long parent;
    unsigned long long own, reaped;
};

/* The numbers behind the state, which is one letter. */
enum { STAT_PARENT = 0, STAT_USER = 10, STAT_SYSTEM, STAT_CHILDREN_USER, STAT_CHILDREN_SYSTEM, STAT_NUMBERS };

static bool read_stat(const char *pid, struct stat_line *out)
{
    char path[300], line[1024];
    long long numbers[STAT_NUMBERS];
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    char *behind_name = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
    fclose(f);
    if (!behind_name || strlen(behind_name) < sizeof(") S"))
        return false;
    char *at = behind_name + strlen(") S");
    for (int i = 0; i < STAT_NUMBERS; i++) {
        char *begin = at;
        numbers[i] = strtoll(begin, &at, 10);
        if (at == begin)
            return false;
    }
    out->parent = (long)numbers[STAT_PARENT];
    out->own = (unsigned long long)(numbers[STAT_USER] + numbers[STAT_SYSTEM]);
    out->reaped = (unsigned long long)(numbers[STAT_CHILDREN_USER] + numbers[STAT_CHILDREN_SYSTEM]);
    return true;
}

/* Adds up the numbers of all lines that begin with `name`. */
static uint64_t status_number(const char *path, const char *name)
{
    char line[256];
    uint64_t sum = 0;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, name, strlen(name)) == 0)
            sum += strtoull(line + strlen(name), NULL, 10);
    }
    if (f)
        fclose(f);
    return sum;
}

/* Calls `take` with the name of each entry of a folder that is a number. */
static void each_number(const char *folder, void (*take)(void *context, const char *name), void *context)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            take(context, entry->d_name);
    }
    if (d)
        closedir(d);
}

struct threads {
    const char *folder;
    uint64_t switches;
};

static void add_thread(void *context, const char *thread)
{
    struct threads *t = context;
    char path[640];
    snprintf(path, sizeof(path), "%s/%s/status", t->folder, thread);
    t->switches += status_number(path, "voluntary_ctxt_switches:");
    t->switches += status_number(path, "nonvoluntary_ctxt_switches:");
}

static double seconds(unsigned long long ticks)
{
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void add_process(const char *pid, struct usage *u)
{
    char folder[300], path[320];
    struct stat_line line;
    if (!read_stat(pid, &line))
        return;
    snprintf(folder, sizeof(folder), "/proc/%s/task", pid);
    snprintf(path, sizeof(path), "/proc/%s/status", pid);
    struct threads threads = {.folder = folder};
    each_number(folder, add_thread, &threads);
    double peak_mib = (double)status_number(path, "VmHWM:") / 1024;
    u->cpu_seconds += seconds(line.own);
    u->switches += threads.switches;
    u->peak_mib = peak_mib > u->peak_mib ? peak_mib : u->peak_mib;
}

struct usage usage_of(pid_t pid)
{
    struct usage u = {0};
    char name[32];
    snprintf(name, sizeof(name), "%ld", (long)pid);
    add_process(name, &u);
    return u;
}

struct family {
    long parent;
    struct usage usage;
};

static void add_child(void *context, const char *pid)
{
    struct family *f = context;
    struct stat_line line;
    if (read_stat(pid, &line) && line.parent == f->parent)
        add_process(pid, &f->usage);
}

struct usage usage_of_family(pid_t parent)
{
    struct family f = {.parent = parent, .usage = usage_of(parent)};
    struct stat_line line;
    char name[32];
    snprintf(name, sizeof(name), "%ld", (long)parent);
    if (read_stat(name, &line))
        f.usage.cpu_seconds += seconds(line.reaped);
    each_number("/proc", add_child, &f);
    return f.usage;
}

struct usage usage_between(const struct usage *before, const struct usage *after)
{
    return (struct usage){
        .cpu_seconds = after->cpu_seconds - before->cpu_seconds,
        .switches = after->switches > before->switches ? after->switches - before->switches : 0,
        .peak_mib = after->peak_mib,
    };
}
