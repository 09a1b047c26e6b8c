#include "commands.h"

#include <stdio.h>

#include "core/event.h"

#include "client.h"
#include "timeline.h"

enum { DEFAULT_LIMIT = 20, MOST = 500 };

static const struct flag FLAGS[] = {
    {"path", 'p', false, "PATH", NO_SETTING, "only executions of this playbook"},
    {"status", 0, false, "running|paused|completed|failed|cancelled", NO_SETTING,
     "only those with this status"},
    {"limit", 'n', false, "N", NO_SETTING, "how many, at most 500; 20 if not given"},
    {"before", 0, false, "ID", NO_SETTING, "only those that started before this one: the next page"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl list", "the newest executions"},
    {"noetl list --status failed --path examples/hello_world", "what failed of one playbook"},
    {"noetl list -n 100 -o jsonl | jq -r .execution_id", "one execution a line"},
    {0},
};
const struct command_details details_list = {.flags = FLAGS, .examples = EXAMPLES};

static void put_text(struct map_builder *map, const struct args *args, const char *flag)
{
    const char *text = args_text(args, flag);
    if (text)
        map_put(map, str_of(flag), value_text(text));
}

static enum status make_request(struct invocation *in, struct value *out, struct error *err)
{
    struct map_builder map;
    int64_t limit;
    TRY(args_number_between(&in->args, "limit", DEFAULT_LIMIT, 1, MOST, &limit, err));
    map_begin(&map, &in->arena);
    put_text(&map, &in->args, "path");
    put_text(&map, &in->args, "status");
    put_text(&map, &in->args, "before");
    map_put(&map, STR("limit"), value_int(limit));
    return map_end(&map, out, err);
}

/* What a buffer's writer wrote, in the arena. */
static struct str kept(struct arena *a, struct buf *b)
{
    struct str text = {arena_strdup(a, buf_str(b)), b->len};
    buf_free(b);
    return text.ptr ? text : STR("");
}

static struct str time_text(struct arena *a, struct value v)
{
    int64_t time_ns;
    struct buf b;
    if (v.type != VALUE_STRING || time_parse(value_as_str(v), &time_ns, NULL) != STATUS_OK)
        return STR("");
    buf_init(&b, 0);
    add_time(&b, time_ns);
    return kept(a, &b);
}

static struct str duration_text(struct arena *a, struct value v)
{
    struct buf b;
    if (v.type != VALUE_INT)
        return STR("");
    buf_init(&b, 0);
    add_duration(&b, v.u.i);
    return kept(a, &b);
}

static void add_row(struct table *t, struct arena *a, struct value execution)
{
    char status[32];
    struct value version = VALUE_GET(execution, "version");
    struct str path = value_as_str(VALUE_GET(execution, "path")),
               error = value_as_str(VALUE_GET(execution, "error"));
    (void)snprintf(status, sizeof(status), "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(execution, "status"))));
    if (version.type == VALUE_INT && version.u.i > 0)
        path = arena_printf(a, "%" PRISTR "@%lld", ARGSTR(path), (long long)version.u.i);
    const struct cell cells[] = {
        {value_as_str(VALUE_GET(execution, "execution_id")), PAINT_NONE},
        {arena_printf(a, "%s %s", status_icon(status), status), status_paint(status)},
        {path, PAINT_NONE},
        {time_text(a, VALUE_GET(execution, "started_at")), PAINT_DIM},
        {duration_text(a, VALUE_GET(execution, "duration_ms")), PAINT_NONE},
        {str_split(&error, '\n'), PAINT_RED},
    };
    table_add(t, cells);
}

static enum status print_table(struct invocation *in, struct value executions, struct value next,
                               struct error *err)
{
    struct table t;
    table_init(
        &t, &in->arena,
        (const char *const[]){"EXECUTION", "STATUS", "PLAYBOOK", "STARTED", "DURATION", "ERROR", NULL});
    t.right[4] = true;
    for (uint32_t i = 0; i < executions.len; i++)
        add_row(&t, &in->arena, executions.u.list[i]);
    TRY(table_print(&t, &in->out, 0, err));
    if (executions.len == 0)
        say_note("There are none: `noetl run FILE` starts one.");
    if (next.type == VALUE_STRING)
        say_note("There are more: --before %" PRISTR, ARGSTR(value_as_str(next)));
    return STATUS_OK;
}

static enum status print_answer(struct invocation *in, struct value answer, struct error *err)
{
    struct value executions = VALUE_GET(answer, "executions");
    if (executions.type != VALUE_LIST)
        return error_set(err, STATUS_INTERNAL, "the render part's answer has no executions");
    if (in->out.format == OUTPUT_JSON)
        return output_value(&in->out, answer, err);
    if (in->out.format == OUTPUT_JSONL)
        return output_list(&in->out, executions, err);
    return print_table(in, executions, VALUE_GET(answer, "next"), err);
}

enum status command_list(struct invocation *in, struct error *err)
{
    struct client c;
    struct value request, answer;
    TRY(make_request(in, &request, err));
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = client_call(&c, "list", request, 0, &in->arena, &answer, err);
    if (status == STATUS_OK)
        status = print_answer(in, answer, err);
    client_close(&c);
    return status;
}
