/* The table of settings.def, and how a text becomes a value of each type. */
#include "settings_private.h"

#include <stdio.h>

#include "quantity.h"

struct setting_row {
    const char *name;
    enum setting_type type;
    const char *default_text, *unit, *doc;
};

static const struct setting_row TABLE[SETTING_COUNT] = {
#define X(id, name, type, default_text, unit, doc) {name, SETTING_##type, default_text, unit, doc},
#include "settings.def"
#undef X
};

struct setting_range {
    enum setting id;
    int64_t least, most;
};
static const struct setting_range RANGES[] = {
#define RANGE(id, least, most) {SETTING_##id, INT64_C(least), INT64_C(most)},
#define CHOICES(id, ...)
#include "setting_limits.def"
#undef RANGE
#undef CHOICES
};

struct setting_choices {
    enum setting id;
    const char *words[8];
};
static const struct setting_choices CHOICES[] = {
#define RANGE(id, least, most)
#define CHOICES(id, ...) {SETTING_##id, {__VA_ARGS__, NULL}},
#include "setting_limits.def"
#undef RANGE
#undef CHOICES
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *setting_name(enum setting id)
{
    return TABLE[id].name;
}

enum setting_type setting_type_of(enum setting id)
{
    return TABLE[id].type;
}

const char *setting_type_name(enum setting_type type)
{
    static const char *const names[] = {"text", "secret", "integer", "duration", "size", "flag", "list"};
    return names[type];
}

const char *setting_default(enum setting id)
{
    return TABLE[id].default_text;
}

const char *setting_unit(enum setting id)
{
    return TABLE[id].unit;
}

const char *setting_doc(enum setting id)
{
    return TABLE[id].doc;
}

enum setting setting_find(struct str name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (str_is(name, TABLE[i].name))
            return (enum setting)i;
    }
    return SETTING_COUNT;
}

struct str setting_suggest(struct str name)
{
    struct str names[SETTING_COUNT];
    for (size_t i = 0; i < SETTING_COUNT; i++)
        names[i] = str_of(TABLE[i].name);
    return str_nearest(name, names, SETTING_COUNT);
}

bool setting_is_section(struct str name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        struct str full = str_of(TABLE[i].name);
        if (full.len > name.len && full.ptr[name.len] == '.' && str_starts_with(full, name))
            return true;
    }
    return false;
}

enum status setting_unknown(const char *what, struct str name, struct str suggestion, struct error *err)
{
    (void)error_set(err, STATUS_INVALID, "unknown %s \"%" PRISTR "\"", what, ARGSTR(name));
    if (suggestion.len > 0)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(suggestion));
    return error_hint(err, "`noetl config show` lists all settings.");
}

static enum status check_range(enum setting id, const struct setting_value *v, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(RANGES); i++) {
        const struct setting_range *r = &RANGES[i];
        if (r->id != id || (v->number >= r->least && v->number <= r->most))
            continue;
        static const char *const units[] = {
            [SETTING_DURATION] = " milliseconds", [SETTING_SIZE] = " bytes", [SETTING_LIST] = NULL};
        const char *unit = units[TABLE[id].type];
        return error_set(err, STATUS_INVALID, "%s is \"%s\", and must be between %lld and %lld%s",
                         TABLE[id].name, v->text, (long long)r->least, (long long)r->most, unit ? unit : "");
    }
    return STATUS_OK;
}

static enum status check_choices(enum setting id, const struct setting_value *v, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(CHOICES); i++) {
        if (CHOICES[i].id != id)
            continue;
        char list[128] = "";
        for (const char *const *word = CHOICES[i].words; *word; word++) {
            if (strcmp(*word, v->text) == 0)
                return STATUS_OK;
            size_t used = strlen(list);
            (void)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", *word);
        }
        return error_set(err, STATUS_INVALID, "%s is \"%s\", and must be one of %s", TABLE[id].name, v->text,
                         list);
    }
    return STATUS_OK;
}

/* "a, b,c" → {"a", "b", "c", NULL}; empty items are dropped. */
static enum status parse_list(struct arena *a, struct str text, struct setting_value *out, struct error *err)
{
    size_t most = 1;
    for (size_t i = 0; i < text.len; i++)
        most += text.ptr[i] == ',';
    const char **items = ARENA_ARRAY(a, const char *, most + 1);
    if (!items)
        return arena_error(a, err, "a list");
    size_t count = 0;
    while (text.len > 0) {
        struct str item = str_trim(str_split(&text, ','));
        if (item.len == 0)
            continue;
        items[count] = arena_strdup(a, item);
        if (!items[count++])
            return arena_error(a, err, "a list");
    }
    out->items = items;
    return STATUS_OK;
}

static enum status parse_integer(struct str text, int64_t *out, struct error *err)
{
    if (str_to_int64(str_trim(text), out))
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is no whole number", ARGSTR(text));
}

static enum status parse_typed(struct arena *a, enum setting id, struct str text, struct setting_value *out,
                               struct error *err)
{
    bool yes = false;
    switch (TABLE[id].type) {
    case SETTING_TEXT:
    case SETTING_SECRET: return STATUS_OK;
    case SETTING_INTEGER: return parse_integer(text, &out->number, err);
    case SETTING_DURATION: return duration_parse(text, &out->number, err);
    case SETTING_SIZE: return size_parse(text, &out->number, err);
    case SETTING_FLAG:
        TRY(flag_parse(text, &yes, err));
        out->number = yes;
        return STATUS_OK;
    case SETTING_LIST: return parse_list(a, text, out, err);
    }
    return error_set(err, STATUS_INTERNAL, "setting %s has no type", TABLE[id].name);
}

enum status setting_parse(struct arena *a, enum setting id, struct str text, struct setting_value *out,
                          struct error *err)
{
    if (memchr(text.ptr ? text.ptr : "", 0, text.len))
        return error_set(err, STATUS_INVALID, "%s has a zero byte in its value", TABLE[id].name);
    out->text = arena_strdup(a, text);
    if (!out->text)
        return arena_error(a, err, TABLE[id].name);
    enum status status = parse_typed(a, id, text, out, err);
    if (status != STATUS_OK)
        return error_wrap(err, "%s", TABLE[id].name);
    TRY(check_range(id, out, err));
    return check_choices(id, out, err);
}
