/* The parser of the command line, the workload that it makes, and the widths of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>

#include "cli/args.h"
#include "cli/output.h"
#include "cli/timeline.h"
#include "cli/workload.h"
#include "core/json.h"
#include "test_arena.h"

enum { MAX_WORDS = 16 };

#define PARSE(args, err, ...) parse((const char *[]){"noetl", __VA_ARGS__, NULL}, args, err)

static enum status parse(const char **words, struct args *args, struct error *err)
{
    static char copies[MAX_WORDS][64];
    char *argv[MAX_WORDS];
    int argc = 0;
    for (; words[argc]; argc++) {
        assert_true(argc < MAX_WORDS && strlen(words[argc]) < sizeof(copies[argc]));
        strcpy(copies[argc], words[argc]);
        argv[argc] = copies[argc];
    }
    return args_parse(argc, argv, &arena, args, err);
}

/* ---- args --------------------------------------------------------------------------------------------- */

static void values_stand_behind_a_flag_in_every_usual_way(void **state)
{
    (void)state;
    struct args args;
    assert_int_equal(
        PARSE(&args, NULL, "run", "-fojson", "x.yaml", "--timeout=5s", "--workload", "-", "-s", "nats://a"),
        STATUS_OK);
    assert_string_equal(args.command->name, "run");
    assert_int_equal(args.count, 1);
    assert_string_equal(args.positional[0], "x.yaml");
    assert_true(args_has(&args, "follow"));
    assert_false(args_has(&args, "wait"));
    assert_string_equal(args_text(&args, "output"), "json");
    assert_string_equal(args_text(&args, "timeout"), "5s");
    assert_string_equal(args_text(&args, "workload"), "-");
    assert_string_equal(args_text(&args, "server"), "nats://a");
}

static void a_repeated_flag_keeps_its_order_and_a_single_one_its_last_value(void **state)
{
    (void)state;
    struct args args;
    size_t at = 0;
    assert_int_equal(
        PARSE(&args, NULL, "run", "x", "--set", "a=1", "--version", "1", "--set=b=2", "--version=2"),
        STATUS_OK);
    assert_string_equal(args_each(&args, "set", &at), "a=1");
    assert_string_equal(args_each(&args, "set", &at), "b=2");
    assert_null(args_each(&args, "set", &at));
    assert_string_equal(args_text(&args, "version"), "2");
}

static void two_dashes_end_the_flags(void **state)
{
    (void)state;
    struct args args;
    assert_int_equal(PARSE(&args, NULL, "lint", "--", "--help", "-x"), STATUS_OK);
    assert_int_equal(args.count, 2);
    assert_string_equal(args.positional[0], "--help");
}

static void shared_flags_may_stand_before_the_command(void **state)
{
    (void)state;
    struct args args;
    struct error err;
    assert_int_equal(PARSE(&args, NULL, "--server", "nats://a", "list"), STATUS_OK);
    assert_string_equal(args_text(&args, "server"), "nats://a");
    assert_int_equal(PARSE(&args, &err, "--server", "nats://a", "lint", "x"), STATUS_INVALID);
    assert_string_equal(err.message, "unknown flag \"--server\" of `noetl lint`");
}

static void a_command_may_have_two_words(void **state)
{
    (void)state;
    struct args args;
    assert_int_equal(PARSE(&args, NULL, "config", "show", "nats"), STATUS_OK);
    assert_string_equal(args.command->name, "config show");
    assert_string_equal(args.positional[0], "nats");
}

static void help_needs_nothing_else_to_be_right(void **state)
{
    (void)state;
    struct args args;
    assert_int_equal(PARSE(&args, NULL, "run", "--nonsense", "--help"), STATUS_OK);
    assert_int_equal(PARSE(&args, NULL, "run", "--help", "--nonsense"), STATUS_OK);
    assert_int_equal(PARSE(&args, NULL, "run", "--help"), STATUS_OK);
    assert_int_equal(PARSE(&args, NULL, "run", "--nonsense", "--", "--help"), STATUS_INVALID);
}

