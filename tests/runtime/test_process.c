/* Child processes: what they inherit, how they end. */
#include <errno.h>
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
#include "runtime/process.h"

/* Runs a shell command to its end; what it writes goes to `out`. */
static int run(struct process_options o, const char *command, char *out, size_t size)
{
    int ends[2], code = -1;
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct process p;
    struct error err;
    size_t len = 0;
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
    o.argv = argv;
    o.in = -1;
    o.out = ends[1];
    o.error = -1;
    assert_int_equal(STATUS_OK, process_start(&o, &p, &err));
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], out + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    out[len] = '\0';
    close(ends[0]);
    assert_true(process_wait(&p, -1, &code));
    assert_int_equal(0, p.pid);
    return code;
}

static void the_exit_code_is_told(void **state)
{
    (void)state;
    char out[64];
    assert_int_equal(0, run((struct process_options){0}, "echo hello", out, sizeof(out)));
    assert_string_equal("hello\n", out);
    assert_int_equal(7, run((struct process_options){0}, "exit 7", out, sizeof(out)));
    assert_int_equal(128 + SIGKILL, run((struct process_options){0}, "kill -KILL $$", out, sizeof(out)));
}

static void a_missing_program_is_not_found(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program-here", NULL};
    struct process_options o = {.argv = argv, .in = -1, .out = -1, .error = -1};
    struct process p;
    struct error err;
    assert_int_equal(STATUS_NOT_FOUND, process_start(&o, &p, &err));
    assert_string_equal("no-such-program-here", err.place);
    assert_int_equal(0, p.pid);
}

static void a_missing_folder_is_told(void **state)
{
    (void)state;
    const char *const argv[] = {"true", NULL};
    struct process_options o = {.argv = argv, .cwd = "/no/such/folder", .in = -1, .out = -1, .error = -1};
    struct process p;
    struct error err;
    assert_int_equal(STATUS_NOT_FOUND, process_start(&o, &p, &err));
    assert_non_null(strstr(err.message, "entering its folder"));
}

static void environment_and_folder_are_as_given(void **state)
{
    (void)state;
    char out[128];
    const char *const env[] = {"WORD=here", "PATH=/usr/bin:/bin", NULL};
    struct process_options o = {.env = env, .cwd = "/usr"};
    assert_int_equal(0, run(o, "echo $WORD; pwd", out, sizeof(out)));
    assert_string_equal("here\n/usr\n", out);
}

static void no_descriptor_but_the_three_is_inherited(void **state)
{
    (void)state;
    char out[256];
    int leaky = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    int high = fcntl(leaky, F_DUPFD, 200);
    assert_true(leaky >= 0 && high >= 200);
    /* `ls` has the folder itself open as 3. */
    assert_int_equal(0, run((struct process_options){0}, "exec ls /proc/self/fd", out, sizeof(out)));
    assert_string_equal("0\n1\n2\n3\n", out);
    close(leaky);
    close(high);
}

static void signals_are_as_a_program_expects_them(void **state)
{
    (void)state;
    char out[4096];
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &before);
    void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
    assert_int_equal(
        0, run((struct process_options){0}, "grep -E 'SigBlk|SigIgn' /proc/self/status", out, sizeof(out)));
    assert_string_equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", out);
    signal(SIGPIPE, pipe_before);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A shell that ignores SIGTERM, with a child that does too; the child's pid. */
static pid_t start_stubborn(struct process *p)
{
    int ends[2];
    char text[32] = "";
    struct error err;
    const char *const argv[] = {"sh", "-c",
                                "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; sleep 1000; :'; :", NULL};
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
    struct process_options o = {.argv = argv, .in = -1, .out = ends[1], .error = -1, .own_group = true};
    assert_int_equal(STATUS_OK, process_start(&o, p, &err));
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    close(ends[0]);
    return (pid_t)strtol(text, NULL, 10);
}

static void a_whole_group_ends(void **state)
{
    (void)state;
    struct process p;
    int code = 0;
    pid_t grandchild = start_stubborn(&p);
    assert_false(process_wait(&p, 50, &code));
    process_end(&p, 100, &code);
    assert_int_equal(128 + SIGKILL, code);
    assert_int_equal(0, p.pid);
    assert_true(process_is_gone(grandchild));
}

static void what_the_leader_leaves_behind_ends_with_it(void **state)
{
    (void)state;
    int ends[2], code = -1;
    char text[32] = "";
    struct process p;
    struct error err;
    const char *const argv[] = {"sh", "-c", "(trap '' TERM; exec sleep 1000) & echo $!; sleep 1000", NULL};
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
    struct process_options o = {.argv = argv, .in = -1, .out = ends[1], .error = -1, .own_group = true};
    assert_int_equal(STATUS_OK, process_start(&o, &p, &err));
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    close(ends[0]);
    process_end(&p, 10000, &code);
    assert_int_equal(128 + SIGTERM, code);
    assert_true(process_is_gone((pid_t)strtol(text, NULL, 10)));
}

static void a_child_can_die_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    char text[32] = "";
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
    pid_t parent = fork();
    if (parent == 0) {
        const char *const argv[] = {"sleep", "1000", NULL};
        struct process_options o = {.argv = argv, .in = -1, .out = -1, .error = -1, .die_with_parent = true};
        struct process p;
        if (process_start(&o, &p, NULL) == STATUS_OK)
            dprintf(ends[1], "%d", (int)p.pid);
        _exit(0);
    }
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    close(ends[0]);
    assert_int_equal(parent, waitpid(parent, NULL, 0));
    assert_true(process_is_gone((pid_t)strtol(text, NULL, 10)));
}

static void a_child_can_be_another_user(void **state)
{
    (void)state;
    char out[128];
    if (geteuid() != 0)
        skip();
    struct process_options o = {.drop_to_user = true, .uid = 65534, .gid = 65534};
    assert_int_equal(0, run(o, "id -u; id -g; id -G", out, sizeof(out)));
    assert_string_equal("65534\n65534\n65534\n", out);
}

static void descriptors_can_be_given_in_any_order(void **state)
{
    (void)state;
    int ends[2], code;
    char text[32] = "";
    struct process p;
    struct error err;
    const char *const argv[] = {"sh", "-c", "echo out; echo error >&2", NULL};
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
    struct process_options o = {.argv = argv, .in = -1, .out = ends[1], .error = ends[1]};
    assert_int_equal(STATUS_OK, process_start(&o, &p, &err));
    close(ends[1]);
    assert_true(process_wait(&p, -1, &code));
    assert_int_equal(10, read(ends[0], text, sizeof(text) - 1));
    assert_string_equal("out\nerror\n", text);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_code_is_told),
        cmocka_unit_test(a_missing_program_is_not_found),
        cmocka_unit_test(a_missing_folder_is_told),
        cmocka_unit_test(environment_and_folder_are_as_given),
        cmocka_unit_test(no_descriptor_but_the_three_is_inherited),
        cmocka_unit_test(signals_are_as_a_program_expects_them),
        cmocka_unit_test(a_whole_group_ends),
        cmocka_unit_test(what_the_leader_leaves_behind_ends_with_it),
        cmocka_unit_test(a_child_can_die_with_its_parent),
        cmocka_unit_test(a_child_can_be_another_user),
        cmocka_unit_test(descriptors_can_be_given_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
