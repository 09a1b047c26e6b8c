#include "commands.h"

#include "core/event.h"
#include "publisher/roll_call.h"
#include "runtime/clock.h"

#include "client.h"
#include "readiness.h"

static const struct flag FLAGS[] = {
    {"pool", 0, false, "NAME", NO_SETTING, "only workers of this pool"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl workers", "which there are, and what each is at"},
    {"noetl workers --pool gpu -o json | jq '.[].tasks'", "with all that they tell"},
    {0},
};
const struct command_details details_workers = {
    .text =
        "Asks the workers themselves; one that does not answer within a quarter of a second behind the\n"
        "others is not there. TASKS are those that it has, and how many it runs at a time; NOW is the\n"
        "oldest of them. -o json is a list of what docs/API.md shows under \"daemons\". The exit code is 4\n"
        "when there is none.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

static long long int_of(struct value v)
{
    return v.type == VALUE_INT ? (long long)v.u.i : 0;
}

/* The task that it has had for longest. */
static struct value oldest_task(struct value tasks)
{
    struct value oldest = {0};
    for (uint32_t i = 0; tasks.type == VALUE_LIST && i < tasks.len; i++) {
        struct value since = VALUE_GET(tasks.u.list[i], "since");
        if (value_is_absent(oldest) ||
            str_compare(value_as_str(since), value_as_str(VALUE_GET(oldest, "since"))) < 0)
            oldest = tasks.u.list[i];
    }
    return oldest;
}

/* "load (shell) of 42 for 3.21 s"; why it is not ready; or nothing. */
static struct str now_text(struct value worker, struct arena *a)
{
    struct value task = oldest_task(VALUE_GET(worker, "tasks"));
    struct str because = value_as_str(VALUE_GET(worker, "because"));
    int64_t since_ns;
    struct buf b;
    if (because.len > 0 || task.type != VALUE_MAP)
        return because;
    buf_init(&b, 0);
    add_clean(&b, value_as_str(VALUE_GET(task, "step")));
    buf_printf(&b, " (%" PRISTR ") of %" PRISTR, ARGSTR(value_as_str(VALUE_GET(task, "type"))),
               ARGSTR(value_as_str(VALUE_GET(task, "execution_id"))));
    if (time_parse(value_as_str(VALUE_GET(task, "since")), &since_ns, NULL) == STATUS_OK) {
        buf_add_text(&b, " for ");
        add_duration(&b, (wall_now().ns - since_ns) / 1000000);
    }
    struct str text = arena_printf(a, "%" PRISTR, ARGSTR(buf_str(&b)));
    buf_free(&b);
    return text.ptr ? text : STR("");
}

static enum status print_table(struct invocation *in, struct value list, struct error *err)
{
    struct table t;
    struct arena *a = &in->arena;
    table_init(&t, a, (const char *const[]){"WORKER", "POOL", "STATE", "TASKS", "VERSION", "NOW", NULL});
    t.right[3] = t.shrinks[0] = true;
    for (uint32_t i = 0; i < list.len; i++) {
        struct value w = list.u.list[i];
        const struct cell cells[] = {
            {value_as_str(VALUE_GET(w, "name")), PAINT_NONE},
            {value_as_str(VALUE_GET(w, "pool")), PAINT_NONE},
            readiness_cell(w),
            {arena_printf(a, "%u/%lld", VALUE_GET(w, "tasks").len, int_of(VALUE_GET(w, "concurrency"))),
             PAINT_NONE},
            {value_as_str(VALUE_GET(w, "version")), PAINT_DIM},
            {now_text(w, a), PAINT_DIM},
        };
        table_add(&t, cells);
    }
    return table_print(&t, &in->out, 0, err);
}

static enum status choose(struct invocation *in, struct value all, struct value *out, struct error *err)
{
    struct list_builder list;
    const char *pool = args_text(&in->args, "pool");
    list_begin(&list, &in->arena);
    for (uint32_t i = 0; i < all.len; i++) {
        if (!pool || str_is(value_as_str(VALUE_GET(all.u.list[i], "pool")), pool))
            list_add(&list, all.u.list[i]);
    }
    return list_end(&list, out, err);
}

static enum status none(struct invocation *in, struct error *err)
{
    const char *pool = args_text(&in->args, "pool");
    if (pool)
        (void)error_set(err, STATUS_NOT_FOUND, "no worker of the pool \"%s\" answers", pool);
    else
        (void)error_set(err, STATUS_NOT_FOUND, "no worker answers");
    return error_hint(err, "`noetl serve worker%s%s` starts one.", pool ? " --pool " : "", pool ? pool : "");
}

enum status command_workers(struct invocation *in, struct error *err)
{
    struct client c;
    struct value all, list = {0};
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = roll_call(c.bus, &c.subjects, "worker", ROLL_CALL_QUIET_MS, &in->arena, &all, err);
    client_close(&c);
    TRY(status);
    TRY(choose(in, all, &list, err));
    if (in->out.format != OUTPUT_TABLE)
        TRY(output_list(&in->out, list, err));
    else if (list.len > 0)
        TRY(print_table(in, list, err));
    return list.len > 0 ? STATUS_OK : none(in, err);
}
