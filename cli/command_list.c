#include "commands.h"

#include <stdio.h>

#include "core/event.h"

#include "client.h"
#include "execution_name.h"
#include "moment.h"
#include "timeline.h"

enum { DEFAULT_LIMIT = 20, PAGE = 500, MOST = 1000000 };

static const struct flag FLAGS[] = {
    {"path", 'p', false, "PATH", NO_SETTING, "only executions of this playbook"},
    {"under", 0, false, "PATH", NO_SETTING, "only those of playbooks in this folder of the catalog"},
    {"status", 0, false, "running|paused|completed|failed|cancelled", NO_SETTING,
     "only those with this status"},
    {"since", 0, false, "TIME|DURATION", NO_SETTING,
     "only those from this time on, or of the last 2h, 7d, …"},
    {"until", 0, false, "TIME|DURATION", NO_SETTING, "only those before this time, or so long ago"},
    {"parent", 0, false, "ID|none", NO_SETTING,
     "only those that this one called; none: that no other called"},
    {"limit", 'n', false, "N", NO_SETTING, "how many; 20 if not given"},
    {"all", 'a', false, NULL, NO_SETTING, "all that there are"},
    {"before", 0, false, "ID", NO_SETTING, "only those that started before this one: the next page"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl list", "the newest executions"},
    {"noetl list --status failed --path examples/hello_world", "what failed of one playbook"},
    {"noetl list --since 1d --parent none", "what was asked for since yesterday"},
    {"noetl list --all -o jsonl | jq -r .execution_id", "all of them, one a line"},
    {0},
};
const struct command_details details_list = {.flags = FLAGS, .examples = EXAMPLES};

struct listing {
    struct invocation *in;
    struct client client;
    int64_t limit;
    const char *since, *until; /* or NULL */
    struct str before, parent; /* ids, or "none"; "": not asked for */
};

static void put_text(struct map_builder *map, const struct args *args, const char *flag)
{
    const char *text = args_text(args, flag);
    if (text)
        map_put(map, str_of(flag), value_text(text));
}

static enum status read_limit(const struct args *args, int64_t *out, struct error *err)
{
    *out = INT64_MAX;
    if (!args_has(args, "all"))
        return args_number_between(args, "limit", DEFAULT_LIMIT, 1, MOST, out, err);
    if (!args_has(args, "limit"))
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "--all and --limit contradict one another");
}

/* A flag of a time as the API writes it, or NULL. */
static enum status read_time(struct invocation *in, const char *flag, const char **out, struct error *err)
{
    int64_t time_ns;
    char text[32];
    *out = NULL;
    TRY(since_from_args(&in->args, flag, &time_ns, err));
    if (time_ns == 0)
        return STATUS_OK;
    time_format(time_ns, text);
    *out = arena_strdup(&in->arena, str_of(text));
    return *out ? STATUS_OK : arena_error(&in->arena, err, "a time");
}

static bool names_execution(const char *text)
{
    return text && strcmp(text, "none") != 0;
}

static enum status read_flags(struct listing *l, struct error *err)
{
    const struct args *args = &l->in->args;
    const char *before = args_text(args, "before"), *parent = args_text(args, "parent");
    TRY(read_limit(args, &l->limit, err));
    TRY(read_time(l->in, "since", &l->since, err));
    TRY(read_time(l->in, "until", &l->until, err));
    if (before)
        TRY(execution_name_check(before, err));
    if (names_execution(parent))
        TRY(execution_name_check(parent, err));
    return STATUS_OK;
}

/* `before`: of the page; "" for the first. */
static enum status make_request(struct listing *l, int64_t limit, struct str before, struct value *out,
                                struct error *err)
{
    struct map_builder map;
    map_begin(&map, &l->in->arena);
    put_text(&map, &l->in->args, "path");
    put_text(&map, &l->in->args, "under");
    put_text(&map, &l->in->args, "status");
    if (l->since)
        map_put(&map, STR("since"), value_text(l->since));
    if (l->until)
        map_put(&map, STR("until"), value_text(l->until));
    if (l->parent.len > 0)
        map_put(&map, STR("parent"), value_str(l->parent));
    if (before.len > 0)
        map_put(&map, STR("before"), value_str(before));
    map_put(&map, STR("limit"), value_int(limit < PAGE ? limit : PAGE));
    return map_end(&map, out, err);
}

