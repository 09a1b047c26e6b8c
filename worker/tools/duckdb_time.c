#include "duckdb_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DAY_SECONDS = 86400, MICROS = 1000000 };

struct date {
    int64_t year; /* 0 is 1 BC */
    unsigned month, day;
};

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days. */
static struct date date_of(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153;
    struct date d = {.day = of_year - (153 * month + 2) / 5 + 1, .month = month < 10 ? month + 3 : month - 9};
    d.year = (int64_t)year + era * 400 + (d.month <= 2);
    return d;
}

static const char *add_date(int64_t days, char *out, size_t size)
{
    struct date d = date_of(days);
    snprintf(out, size, "%04" PRId64 "-%02u-%02u", d.year > 0 ? d.year : 1 - d.year, d.month, d.day);
    return d.year > 0 ? "" : " BC";
}

void duckdb_date_text(int32_t days, char out[DUCKDB_TIME_TEXT])
{
    if (days == INT32_MAX || days == -INT32_MAX) {
        snprintf(out, DUCKDB_TIME_TEXT, days > 0 ? "infinity" : "-infinity");
        return;
    }
    const char *era = add_date(days, out, DUCKDB_TIME_TEXT);
    strncat(out, era, DUCKDB_TIME_TEXT - strlen(out) - 1);
}

/* The fraction without the zeros at its end, and without a point if it is none. */
static void add_fraction(int64_t fraction, int64_t units, char *out)
{
    char *end = out;
    if (fraction > 0)
        *end++ = '.';
    for (; fraction > 0; fraction %= units) {
        units /= 10;
        *end++ = (char)('0' + fraction / units);
    }
    *end = '\0';
}

void duckdb_time_text(int64_t time, int64_t units, char out[DUCKDB_TIME_TEXT])
{
    int64_t seconds = time / units;
    int len = snprintf(out, DUCKDB_TIME_TEXT, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600,
                       seconds / 60 % 60, seconds % 60);
    add_fraction(time % units, units, out + len);
}

void duckdb_timestamp_text(int64_t time, int64_t units, const char *zone, char out[DUCKDB_TIME_TEXT])
{
    int64_t in_day = time % (units * DAY_SECONDS), days = time / (units * DAY_SECONDS);
    char clock[DUCKDB_TIME_TEXT], date[32];
    if (time == INT64_MAX || time == -INT64_MAX) {
        snprintf(out, DUCKDB_TIME_TEXT, time > 0 ? "infinity" : "-infinity");
        return;
    }
    if (in_day < 0) {
        in_day += units * DAY_SECONDS;
        days--;
    }
    const char *era = add_date(days, date, sizeof(date));
    duckdb_time_text(in_day, units, clock);
    snprintf(out, DUCKDB_TIME_TEXT, "%sT%.32s%s%s", date, clock, zone, era);
}

static size_t add_count(char *out, size_t len, int32_t count, const char *unit)
{
    if (count == 0)
        return len;
    int n = snprintf(out + len, DUCKDB_TIME_TEXT - len, "%s%" PRId32 " %s%s", len ? " " : "", count, unit,
                     count == 1 || count == -1 ? "" : "s");
    return len + (size_t)n;
}

void duckdb_interval_text(const struct duckdb_interval *i, char out[DUCKDB_TIME_TEXT])
{
    char clock[DUCKDB_TIME_TEXT];
    size_t len = add_count(out, 0, i->months / 12, "year");
    len = add_count(out, len, i->months % 12, "mon");
    len = add_count(out, len, i->days, "day");
    if (i->micros == 0 && len > 0)
        return;
    bool is_negative = i->micros < 0;
    duckdb_time_text(is_negative ? -i->micros : i->micros, MICROS, clock);
    snprintf(out + len, DUCKDB_TIME_TEXT - len, "%s%s%.32s", len ? " " : "", is_negative ? "-" : "", clock);
}
