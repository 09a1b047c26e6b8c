#include "metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_TEXT = 512 };
#define NS_PER_S INT64_C(1000000000)

struct row {
    const char *name;
    enum metric_kind kind;
    const char *labels, *help;
};
static const struct row TABLE[METRIC_COUNT] = {
#define X(id, name, kind, labels, help) {name, METRIC_KIND_##kind, labels, help},
#include "metrics.def"
#undef X
};

/* Upper bounds of a histogram's buckets, in nanoseconds and as they are written; one more holds the rest. */
static const struct bound {
    int64_t ns;
    const char *text;
} BOUNDS[] = {{1000000, "0.001"},     {2500000, "0.0025"}, {5000000, "0.005"},  {10000000, "0.01"},
              {25000000, "0.025"},    {50000000, "0.05"},  {100000000, "0.1"},  {250000000, "0.25"},
              {500000000, "0.5"},     {1000000000, "1"},   {2500000000, "2.5"}, {5000000000, "5"},
              {10000000000, "10"},    {30000000000, "30"}, {60000000000, "60"}, {300000000000, "300"},
              {1800000000000, "1800"}};
enum { BOUND_COUNT = sizeof(BOUNDS) / sizeof(BOUNDS[0]) };

struct series {
    char *labels;                               /* `pool="default",type="http"`; NULL if none */
    _Atomic int64_t value;                      /* of a histogram: the sum */
    _Atomic uint64_t observed[BOUND_COUNT + 1]; /* of a histogram: in each bucket alone */
};
static struct {
    struct series *series;
    size_t count;
} families[METRIC_COUNT];

const char *metric_name(enum metric m)
{
    return TABLE[m].name;
}

enum metric_kind metric_kind_of(enum metric m)
{
    return TABLE[m].kind;
}

const char *metric_kind_name(enum metric_kind kind)
{
    static const char *const names[] = {"counter", "gauge", "histogram"};
    return names[kind];
}

const char *metric_labels(enum metric m)
{
    return TABLE[m].labels;
}

const char *metric_help(enum metric m)
{
    return TABLE[m].help;
}

/* ---- registering -------------------------------------------------------------------------------------- */

static enum status no_memory(enum metric m, struct error *err)
{
    return error_set(err, STATUS_NO_MEMORY, "no memory for the metric %s", TABLE[m].name);
}

static enum status make_series(enum metric m, size_t count, struct error *err)
{
    families[m].series = calloc(count, sizeof(struct series));
    if (!families[m].series)
        return no_memory(m, err);
    families[m].count = count;
    return STATUS_OK;
}

static bool is_shown_by(enum metric m, struct str part)
{
    struct str rest = str_of(TABLE[m].name);
    if (!str_starts_with(rest, STR("noetl_")))
        return true;
    (void)str_split(&rest, '_');
    struct str owner = str_split(&rest, '_');
    return str_equal(owner, part) || str_is(owner, "nats") || str_is(owner, "build");
}

/* A label's value or a help text, as the format wants it. */
static void add_escaped(struct buf *out, const char *text, bool quoted)
{
    for (; *text; text++) {
        if (*text == '\\' || (quoted && *text == '"'))
            buf_add_char(out, '\\');
        if (*text == '\n')
            buf_add_text(out, "\\n");
        else
            buf_add_char(out, *text);
    }
}

/* The labels of the series at `place`, whose last label changes fastest. */
static char *labels_text(const struct metric_label *labels, size_t count, struct str names, size_t place)
{
    struct buf b;
    size_t below = 1;
    for (size_t i = 1; i < count; i++)
        below *= labels[i].count;
    buf_init(&b, LABELS_TEXT);
    for (size_t i = 0; i < count; i++) {
        struct str name = str_split(&names, ',');
        buf_printf(&b, "%s%" PRISTR "=\"", i ? "," : "", ARGSTR(name));
        add_escaped(&b, labels[i].values[place / below % labels[i].count], true);
        buf_add_char(&b, '"');
        below /= i + 1 < count ? labels[i + 1].count : 1;
    }
    char *text = buf_take(&b, NULL);
    buf_free(&b);
    return text;
}

enum status metrics_label(enum metric m, const struct metric_label *labels, size_t count, struct error *err)
{
    size_t series = 1;
    if (families[m].series)
        return STATUS_OK;
    for (size_t i = 0; i < count; i++)
        series *= labels[i].count;
    TRY(make_series(m, series, err));
    for (size_t i = 0; i < series; i++) {
        families[m].series[i].labels = labels_text(labels, count, str_of(TABLE[m].labels), i);
        if (!families[m].series[i].labels)
            return no_memory(m, err);
    }
    return STATUS_OK;
}

struct metric_label metric_statuses(void)
{
    static const char *const names[] = {
#define X(name, text, retry, exit) text,
#include "core/status.def"
#undef X
    };
    return (struct metric_label){names, STATUS_COUNT};
}

