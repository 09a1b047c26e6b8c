/* The life of a daemon, played by a child process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/daemon.h"

enum { ORDERLY = 40, UNASKED = 41 };

static void say(int fd, char c)
{
    if (write(fd, &c, 1) != 1)
        _exit(99);
}

static char hear(int fd)
{
    char c = 0;
    assert_int_equal(1, read(fd, &c, 1));
    return c;
}

/* Says r when it is ready, s with the signal it got, and then drains for ever or ends. */
static pid_t start(bool drains, int *from)
{
    int ends[2];
    assert_int_equal(0, pipe(ends));
    pid_t pid = fork();
    if (pid == 0) {
        daemon_setup();
        say(ends[1], 'r');
        int signal = daemon_wait(NULL, NULL);
        daemon_draining();
        say(ends[1], signal == SIGTERM ? 't' : signal == SIGINT ? 'i' : '?');
        while (drains)
            pause();
        _exit(ORDERLY);
    }
    close(ends[1]);
    *from = ends[0];
    assert_int_equal('r', hear(*from));
    return pid;
}

static void a_signal_begins_the_drain(void **state)
{
    (void)state;
    const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        int from, status;
        pid_t pid = start(false, &from);
        kill(pid, signals[i]);
        assert_int_equal(i == 0 ? 't' : 'i', hear(from));
        assert_int_equal(pid, waitpid(pid, &status, 0));
        assert_true(WIFEXITED(status));
        assert_int_equal(ORDERLY, WEXITSTATUS(status));
        close(from);
    }
}

static void a_second_signal_ends_the_drain(void **state)
{
    (void)state;
    int from, status;
    pid_t pid = start(true, &from);
    kill(pid, SIGTERM);
    assert_int_equal('t', hear(from));
    kill(pid, SIGINT);
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(SIGINT, WTERMSIG(status));
    close(from);
}

static bool third_time(void *context)
{
    return ++*(int *)context == 3;
}

static void it_can_end_without_a_signal(void **state)
{
    (void)state;
    int asked = 0;
    assert_int_equal(0, daemon_wait(third_time, &asked));
    assert_int_equal(3, asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_begins_the_drain),
        cmocka_unit_test(a_second_signal_ends_the_drain),
        cmocka_unit_test(it_can_end_without_a_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
