/* The functions that every template has, in the order of their names. What is not a function of the template
 * comes from the inputs: the time of now(), the seed of uuid(). */
#include <stdio.h>

#include "core/digest.h"
#include "number.h"
#include "methods.h"
#include "tables.h"
#include "thing.h"

/* ---- range -------------------------------------------------------------------------------------- */

static enum status range_argument(struct vm *vm, struct value v, struct value *out)
{
    if (is_undefined(v))
        return undefined_fail(vm, v);
    if (!number_is_int(v))
        return vm_fail(vm, "'%s' object cannot be interpreted as an integer", type_name(v));
    *out = number_of_bool(v);
    return STATUS_OK;
}

static enum status range_length(struct vm *vm, struct thing_range *r)
{
    struct value distance, length, zero = value_int(0);
    bool empty;
    bool down = number_sign(r->step) < 0;
    TRY(op_compare(vm, down ? COMPARE_LE : COMPARE_GE, r->start, r->stop, &empty));
    r->len = 0;
    if (empty)
        return STATUS_OK;
    /* ceil(distance / step) = -((start - stop) // step) */
    TRY(op_binary(vm, OPCODE_SUB, r->start, r->stop, &distance));
    TRY(op_binary(vm, OPCODE_FLOORDIV, distance, r->step, &length));
    TRY(op_binary(vm, OPCODE_SUB, zero, length, &length));
    int64_t count;
    r->len = number_to_int64(length, &count) ? (uint64_t)count : UINT64_MAX / 2;
    return STATUS_OK;
}

static BUILTIN(global_range)
{
    struct thing_range r = {.kind = THING_RANGE, .start = value_int(0), .step = value_int(1)};
    (void)argv;
    if (all->named_count)
        return vm_fail(vm, "range() takes no keyword arguments");
    if (all->count < 1)
        return vm_fail(vm, "range expected at least 1 argument, got 0");
    if (all->count > 3)
        return vm_fail(vm, "range expected at most 3 arguments, got %u", all->count);
    if (all->count > 1)
        TRY(range_argument(vm, all->values[0], &r.start));
    TRY(range_argument(vm, all->values[all->count > 1], &r.stop));
    if (all->count > 2)
        TRY(range_argument(vm, all->values[2], &r.step));
    if (number_sign(r.step) == 0)
        return vm_fail(vm, "range() arg 3 must not be zero");
    TRY(range_length(vm, &r));
    struct thing_range *range = (struct thing_range *)vm_alloc(vm, sizeof *range);
    if (!range)
        return vm_no_memory(vm, "a range");
    *range = r;
    *out = thing_value(range);
    return STATUS_OK;
}

/* ---- dict and namespace ------------------------------------------------------------------------- */

static enum status put_pair(struct vm *vm, struct thing_map *m, struct value pair, uint32_t number)
{
    const struct value *items;
    uint32_t count;
    if (!iter_can(pair))
        return vm_fail(vm, "cannot convert dictionary update sequence element #%u to a sequence", number);
    TRY(iter_all(vm, pair, &items, &count));
    if (count != 2)
        return vm_fail(vm, "dictionary update sequence element #%u has length %u; 2 is required", number,
                       count);
    TRY(op_hashable(vm, items[0]));
    return thing_map_put(vm, m, items[0], items[1]);
}

enum status map_update(struct vm *vm, struct thing_map *m, struct value from)
{
    struct iterator it;
    bool more;
    from = thing_view(from);
    if (from.type == VALUE_MAP) {
        for (uint32_t i = 0; i < from.len; i++) {
            TRY(vm_tick(vm, 1));
            TRY(thing_map_put(vm, m, from.u.map->entries[i].key, from.u.map->entries[i].value));
        }
        return STATUS_OK;
    }
    if (is_undefined(from))
        return undefined_fail(vm, from);
    TRY(iter_begin(vm, &it, from));
    for (uint32_t i = 0;; i++) {
        struct value pair;
        TRY(iter_next(vm, &it, &pair, &more));
        if (!more)
            return STATUS_OK;
        TRY(put_pair(vm, m, pair, i));
    }
}

