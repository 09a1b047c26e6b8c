/* `noetl dev` from its start to its end, and beyond. */
#include "scratch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "program.h"

static const char *const PARTS[] = {"publisher", "worker", "broker", "render", "nats-server", "postgres"};
enum { PART_COUNT = sizeof(PARTS) / sizeof(PARTS[0]) };

/* Which children there are is not read whole while one of them ends. */
static pid_t await_part(pid_t dev, const char *part)
{
    pid_t pid = 0;
    for (int tries = 0; (pid = child_of(dev, part)) == 0 && tries < 3000; tries++)
        (void)poll(NULL, 0, 10);
    if (pid == 0)
        fail_msg("dev has no %s", part);
    return pid;
}

static void find_parts(pid_t dev, pid_t pids[PART_COUNT])
{
    for (int i = 0; i < PART_COUNT; i++)
        pids[i] = await_part(dev, PARTS[i]);
}

static void assert_gone(const pid_t pids[PART_COUNT])
{
    for (int i = 0; i < PART_COUNT; i++)
        if (!wait_gone(pids[i]))
            fail_msg("the %s still runs", PARTS[i]);
}

static const char *example(void)
{
    static char path[1024];
    (void)snprintf(path, sizeof(path), "%s/examples/hello_world.yaml", getenv("NOETL_SOURCE_DIR"));
    return path;
}

static void it_stops_cleanly_and_finds_its_data_again(void **state)
{
    (void)state;
    struct program dev, client;
    struct dev_entry entry;
    pid_t pids[PART_COUNT];
    const char *data = scratch("data");
    dev_start(&dev, data, &entry);
    find_parts(dev.process.pid, pids);
    assert_int_equal(program_run(&client, (const char *[]){"register", example(), NULL}), 0);
    dev_stop(&dev);
    assert_gone(pids);
    assert_contains(dev.output, "noetl dev is ready");
    assert_contains(dev.output, "psql 'postgresql://noetl:");
    assert_contains(dev.output, "/metrics of the broker");
    assert_int_not_equal(access(scratch("data/dev.json"), F_OK), 0);

    dev_start(&dev, data, &entry);
    assert_int_equal(program_run(&client, (const char *[]){"playbooks", NULL}), 0);
    assert_contains(client.output, "examples/hello_world");
    dev_stop(&dev);
}

static void a_part_that_dies_is_started_again(void **state)
{
    (void)state;
    struct program dev, client;
    struct dev_entry entry;
    pid_t pids[PART_COUNT];
    dev_start(&dev, scratch("data"), &entry);
    find_parts(dev.process.pid, pids);
    for (int i = 0; i < PART_COUNT; i++) {
        assert_int_equal(kill(pids[i], SIGKILL), 0);
        assert_true(wait_gone(pids[i]));
        assert_int_not_equal(await_part(dev.process.pid, PARTS[i]), pids[i]);
    }
    /* And the whole works again. */
    const char *const run[] = {"run", example(), "--wait", "--timeout", "60s", "-o", "json", NULL};
    int code = 0;
    for (int tries = 0; tries < 60 && (code = program_run(&client, run)) != 0; tries++)
        (void)poll(NULL, 0, 500);
    if (code != 0)
        fail_msg("%s", client.output);
    dev_stop(&dev);
    assert_contains(dev.output, "broker ended with code 137");
}

static void nothing_is_left_of_a_killed_one_and_the_next_takes_over(void **state)
{
    (void)state;
    struct program dev, client;
    struct dev_entry entry;
    pid_t pids[PART_COUNT];
    const char *data = scratch("data");
    dev_start(&dev, data, &entry);
    find_parts(dev.process.pid, pids);
    assert_int_equal(kill(dev.process.pid, SIGKILL), 0);
    assert_int_equal(program_end(&dev), 128 + SIGKILL);
    assert_gone(pids);
    assert_int_not_equal(program_run(&client, (const char *[]){"list", "--data-dir", data, NULL}), 0);
    assert_contains(client.output, "no `noetl dev` runs in this folder");
    dev_start(&dev, data, &entry);
    dev_stop(&dev);
}

