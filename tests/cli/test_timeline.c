/*
 * The stories of tests/cli/timelines: NAME.jsonl holds the events of an execution, NAME.txt what `noetl show`
 * must print of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/invocation.h"
#include "cli/timeline.h"
#include "core/json.h"

enum { MAX_EVENTS = 100, MAX_BYTES = 1 << 20, MAX_STORIES = 64 };

static void read_story_file(struct arena *a, const char *name, const char *suffix, struct str *out)
{
    char path[512];
    struct error err;
    const char *source = getenv("NOETL_SOURCE_DIR");
    (void)snprintf(path, sizeof(path), "%s/tests/cli/timelines/%s%s", source ? source : ".", name, suffix);
    if (read_input(a, path, MAX_BYTES, out, &err) != STATUS_OK)
        fail_msg("%s: %s", path, err.message);
}

static size_t read_events(struct arena *a, struct str lines, struct event *events)
{
    size_t count = 0;
    while (lines.len > 0) {
        struct error err;
        struct value v;
        struct str line = str_split(&lines, '\n');
        if (line.len == 0)
            continue;
        assert_true(count < MAX_EVENTS);
        if (json_read(a, line, NULL, &v, &err) != STATUS_OK ||
            event_from_value(v, &events[count++], &err) != STATUS_OK)
            fail_msg("event %zu: %s", count, err.message);
    }
    return count;
}

static void story_is_told(void **state)
{
    const char *name = *state;
    struct arena a;
    struct str lines, expected;
    struct event events[MAX_EVENTS];
    struct timeline t;
    struct buf b;
    struct error err;
    struct output o = {.file = stdout};
    arena_init(&a, 0);
    buf_init(&b, 0);
    read_story_file(&a, name, ".jsonl", &lines);
    read_story_file(&a, name, ".txt", &expected);
    size_t count = read_events(&a, lines, events);
    assert_int_equal(timeline_build(&a, events, count, &t, &err), STATUS_OK);
    if (timeline_write(&t, &o, &a, &b, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_string_equal(buf_str(&b).ptr, expected.ptr);
    buf_free(&b);
    arena_free(&a);
}

static int is_story(const struct dirent *e)
{
    return str_ends_with(str_of(e->d_name), STR(".jsonl"));
}

int main(void)
{
    char folder[512];
    struct dirent **names;
    struct CMUnitTest tests[MAX_STORIES] = {{0}};
    const char *source = getenv("NOETL_SOURCE_DIR");
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)setenv("TZ", "UTC", 1);
    tzset();
    (void)snprintf(folder, sizeof(folder), "%s/tests/cli/timelines", source ? source : ".");
    int count = scandir(folder, &names, is_story, alphasort);
    if (count < 1 || count > MAX_STORIES)
        return 2;
    for (int i = 0; i < count; i++) {
        names[i]->d_name[strlen(names[i]->d_name) - strlen(".jsonl")] = '\0';
        tests[i] = (struct CMUnitTest){
            .name = names[i]->d_name, .test_func = story_is_told, .initial_state = names[i]->d_name};
    }
    int failed = _cmocka_run_group_tests("timelines", tests, (size_t)count, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return failed;
}