enum status map_update_named(struct vm *vm, struct thing_map *m, const struct arguments *all)
{
    for (uint32_t i = 0; i < all->named_count; i++)
        TRY(thing_map_put(vm, m, all->names[i], all->named[i]));
    return STATUS_OK;
}

/* NULL: the error is the vm's. */
static struct thing_map *build(struct vm *vm, enum thing_kind kind, const char *name,
                               const struct arguments *all)
{
    struct thing_map *m = NULL;
    if (all->count > 1) {
        vm_fail(vm, "%s expected at most 1 argument, got %u", name, all->count);
        return NULL;
    }
    if (thing_map_new(vm, kind, &m) != STATUS_OK ||
        (all->count == 1 && map_update(vm, m, all->values[0]) != STATUS_OK) ||
        map_update_named(vm, m, all) != STATUS_OK)
        return NULL;
    return m;
}

static BUILTIN(global_dict)
{
    struct thing_map *m = build(vm, THING_MAP, "dict", all);
    (void)argv;
    if (!m)
        return vm->err->status;
    *out = vm->mutates ? thing_value(m) : thing_map_as_value(m);
    return STATUS_OK;
}

static BUILTIN(global_namespace)
{
    struct thing_map *m = build(vm, THING_NAMESPACE, "namespace", all);
    (void)argv;
    if (!m)
        return vm->err->status;
    *out = thing_value(m);
    return STATUS_OK;
}

/* ---- cycler and joiner -------------------------------------------------------------------------- */

static BUILTIN(global_cycler)
{
    struct thing_cycler *c = (struct thing_cycler *)vm_alloc(vm, sizeof *c);
    struct value *items = (struct value *)vm_alloc(vm, all->count * sizeof *items);
    (void)argv;
    if (all->count == 0)
        return vm_fail(vm, "at least one item has to be provided");
    if (!c || !items)
        return vm_no_memory(vm, "a cycler");
    memcpy(items, all->values, all->count * sizeof *items);
    *c = (struct thing_cycler){THING_CYCLER, items, all->count, 0};
    *out = thing_value(c);
    return STATUS_OK;
}

static BUILTIN(global_joiner)
{
    struct thing_joiner *j = (struct thing_joiner *)vm_alloc(vm, sizeof *j);
    (void)all;
    if (!j)
        return vm_no_memory(vm, "a joiner");
    *j = (struct thing_joiner){THING_JOINER, false, is_given(argv[0]) ? argv[0] : value_text(", ")};
    *out = thing_value(j);
    return STATUS_OK;
}

/* ---- now and uuid ------------------------------------------------------------------------------- */

struct civil {
    int64_t year, epoch; /* epoch: seconds since 1970 */
    int microsecond;
    int month, day, hour, minute, second, weekday, yearday; /* weekday: 0 is Sunday; yearday from 1 */
};

static int64_t floor_divide(int64_t n, int64_t by)
{
    return n / by - (n % by < 0);
}

