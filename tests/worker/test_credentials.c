/* The file of credentials, and keeping what is secret in it out of texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "worker/credentials.h"

struct fixture {
    char path[64];
    struct credentials *credentials;
    struct arena arena;
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

static int open_fixture(void **state)
{
    static struct fixture f;
    struct error err;
    snprintf(f.path, sizeof(f.path), "/tmp/noetl-test-XXXXXX");
    int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    close(fd);
    arena_init(&f.arena, 0);
    assert_int_equal(credentials_open(f.path, &f.credentials, &err), STATUS_OK);
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    credentials_close(&f->credentials);
    arena_free(&f->arena);
    unlink(f->path);
    return 0;
}

static struct value json(struct fixture *f, const char *text)
{
    struct value v;
    struct error err;
    assert_int_equal(json_read(&f->arena, str_of(text), NULL, &v, &err), STATUS_OK);
    return v;
}

static void fields_are_text_as_written(void **state)
{
    struct fixture *f = *state;
    struct value found;
    struct error err;
    write_file(f->path, "db: {type: postgres, db_port: 5432, db_password: 0123, active: yes, empty: ''}\n");
    assert_int_equal(credentials_find(f->credentials, STR("db"), &f->arena, &found, &err), STATUS_OK);
    assert_true(value_equal(
        found, json(f, "{\"type\": \"postgres\", \"db_port\": \"5432\", \"db_password\": \"0123\", "
                       "\"active\": \"yes\", \"empty\": \"\"}")));
}

static void a_changed_file_is_read_again(void **state)
{
    struct fixture *f = *state;
    struct value found;
    struct error err;
    write_file(f->path, "a: {token: one}\n");
    assert_int_equal(credentials_find(f->credentials, STR("a"), &f->arena, &found, &err), STATUS_OK);
    write_file(f->path, "a: {token: other}\n");
    assert_int_equal(credentials_find(f->credentials, STR("a"), &f->arena, &found, &err), STATUS_OK);
    assert_true(str_is(value_as_str(VALUE_GET(found, "token")), "other"));
}

static void an_unknown_name_is_told_with_the_names_that_there_are(void **state)
{
    struct fixture *f = *state;
    struct value found;
    struct error err;
    write_file(f->path, "one: {token: x}\ntwo: {token: hidden-value}\n");
    assert_int_equal(credentials_find(f->credentials, STR("three"), &f->arena, &found, &err),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "three"));
    assert_non_null(strstr(err.hint, "one, two"));
    assert_null(strstr(err.hint, "hidden-value"));
}

static void a_broken_file_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text;
        enum status status;
        uint32_t line;
        const char *part;
    } cases[] = {
        {"a: {token: x\n", STATUS_SYNTAX, 2, "',' or '}'"},
        {"a: {t: 1}\na: {t: 2}\n", STATUS_INVALID, 2, "twice"},
        {"- a\n", STATUS_INVALID, 1, "expected a map of names"},
        {"a: text\n", STATUS_INVALID, 0, "must be a map of fields"},
        {"a: {b: [1]}\n", STATUS_INVALID, 1, "expected text or a map"},
        {"a: &x {b: *x}\n", STATUS_INVALID, 1, "nested too deeply"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value found;
        struct error err = {0};
        write_file(f->path, cases[i].text);
        assert_int_equal(credentials_find(f->credentials, STR("a"), &f->arena, &found, &err),
                         cases[i].status);
        assert_string_equal(err.place, f->path);
        assert_int_equal(err.line, cases[i].line);
        assert_non_null(strstr(err.message, cases[i].part));
    }
}

static void a_missing_file_is_told_with_the_setting(void **state)
{
    struct fixture *f = *state;
    struct value found;
    struct error err;
    unlink(f->path);
    assert_int_equal(credentials_find(f->credentials, STR("a"), &f->arena, &found, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.hint, "worker.credentials"));
}

static void auth_may_be_a_name_a_map_or_both(void **state)
{
    static const struct {
        const char *config, *fields;
    } cases[] = {
        {"{}", NULL},
        {"{\"auth\": null}", NULL},
        {"{\"auth\": \"db\"}", "{\"type\": \"postgres\", \"db_user\": \"u\"}"},
        {"{\"credential\": \"db\"}", "{\"type\": \"postgres\", \"db_user\": \"u\"}"},
        {"{\"auth\": {\"credential\": \"db\", \"db_user\": \"v\"}}",
         "{\"type\": \"postgres\", \"db_user\": \"v\", \"credential\": \"db\"}"},
        {"{\"auth\": {\"pg\": {\"credential\": \"db\"}}}",
         "{\"type\": \"postgres\", \"db_user\": \"u\", \"credential\": \"db\"}"},
        {"{\"auth\": {\"type\": \"bearer\", \"token\": \"t\"}}", "{\"type\": \"bearer\", \"token\": \"t\"}"},
    };
    struct fixture *f = *state;
    write_file(f->path, "db: {type: postgres, db_user: u}\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value found;
        struct error err;
        struct secrets secrets = {0};
        assert_int_equal(
            credentials_resolve(f->credentials, json(f, cases[i].config), &f->arena, &found, &secrets, &err),
            STATUS_OK);
        if (cases[i].fields)
            assert_true(value_equal(found, json(f, cases[i].fields)));
        else
            assert_true(value_is_absent(found));
    }
}

static void fields_under_data_are_found(void **state)
{
    struct fixture *f = *state;
    struct value found;
    struct error err;
    write_file(f->path, "db: {type: postgres, data: {db_user: u}}\n");
    assert_int_equal(credentials_find(f->credentials, STR("db"), &f->arena, &found, &err), STATUS_OK);
    assert_true(str_is(value_as_str(VALUE_GET(found, "db_user")), "u"));
}

static void secrets_are_taken_out_of_texts(void **state)
{
    struct fixture *f = *state;
    struct secrets secrets = {0};
    struct error err;
    secrets_add_credential(&secrets,
                           json(f, "{\"type\": \"postgres\", \"db_user\": \"someone\", \"db_password\": "
                                   "\"geheim\", \"token\": \"geheimnis\", \"pin\": \"123\"}"));
    assert_int_equal(secrets.count, 2);
    struct str text = secrets_redact(&secrets, &f->arena, STR("someone: geheim geheimnis ageheimb 123"));
    assert_true(str_is(text, "someone: *** *** a***b 123"));
    error_set(&err, STATUS_DENIED, "refused geheim");
    error_hint(&err, "not geheimnis");
    secrets_redact_error(&secrets, &err);
    assert_string_equal(err.message, "refused ***");
    assert_string_equal(err.hint, "not ***");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(fields_are_text_as_written),
        TEST(a_changed_file_is_read_again),
        TEST(an_unknown_name_is_told_with_the_names_that_there_are),
        TEST(a_broken_file_is_told_with_its_place),
        TEST(a_missing_file_is_told_with_the_setting),
        TEST(auth_may_be_a_name_a_map_or_both),
        TEST(fields_under_data_are_found),
        TEST(secrets_are_taken_out_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