/* What a buffer's writer wrote, in the arena. */
static struct str kept(struct arena *a, struct buf *b)
{
    struct str text = {arena_strdup(a, buf_str(b)), b->len};
    buf_free(b);
    return text.ptr ? text : STR("");
}

static struct str time_text(const struct output *o, struct arena *a, struct value v)
{
    int64_t time_ns;
    struct buf b;
    if (v.type != VALUE_STRING || time_parse(value_as_str(v), &time_ns, NULL) != STATUS_OK)
        return STR("");
    buf_init(&b, 0);
    if (o->width > 0)
        add_short_time(&b, time_ns);
    else
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

static void add_row(struct table *t, const struct output *o, struct arena *a, struct value execution)
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
        {time_text(o, a, VALUE_GET(execution, "started_at")), PAINT_DIM},
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
    t.right[4] = t.shrinks[2] = true;
    for (uint32_t i = 0; i < executions.len; i++)
        add_row(&t, &in->out, &in->arena, executions.u.list[i]);
    TRY(table_print(&t, &in->out, 0, err));
    if (executions.len == 0)
        say_note("There are none: `noetl run FILE` starts one.");
    if (next.type == VALUE_STRING)
        say_note("There are more: --before %" PRISTR ", or --all", ARGSTR(value_as_str(next)));
    return STATUS_OK;
}

/* ---- pages -------------------------------------------------------------------------------------------- */

static enum status ask_page(struct listing *l, int64_t limit, struct value *next, struct value *executions,
                            struct error *err)
{
    struct value request, answer;
    TRY(make_request(l, limit, value_as_str(*next), &request, err));
    TRY(client_call(&l->client, "list", request, 0, &l->in->arena, &answer, err));
    *executions = VALUE_GET(answer, "executions");
    *next = VALUE_GET(answer, "next");
    if (executions->type == VALUE_LIST)
        return STATUS_OK;
    return error_set(err, STATUS_INTERNAL, "the render part's answer has no executions");
}

/* Page by page: lines for a program as they come, else all of them in `list`; *next is that of the last. */
static enum status read_pages(struct listing *l, struct value *next, struct list_builder *list,
                              struct error *err)
{
    struct value page;
    struct output *o = &l->in->out;
    int64_t left = l->limit;
    do {
        TRY(ask_page(l, left, next, &page, err));
        if (o->format == OUTPUT_JSONL)
            TRY(output_list(o, page, err));
        for (uint32_t i = 0; o->format != OUTPUT_JSONL && i < page.len; i++)
            list_add(list, page.u.list[i]);
        left -= page.len;
    } while (left > 0 && page.len > 0 && next->type == VALUE_STRING);
    return STATUS_OK;
}

static enum status print_document(struct invocation *in, struct value executions, struct value next,
                                  struct error *err)
{
    struct map_builder map;
    struct value document;
    map_begin(&map, &in->arena);
    map_put(&map, STR("executions"), executions);
    if (next.type == VALUE_STRING)
        map_put(&map, STR("next"), next);
    TRY(map_end(&map, &document, err));
    return output_value(&in->out, document, err);
}

/* The id of the execution that a flag means, as text. */
static enum status find_id(struct listing *l, const char *name, struct str *out, struct error *err)
{
    int64_t id;
    *out = str_of(name);
    if (!names_execution(name))
        return STATUS_OK;
    TRY(execution_named(&l->client, name, &l->in->arena, &id, err));
    *out = arena_printf(&l->in->arena, "%lld", (long long)id);
    return out->ptr ? STATUS_OK : arena_error(&l->in->arena, err, "an id");
}

static enum status print_all(struct listing *l, struct error *err)
{
    struct invocation *in = l->in;
    struct list_builder list;
    struct value executions, next;
    TRY(find_id(l, args_text(&in->args, "before"), &l->before, err));
    TRY(find_id(l, args_text(&in->args, "parent"), &l->parent, err));
    next = value_str(l->before);
    list_begin(&list, &in->arena);
    TRY(read_pages(l, &next, &list, err));
    if (in->out.format == OUTPUT_JSONL)
        return STATUS_OK;
    TRY(list_end(&list, &executions, err));
    return in->out.format == OUTPUT_JSON ? print_document(in, executions, next, err)
                                         : print_table(in, executions, next, err);
}

enum status command_list(struct invocation *in, struct error *err)
{
    struct listing l = {.in = in};
    TRY(read_flags(&l, err));
    enum status status = client_open(in, &l.client, err);
    if (status == STATUS_OK)
        status = print_all(&l, err);
    client_close(&l.client);
    return status;
}
