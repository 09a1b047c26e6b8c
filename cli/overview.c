#include "overview.h"

#include <stdio.h>

#include "core/event.h"
#include "core/id.h"
#include "runtime/clock.h"

#include "history.h"
#include "interrupt.h"
#include "picture.h"
#include "timeline.h"

enum { INTERVAL_MS = 1000, SHARE = 10, MOST_ROWS = 60, ENDED_MS = 10000, MOST_ENDED = 8, BAR_COLUMNS = 16 };

/* One that ended while we looked. */
struct ended {
    int64_t id;
    struct mono_time since;
};

struct overview {
    struct invocation *in;
    struct client *client;
    const char *path;
    struct picture picture;
    struct arena scratch; /* of one picture */
    int64_t open[MOST_ROWS];
    size_t open_count;
    struct ended ended[MOST_ENDED];
    size_t ended_count;
    char trouble[256]; /* why the last look failed, or "" */
};

/* ---- looking ------------------------------------------------------------------------------------------ */

static enum status list(struct overview *o, const char *status, size_t room, struct value *out,
                        struct error *err)
{
    struct map_builder map;
    struct value request, answer;
    map_begin(&map, &o->scratch);
    map_put(&map, STR("status"), value_text(status));
    map_put(&map, STR("limit"), value_int((int64_t)room));
    if (o->path)
        map_put(&map, STR("path"), value_text(o->path));
    TRY(map_end(&map, &request, err));
    TRY(client_call(o->client, "list", request, 0, &o->scratch, &answer, err));
    *out = VALUE_GET(answer, "executions");
    return out->type == VALUE_LIST
               ? STATUS_OK
               : error_set(err, STATUS_INTERNAL, "the render part's answer has no executions");
}

