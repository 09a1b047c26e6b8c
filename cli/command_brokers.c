#include "commands.h"

#include "publisher/roll_call.h"

#include "client.h"
#include "readiness.h"

static const struct example EXAMPLES[] = {
    {"noetl brokers", "which there are, what each holds, and what keeps it from going on"},
    {"noetl brokers -o json | jq '.[].partitions[] | select(.behind)'", "which partitions are behind"},
    {0},
};
const struct command_details details_brokers = {
    .text = "Asks the brokers themselves; one that does not answer within a quarter of a second behind the\n"
            "others is not there. EXECUTIONS are those in memory; BEHIND is for how long events have waited\n"
            "to be evaluated and committed, in the worst of its partitions; ROWS wait for Postgres. -o json\n"
            "is a list of what docs/API.md shows under \"daemons\". The exit code is 4 when there is none.",
    .examples = EXAMPLES,
};

static int64_t int_of(struct value v)
{
    return v.type == VALUE_INT ? v.u.i : 0;
}

/* "0 ms" if nothing waits. */
static struct str behind_text(struct value partitions, struct arena *a)
{
    int64_t worst_ms = 0;
    struct buf b;
    for (uint32_t i = 0; partitions.type == VALUE_LIST && i < partitions.len; i++) {
        int64_t ms = int_of(VALUE_GET(partitions.u.list[i], "behind_ms"));
        worst_ms = ms > worst_ms ? ms : worst_ms;
    }
    buf_init(&b, 0);
    add_duration(&b, worst_ms);
    struct str text = arena_printf(a, "%" PRISTR, ARGSTR(buf_str(&b)));
    buf_free(&b);
    return text.ptr ? text : STR("");
}

/* Why it is not ready, or what hinders it. */
static struct str trouble(struct value broker)
{
    struct str because = value_as_str(VALUE_GET(broker, "because"));
    struct value hindered = VALUE_GET(broker, "hindered_by");
    if (because.len > 0 || hindered.type != VALUE_LIST || hindered.len == 0)
        return because;
    return value_as_str(VALUE_GET(hindered.u.list[0], "message"));
}

static enum status print_table(struct invocation *in, struct value list, struct error *err)
{
    struct table t;
    struct arena *a = &in->arena;
    table_init(&t, a,
               (const char *const[]){"BROKER", "STATE", "PARTITIONS", "EXECUTIONS", "BEHIND", "ROWS",
                                     "VERSION", "TROUBLE", NULL});
    t.right[2] = t.right[3] = t.right[4] = t.right[5] = t.shrinks[0] = true;
    for (uint32_t i = 0; i < list.len; i++) {
        struct value b = list.u.list[i], partitions = VALUE_GET(b, "partitions");
        const struct cell cells[] = {
            {value_as_str(VALUE_GET(b, "name")), PAINT_NONE},
            readiness_cell(b),
            {arena_printf(a, "%u", partitions.len), PAINT_NONE},
            {arena_printf(a, "%lld", (long long)int_of(value_get_path(b, STR("executions.open")))),
             PAINT_NONE},
            {behind_text(partitions, a), PAINT_NONE},
            {arena_printf(a, "%lld", (long long)int_of(value_get_path(b, STR("waiting.rows")))), PAINT_NONE},
            {value_as_str(VALUE_GET(b, "version")), PAINT_DIM},
            {trouble(b), PAINT_RED},
        };
        table_add(&t, cells);
    }
    return table_print(&t, &in->out, 0, err);
}

enum status command_brokers(struct invocation *in, struct error *err)
{
    struct client c;
    struct value list = {0};
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = roll_call(c.bus, &c.subjects, "broker", ROLL_CALL_QUIET_MS, &in->arena, &list, err);
    client_close(&c);
    TRY(status);
    if (in->out.format != OUTPUT_TABLE)
        TRY(output_list(&in->out, list, err));
    else if (list.len > 0)
        TRY(print_table(in, list, err));
    if (list.len > 0)
        return STATUS_OK;
    (void)error_set(err, STATUS_NOT_FOUND, "no broker answers");
    return error_hint(err, "`noetl serve broker` starts one.");
}
