#include "commands.h"

#include "client.h"

static const struct example EXAMPLES[] = {
    {"noetl playbooks", "paths, versions and when they were registered"},
    {"noetl playbooks -o jsonl | jq -r .path", "one playbook a line"},
    {0},
};
const struct command_details details_playbooks = {.examples = EXAMPLES};

static void add_row(struct table *t, struct arena *a, struct value playbook)
{
    struct value version = VALUE_GET(playbook, "version");
    const struct cell cells[] = {
        {value_as_str(VALUE_GET(playbook, "path")), PAINT_NONE},
        {version.type == VALUE_INT ? arena_printf(a, "%lld", (long long)version.u.i) : STR(""), PAINT_NONE},
        {value_as_str(VALUE_GET(playbook, "registered_at")), PAINT_DIM},
    };
    table_add(t, cells);
}

static enum status print_answer(struct invocation *in, struct value answer, struct error *err)
{
    struct value playbooks = VALUE_GET(answer, "playbooks");
    if (playbooks.type != VALUE_LIST)
        return error_set(err, STATUS_INTERNAL, "the publisher's answer has no playbooks");
    if (in->out.format != OUTPUT_TABLE)
        return in->out.format == OUTPUT_JSON ? output_value(&in->out, answer, err)
                                             : output_list(&in->out, playbooks, err);
    struct table t;
    table_init(&t, &in->arena, (const char *const[]){"PLAYBOOK", "VERSION", "REGISTERED", NULL});
    t.right[1] = true;
    for (uint32_t i = 0; i < playbooks.len; i++)
        add_row(&t, &in->arena, playbooks.u.list[i]);
    if (playbooks.len == 0)
        say_note("The catalog is empty: `noetl register FILE` fills it.");
    return table_print(&t, &in->out, 0, err);
}

enum status command_playbooks(struct invocation *in, struct error *err)
{
    struct client c;
    struct value answer;
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = client_call(&c, "playbooks", VALUE_EMPTY_MAP, 0, &in->arena, &answer, err);
    if (status == STATUS_OK)
        status = print_answer(in, answer, err);
    client_close(&c);
    return status;
}
