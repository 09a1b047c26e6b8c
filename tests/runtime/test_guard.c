/* What is left of a process that was killed: nothing that its children had started. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gone.h"
#include "runtime/guard.h"
#include "runtime/process.h"

enum { MOST = 8 };

/* The numbers that `parent` writes, a line each; killed by SIGKILL once they are all there. */
static void kill_when_it_has_told(void (*parent)(int out), size_t count, pid_t *told)
{
    int ends[2];
    char text[256];
    size_t len = 0, lines = 0;
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
    pid_t pid = fork();
    if (pid == 0) {
        struct error err;
        if (guard_start(&err) == STATUS_OK)
            parent(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    while (lines < count) {
        ssize_t n = read(ends[0], text + len, sizeof(text) - 1 - len);
        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++)
            lines += text[len + (size_t)i] == '\n';
        len += (size_t)n;
    }
    text[len] = '\0';
    close(ends[0]);
    char *at = text;
    for (size_t i = 0; i < count; i++)
        told[i] = (pid_t)strtol(at, &at, 10);
    assert_int_equal(0, kill(pid, SIGKILL));
    assert_int_equal(pid, waitpid(pid, NULL, 0));
}

/* A shell that starts a `sleep` in its group, and tells its number. */
static void start(struct process *p, const char *command, int out)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct process_options o = {
        .argv = argv, .in = -1, .out = out, .error = -1, .own_group = true, .die_with_parent = true};
    if (process_start(&o, p, NULL) != STATUS_OK)
        _exit(1);
}

static const char WAITING[] = "sleep 1000 & echo $!; wait";

static void start_three(int out)
{
    struct process p;
    for (int i = 0; i < 3; i++)
        start(&p, WAITING, out);
}

static void what_children_have_started_ends_too(void **state)
{
    (void)state;
    pid_t told[MOST];
    kill_when_it_has_told(start_three, 3, told);
    for (size_t i = 0; i < 3; i++)
        assert_true(process_is_gone(told[i]));
}

/* Its leader has ended and was waited for, so its number may be another's by then. */
static void leave_one_and_start_another(int out)
{
    struct process p;
    int code;
    start(&p, "sleep 1000 & echo $!", out);
    (void)process_wait(&p, -1, &code);
    start(&p, WAITING, out);
}

static void a_group_whose_leader_was_waited_for_is_nobodys(void **state)
{
    (void)state;
    pid_t told[MOST];
    kill_when_it_has_told(leave_one_and_start_another, 2, told);
    assert_true(process_is_gone(told[1])); /* so the guard has done what it does */
    assert_false(process_has_ended(told[0]));
    assert_int_equal(0, kill(told[0], SIGKILL));
}

static void a_guard_ends_when_it_is_stopped(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(STATUS_OK, guard_start(&err));
    guard_stop();
    assert_int_equal(-1, waitpid(-1, NULL, WNOHANG)); /* no child is left */
    guard_stop();
}

static pid_t only_child(void)
{
    pid_t child = 0;
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    for (const struct dirent *e; (e = readdir(proc)) != NULL;) {
        char path[300], line[256] = "";
        snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
        FILE *f = fopen(path, "re");
        if (!f)
            continue;
        const char *state = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
        if (state && strtol(state + 3, NULL, 10) == getpid())
            child = (pid_t)atoi(e->d_name);
        (void)fclose(f);
    }
    (void)closedir(proc);
    assert_true(child > 0);
    return child;
}

/* Without a guard children start and end as they do with one. */
static void a_guard_that_was_killed_is_done_without(void **state)
{
    (void)state;
    int code = -1;
    struct error err;
    struct process p;
    assert_int_equal(STATUS_OK, guard_start(&err));
    pid_t child = only_child();
    assert_int_equal(0, kill(child, SIGKILL));
    assert_true(process_is_gone(child));
    const char *const argv[] = {"sh", "-c", "exit 7", NULL};
    struct process_options o = {
        .argv = argv, .in = -1, .out = -1, .error = -1, .own_group = true, .die_with_parent = true};
    assert_int_equal(STATUS_OK, process_start(&o, &p, &err));
    assert_true(process_wait(&p, -1, &code));
    assert_int_equal(7, code);
    guard_stop();
}

/* More than it can be told without hearing. */
static void a_guard_that_stands_still_holds_nobody_up(void **state)
{
    (void)state;
    enum { CHILDREN = 400 };
    const char *const argv[] = {"true", NULL};
    const struct process_options o = {
        .argv = argv, .in = -1, .out = -1, .error = -1, .own_group = true, .die_with_parent = true};
    struct error err;
    assert_int_equal(STATUS_OK, guard_start(&err));
    pid_t child = only_child();
    assert_int_equal(0, kill(child, SIGSTOP));
    for (int i = 0; i < CHILDREN; i++) {
        struct process p;
        assert_int_equal(STATUS_OK, process_start(&o, &p, &err));
        assert_true(process_wait(&p, -1, NULL));
    }
    assert_true(process_has_ended(child)); /* rather no guard than one that has not heard of all */
    guard_stop();
    assert_int_equal(STATUS_OK, guard_start(&err));
    assert_int_equal(0, kill(only_child(), SIGSTOP));
    guard_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_children_have_started_ends_too),
        cmocka_unit_test(a_group_whose_leader_was_waited_for_is_nobodys),
        cmocka_unit_test(a_guard_that_stands_still_holds_nobody_up),
        cmocka_unit_test(a_guard_ends_when_it_is_stopped),
        cmocka_unit_test(a_guard_that_was_killed_is_done_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