static bool is_among(int64_t id, const int64_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

static void forget_old(struct overview *o)
{
    size_t kept = 0;
    for (size_t i = 0; i < o->ended_count; i++) {
        if (mono_ms_since(o->ended[i].since) < ENDED_MS)
            o->ended[kept++] = o->ended[i];
    }
    o->ended_count = kept;
}

/* What was open at the last look and is no longer; the oldest makes room. */
static void note_ended(struct overview *o, const int64_t *before, size_t count)
{
    forget_old(o);
    for (size_t i = 0; i < count; i++) {
        if (is_among(before[i], o->open, o->open_count))
            continue;
        if (o->ended_count == MOST_ENDED)
            memmove(o->ended, o->ended + 1, --o->ended_count * sizeof(*o->ended));
        o->ended[o->ended_count++] = (struct ended){before[i], mono_now()};
    }
}

static enum status add_open(struct overview *o, const char *status, size_t room, struct error *err)
{
    struct value found;
    if (o->open_count >= room)
        return STATUS_OK;
    TRY(list(o, status, room - o->open_count, &found, err));
    for (uint32_t i = 0; i < found.len && o->open_count < room; i++)
        TRY(id_parse(value_as_str(VALUE_GET(found.u.list[i], "execution_id")), &o->open[o->open_count++],
                     err));
    return STATUS_OK;
}

static enum status look(struct overview *o, struct error *err)
{
    int64_t before[MOST_ROWS];
    size_t count = o->open_count, rows = picture_rows(&o->in->out);
    size_t room = rows > MOST_ENDED + 4 ? rows - MOST_ENDED - 2 : 2;
    memcpy(before, o->open, count * sizeof(*before));
    o->open_count = 0;
    TRY(add_open(o, "running", room < MOST_ROWS ? room : MOST_ROWS, err));
    TRY(add_open(o, "paused", room < MOST_ROWS ? room : MOST_ROWS, err));
    note_ended(o, before, count);
    return STATUS_OK;
}

/* ---- drawing ------------------------------------------------------------------------------------------ */

static struct str kept(struct overview *o, struct buf *b)
{
    struct str text = {arena_strdup(&o->scratch, buf_str(b)), b->len};
    buf_free(b);
    return text.ptr ? text : STR("");
}

static int64_t int_of(struct value v)
{
    return v.type == VALUE_INT ? v.u.i : 0;
}

/* "load ━━━━──── 12/100", "approval waits for the signal approved" */
static void add_step(const struct output *o, struct value step, struct buf *b)
{
    struct value items = VALUE_GET(step, "items"), waits = VALUE_GET(step, "waits");
    add_clean(b, value_as_str(VALUE_GET(step, "step")));
    if (items.type == VALUE_MAP) {
        int64_t done = int_of(VALUE_GET(items, "done")), count = int_of(VALUE_GET(items, "count"));
        const struct output plain = {.file = o->file}; /* a cell has the colour of its column */
        buf_add_char(b, ' ');
        add_bar(&plain, b, (uint64_t)done, (uint64_t)count, BAR_COLUMNS);
        buf_printf(b, " %lld/%lld", (long long)done, (long long)count);
    }
    if (str_is(value_as_str(VALUE_GET(waits, "for")), "signal"))
        buf_printf(b, " waits for the signal %" PRISTR, ARGSTR(value_as_str(VALUE_GET(waits, "name"))));
    else if (waits.type == VALUE_MAP)
        buf_printf(b, " attempt %lld of %lld", (long long)int_of(VALUE_GET(waits, "attempt")),
                   (long long)int_of(VALUE_GET(waits, "max_attempts")));
}

static struct str steps_text(struct overview *o, struct value document)
{
    struct value steps = VALUE_GET(document, "steps");
    struct str why = value_as_str(value_get_path(document, STR("error.message")));
    struct buf b;
    buf_init(&b, 0);
    for (uint32_t i = 0; steps.type == VALUE_LIST && i < steps.len; i++) {
        if (!str_is(value_as_str(VALUE_GET(steps.u.list[i], "status")), "running"))
            continue;
        buf_add_text(&b, b.len > 0 ? ", " : "");
        add_step(&o->in->out, steps.u.list[i], &b);
    }
    buf_add_str(&b, str_split(&why, '\n'));
    return kept(o, &b);
}

static struct str duration_text(struct overview *o, struct value document)
{
    int64_t since_ns;
    struct value duration = VALUE_GET(document, "duration_ms");
    struct buf b;
    buf_init(&b, 0);
    if (duration.type == VALUE_INT)
        add_duration(&b, duration.u.i);
    else if (time_parse(value_as_str(VALUE_GET(document, "requested_at")), &since_ns, NULL) == STATUS_OK)
        add_duration(&b, (wall_now().ns - since_ns) / 1000000);
    return kept(o, &b);
}

static enum status add_row(struct overview *o, struct table *t, int64_t id, struct error *err)
{
    struct value document;
    struct arena *a = &o->scratch;
    enum status status = history_document(o->client, id, 0, a, &document, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(status);
    const char *word = arena_strdup(a, value_as_str(VALUE_GET(document, "status")));
    if (!word)
        return arena_error(a, err, "a row");
    const struct cell cells[] = {
        {value_as_str(VALUE_GET(document, "execution_id")), PAINT_NONE},
        {arena_printf(a, "%s %s", status_icon(word), word), status_paint(word)},
        {value_as_str(VALUE_GET(document, "path")), PAINT_NONE},
        {duration_text(o, document), PAINT_NONE},
        {steps_text(o, document), PAINT_DIM},
    };
    table_add(t, cells);
    return STATUS_OK;
}

static enum status add_rows(struct overview *o, struct table *t, struct error *err)
{
    table_init(t, &o->scratch, (const char *const[]){"EXECUTION", "STATUS", "PLAYBOOK", "TIME", "NOW", NULL});
    t->right[3] = t->shrinks[2] = true;
    for (size_t i = 0; i < o->open_count; i++)
        TRY(add_row(o, t, o->open[i], err));
    for (size_t i = o->ended_count; i > 0; i--)
        TRY(add_row(o, t, o->ended[i - 1].id, err));
    return t->failed ? arena_error(&o->scratch, err, "a table") : STATUS_OK;
}

static enum status draw(struct overview *o, struct error *err)
{
    struct table t;
    struct buf b;
    TRY(add_rows(o, &t, err));
    buf_init(&b, 0);
    buf_printf(&b, "%zu open   ", o->open_count);
    add_time(&b, wall_now().ns);
    buf_add_text(&b, "   Ctrl-C ends\n");
    if (t.rows > 0)
        table_write(&t, &o->in->out, 0, &b);
    enum status status = picture_draw(&o->picture, &o->in->out, buf_str(&b), err);
    buf_free(&b);
    return status;
}

/* Trouble with a server is told below the picture and passes; with the terminal it does not. */
static enum status refresh(struct overview *o, struct error *err)
{
    arena_reset(&o->scratch);
    enum status status = look(o, err);
    if (status == STATUS_OK)
        status = draw(o, err);
    bool passes = status == STATUS_UNAVAILABLE || status == STATUS_TIMEOUT;
    if (passes && strcmp(o->trouble, err->message) != 0)
        say_note("%s", err->message);
    if (passes)
        o->picture.drawn = 0;
    (void)snprintf(o->trouble, sizeof(o->trouble), "%.255s", passes ? err->message : "");
    return passes ? STATUS_OK : status;
}

enum status overview_show(struct invocation *in, struct client *c, const char *path, int interrupt,
                          struct error *err)
{
    struct overview o = {.in = in, .client = c, .path = path};
    bool interrupted = false;
    enum status status = STATUS_OK;
    arena_init(&o.scratch, 0);
    while (status == STATUS_OK && !interrupted) {
        struct mono_time since = mono_now();
        status = refresh(&o, err);
        /* Looking takes a tenth of the time at most. */
        int64_t pause_ms = mono_ms_since(since) * (SHARE - 1);
        if (status == STATUS_OK)
            status =
                interrupt_wait(interrupt, pause_ms > INTERVAL_MS ? pause_ms : INTERVAL_MS, &interrupted, err);
    }
    if (status == STATUS_OK)
        in->exit_code = EXIT_INTERRUPTED;
    arena_free(&o.scratch);
    return status;
}