/* Howard Hinnant, chrono-compatible low-level date algorithms: civil_from_days. */
static struct civil civil_of(int64_t ns)
{
    int64_t seconds = floor_divide(ns, 1000000000), days = floor_divide(seconds, 86400);
    int64_t rest = seconds - days * 86400;
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    int64_t year = yoe + era * 400 + (month <= 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int yearday = (int)(month > 2 ? doy + 60 + leap : doy - 305);
    return (struct civil){year,
                          seconds,
                          (int)((ns - seconds * 1000000000) / 1000),
                          month,
                          (int)(doy - (153 * mp + 2) / 5 + 1),
                          (int)(rest / 3600),
                          (int)(rest / 60 % 60),
                          (int)(rest % 60),
                          (int)(((days + 4) % 7 + 7) % 7),
                          yearday};
}

static const char *const DAYS[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

/* One directive of strftime(), in the C locale and UTC; false if it is unknown. */
static bool write_directive(struct writer *w, const struct civil *t, char directive)
{
    char text[40] = "";
    switch (directive) {
    case 'Y': snprintf(text, sizeof text, "%04lld", (long long)t->year); break;
    case 'm': snprintf(text, sizeof text, "%02d", t->month); break;
    case 'd': snprintf(text, sizeof text, "%02d", t->day); break;
    case 'H': snprintf(text, sizeof text, "%02d", t->hour); break;
    case 'I': snprintf(text, sizeof text, "%02d", t->hour % 12 ? t->hour % 12 : 12); break;
    case 'M': snprintf(text, sizeof text, "%02d", t->minute); break;
    case 'S': snprintf(text, sizeof text, "%02d", t->second); break;
    case 'f': snprintf(text, sizeof text, "%06d", t->microsecond); break;
    case 'y': snprintf(text, sizeof text, "%02d", (int)(t->year % 100)); break;
    case 'j': snprintf(text, sizeof text, "%03d", t->yearday); break;
    case 'w': snprintf(text, sizeof text, "%d", t->weekday); break;
    case 'p': snprintf(text, sizeof text, "%s", t->hour < 12 ? "AM" : "PM"); break;
    case 'a': snprintf(text, sizeof text, "%.3s", DAYS[t->weekday]); break;
    case 'A': snprintf(text, sizeof text, "%s", DAYS[t->weekday]); break;
    case 'b': snprintf(text, sizeof text, "%.3s", MONTHS[t->month - 1]); break;
    case 'B': snprintf(text, sizeof text, "%s", MONTHS[t->month - 1]); break;
    case 'F': snprintf(text, sizeof text, "%04lld-%02d-%02d", (long long)t->year, t->month, t->day); break;
    case 'T': snprintf(text, sizeof text, "%02d:%02d:%02d", t->hour, t->minute, t->second); break;
    case 's': snprintf(text, sizeof text, "%lld", (long long)t->epoch); break;
    case 'z': snprintf(text, sizeof text, "+0000"); break;
    case 'Z': snprintf(text, sizeof text, "UTC"); break;
    case '%': snprintf(text, sizeof text, "%%"); break;
    default: return false;
    }
    writer_text(w, text);
    return true;
}

/* now() is ISO 8601 with microseconds; now("%Y-%m-%d") as strftime() has it. */
static BUILTIN(global_now)
{
    struct civil t = civil_of(vm->inputs->now_ns);
    struct str format = STR("%Y-%m-%dT%H:%M:%S.%f+00:00");
    struct writer w;
    (void)all;
    if (is_given(argv[0]) && argv[0].type != VALUE_NULL) {
        if (argv[0].type != VALUE_STRING)
            return vm_fail(vm, "now() takes a format as text, not %s", type_name(argv[0]));
        format = value_as_str(argv[0]);
    }
    writer_begin(&w, vm);
    TRY(vm_tick(vm, format.len));
    for (size_t i = 0; i < format.len; i++) {
        if (format.ptr[i] != '%' || i + 1 == format.len)
            writer_char(&w, format.ptr[i]);
        else if (!write_directive(&w, &t, format.ptr[++i]))
            return vm_fail(vm, "now() knows no format directive '%%%c'", format.ptr[i]);
    }
    return writer_end(&w, out);
}

/* A version 4 UUID from the seed: the same each time that the same event is evaluated. */
static BUILTIN(global_uuid)
{
    char text[40];
    uint64_t high = splitmix64(&vm->random), low = splitmix64(&vm->random);
    (void)argv;
    (void)all;
    high = (high & ~UINT64_C(0xf000)) | 0x4000;
    low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
             (unsigned long long)(low & 0xffffffffffff));
    return vm_string(vm, str_of(text), out);
}

const struct builtin GLOBALS[] = {
    {"cycler", "Cycler", "*", 0, global_cycler},   {"dict", "dict", "*", 0, global_dict},
    {"joiner", "Joiner", "sep", 0, global_joiner}, {"namespace", "Namespace", "*", 0, global_namespace},
    {"now", "now", "format", 0, global_now},       {"range", "range", "*", 0, global_range},
    {"uuid", "uuid", "", 0, global_uuid},
};
const int GLOBAL_COUNT = BUILTIN_TABLE_SIZE(GLOBALS);
