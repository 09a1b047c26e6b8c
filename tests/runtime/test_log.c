/* The lines of the log, to the byte but for the time. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/log.h"

/* Standard error goes into a pipe while `write` runs; the lines without their 24 characters of time. */
static void capture(void (*write_lines)(void), char *out, size_t size)
{
    int ends[2], saved = dup(STDERR_FILENO);
    assert_int_equal(0, pipe(ends));
    dup2(ends[1], STDERR_FILENO);
    write_lines();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t n = read(ends[0], out, size - 1);
    close(ends[0]);
    out[n > 0 ? n : 0] = '\0';
}

/* Puts T for each time of the form 2026-01-02T03:04:05.678Z. */
static void hide_times(char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (char *at = text; *at; at++) {
        size_t i = 0;
        while (form[i] && at[i] && (form[i] == 'd' ? at[i] >= '0' && at[i] <= '9' : at[i] == form[i]))
            i++;
        if (form[i])
            continue;
        *at = 'T';
        memmove(at + 1, at + sizeof(form) - 1, strlen(at + sizeof(form) - 1) + 1);
    }
}

static void write_samples(void)
{
    struct error err;
    error_set(&err, STATUS_NOT_FOUND, "no playbook \"x\"");
    error_place(&err, "flow.yaml");
    error_at(&err, 3, 7);
    LOG(LOG_INFO, "partition taken", LOG_NUM("partition", 7), LOG_NUM("epoch", -3));
    LOG(LOG_WARN, "odd", LOG_TEXT("plain", "a/b-c.d:1"), LOG_TEXT("empty", ""),
        LOG_STR("spaced", STR("a b=\"c\"\n")));
    LOG(LOG_WARN, "about", LOG_ID("child", INT64_MAX), LOG_SUBJECT("noetl.tasks.default.42.s0v1a1"));
    LOG(LOG_ERROR, "refused", LOG_ERR(&err));
    error_hint(&err, "Register it.");
    LOG(LOG_ERROR, "refused", LOG_ERR(&err));
    LOG_LINE(LOG_DEBUG, "not shown");
    LOG_LINE(LOG_INFO, "done");
}

static void logfmt_quotes_what_needs_it(void **state)
{
    (void)state;
    char text[4096];
    log_setup("broker", LOG_INFO, false);
    capture(write_samples, text, sizeof(text));
    hide_times(text);
    assert_string_equal(
        "time=T level=info part=broker msg=\"partition taken\" partition=7 epoch=-3\n"
        "time=T level=warn part=broker msg=odd plain=a/b-c.d:1 empty=\"\" spaced=\"a b=\\\"c\\\"\\n\"\n"
        "time=T level=warn part=broker msg=about child=9223372036854775807 execution=42 "
        "subject=noetl.tasks.default.42.s0v1a1\n"
        "time=T level=error part=broker msg=refused error=\"no playbook \\\"x\\\"\" error_kind=not_found "
        "error_place=flow.yaml:3:7\n"
        "time=T level=error part=broker msg=refused error=\"no playbook \\\"x\\\"\" error_kind=not_found "
        "error_place=flow.yaml:3:7 error_hint=\"Register it.\"\n"
        "time=T level=info part=broker msg=done\n",
        text);
}

static void json_has_the_same_members(void **state)
{
    (void)state;
    char text[4096];
    log_setup("worker", LOG_WARN, true);
    capture(write_samples, text, sizeof(text));
    hide_times(text);
    assert_string_equal(
        "{\"time\":\"T\",\"level\":\"warn\",\"part\":\"worker\",\"msg\":\"odd\",\"plain\":\"a/"
        "b-c.d:1\",\"empty\":\"\","
        "\"spaced\":\"a b=\\\"c\\\"\\n\"}\n"
        "{\"time\":\"T\",\"level\":\"warn\",\"part\":\"worker\",\"msg\":\"about\",\"child\":"
        "\"9223372036854775807\","
        "\"execution\":\"42\",\"subject\":\"noetl.tasks.default.42.s0v1a1\"}\n"
        "{\"time\":\"T\",\"level\":\"error\",\"part\":\"worker\",\"msg\":\"refused\",\"error\":\"no playbook "
        "\\\"x\\\"\","
        "\"error_kind\":\"not_found\",\"error_place\":\"flow.yaml:3:7\"}\n"
        "{\"time\":\"T\",\"level\":\"error\",\"part\":\"worker\",\"msg\":\"refused\",\"error\":\"no playbook "
        "\\\"x\\\"\","
        "\"error_kind\":\"not_found\",\"error_place\":\"flow.yaml:3:7\",\"error_hint\":\"Register it.\"}\n",
        text);
}

static char huge[100 * 1024];

static void write_huge(void)
{
    memset(huge, 'x', sizeof(huge));
    LOG(LOG_INFO, "large", LOG_STR("text", ((struct str){huge, sizeof(huge)})));
}

static void a_line_that_is_too_long_keeps_its_message(void **state)
{
    (void)state;
    char text[4096];
    log_setup("broker", LOG_INFO, false);
    capture(write_huge, text, sizeof(text));
    hide_times(text);
    assert_string_equal("time=T level=info part=broker msg=large\n", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_quotes_what_needs_it),
        cmocka_unit_test(json_has_the_same_members),
        cmocka_unit_test(a_line_that_is_too_long_keeps_its_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