static void what_cannot_be_understood_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *words[4];
        const char *message, *hint;
    } cases[] = {
        {{"noetl", "rn", NULL}, "unknown command \"rn\"", "Did you mean `noetl run`?"},
        {{"noetl", "zzzzzz", NULL}, "unknown command \"zzzzzz\"", "`noetl help` lists the commands."},
        {{"noetl", "run", "--folow", NULL},
         "unknown flag \"--folow\" of `noetl run`",
         "Did you mean \"--follow\"?"},
        {{"noetl", "run", "-x", NULL},
         "unknown flag \"-x\" of `noetl run`",
         "`noetl run --help` lists the flags."},
        {{"noetl", "run", NULL}, "`noetl run` needs FILE|PATH", "Usage: noetl run [flags] FILE|PATH"},
        {{"noetl", "list", "x", NULL}, "`noetl list` has no use for \"x\"", "Usage: noetl list [flags]"},
        {{"noetl", "list", "--limit", NULL}, "--limit needs a value: N", "Write --limit=N."},
        {{"noetl", "run", "--wait=1", NULL}, "--wait takes no value, and has \"1\"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *words[4];
        struct args args;
        struct error err;
        memcpy(words, cases[i].words, sizeof(words));
        assert_int_equal(parse(words, &args, &err), STATUS_INVALID);
        assert_string_equal(err.message, cases[i].message);
        assert_string_equal(err.hint, cases[i].hint);
    }
}

static void numbers_and_durations_are_checked(void **state)
{
    (void)state;
    struct args args;
    struct error err;
    int64_t out;
    assert_int_equal(PARSE(&args, NULL, "run", "x", "--version=x", "--timeout=5"), STATUS_OK);
    assert_int_equal(args_number(&args, "version", 0, &out, &err), STATUS_INVALID);
    assert_string_equal(err.place, "--version");
    assert_int_equal(args_duration(&args, "timeout", 0, &out, &err), STATUS_INVALID);
    assert_string_equal(err.place, "--timeout");
    assert_int_equal(args_number(&args, "limit", 7, &out, NULL), STATUS_OK);
    assert_int_equal(out, 7);
}

/* No flag's name or letter has two meanings for one command. */
static void every_flag_of_a_command_has_one_meaning(void **state)
{
    (void)state;
    for (const struct command *c = COMMANDS; c->name; c++) {
        const struct flag *tables[] = {c->details->flags, (c->groups & GROUP_OUTPUT) ? OUTPUT_FLAGS : NULL,
                                       (c->groups & GROUP_CONNECTION) ? CONNECTION_FLAGS : NULL,
                                       COMMON_FLAGS};
        const struct flag *seen[64];
        size_t count = 0;
        for (size_t t = 0; t < 4; t++) {
            for (const struct flag *f = tables[t]; f && f->name; f++) {
                for (size_t i = 0; i < count; i++) {
                    assert_string_not_equal(seen[i]->name, f->name);
                    assert_true(f->letter == 0 || seen[i]->letter != f->letter);
                }
                seen[count++] = f;
            }
        }
        assert_non_null(c->details->examples[0].line);
    }
}

/* ---- workload ----------------------------------------------------------------------------------------- */

static void set_makes_a_workload(void **state)
{
    (void)state;
    struct args args;
    struct value v;
    struct str text;
    assert_int_equal(PARSE(&args, NULL, "run", "x", "--workload={\"a\":{\"k\":1},\"l\":[1]}",
                           "--set=workload.a.b=2", "--set=workload.l=[3]", "--set=workload.t=hot",
                           "--set=workload.e=", "--set=workload.s=\"007\"", "--set=workload.q=a=b"),
                     STATUS_OK);
    assert_int_equal(workload_from_args(&args, &arena, &v, NULL), STATUS_OK);
    assert_int_equal(json_text(&arena, v, &text, NULL), STATUS_OK);
    assert_string_equal(
        text.ptr, "{\"a\":{\"k\":1,\"b\":2},\"l\":[3],\"t\":\"hot\",\"e\":\"\",\"s\":\"007\",\"q\":\"a=b\"}");
}

static void without_flags_there_is_no_workload(void **state)
{
    (void)state;
    struct args args;
    struct value v;
    assert_int_equal(PARSE(&args, NULL, "run", "x"), STATUS_OK);
    assert_int_equal(workload_from_args(&args, &arena, &v, NULL), STATUS_OK);
    assert_true(value_is_absent(v));
}

