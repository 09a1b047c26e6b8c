/* Documents of executions: each file in documents/ has events, and the document that they make. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/json.h"
#include "render_service/document.h"

static struct str read_file(const char *path, struct arena *a)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t most = 1 << 20;
    char *text = arena_alloc(a, most);
    assert_non_null(text);
    size_t len = fread(text, 1, most, f);
    fclose(f);
    return (struct str){text, len};
}

static void must(enum status status, const struct error *err, const char *path)
{
    char text[2048];
    if (status != STATUS_OK)
        fail_msg("%s: %s", path, error_text(err, text, sizeof text));
}

static void check_file(const char *path)
{
    struct arena a;
    struct value v, made;
    struct str wanted_text, made_text;
    struct error err;
    arena_init(&a, 0);
    must(json_read(&a, read_file(path, &a), NULL, &v, &err), &err, path);
    struct value list = VALUE_GET(v, "events"), wanted = VALUE_GET(v, "document");
    struct event *events = ARENA_ARRAY(&a, struct event, list.len);
    for (uint32_t i = 0; i < list.len; i++)
        must(event_from_value(list.u.list[i], &events[i], &err), &err, path);
    must(document_build(&a, events, list.len, &made, &err), &err, path);
    must(json_text(&a, made, &made_text, &err), &err, path);
    must(json_text(&a, wanted, &wanted_text, &err), &err, path);
    if (!str_equal(made_text, wanted_text))
        fail_msg("%s:\nmade   %.*s\nwanted %.*s", path, ARGSTR(made_text), ARGSTR(wanted_text));
    arena_free(&a);
}

static void events_make_their_document(void **state)
{
    (void)state;
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/tests/render_service/documents", getenv("NOETL_SOURCE_DIR"));
    DIR *d = opendir(folder);
    assert_non_null(d);
    int files = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
        if (!str_ends_with(str_of(entry->d_name), STR(".json")))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        check_file(path);
        files++;
    }
    closedir(d);
    assert_true(files >= 8);
}

static void no_events_are_no_execution(void **state)
{
    (void)state;
    struct arena a;
    struct value v;
    struct error err;
    arena_init(&a, 0);
    assert_int_equal(document_build(&a, NULL, 0, &v, &err), STATUS_NOT_FOUND);
    arena_free(&a);
}

/* Every prefix of a life is a life so far: none may be refused, and none has more than the whole. */
static void every_prefix_of_the_events_makes_a_document(void **state)
{
    (void)state;
    char path[512];
    struct arena a;
    struct value v;
    struct error err;
    arena_init(&a, 0);
    snprintf(path, sizeof path, "%s/tests/render_service/documents/loop.json", getenv("NOETL_SOURCE_DIR"));
    must(json_read(&a, read_file(path, &a), NULL, &v, &err), &err, path);
    struct value list = VALUE_GET(v, "events");
    struct event *events = ARENA_ARRAY(&a, struct event, list.len);
    int64_t runs = 0;
    for (uint32_t i = 0; i < list.len; i++) {
        struct value made;
        must(event_from_value(list.u.list[i], &events[i], &err), &err, path);
        must(document_build(&a, events, i + 1, &made, &err), &err, path);
        struct value steps = VALUE_GET(made, "steps");
        int64_t now = steps.len > 0 ? VALUE_GET(steps.u.list[0], "runs").u.i : 0;
        assert_true(now >= runs && now <= 3);
        runs = now;
    }
    assert_int_equal(runs, 3);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_make_their_document),
        cmocka_unit_test(no_events_are_no_execution),
        cmocka_unit_test(every_prefix_of_the_events_makes_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
