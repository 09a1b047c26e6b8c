/* The registry of metrics, how it is written, its documentation; and pulses. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/arena.h"
#include "exposition.h"
#include "runtime/clock.h"
#include "runtime/metrics.h"
#include "runtime/pulse.h"

static struct exposition page;

static void read_page(void)
{
    struct buf b;
    struct error err;
    buf_init(&b, 0);
    metrics_write(&b);
    assert_ok(buf_status(&b, &err), &err);
    exposition_read(&page, b.data);
    buf_free(&b);
}

static int begin(void **state)
{
    (void)state;
    static const char *const pools[] = {"default", "a\"b\\c\nd"}, *const types[] = {"http", "noop", "shell"},
                             *const ends[] = {"good", "bad"};
    const struct metric_label labels[] = {{pools, 2}, {types, 3}, {ends, 2}};
    struct error err;
    assert_ok(metrics_begin("worker", &err), &err);
    assert_ok(metrics_label(METRIC_WORKER_TASKS, labels, 3, &err), &err);
    assert_ok(metrics_label(METRIC_WORKER_DURATION, labels, 2, &err), &err);
    return 0;
}

static void a_daemon_shows_its_own_metrics_and_those_of_all(void **state)
{
    (void)state;
    read_page();
    assert_true(exposition_has(&page, "noetl_nats_publishes_open"));
    assert_true(exposition_has(&page, "process_open_fds"));
    assert_true(exposition_has(&page, "noetl_worker_tasks_total"));
    assert_false(exposition_has(&page, "noetl_broker_backlog_rows"));
    assert_true(exposition_value(&page, "noetl_nats_publishes_refused_total", "reason=\"limit\"") == 0);
}

static void a_series_is_found_by_the_places_of_its_labels(void **state)
{
    (void)state;
    for (size_t pool = 0; pool < 2; pool++)
        for (size_t type = 0; type < 3; type++)
            for (size_t end = 0; end < 2; end++)
                metric_add(METRIC_WORKER_TASKS, metric_place(metric_place(pool, 3, type), 2, end),
                           (int64_t)(100 * pool + 10 * type + end));
    read_page();
    static const char *const pools[] = {"default", "a\\\"b\\\\c\\nd"},
                             *const types[] = {"http", "noop", "shell"}, *const ends[] = {"good", "bad"};
    for (int i = 0; i < 12; i++) {
        char labels[128];
        snprintf(labels, sizeof(labels), "pool=\"%s\",type=\"%s\",outcome=\"%s\"", pools[i / 6],
                 types[i / 2 % 3], ends[i % 2]);
        int expected = 100 * (i / 6) + 10 * (i / 2 % 3) + i % 2;
        assert_true(exposition_value(&page, "noetl_worker_tasks_total", labels) == expected);
    }
}

static void what_was_not_registered_counts_nothing(void **state)
{
    (void)state;
    metric_add(METRIC_BROKER_BACKLOG, 0, 7);
    metric_add(METRIC_WORKER_TASKS, 12, 7);
    metric_observe(METRIC_WORKER_DURATION, 6, 7);
    assert_int_equal(metric_value(METRIC_BROKER_BACKLOG, 0), 0);
    assert_int_equal(metric_value(METRIC_WORKER_TASKS, 12), 0);
    assert_int_equal(metric_value(METRIC_WORKER_DURATION, 6), 0);
}

/* A duration that is exactly a bound is in its bucket. */
static void durations_are_in_the_bucket_that_they_fit_into(void **state)
{
    (void)state;
    static const int64_t ns[] = {0, 1000000, 1000001, 70000000, INT64_C(4000000000000)};
    for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++)
        metric_observe(METRIC_WORKER_DURATION, 0, ns[i]);
    read_page();
#define OF "pool=\"default\",type=\"http\""
    static const struct {
        const char *labels;
        double count;
    } buckets[] = {{OF ",le=\"0.001\"", 2}, {OF ",le=\"0.0025\"", 3}, {OF ",le=\"0.05\"", 3},
                   {OF ",le=\"0.1\"", 4},   {OF ",le=\"1800\"", 4},   {OF ",le=\"+Inf\"", 5}};
    for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++)
        assert_true(exposition_value(&page, "noetl_worker_task_duration_seconds_bucket", buckets[i].labels) ==
                    buckets[i].count);
    assert_true(exposition_value(&page, "noetl_worker_task_duration_seconds_count", OF) == 5);
    assert_true(exposition_value(&page, "noetl_worker_task_duration_seconds_sum", OF) == 4000.072000001);
    assert_int_equal(metric_value(METRIC_WORKER_DURATION, 0), 5);
}

static void gauges_go_up_and_down_and_seconds_have_nine_places(void **state)
{
    (void)state;
    metric_set(METRIC_NATS_OPEN, 0, 5);
    metric_add(METRIC_NATS_OPEN, 0, -7);
    metric_set(METRIC_PROCESS_CPU, 0, 12000000034);
    read_page();
    assert_true(exposition_value(&page, "noetl_nats_publishes_open", "") == -2);
    assert_true(exposition_value(&page, "process_cpu_seconds_total", "") == 12.000000034);
}