static void a_wrong_set_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "--set=workload.a",      "--set=a=1",          "--set=workload=1", "--set=workload.=1",
        "--set=workload.a..b=1", "--workload={\"a\":", "--workload=[1]"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct args args;
        struct value v;
        struct error err;
        assert_int_equal(PARSE(&args, NULL, "run", "x", wrong[i]), STATUS_OK);
        assert_int_not_equal(workload_from_args(&args, &arena, &v, &err), STATUS_OK);
        assert_true(err.place[0] != '\0');
    }
}

/* ---- output ------------------------------------------------------------------------------------------- */

static void width_is_counted_in_columns(void **state)
{
    (void)state;
    assert_int_equal(display_width(STR("abc")), 3);
    assert_int_equal(display_width(STR("é✔")), 2);
    assert_int_equal(display_width(STR("日本")), 4);
    assert_int_equal(display_width(STR("e\xcc\x81")), 1);
    assert_int_equal(display_width(STR("\x1b[1m")), 7);
}

static void text_from_outside_cannot_steer_the_terminal(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    add_clean(&b, STR("a\x1b[31mb\tc\xff\n"));
    assert_string_equal(buf_str(&b).ptr, "a\\x1b[31mb c\\xff\\x0a");
    buf_clear(&b);
    add_cut(&b, STR("日本語テキスト"), 7);
    assert_string_equal(buf_str(&b).ptr, "日本語…");
    buf_free(&b);
}

static void durations_are_short(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0 ms"}, {999, "999 ms"}, {1240, "1.24 s"}, {125000, "2 min 05 s"}, {11220000, "3 h 07 min"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b;
        buf_init(&b, 0);
        add_duration(&b, cases[i].ms);
        assert_string_equal(buf_str(&b).ptr, cases[i].text);
        buf_free(&b);
    }
}

static void a_table_aligns_wide_characters(void **state)
{
    (void)state;
    struct table t;
    struct buf b;
    struct output o = {.file = stdout};
    buf_init(&b, 0);
    table_init(&t, &arena, (const char *const[]){"NAME", "N", "NOTE", NULL});
    t.right[1] = true;
    table_add(&t, (const struct cell[]){{STR("日本"), 0}, {STR("1"), 0}, {STR("x"), 0}});
    table_add(&t, (const struct cell[]){{STR("abcdef"), 0}, {STR("100"), 0}, {STR(""), 0}});
    table_write(&t, &o, 1, &b);
    assert_string_equal(buf_str(&b).ptr, " NAME      N  NOTE\n 日本      1  x\n abcdef  100\n");
    buf_free(&b);
}

static void secrets_are_masked_by_their_key(void **state)
{
    (void)state;
    struct value v;
    struct str text;
    assert_int_equal(
        json_read(&arena,
                  STR("{\"db_password\":\"x\",\"tokens\":12,\"h\":[{\"X-Api-Key\":\"y\",\"ok\":\"z\"}],"
                      "\"Authorization\":\"\"}"),
                  NULL, &v, NULL),
        STATUS_OK);
    assert_int_equal(mask_secrets(&arena, v, &v, NULL), STATUS_OK);
    assert_int_equal(json_text(&arena, v, &text, NULL), STATUS_OK);
    assert_string_equal(text.ptr,
                        "{\"db_password\":\"***\",\"tokens\":12,\"h\":[{\"X-Api-Key\":\"***\",\"ok\":\"z\"}],"
                        "\"Authorization\":\"\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)

int main(void)
{
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        TEST(values_stand_behind_a_flag_in_every_usual_way),
        TEST(a_repeated_flag_keeps_its_order_and_a_single_one_its_last_value),
        TEST(two_dashes_end_the_flags),
        TEST(shared_flags_may_stand_before_the_command),
        TEST(a_command_may_have_two_words),
        TEST(help_needs_nothing_else_to_be_right),
        TEST(what_cannot_be_understood_is_named),
        TEST(numbers_and_durations_are_checked),
        TEST(every_flag_of_a_command_has_one_meaning),
        TEST(set_makes_a_workload),
        TEST(without_flags_there_is_no_workload),
        TEST(a_wrong_set_is_refused),
        TEST(width_is_counted_in_columns),
        TEST(text_from_outside_cannot_steer_the_terminal),
        TEST(durations_are_short),
        TEST(a_table_aligns_wide_characters),
        TEST(secrets_are_masked_by_their_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
