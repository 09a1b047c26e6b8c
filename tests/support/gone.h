/* Whether processes that are not the test's own children have ended. */
#ifndef TESTS_GONE_H
#define TESTS_GONE_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* One that is dead counts, though whoever inherited it has not reaped it yet. */
static inline bool process_has_ended(pid_t pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return true;
    if (!fgets(line, sizeof(line), f))
        line[0] = '\0';
    (void)fclose(f);
    const char *state = strrchr(line, ')');
    return !state || state[2] == 'Z';
}

/* Within ten seconds. */
static inline bool process_is_gone(pid_t pid)
{
    for (int i = 0; i < 1000; i++) {
        if (process_has_ended(pid))
            return true;
        usleep(10000);
    }
    return false;
}

#endif
