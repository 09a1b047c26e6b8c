/*
 * A strict reader of the text format 0.0.4 of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/): what is not exactly of that form fails the
 * test. So do: a family without HELP and TYPE, families or series that come twice, a counter that does not
 * end in _total, buckets that are not cumulative, and labels whose values look like ids.
 */
#ifndef TESTS_EXPOSITION_H
#define TESTS_EXPOSITION_H

#include <stddef.h>

enum { EXPOSITION_SAMPLES = 4096 };

struct exposition_sample {
    char name[128];
    char labels[256]; /* as they stand there, without braces: `pool="default",type="http"` */
    double value;
};
struct exposition {
    struct exposition_sample samples[EXPOSITION_SAMPLES];
    size_t count;
};

void exposition_read(struct exposition *e, const char *text);
/* Of the series with these labels ("" for none); the test fails when there is none. */
double exposition_value(const struct exposition *e, const char *name, const char *labels);
/* Whether there is any sample of that name. */
int exposition_has(const struct exposition *e, const char *name);

#endif
