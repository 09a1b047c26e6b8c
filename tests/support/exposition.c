#include "exposition.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* The family that is being read. */
struct family {
    char name[128], kind[16];
    size_t samples;   /* how many so far */
    char series[256]; /* of a histogram: the labels without `le` of the series that is being read */
    double bound, below, sum_seen; /* its newest bucket; sum_seen: _sum has come */
    int is_open;                   /* buckets have come, and no _count yet */
};

struct reading {
    struct exposition *e;
    struct family f;
    char names[256][128]; /* of all families so far */
    size_t name_count;
    const char *line; /* for messages */
};

static void wrong(const struct reading *r, const char *why)
{
    fail_msg("%s: %.*s", why, (int)strcspn(r->line, "\n"), r->line);
}

/* The length of a name at the front of `s`; 0 if there is none. */
static size_t name_length(const char *s, int colons)
{
    size_t n = 0;
    if (!isalpha((unsigned char)s[0]) && s[0] != '_' && !(colons && s[0] == ':'))
        return 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_' || (colons && s[n] == ':'))
        n++;
    return n;
}

static void copy(const struct reading *r, char *out, size_t size, const char *s, size_t n)
{
    if (n >= size)
        wrong(r, "too long for this test");
    memcpy(out, s, n);
    out[n] = '\0';
}

static int ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* ---- comments ----------------------------------------------------------------------------------------- */

static void end_family(const struct reading *r)
{
    if (r->f.name[0] && r->f.samples == 0)
        wrong(r, "the family before this has no sample");
    if (r->f.is_open)
        wrong(r, "the histogram before this has no _count");
}

static void read_help(struct reading *r, const char *rest)
{
    size_t n = name_length(rest, 1);
    if (n == 0 || rest[n] != ' ' || rest[n + 1] == '\n')
        wrong(r, "no HELP with a name and a text");
    end_family(r);
    r->f = (struct family){0};
    copy(r, r->f.name, sizeof(r->f.name), rest, n);
    for (size_t i = 0; i < r->name_count; i++) {
        if (strcmp(r->names[i], r->f.name) == 0)
            wrong(r, "this family comes twice");
    }
    assert_true(r->name_count < 256);
    memcpy(r->names[r->name_count++], r->f.name, sizeof(r->f.name));
    for (const char *c = rest + n; *c != '\n'; c++) {
        if (*c == '\\' && *++c != '\\' && *c != 'n')
            wrong(r, "a HELP with an escape that is none");
    }
}

static void read_type(struct reading *r, const char *rest)
{
    size_t n = name_length(rest, 1), m = strcspn(rest + n + 1, "\n");
    if (n != strlen(r->f.name) || strncmp(rest, r->f.name, n) != 0 || r->f.kind[0] || rest[n] != ' ')
        wrong(r, "a TYPE that does not follow the HELP of its family");
    copy(r, r->f.kind, sizeof(r->f.kind), rest + n + 1, m);
    int is_counter = strcmp(r->f.kind, "counter") == 0;
    if (!is_counter && strcmp(r->f.kind, "gauge") != 0 && strcmp(r->f.kind, "histogram") != 0)
        wrong(r, "an unknown type");
    if (is_counter != ends_with(r->f.name, "_total"))
        wrong(r, "counters, and only they, end in _total");
}

/* ---- samples ------------------------------------------------------------------------------------------ */

static void check_label(const struct reading *r, const char *name, size_t name_len, const char *value,
                        size_t value_len)
{
    size_t digits = 0;
    for (size_t i = 0; i < value_len; i++)
        digits += isdigit((unsigned char)value[i]) != 0;
    if (digits >= 8 || (name_len >= 2 && strncmp(name + name_len - 2, "id", 2) == 0))
        wrong(r, "a label that is, or looks like, an id");
    if (value_len == 0)
        wrong(r, "a label without a value");
}

/* The labels in braces at `s`; behind them. */
static const char *read_labels(const struct reading *r, const char *s, struct exposition_sample *out)
{
    const char *begin = ++s;
    for (;;) {
        size_t n = name_length(s, 0);
        if (n == 0 || s[n] != '=' || s[n + 1] != '"')
            wrong(r, "a label that is not name=\"value\"");
        const char *value = s + n + 2, *c = value;
        for (; *c != '"'; c++) {
            if (*c == '\n' || (*c == '\\' && *++c != '\\' && *c != '"' && *c != 'n'))
                wrong(r, "a label's value with an end of line, or an escape that is none");
        }
        check_label(r, s, n, value, (size_t)(c - value));
        s = c + 1;
        if (*s == '}')
            break;
        if (*s++ != ',')
            wrong(r, "labels without a comma between them");
    }
    copy(r, out->labels, sizeof(out->labels), begin, (size_t)(s - begin));
    return s + 1;
}

