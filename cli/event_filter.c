#include "event_filter.h"

static enum status no_such_type(struct str name, struct error *err)
{
    struct str names[EVENT_COUNT];
    for (size_t i = 0; i < EVENT_COUNT; i++)
        names[i] = str_of(event_type_name((enum event_type)i));
    struct str near = str_nearest(name, names, EVENT_COUNT);
    (void)error_set(err, STATUS_INVALID, "no event has the type \"%" PRISTR "\"", ARGSTR(name));
    (void)error_place(err, "--type");
    if (near.len > 0)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return error_hint(
        err, "They are step_started, step_failed, action_error, … : docs/ARCHITECTURE.md has them all.");
}

static enum status add_types(struct event_filter *f, struct str list, struct error *err)
{
    do {
        struct str name = str_trim(str_split(&list, ','));
        enum event_type type = event_type_from_name(name);
        if (type == EVENT_COUNT)
            return no_such_type(name, err);
        f->by_type = f->types[type] = true;
    } while (list.len > 0);
    return STATUS_OK;
}

enum status event_filter_read(const struct args *args, struct event_filter *out, struct error *err)
{
    *out = (struct event_filter){.args = args};
    size_t at = 0;
    for (const char *list; (list = args_each(args, "type", &at));)
        TRY(add_types(out, str_of(list), err));
    return STATUS_OK;
}

static bool is_of_wanted_step(const struct args *args, struct str name)
{
    size_t at = 0;
    for (const char *step; (step = args_each(args, "step", &at));) {
        if (str_is(name, step))
            return true;
    }
    return !args_has(args, "step");
}

bool event_filter_takes(const struct event_filter *f, const struct event *e)
{
    return (!f->by_type || f->types[e->type]) && is_of_wanted_step(f->args, e->node_name);
}
