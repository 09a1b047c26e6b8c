#include "noetl_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

enum { PATIENCE_MS = 60000, MOST_ARGUMENTS = 24, MOST_VARIABLES = 24 };

struct process noetl_start(const char *const *arguments, const char *const *variables)
{
    const char *argv[MOST_ARGUMENTS] = {getenv("NOETL_BINARY")}, *env[MOST_VARIABLES];
    const char *inherited = getenv("PATH");
    char path[4096];
    struct process p;
    struct error err;
    size_t n = 0;
    snprintf(path, sizeof(path), "PATH=%s", inherited ? inherited : "/usr/bin:/bin");
    env[n++] = path;
    env[n++] = "HOME=/nonexistent";
    for (; *variables && n < MOST_VARIABLES - 1; variables++)
        env[n++] = *variables;
    env[n] = NULL;
    for (n = 0; arguments[n] && n < MOST_ARGUMENTS - 2; n++)
        argv[n + 1] = arguments[n];
    struct process_options o = {.argv = argv,
                                .env = env,
                                .in = -1,
                                .out = STDERR_FILENO,
                                .error = STDERR_FILENO,
                                .die_with_parent = true};
    assert_non_null(argv[0]);
    assert_ok(process_start(&o, &p, &err), &err);
    return p;
}

int noetl_run(const char *const *arguments, const char *const *variables)
{
    struct process p = noetl_start(arguments, variables);
    int code = -1;
    assert_true(process_wait(&p, PATIENCE_MS, &code));
    return code;
}

int noetl_stop(struct process *p)
{
    int code = -1;
    process_signal(p, SIGTERM);
    assert_true(process_wait(p, PATIENCE_MS, &code));
    return code;
}
