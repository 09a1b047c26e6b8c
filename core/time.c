/* Times of the calendar as text, without the C library's idea of time zones. Declared in event.h. */
#include <inttypes.h>
#include <stdio.h>

#include "event.h"

enum { DAY_S = 24 * 60 * 60 };
#define SECOND_NS INT64_C(1000000000)

struct date {
    int64_t year;
    unsigned month, day;
};

/* http://howardhinnant.github.io/date_algorithms.html: years begin in March, eras have 400 of them. */
static struct date date_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * day_of_year + 2) / 153; /* 0 is March */
    struct date d = {(int64_t)year + era * 400, month < 10 ? month + 3 : month - 9, 0};
    d.day = day_of_year - (153 * month + 2) / 5 + 1;
    d.year += d.month <= 2;
    return d;
}

static int64_t days_from_date(struct date d)
{
    d.year -= d.month <= 2;
    int64_t era = (d.year >= 0 ? d.year : d.year - 399) / 400;
    unsigned year = (unsigned)(d.year - era * 400);
    unsigned day_of_year = (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;
    unsigned day_of_era = year * 365 + year / 4 - year / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Division that rounds down, so that times before 1970 work too. */
static int64_t floor_divide(int64_t *n, int64_t by)
{
    int64_t quotient = *n / by, rest = *n % by;
    if (rest < 0) {
        quotient--;
        rest += by;
    }
    *n = rest;
    return quotient;
}

void time_format(int64_t time_ns, char out[32])
{
    int64_t ns = time_ns;
    int64_t s = floor_divide(&ns, SECOND_NS);
    struct date d = date_from_days(floor_divide(&s, DAY_S));
    snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ", (unsigned)d.year % 10000, d.month % 100,
             d.day % 100, (unsigned)(s / 3600) % 100, (unsigned)(s / 60 % 60), (unsigned)(s % 60),
             (unsigned)ns % 1000000000);
}

/* Exactly `count` digits at the front of *text. */
static bool take_digits(struct str *text, size_t count, unsigned *out)
{
    unsigned n = 0;
    if (text->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9')
            return false;
        n = n * 10 + (unsigned)(text->ptr[i] - '0');
    }
    *text = (struct str){text->ptr + count, text->len - count};
    *out = n;
    return true;
}

static bool take_one_of(struct str *text, const char *allowed)
{
    if (text->len == 0 || text->ptr[0] == '\0' || strchr(allowed, text->ptr[0]) == NULL)
        return false;
    *text = (struct str){text->ptr + 1, text->len - 1};
    return true;
}

/* Up to nine digits behind a point; what is below a nanosecond is dropped. */
static bool take_fraction(struct str *text, int64_t *ns)
{
    unsigned digit;
    int64_t unit = SECOND_NS / 10;
    *ns = 0;
    if (!take_one_of(text, "."))
        return true;
    if (!take_digits(text, 1, &digit))
        return false;
    do {
        *ns += digit * unit;
        unit /= 10;
    } while (take_digits(text, 1, &digit));
    return true;
}

static bool take_offset(struct str *text, int64_t *seconds)
{
    unsigned hours, minutes;
    *seconds = 0;
    if (take_one_of(text, "Zz"))
        return true;
    bool west = text->len != 0 && text->ptr[0] == '-';
    if (!take_one_of(text, "+-") || !take_digits(text, 2, &hours) || !take_one_of(text, ":") ||
        !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *seconds = ((int64_t)hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

static bool take_date(struct str *text, int64_t *days)
{
    unsigned year, month, day;
    if (!take_digits(text, 4, &year) || !take_one_of(text, "-") || !take_digits(text, 2, &month) ||
        !take_one_of(text, "-") || !take_digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *days = days_from_date((struct date){year, month, day});
    return true;
}

static bool take_time(struct str *text, int64_t *seconds, int64_t *ns)
{
    unsigned hour, minute, second;
    if (!take_digits(text, 2, &hour) || !take_one_of(text, ":") || !take_digits(text, 2, &minute) ||
        !take_one_of(text, ":") || !take_digits(text, 2, &second) || !take_fraction(text, ns))
        return false;
    *seconds = ((int64_t)hour * 60 + minute) * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 60; /* 60: a leap second */
}

enum status time_parse(struct str text, int64_t *time_ns, struct error *err)
{
    struct str rest = text;
    int64_t days, seconds, ns, offset, total;
    if (!take_date(&rest, &days) || !take_one_of(&rest, "Tt ") || !take_time(&rest, &seconds, &ns) ||
        !take_offset(&rest, &offset) || rest.len != 0)
        return error_set(err, STATUS_INVALID,
                         "\"%" PRISTR "\" is no time: it has to be like 2026-01-02T03:04:05.678Z",
                         ARGSTR(str_head(text, 60)));
    seconds += days * DAY_S - offset;
    if (__builtin_mul_overflow(seconds, SECOND_NS, &total) || __builtin_add_overflow(total, ns, &total))
        return error_set(err, STATUS_INVALID, "the time %" PRISTR " is not between the years 1678 and 2262",
                         ARGSTR(str_head(text, 60)));
    *time_ns = total;
    return STATUS_OK;
}