/* ---- documentation ------------------------------------------------------------------------------------ */

static const char BEGIN[] = "<!-- metrics.def -->\n", END[] = "<!-- end -->\n";

static void add_table(struct buf *b)
{
    buf_add_text(b, "| name | kind | labels | what it is |\n|---|---|---|---|\n");
    for (int m = 0; m < METRIC_COUNT; m++)
        buf_printf(b, "| `%s` | %s | %s | %s |\n", metric_name((enum metric)m),
                   metric_kind_name(metric_kind_of((enum metric)m)), metric_labels((enum metric)m),
                   metric_help((enum metric)m));
}

static void load_documentation(struct buf *file)
{
    char path[1024];
    buf_init(file, 0);
    snprintf(path, sizeof(path), "%s/docs/METRICS.md", getenv("NOETL_SOURCE_DIR"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (int c; (c = getc(f)) != EOF;)
        buf_add_char(file, (char)c);
    fclose(f);
}

static void the_documentation_has_exactly_the_metrics_of_the_table(void **state)
{
    (void)state;
    char path[1024];
    struct buf file, expected;
    load_documentation(&file);
    buf_init(&expected, 0);
    const char *begin_mark = strstr(file.data, BEGIN), *end_mark = strstr(file.data, END);
    assert_true(begin_mark && end_mark);
    buf_printf(&expected, "%.*s%s", (int)(begin_mark - file.data), file.data, BEGIN);
    add_table(&expected);
    buf_add_text(&expected, end_mark);
    if (getenv("NOETL_UPDATE_EXPECTED")) {
        snprintf(path, sizeof(path), "%s/docs/METRICS.md", getenv("NOETL_SOURCE_DIR"));
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fwrite(expected.data, 1, expected.len, f);
        fclose(f);
    } else {
        assert_string_equal(file.data, expected.data);
    }
    buf_free(&file);
    buf_free(&expected);
}

/* In the file from `text` on: the name of a metric, perhaps with what a histogram adds to it. */
static bool is_metric(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    for (int m = 0; m < METRIC_COUNT; m++) {
        const char *name = metric_name((enum metric)m);
        size_t n = strlen(name);
        bool is_name = len == n || (len == n + 7 && strncmp(text + n, "_bucket", 7) == 0);
        if (is_name && strncmp(text, name, n) == 0)
            return true;
    }
    return false;
}

/* Alerts on what is not there never ring. */
static void every_metric_that_the_documentation_names_is_there(void **state)
{
    (void)state;
    struct buf file;
    size_t count = 0;
    load_documentation(&file);
    for (const char *at = strstr(file.data, "noetl_"); at; at = strstr(at + 1, "noetl_")) {
        if (!is_metric(at))
            fail_msg("docs/METRICS.md names a metric that is not there: %.60s", at);
        count++;
    }
    assert_true(count > METRIC_COUNT);
    buf_free(&file);
}

/* ---- pulses ------------------------------------------------------------------------------------------- */

static void a_thread_is_stuck_when_its_round_lasts_too_long(void **state)
{
    (void)state;
    const int64_t later_ns = mono_now().ns + INT64_C(100) * 1000000000;
    pulse_work(); /* without a pulse: nothing */
    assert_null(pulse_find_stuck(later_ns, 60000));
    pulse_begin("tester");
    assert_null(pulse_find_stuck(later_ns, 60000));
    pulse_work();
    assert_string_equal(pulse_find_stuck(later_ns, 60000), "tester");
    assert_null(pulse_find_stuck(later_ns, 200000));
    pulse_rest();
    assert_null(pulse_find_stuck(later_ns, 60000));
    pulse_work();
    pulse_end();
    assert_null(pulse_find_stuck(later_ns, 60000));
}

static void how_long_a_round_may_last_is_a_number_or_as_it_was(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0", "-5", "soon", "1500ms", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("NOETL_TEST_PULSE_MS", bad[i], 1);
        assert_int_equal(pulse_most_ms(), 60000);
    }
    setenv("NOETL_TEST_PULSE_MS", "1500", 1);
    assert_int_equal(pulse_most_ms(), 1500);
    unsetenv("NOETL_TEST_PULSE_MS");
    assert_int_equal(pulse_most_ms(), 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_shows_its_own_metrics_and_those_of_all),
        cmocka_unit_test(a_series_is_found_by_the_places_of_its_labels),
        cmocka_unit_test(what_was_not_registered_counts_nothing),
        cmocka_unit_test(durations_are_in_the_bucket_that_they_fit_into),
        cmocka_unit_test(gauges_go_up_and_down_and_seconds_have_nine_places),
        cmocka_unit_test(the_documentation_has_exactly_the_metrics_of_the_table),
        cmocka_unit_test(every_metric_that_the_documentation_names_is_there),
        cmocka_unit_test(a_thread_is_stuck_when_its_round_lasts_too_long),
        cmocka_unit_test(how_long_a_round_may_last_is_a_number_or_as_it_was),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
