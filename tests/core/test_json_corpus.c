/*
 * json/y_*.json have to be read, and json/n_*.json refused. json/expected.tsv says for each the compact form,
 * or the error; a file that is not in the list, or an entry without a file, is a mistake too.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/json.h"

static void folder(char *path, size_t size)
{
    snprintf(path, size, "%s/tests/core/json", getenv("NOETL_SOURCE_DIR"));
}

static void load(const char *name, struct buf *out)
{
    char path[1000], chunk[4096];
    size_t n;
    folder(path, sizeof path);
    size_t used = strlen(path);
    snprintf(path + used, sizeof path - used, "/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read", path);
    while ((n = fread(chunk, 1, sizeof chunk, file)) != 0)
        buf_add(out, chunk, n);
    fclose(file);
}

/* What reading the text says: the compact form, or the error. */
static void outcome(struct str text, bool *accepted, struct buf *out)
{
    struct arena a;
    struct value v;
    struct error err;
    char message[1600];
    arena_init(&a, 0);
    char *exact =
        malloc(text.len != 0 ? text.len : 1); /* with nothing behind it that reading too far could find */
    if (text.len != 0)
        memcpy(exact, text.ptr, text.len);
    enum status s = json_read(&a, (struct str){exact, text.len}, NULL, &v, &err);
    free(exact);
    *accepted = s == STATUS_OK;
    if (s == STATUS_OK)
        assert_ok(json_write(out, v, JSON_COMPACT, &err), &err);
    else
        buf_add_text(out, error_text(&err, message, sizeof message));
    arena_free(&a);
}

static void check_file(struct str name, struct str expected)
{
    char file[200];
    bool accepted;
    struct buf text, got;
    buf_init(&text, 0);
    buf_init(&got, 0);
    snprintf(file, sizeof file, "%" PRISTR ".json", ARGSTR(name));
    load(file, &text);
    outcome(buf_str(&text), &accepted, &got);
    if (accepted != (name.ptr[0] == 'y'))
        fail_msg("%s was %s: %s", file, accepted ? "accepted" : "refused", got.data);
    if (!str_equal(buf_str(&got), expected))
        fail_msg("%s gives\n%s\nand not\n%" PRISTR, file, got.data, ARGSTR(expected));
    buf_free(&text);
    buf_free(&got);
}

static void every_document_is_read_or_refused_as_listed(void **state)
{
    (void)state;
    struct buf list;
    buf_init(&list, 0);
    load("expected.tsv", &list);
    struct str rest = buf_str(&list);
    while (rest.len != 0) {
        struct str line = str_split(&rest, '\n');
        struct str name = str_split(&line, '\t');
        check_file(name, line);
    }
    buf_free(&list);
}

static void every_document_is_in_the_list(void **state)
{
    (void)state;
    char path[1000];
    struct buf list;
    int count = 0;
    folder(path, sizeof path);
    buf_init(&list, 0);
    buf_add_char(&list, '\n');
    load("expected.tsv", &list);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct str name = str_of(entry->d_name);
        char line[300];
        if (!str_ends_with(name, STR(".json")))
            continue;
        snprintf(line, sizeof line, "\n%.*s\t", (int)name.len - 5, name.ptr);
        if (str_find(buf_str(&list), str_of(line)) < 0)
            fail_msg("%s is not in expected.tsv", entry->d_name);
        count++;
    }
    closedir(dir);
    buf_free(&list);
    assert_true(count > 100);
}

/* Whatever is cut off a document that is not a number, it is no document any more. */
static void a_document_that_was_cut_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1,2.5e3,\"\\ud83d\\ude00\xC3\xA9\",null,true,{\"b\":false}],\"c\":\"\\\\\"}";
    for (size_t len = 0; len <= strlen(text); len++) {
        bool accepted;
        struct buf got;
        buf_init(&got, 0);
        outcome((struct str){text, len}, &accepted, &got);
        assert_int_equal(accepted, len == strlen(text));
        buf_free(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_document_is_read_or_refused_as_listed),
        cmocka_unit_test(every_document_is_in_the_list),
        cmocka_unit_test(a_document_that_was_cut_is_refused),
    };
    return cmocka_run_group_tests_name("json corpus", tests, NULL, NULL);
}