static enum status label_common(struct error *err)
{
    static const char *const version[] = {NOETL_VERSION};
    const struct metric_label statuses = metric_statuses(), versions = {version, 1};
    TRY(metrics_label(METRIC_BUILD, &versions, 1, err));
    metric_set(METRIC_BUILD, 0, 1);
    return metrics_label(METRIC_NATS_REFUSED, &statuses, 1, err);
}

enum status metrics_begin(const char *part, struct error *err)
{
    TRY(label_common(err));
    for (int m = 0; m < METRIC_COUNT; m++) {
        if (!families[m].series && TABLE[m].labels[0] == '\0' && is_shown_by((enum metric)m, str_of(part)))
            TRY(make_series((enum metric)m, 1, err));
    }
    return STATUS_OK;
}

/* ---- counting ----------------------------------------------------------------------------------------- */

static struct series *series_at(enum metric m, size_t place)
{
    return place < families[m].count ? &families[m].series[place] : NULL;
}

void metric_add(enum metric m, size_t place, int64_t n)
{
    struct series *s = series_at(m, place);
    if (s)
        atomic_fetch_add_explicit(&s->value, n, memory_order_relaxed);
}

void metric_set(enum metric m, size_t place, int64_t n)
{
    struct series *s = series_at(m, place);
    if (s)
        atomic_store_explicit(&s->value, n, memory_order_relaxed);
}

void metric_observe(enum metric m, size_t place, int64_t ns)
{
    struct series *s = series_at(m, place);
    size_t bucket = 0;
    while (bucket < BOUND_COUNT && ns > BOUNDS[bucket].ns)
        bucket++;
    if (!s)
        return;
    atomic_fetch_add_explicit(&s->observed[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->value, ns, memory_order_relaxed);
}

static uint64_t observed_up_to(struct series *s, size_t bucket)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= bucket; i++)
        sum += atomic_load_explicit(&s->observed[i], memory_order_relaxed);
    return sum;
}

int64_t metric_value(enum metric m, size_t place)
{
    struct series *s = series_at(m, place);
    if (!s)
        return 0;
    return TABLE[m].kind == METRIC_KIND_HISTOGRAM ? (int64_t)observed_up_to(s, BOUND_COUNT)
                                                  : atomic_load_explicit(&s->value, memory_order_relaxed);
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static void add_value(struct buf *out, enum metric m, int64_t value)
{
    if (!strstr(TABLE[m].name, "_seconds"))
        buf_printf(out, " %" PRId64 "\n", value);
    else
        buf_printf(out, " %" PRId64 ".%09" PRId64 "\n", value / NS_PER_S, value % NS_PER_S);
}

/* "name<suffix>{labels,more}", without what there is none of. */
static void add_name(struct buf *out, enum metric m, const char *suffix, const struct series *s,
                     const char *le)
{
    const char *labels = s->labels ? s->labels : "";
    buf_printf(out, "%s%s", TABLE[m].name, suffix);
    if (s->labels || le)
        buf_printf(out, "{%s%s", labels, s->labels && le ? "," : "");
    if (le)
        buf_printf(out, "le=\"%s\"", le);
    if (s->labels || le)
        buf_add_char(out, '}');
}

/* One reading of the buckets, so that they never shrink towards the right, and the last is the count. */
static void write_histogram(struct buf *out, enum metric m, struct series *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= BOUND_COUNT; i++) {
        sum += atomic_load_explicit(&s->observed[i], memory_order_relaxed);
        add_name(out, m, "_bucket", s, i < BOUND_COUNT ? BOUNDS[i].text : "+Inf");
        buf_printf(out, " %" PRIu64 "\n", sum);
    }
    add_name(out, m, "_sum", s, NULL);
    add_value(out, m, atomic_load_explicit(&s->value, memory_order_relaxed));
    add_name(out, m, "_count", s, NULL);
    buf_printf(out, " %" PRIu64 "\n", sum);
}

static void write_family(struct buf *out, enum metric m)
{
    buf_printf(out, "# HELP %s ", TABLE[m].name);
    add_escaped(out, TABLE[m].help, false);
    buf_printf(out, "\n# TYPE %s %s\n", TABLE[m].name, metric_kind_name(TABLE[m].kind));
    for (size_t i = 0; i < families[m].count; i++) {
        struct series *s = &families[m].series[i];
        if (TABLE[m].kind == METRIC_KIND_HISTOGRAM) {
            write_histogram(out, m, s);
            continue;
        }
        add_name(out, m, "", s, NULL);
        add_value(out, m, atomic_load_explicit(&s->value, memory_order_relaxed));
    }
}

void metrics_write(struct buf *out)
{
    for (int m = 0; m < METRIC_COUNT; m++) {
        if (families[m].count)
            write_family(out, (enum metric)m);
    }
}
