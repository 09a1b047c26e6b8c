#include "daemon_process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/daemon.h"

static enum status serve(daemon_main *main, const char *const *pairs, struct error *err)
{
    struct settings *settings = NULL;
    enum status status = settings_new(&settings, err);
    for (; status == STATUS_OK && *pairs; pairs += 2)
        status = settings_set(settings, SOURCE_FLAG, "test", str_of(pairs[0]), str_of(pairs[1]), err);
    if (status == STATUS_OK)
        status = main(settings, err);
    settings_free(&settings);
    return status;
}

pid_t daemon_process_start(daemon_main *main, const char *const *settings)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    daemon_setup();
    struct error err = {0};
    char text[2048];
    enum status status = serve(main, settings, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "the daemon says: %s\n", error_text(&err, text, sizeof text));
    exit(status_exit_code(status)); /* not _exit(): sanitizers look for leaks at the end */
}

int daemon_process_wait(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int daemon_process_stop(pid_t pid)
{
    assert_int_equal(kill(pid, SIGTERM), 0);
    return daemon_process_wait(pid);
}
