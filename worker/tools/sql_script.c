#include "sql_script.h"

#include "core/buf.h"

enum { MAX_PARAMETERS = 65535 }; /* of the protocol of Postgres */

/* ---- statements ----------------------------------------------------------------------------------- */

static enum status append(struct sql_script *s, struct arena *a, const struct sql_statement *more,
                          uint32_t count, struct error *err)
{
    if (count == 0)
        return STATUS_OK;
    struct sql_statement *all = ARENA_ARRAY(a, struct sql_statement, (size_t)s->count + count);
    if (!all)
        return arena_error(a, err, "the commands");
    if (s->count > 0)
        memcpy(all, s->statements, s->count * sizeof(*all));
    memcpy(all + s->count, more, count * sizeof(*all));
    s->statements = all;
    s->count += count;
    return STATUS_OK;
}

static enum status add_text(struct sql_script *s, struct arena *a, struct str text, struct error *err)
{
    struct sql_statement *found;
    uint32_t count;
    TRY(sql_split(a, text, &found, &count, err));
    return append(s, a, found, count, err);
}

enum status sql_script_read(struct sql_script *s, const struct task *task, struct arena *a, struct error *err)
{
    *s = (struct sql_script){0};
    struct value command = tool_config(task->config, TOOL_KEYS("command", "commands", "sql", "query"));
    if (command.type == VALUE_STRING)
        TRY(add_text(s, a, value_as_str(command), err));
    else if (!value_is_absent(command) && command.type != VALUE_LIST)
        return error_set(err, STATUS_INVALID, "\"command\" must be text or a list of texts, not a %s",
                         value_type_name(command));
    for (uint32_t i = 0; command.type == VALUE_LIST && i < command.len; i++) {
        if (command.u.list[i].type != VALUE_STRING)
            return error_set(err, STATUS_INVALID, "command[%u] must be text, not a %s", i,
                             value_type_name(command.u.list[i]));
        TRY(add_text(s, a, value_as_str(command.u.list[i]), err));
    }
    if (s->count == 0)
        return error_set(err, STATUS_INVALID, "a %" PRISTR " step needs \"command\": SQL, or a list of SQL",
                         ARGSTR(task->type));
    return STATUS_OK;
}

/* ---- parameters ----------------------------------------------------------------------------------- */

enum status sql_parameters_read(struct sql_parameters *p, const struct task *task, struct error *err)
{
    *p = (struct sql_parameters){.given = VALUE_GET(task->config, "params")};
    if (value_is_absent(p->given) || p->given.type == VALUE_NULL)
        *p = (struct sql_parameters){.given = task->args, .optional = true};
    else if (p->given.type != VALUE_MAP && p->given.type != VALUE_LIST)
        return error_set(err, STATUS_INVALID, "\"params\" must be a map of names or a list, not a %s",
                         value_type_name(p->given));
    else if (p->given.len > MAX_PARAMETERS)
        return error_set(err, STATUS_LIMIT, "\"params\" has %u values; %d are allowed", p->given.len,
                         MAX_PARAMETERS);
    return STATUS_OK;
}

static bool is_given(void *context, struct str name)
{
    const struct sql_parameters *p = context;
    return !p->optional || !value_is_absent(value_get(p->given, name));
}

static struct value parameter(const struct sql_parameters *p, struct str name)
{
    int64_t number;
    if (p->given.type != VALUE_LIST)
        return value_get(p->given, name);
    if (!str_to_int64(name, &number) || number < 1 || number > p->given.len)
        return (struct value){.type = VALUE_UNDEFINED};
    return p->given.u.list[number - 1];
}

static enum status missing(const struct sql_parameters *p, struct str name, struct error *err)
{
    if (p->given.type == VALUE_LIST)
        return error_set(err, STATUS_UNDEFINED, "the command uses $%" PRISTR ", and \"params\" has %u values",
                         ARGSTR(name), p->given.len);
    struct buf names;
    buf_init(&names, 160);
    for (uint32_t i = 0; i < p->given.len; i++)
        buf_printf(&names, "%s%" PRISTR, i ? ", " : "", ARGSTR(value_as_str(p->given.u.map->entries[i].key)));
    error_set(err, STATUS_UNDEFINED, "the command uses :%" PRISTR ", which is not among \"params\"",
              ARGSTR(name));
    error_hint(err, "There are: %" PRISTR ".", ARGSTR(buf_str(&names)));
    buf_free(&names);
    return STATUS_UNDEFINED;
}

enum status sql_parameters_bind(struct sql_parameters *p, const struct sql_statement *statement,
                                struct arena *a, struct sql_bound *bound, struct value **values,
                                struct error *err)
{
    enum sql_placeholder kind = p->given.type == VALUE_LIST ? SQL_NUMBERS : SQL_NAMES;
    TRY(sql_bind(a, statement->text, kind, p->given.len > 0 || !p->optional ? is_given : NULL, p, bound,
                 err));
    *values = ARENA_ARRAY(a, struct value, (size_t)bound->count + 1);
    if (!*values)
        return arena_error(a, err, "the parameters");
    for (uint32_t i = 0; i < bound->count; i++) {
        (*values)[i] = parameter(p, bound->names[i]);
        if (value_is_absent((*values)[i]))
            return missing(p, bound->names[i], err);
    }
    return STATUS_OK;
}

bool sql_script_is_one_transaction(const struct sql_script *s, const struct task *task)
{
    struct value wish = VALUE_GET(task->config, "autocommit");
    if ((wish.type == VALUE_BOOL && wish.u.b) || s->count <= 1)
        return false;
    const struct str first = s->statements[0].text;
    return !sql_begins_with(first, "begin") && !sql_begins_with(first, "start");
}

enum status sql_statement_of_save(const struct task *save, struct value data, struct arena *a,
                                  struct task *out, struct error *err)
{
    struct map_builder map;
    struct value given = VALUE_GET(save->config, "params");
    bool is_given = !value_is_absent(given) && given.type != VALUE_NULL;
    bool can_be_params = data.type == VALUE_MAP || data.type == VALUE_LIST;
    *out = *save;
    map_begin(&map, a);
    map_put_all(&map, save->config);
    map_put(&map, STR("command"), VALUE_GET(save->config, "statement"));
    map_put(&map, STR("params"), is_given ? given : can_be_params ? data : VALUE_EMPTY_MAP);
    return map_end(&map, &out->config, err);
}
