#include "attempt_log.h"

#include "core/id.h"

/* What was printed is in up to three places: a command's output is its result, of other tools it is beside
 * that. */
enum { PLACES = 3 };

static struct str printed(const struct event *e, size_t place)
{
    static const char *const of_command[PLACES] = {NULL, "stdout", "stderr"};
    if (place == 0)
        return value_as_str(VALUE_GET(e->meta, "log"));
    if (!str_is(e->node_type, "shell"))
        return STR("");
    return value_as_str(value_get(VALUE_GET(e->result, "data"), str_of(of_command[place])));
}

bool attempt_log_is_of(const struct event *e)
{
    bool is_outcome = e->type == EVENT_ACTION_COMPLETED || e->type == EVENT_ACTION_ERROR;
    size_t length = e->error.len;
    for (size_t i = 0; i < PLACES; i++)
        length += printed(e, i).len;
    return is_outcome && length > 0;
}

/* The number of the item of an iterator, or -1. */
static int64_t item_of(const struct event *e)
{
    struct task_id id;
    return task_id_parse(e->task_id, &id, NULL) == STATUS_OK && id.depth > 0 ? (int64_t)id.places[1].item
                                                                             : -1;
}

/* "load #2 item 3 attempt 2" */
static void add_label(const struct event *e, struct buf *b)
{
    add_clean(b, e->node_name);
    if (e->visit > 1)
        buf_printf(b, " #%u", e->visit);
    if (item_of(e) >= 0)
        buf_printf(b, " item %lld", (long long)item_of(e));
    if (e->attempt > 1)
        buf_printf(b, " attempt %u", e->attempt);
}

static void add_lines(const struct output *o, const struct attempt_log_style *style, const struct event *e,
                      struct str text, const char *mark, enum paint p, struct buf *b)
{
    while (text.len > 0) {
        struct str line = str_split(&text, '\n');
        paint(o, b, PAINT_DIM);
        if (style->with_execution)
            buf_printf(b, "%lld ", (long long)e->execution_id);
        add_label(e, b);
        unpaint(o, b, PAINT_DIM);
        buf_printf(b, " %s ", mark);
        add_painted(o, b, p, line);
        buf_add_char(b, '\n');
    }
}

enum status attempt_log_print(struct output *o, const struct attempt_log_style *style, const struct event *e,
                              struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < PLACES; i++)
        add_lines(o, style, e, printed(e, i), "|", PAINT_NONE, &b);
    add_lines(o, style, e, str_trim(e->error), "!", PAINT_RED, &b);
    enum status status = output_buf(o, &b, err);
    buf_free(&b);
    return status;
}

static struct str all_printed(struct arena *a, const struct event *e)
{
    return arena_printf(a, "%" PRISTR "%" PRISTR "%" PRISTR, ARGSTR(printed(e, 0)), ARGSTR(printed(e, 1)),
                        ARGSTR(printed(e, 2)));
}

static struct value text_or_null(struct str s)
{
    return s.len > 0 ? value_str(s) : value_null();
}

enum status attempt_log_value(struct arena *a, const struct event *e, struct value *out, struct error *err)
{
    struct map_builder map;
    char id[ID_TEXT], time[32];
    struct str log = all_printed(a, e);
    if (!log.ptr)
        return arena_error(a, err, "what an attempt printed");
    (void)id_format(e->execution_id, id);
    time_format(e->time_ns, time);
    map_begin(&map, a);
    map_put(&map, STR("execution_id"), value_text(id));
    map_put(&map, STR("event_id"), value_int(e->event_id));
    map_put(&map, STR("step"), value_str(e->node_name));
    map_put(&map, STR("visit"), value_int(e->visit));
    map_put(&map, STR("item"), item_of(e) >= 0 ? value_int(item_of(e)) : value_null());
    map_put(&map, STR("attempt"), value_int(e->attempt));
    map_put(&map, STR("ended_at"), value_text(time));
    map_put(&map, STR("worker"), text_or_null(value_as_str(VALUE_GET(e->meta, "worker"))));
    map_put(&map, STR("status"), value_text(e->type == EVENT_ACTION_COMPLETED ? "completed" : "failed"));
    map_put(&map, STR("log"), value_str(log));
    map_put(&map, STR("error"), text_or_null(str_trim(e->error)));
    struct value borrowed;
    TRY(map_end(&map, &borrowed, err));
    return value_copy(a, borrowed, out, err);
}
