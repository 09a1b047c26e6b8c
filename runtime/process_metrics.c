#include "process_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "core/str.h"
#include "metrics.h"

#define NS_PER_S INT64_C(1000000000)

/* The number in field `field`, counted from 1, of a file of /proc (man 5 proc) that has them in one line; -1:
 * none. */
static int64_t field_of(const char *path, int field)
{
    char text[1024];
    FILE *f = fopen(path, "re");
    size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f)
        (void)fclose(f);
    text[len] = '\0';
    struct str rest = {text, len}, number = {text, 0};
    const char *named = strrchr(text, ')'); /* field 2 of "stat" is a name, which may have anything in it */
    if (named && field > 2) {
        rest =
            (struct str){named + 2, len > (size_t)(named + 2 - text) ? len - (size_t)(named + 2 - text) : 0};
        field -= 2;
    }
    while (field-- > 0)
        number = str_split(&rest, ' ');
    int64_t value;
    return str_to_int64(number, &value) ? value : -1;
}

static void sample_start(void)
{
    struct timespec up;
    int64_t ticks = field_of("/proc/self/stat", 22); /* from the machine's start to the process's */
    if (ticks < 0 || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return;
    int64_t boot_ns = wall_now().ns - (up.tv_sec * NS_PER_S + up.tv_nsec);
    metric_set(METRIC_PROCESS_START, 0, boot_ns + ticks * (NS_PER_S / sysconf(_SC_CLK_TCK)));
}

static void sample_memory(void)
{
    int64_t pages = field_of("/proc/self/statm", 2);
    if (pages >= 0)
        metric_set(METRIC_PROCESS_MEMORY, 0, pages * sysconf(_SC_PAGESIZE));
}

static void sample_files(void)
{
    int64_t count = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        return;
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        count += e->d_name[0] != '.';
    (void)closedir(d);
    metric_set(METRIC_PROCESS_FILES, 0, count - 1); /* one of them was d's */
}

void process_metrics_sample(void)
{
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        metric_set(METRIC_PROCESS_CPU, 0, used.tv_sec * NS_PER_S + used.tv_nsec);
    if (metric_value(METRIC_PROCESS_START, 0) == 0)
        sample_start();
    sample_memory();
    sample_files();
}