/* Takes `le` out of a bucket's labels; its bound. */
static double take_bound(const struct reading *r, char *labels)
{
    char *le = strstr(labels, "le=\"");
    char *end = NULL;
    if (!le || (le != labels && le[-1] != ',')) {
        wrong(r, "a bucket without le");
        return 0;
    }
    double bound = strcmp(le, "le=\"+Inf\"") == 0 ? HUGE_VAL : strtod(le + 4, &end);
    if (end && strcmp(end, "\"") != 0)
        wrong(r, "a bound that is no number, or not the last label");
    *(le == labels ? le : le - 1) = '\0';
    return bound;
}

static void see_bucket(struct reading *r, const struct exposition_sample *s)
{
    char series[256];
    snprintf(series, sizeof(series), "%s", s->labels);
    double bound = take_bound(r, series);
    if (!r->f.is_open)
        r->f.bound = r->f.below = -1;
    else if (strcmp(series, r->f.series) != 0)
        wrong(r, "a bucket of another series than the ones before");
    if (bound <= r->f.bound || s->value < r->f.below)
        wrong(r, "buckets that do not grow");
    memcpy(r->f.series, series, sizeof(series));
    r->f.is_open = 1;
    r->f.sum_seen = 0;
    r->f.bound = bound;
    r->f.below = s->value;
}

static void see_histogram(struct reading *r, const struct exposition_sample *s)
{
    const char *suffix = s->name + strlen(r->f.name);
    if (strcmp(suffix, "_bucket") == 0) {
        see_bucket(r, s);
        return;
    }
    if (!r->f.is_open || strcmp(s->labels, r->f.series) != 0 || r->f.bound != HUGE_VAL)
        wrong(r, "a sum or count without its buckets up to +Inf before it");
    if (strcmp(suffix, "_sum") == 0) {
        r->f.sum_seen = 1;
    } else if (strcmp(suffix, "_count") == 0 && r->f.sum_seen != 0) {
        if (s->value != r->f.below)
            wrong(r, "a count that is not the bucket +Inf");
        r->f.is_open = 0;
    } else {
        wrong(r, "not a histogram's bucket, sum or count, in this order");
    }
}

static void see_sample(struct reading *r, const struct exposition_sample *s)
{
    if (r->f.kind[0] == '\0' || strncmp(s->name, r->f.name, strlen(r->f.name)) != 0)
        wrong(r, "a sample without HELP and TYPE of its family before it");
    if (strcmp(r->f.kind, "histogram") == 0)
        see_histogram(r, s);
    else if (strcmp(s->name, r->f.name) != 0)
        wrong(r, "a sample of another name than its family");
    if (strcmp(r->f.kind, "counter") == 0 && s->value < 0)
        wrong(r, "a counter below zero");
    for (size_t i = 0; i < r->e->count; i++) {
        const struct exposition_sample *other = &r->e->samples[i];
        if (strcmp(other->name, s->name) == 0 && strcmp(other->labels, s->labels) == 0)
            wrong(r, "this series comes twice");
    }
    r->f.samples++;
}

static void read_sample(struct reading *r, const char *line)
{
    struct exposition_sample s = {0};
    size_t n = name_length(line, 1);
    char *end;
    if (n == 0)
        wrong(r, "neither a comment nor a sample");
    copy(r, s.name, sizeof(s.name), line, n);
    const char *rest = line[n] == '{' ? read_labels(r, line + n, &s) : line + n;
    if (*rest != ' ' || isspace((unsigned char)rest[1]))
        wrong(r, "a sample without one space before its value");
    s.value = strtod(rest + 1, &end);
    if (end == rest + 1 || *end != '\n')
        wrong(r, "a value that is no number, or something behind it");
    see_sample(r, &s);
    if (r->e->count == EXPOSITION_SAMPLES)
        wrong(r, "more samples than this test takes");
    r->e->samples[r->e->count++] = s;
}

void exposition_read(struct exposition *e, const char *text)
{
    struct reading *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    e->count = 0;
    r->e = e;
    if (!ends_with(text, "\n"))
        fail_msg("the text does not end with an end of line");
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        r->line = line;
        if (strncmp(line, "# HELP ", 7) == 0)
            read_help(r, line + 7);
        else if (strncmp(line, "# TYPE ", 7) == 0)
            read_type(r, line + 7);
        else
            read_sample(r, line);
    }
    end_family(r);
    free(r);
}

/* ---- looking ------------------------------------------------------------------------------------------ */

double exposition_value(const struct exposition *e, const char *name, const char *labels)
{
    for (size_t i = 0; i < e->count; i++) {
        if (strcmp(e->samples[i].name, name) == 0 && strcmp(e->samples[i].labels, labels) == 0)
            return e->samples[i].value;
    }
    fail_msg("there is no %s{%s}", name, labels);
    return 0;
}

int exposition_has(const struct exposition *e, const char *name)
{
    for (size_t i = 0; i < e->count; i++) {
        if (strcmp(e->samples[i].name, name) == 0)
            return 1;
    }
    return 0;
}
