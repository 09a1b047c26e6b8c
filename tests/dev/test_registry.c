/* Which `noetl dev` run: what is written is found, and what a dead one left is not. */
#include "scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/dev_registry.h"

/* Devs of this very process; their folders are below the test's. */
static int begin(void **state)
{
    return scratch_make(state) == 0 && mkdir(scratch("one"), 0700) == 0 && mkdir(scratch("two"), 0700) == 0
               ? 0
               : -1;
}

static struct dev_entry entry_of(const char *name)
{
    struct dev_entry e = {.pid = getpid(),
                          .started_ns = 1767323045678901234,
                          .nats_url = "nats://127.0.0.1:4222",
                          .postgres_url = "postgresql://noetl:\"secret\"@127.0.0.1:5432/noetl",
                          .http = "http://127.0.0.1:8082"};
    (void)snprintf(e.data_dir, sizeof(e.data_dir), "%s", scratch(name));
    return e;
}

static void the_only_one_is_found_as_it_was_written(void **state)
{
    (void)state;
    struct dev_entry e = entry_of("one"), found;
    struct error err;
    assert_int_equal(dev_registry_find(NULL, &found, &err), STATUS_NOT_FOUND);
    assert_ok(dev_registry_add(&e, &err), &err);
    for (int told = 0; told < 2; told++) {
        memset(&found, 0, sizeof(found));
        assert_ok(dev_registry_find(told ? e.data_dir : NULL, &found, &err), &err);
        assert_int_equal(found.pid, e.pid);
        assert_int_equal(found.started_ns, e.started_ns);
        assert_string_equal(found.data_dir, e.data_dir);
        assert_string_equal(found.nats_url, e.nats_url);
        assert_string_equal(found.postgres_url, e.postgres_url);
        assert_string_equal(found.http, e.http);
    }
    dev_registry_remove(&e);
    assert_int_equal(dev_registry_find(NULL, &found, &err), STATUS_NOT_FOUND);
    assert_int_equal(dev_registry_find(e.data_dir, &found, &err), STATUS_NOT_FOUND);
    assert_contains(err.place, e.data_dir);
}

static void of_several_one_must_be_told(void **state)
{
    (void)state;
    struct dev_entry one = entry_of("one"), two = entry_of("two"), found;
    struct error err;
    assert_ok(dev_registry_add(&one, &err), &err);
    assert_ok(dev_registry_add(&two, &err), &err);
    assert_int_equal(dev_registry_find(NULL, &found, &err), STATUS_CONFLICT);
    assert_contains(err.message, one.data_dir);
    assert_contains(err.message, two.data_dir);
    assert_contains(err.hint, "--data-dir");
    assert_ok(dev_registry_find(two.data_dir, &found, &err), &err);
    assert_string_equal(found.data_dir, two.data_dir);
}

static void what_a_killed_one_left_is_not_taken_for_it(void **state)
{
    (void)state;
    struct dev_entry e = entry_of("one"), found;
    struct error err;
    assert_ok(dev_registry_add(&e, &err), &err);
    /* The same pid, but the process that had it was another. */
    scratch_write("one/dev.json",
                  "{\"pid\":1,\"process_start\":-5,\"started_at\":\"2026-01-02T03:04:05Z\","
                  "\"data_dir\":\"/x\",\"nats_url\":\"\",\"postgres_url\":\"\",\"http\":\"\"}");
    assert_int_equal(dev_registry_find(NULL, &found, &err), STATUS_NOT_FOUND);
    scratch_write("one/dev.json", "{\"pid\":");
    assert_int_equal(dev_registry_find(e.data_dir, &found, &err), STATUS_NOT_FOUND);
}

static void only_the_owner_may_read_the_password(void **state)
{
    (void)state;
    struct dev_entry e = entry_of("one");
    struct error err;
    struct stat st;
    assert_ok(dev_registry_add(&e, &err), &err);
    assert_int_equal(stat(scratch("one/dev.json"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_only_one_is_found_as_it_was_written),
        TEST(of_several_one_must_be_told),
        TEST(what_a_killed_one_left_is_not_taken_for_it),
        TEST(only_the_owner_may_read_the_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
