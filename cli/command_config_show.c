#include "commands.h"

static const struct example EXAMPLES[] = {
    {"noetl config show", "all settings"},
    {"noetl config show nats.url postgres", "one, and all of a section"},
    {"noetl config show nats -o json", "for a program"},
    {0},
};
const struct command_details details_config_show = {
    .text = "Secrets are shown as ***. FROM is the flag, the variable, the file and line, or the NATS\n"
            "context that a value came from. A NAME that ends at a dot's left side shows the whole\n"
            "section.",
    .examples = EXAMPLES,
};

/* The setting itself, or one of the section. */
static bool matches(struct str setting, struct str name)
{
    return str_equal(setting, name) ||
           (setting.len > name.len && setting.ptr[name.len] == '.' && str_starts_with(setting, name));
}

static bool is_asked_for(const struct args *args, struct str setting)
{
    for (size_t i = 0; i < args->count; i++) {
        if (matches(setting, str_of(args->positional[i])))
            return true;
    }
    return args->count == 0;
}

static enum status check_names(const struct args *args, struct error *err)
{
    for (size_t i = 0; i < args->count; i++) {
        struct str name = str_of(args->positional[i]);
        size_t id = 0;
        while (id < SETTING_COUNT && !matches(str_of(setting_name((enum setting)id)), name))
            id++;
        if (id < SETTING_COUNT)
            continue;
        struct str near = setting_suggest(name);
        (void)error_set(err, STATUS_INVALID, "unknown setting \"%" PRISTR "\"", ARGSTR(name));
        if (near.len > 0)
            return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
        return error_hint(err, "`noetl config show` lists all settings.");
    }
    return STATUS_OK;
}

static enum status choose(const struct args *args, struct arena *a, struct value all, struct value *out,
                          struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (uint32_t i = 0; i < all.len; i++) {
        if (is_asked_for(args, value_as_str(VALUE_GET(all.u.list[i], "name"))))
            list_add(&list, all.u.list[i]);
    }
    return list_end(&list, out, err);
}

static enum status print_table(struct invocation *in, struct value list, struct error *err)
{
    struct table t;
    table_init(&t, &in->arena, (const char *const[]){"SETTING", "VALUE", "FROM", NULL});
    for (uint32_t i = 0; i < list.len; i++) {
        struct str where = value_as_str(VALUE_GET(list.u.list[i], "where"));
        bool is_default = where.len == 0;
        const struct cell cells[] = {
            {value_as_str(VALUE_GET(list.u.list[i], "name")), PAINT_NONE},
            {value_as_str(VALUE_GET(list.u.list[i], "value")), is_default ? PAINT_DIM : PAINT_BOLD},
            {is_default ? STR("default") : where, PAINT_DIM},
        };
        table_add(&t, cells);
    }
    return table_print(&t, &in->out, 0, err);
}

enum status command_config_show(struct invocation *in, struct error *err)
{
    struct value all, chosen;
    TRY(check_names(&in->args, err));
    TRY(settings_to_value(in->settings, &in->arena, &all, err));
    TRY(choose(&in->args, &in->arena, all, &chosen, err));
    return in->out.format == OUTPUT_TABLE ? print_table(in, chosen, err) : output_list(&in->out, chosen, err);
}
