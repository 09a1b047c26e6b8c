/* The nats CLI's variables and contexts, and who logs in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "config/nats_context.h"

#include "scratch.h"

struct fixture {
    struct settings *s;
    char config_home[128];
    const char *environment[8]; /* from [1] on for the test */
};

static int begin(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    (void)snprintf(f.config_home, sizeof(f.config_home), "XDG_CONFIG_HOME=%s", scratch_begin());
    f.environment[0] = f.config_home;
    *state = &f;
    return settings_new(&f.s, NULL) == STATUS_OK ? 0 : -1;
}

static int end(void **state)
{
    struct fixture *f = *state;
    settings_free(&f->s);
    scratch_end();
    return 0;
}

static enum status load(struct fixture *f, const char *context, struct error *err)
{
    const struct settings_sources from = {.context = context, .environment = f->environment};
    return settings_load(f->s, &from, err);
}

static void the_selected_context_is_read(void **state)
{
    struct fixture *f = *state;
    const char *where = NULL;
    (void)scratch_file("nats/context/prod.json",
                       "{\"description\":\"\",\"url\":\"nats://prod:4222\",\"creds\":\"~/c\",\"nsc\":\"\"}");
    (void)scratch_file("nats/context.txt", "prod\n");
    f->environment[1] = "HOME=/home/me";
    assert_int_equal(load(f, NULL, NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_URL), "nats://prod:4222");
    assert_string_equal(settings_text(f->s, SETTING_NATS_CREDS), "/home/me/c");
    assert_int_equal(settings_source(f->s, SETTING_NATS_URL, &where), SOURCE_SELECTED);
    assert_non_null(strstr(where, "nats/context/prod.json"));
}

static void a_named_context_goes_before_the_selected_one(void **state)
{
    struct fixture *f = *state;
    (void)scratch_file("nats/context/prod.json", "{\"url\":\"nats://prod:4222\"}");
    (void)scratch_file("nats/context/test.json", "{\"url\":\"nats://test:4222\"}");
    (void)scratch_file("nats/context/var.json", "{\"url\":\"nats://var:4222\"}");
    (void)scratch_file("nats/context.txt", "prod");
    f->environment[1] = "NATS_CONTEXT=var";
    assert_int_equal(load(f, "test", NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_URL), "nats://test:4222");
    assert_int_equal(settings_source(f->s, SETTING_NATS_URL, NULL), SOURCE_CONTEXT);
    assert_int_equal(load(f, NULL, NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_URL), "nats://var:4222");
}

static void variables_go_before_the_context_and_flags_before_both(void **state)
{
    struct fixture *f = *state;
    (void)scratch_file("nats/context/c.json", "{\"url\":\"nats://c:1\",\"ca\":\"/ca\",\"cert\":\"/cert\"}");
    f->environment[1] = "NATS_URL=nats://variable:1";
    f->environment[2] = "NATS_CERT=/variable";
    f->environment[3] = "NATS_TIMEOUT=3s";
    assert_int_equal(settings_set(f->s, SOURCE_FLAG, "--server", STR("nats.url"), STR("nats://flag:1"), NULL),
                     STATUS_OK);
    assert_int_equal(load(f, "c", NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_URL), "nats://flag:1");
    assert_string_equal(settings_text(f->s, SETTING_NATS_TLS_CERT), "/variable");
    assert_string_equal(settings_text(f->s, SETTING_NATS_TLS_CA), "/ca");
    assert_int_equal(settings_int(f->s, SETTING_NATS_TIMEOUT), 3000);
}

static void our_own_variable_goes_before_that_of_the_nats_cli(void **state)
{
    struct fixture *f = *state;
    f->environment[1] = "NOETL_NATS_URL=nats://ours:1";
    f->environment[2] = "NATS_URL=nats://theirs:1";
    assert_int_equal(load(f, NULL, NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_URL), "nats://ours:1");
}

static void a_context_that_is_not_there_names_those_that_are(void **state)
{
    struct fixture *f = *state;
    struct error err;
    (void)scratch_file("nats/context/prod.json", "{}");
    assert_int_equal(load(f, "prd", &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "there is no NATS context \"prd\" in "));
    assert_string_equal(err.hint, "Known contexts: prod.");
    assert_int_equal(load(f, "../prod", &err), STATUS_INVALID);
}

static void a_context_can_be_a_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, scratch_file("x/mine.json", "{\"url\":\"nats://mine:1\"}"), NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_URL), "nats://mine:1");
}

static void a_context_we_cannot_honour_is_refused(void **state)
{
    struct fixture *f = *state;
    struct error err;
    (void)scratch_file("nats/context/a.json", "{\"url\":\"nats://a\",\"socks_proxy\":\"socks5://b\"}");
    assert_int_equal(load(f, "a", &err), STATUS_UNSUPPORTED);
    assert_string_equal(err.message, "the context has \"socks_proxy\", which noetl cannot connect with");
    (void)scratch_file("nats/context/b.json", "{\"url\":1}");
    assert_int_equal(load(f, "b", &err), STATUS_INVALID);
    (void)scratch_file("nats/context/c.json", "{\"url\":");
    assert_int_equal(load(f, "c", &err), STATUS_SYNTAX);
    assert_non_null(strstr(err.place, "nats/context/c.json"));
}

static void a_user_without_a_password_is_a_token(void **state)
{
    struct fixture *f = *state;
    const char *where = NULL;
    f->environment[1] = "NATS_USER=s3cret";
    assert_int_equal(load(f, NULL, NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_TOKEN), "s3cret");
    assert_string_equal(settings_text(f->s, SETTING_NATS_USER), "");
    assert_int_equal(settings_source(f->s, SETTING_NATS_TOKEN, &where), SOURCE_ENVIRONMENT);
    assert_string_equal(where, "NATS_USER");
}

static void a_user_with_a_password_stays_a_user(void **state)
{
    struct fixture *f = *state;
    f->environment[1] = "NATS_PASSWORD=p";
    assert_int_equal(settings_set(f->s, SOURCE_FLAG, "--user", STR("nats.user"), STR("u"), NULL), STATUS_OK);
    assert_int_equal(load(f, NULL, NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_USER), "u");
    assert_string_equal(settings_text(f->s, SETTING_NATS_PASSWORD), "p");
    assert_string_equal(settings_text(f->s, SETTING_NATS_TOKEN), "");
}

static void the_strongest_login_replaces_the_others_whole(void **state)
{
    struct fixture *f = *state;
    (void)scratch_file("nats/context/c.json", "{\"url\":\"nats://c:1\",\"user\":\"u\",\"password\":\"p\"}");
    f->environment[1] = "NATS_CREDS=/creds";
    assert_int_equal(load(f, "c", NULL), STATUS_OK);
    assert_string_equal(settings_text(f->s, SETTING_NATS_CREDS), "/creds");
    assert_string_equal(settings_text(f->s, SETTING_NATS_USER), "");
    assert_string_equal(settings_text(f->s, SETTING_NATS_PASSWORD), "");
    assert_string_equal(settings_text(f->s, SETTING_NATS_URL), "nats://c:1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_selected_context_is_read),
        TEST(a_named_context_goes_before_the_selected_one),
        TEST(variables_go_before_the_context_and_flags_before_both),
        TEST(our_own_variable_goes_before_that_of_the_nats_cli),
        TEST(a_context_that_is_not_there_names_those_that_are),
        TEST(a_context_can_be_a_file),
        TEST(a_context_we_cannot_honour_is_refused),
        TEST(a_user_without_a_password_is_a_token),
        TEST(a_user_with_a_password_stays_a_user),
        TEST(the_strongest_login_replaces_the_others_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