static void two_run_side_by_side(void **state)
{
    (void)state;
    struct program one, two, client;
    struct dev_entry entries[2];
    const char *first = scratch("first"), *second = scratch("second");
    dev_start(&one, first, &entries[0]);
    dev_start(&two, second, &entries[1]);
    assert_int_equal(program_run(&client, (const char *[]){"list", NULL}), 4);
    assert_contains(client.output, first);
    assert_contains(client.output, second);
    assert_int_equal(program_run(&client, (const char *[]){"list", "--data-dir", second, NULL}), 0);
    dev_stop(&one);
    assert_int_equal(program_run(&client, (const char *[]){"list", NULL}), 0);
    dev_stop(&two);
}

static const char *context_of(const char *url)
{
    char text[600];
    (void)snprintf(text, sizeof(text), "{\"url\": \"%s\"}", url);
    scratch_write("theirs.json", text);
    return scratch("theirs.json");
}

static void servers_that_the_settings_name_are_used_instead_of_private_ones(void **state)
{
    (void)state;
    struct program servers, dev;
    struct dev_entry theirs, entry;
    char postgres[600];
    dev_start(&servers, scratch("servers"), &theirs);
    /* Another database of the same server, other streams of the same NATS. */
    (void)snprintf(postgres, sizeof(postgres), "postgres.url=%.*s/postgres",
                   (int)(strrchr(theirs.postgres_url, '/') - theirs.postgres_url), theirs.postgres_url);
    const char *const external[] = {"--context",
                                    context_of(theirs.nats_url),
                                    "--set-option",
                                    postgres,
                                    "--set-option",
                                    "nats.prefix=other",
                                    NULL};
    dev_start_with(&dev, scratch("data"), external, &entry);
    assert_string_equal(entry.nats_url, theirs.nats_url);
    assert_int_equal(child_of(dev.process.pid, "nats-server"), 0);
    assert_int_equal(child_of(dev.process.pid, "postgres"), 0);
    dev_stop(&dev);
    if (strstr(dev.output, "postgresql://"))
        fail_msg("a password that is not dev's is shown: %s", dev.output);
    dev_stop(&servers);
}

static void a_second_one_in_the_same_folder_is_refused(void **state)
{
    (void)state;
    struct program dev, other;
    struct dev_entry entry;
    const char *data = scratch("data");
    char pid[32];
    dev_start(&dev, data, &entry);
    (void)snprintf(pid, sizeof(pid), "process %ld", (long)dev.process.pid);
    assert_int_equal(program_run(&other, (const char *[]){"dev", "--data-dir", data, NULL}), 4);
    assert_contains(other.output, pid);
    dev_stop(&dev);
}

static void a_taken_port_that_was_asked_for_is_refused(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    char port[16], http[32];
    (void)snprintf(port, sizeof(port), "%u", ntohs(a.sin_port));
    (void)snprintf(http, sizeof(http), "127.0.0.1:%s", port);
    struct program dev;
    const char *data = scratch("data");
    const char *const attempts[][3] = {
        {"--nats-port", port, "0"}, {"--postgres-port", port, "0"}, {"--http", http, "0"}};
    for (int i = 0; i < 3; i++) {
        const char *arguments[12] = {"dev", "--data-dir", data};
        int n = 3;
        for (int k = 0; k < 3; k++) {
            arguments[n++] = attempts[k][0];
            arguments[n++] = k == i ? attempts[k][1] : k == 2 ? "127.0.0.1:0" : "0";
        }
        assert_int_equal(program_run(&dev, arguments), 4);
        assert_contains(dev.output, "is taken by process");
        assert_contains(dev.output, attempts[i][0]);
    }
    (void)close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_stops_cleanly_and_finds_its_data_again),
        TEST(a_part_that_dies_is_started_again),
        TEST(nothing_is_left_of_a_killed_one_and_the_next_takes_over),
        TEST(two_run_side_by_side),
        TEST(servers_that_the_settings_name_are_used_instead_of_private_ones),
        TEST(a_second_one_in_the_same_folder_is_refused),
        TEST(a_taken_port_that_was_asked_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
