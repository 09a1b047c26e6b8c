#include "publisher_process.h"

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

#include "publisher/publisher.h"
#include "runtime/daemon.h"

static enum status serve(const struct servers *s, const char *http, struct error *err)
{
    struct settings *settings = NULL;
    TRY(settings_new(&settings, err));
    enum status status =
        settings_set(settings, SOURCE_FLAG, "test", STR("nats.url"), str_of(s->nats.url), err);
    if (status == STATUS_OK)
        status = settings_set(settings, SOURCE_FLAG, "test", STR("publisher.http"), str_of(http), err);
    if (status == STATUS_OK)
        status = publisher_serve(settings, err);
    settings_free(&settings);
    return status;
}

pid_t publisher_process_start(const struct servers *s, const char *http)
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
    enum status status = serve(s, http, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "publisher: %s\n", error_text(&err, text, sizeof text));
    exit(status_exit_code(status)); /* not _exit(): sanitizers look for leaks at the end */
}

int publisher_process_wait(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int publisher_process_stop(pid_t pid)
{
    assert_int_equal(kill(pid, SIGTERM), 0);
    return publisher_process_wait(pid);
}
