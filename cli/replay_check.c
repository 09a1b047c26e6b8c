#include "replay_check.h"

#include "core/id.h"
#include "history.h"
#include "replay_print.h"
#include "stream_replay.h"

enum { PLAYBOOKS_KEPT = 64, PAGE = 500 };

struct check {
    struct invocation *in;
    struct playbook_cache *playbooks;
    struct arena arena; /* of one execution's outcome */
    uint64_t executions, events, differing;
};

/* What came of one execution. */
struct outcome {
    int64_t execution_id;
    struct str path;
    int64_t version;
    uint32_t events;
    struct value difference; /* or absent */
    struct str text;         /* of it, for people */
};

/* ---- one execution ------------------------------------------------------------------------------------ */

static enum status keep_mismatch(struct check *c, const struct mismatch *m, struct outcome *out,
                                 struct error *err)
{
    struct buf b;
    if (m->kind == MISMATCH_NONE)
        return STATUS_OK;
    TRY(mismatch_value(&c->arena, m, &out->difference, err));
    buf_init(&b, 0);
    mismatch_write(m, &c->in->out, 2, &b);
    out->text = (struct str){arena_strdup(&c->arena, buf_str(&b)), b.len};
    buf_free(&b);
    return out->text.ptr ? STATUS_OK : arena_error(&c->arena, err, "a difference");
}

static enum status keep_request(struct check *c, const struct event *e, struct outcome *out,
                                struct error *err)
{
    struct value version = VALUE_GET(e->context, "version");
    const char *path = arena_strdup(&c->arena, e->node_name);
    if (!path)
        return arena_error(&c->arena, err, "a playbook's path");
    out->path = str_of(path);
    out->version = version.type == VALUE_INT ? version.u.i : 0;
    return STATUS_OK;
}

static enum status play(struct check *c, struct recording *recording, struct stream_replay *r,
                        struct outcome *out, struct error *err)
{
    struct mismatch found = {0};
    struct event e;
    bool end = false;
    while (found.kind == MISMATCH_NONE) {
        TRY(recording_next(recording, &e, &end, err));
        if (end)
            break;
        if (out->events++ == 0)
            TRY(keep_request(c, &e, out, err));
        TRY(stream_replay_take(r, &e, &found, err));
    }
    if (end)
        TRY(stream_replay_end(r, &found, err));
    return keep_mismatch(c, &found, out, err);
}

static enum status check_one(struct check *c, struct recording *recording, struct outcome *out,
                             struct error *err)
{
    struct stream_replay r;
    *out = (struct outcome){.execution_id = recording->execution_id, .path = STR("")};
    stream_replay_open(&r, recording, c->playbooks);
    enum status status = play(c, recording, &r, out, err);
    stream_replay_close(&r);
    TRY(status);
    c->executions++;
    c->events += out->events;
    c->differing += out->text.len > 0;
    return STATUS_OK;
}

static enum status print_text(struct check *c, const struct outcome *o, struct error *err)
{
    struct output *out = &c->in->out;
    bool differs = o->text.len > 0;
    struct buf b;
    buf_init(&b, 0);
    add_painted(out, &b, differs ? PAINT_RED : PAINT_GREEN, str_of(differs ? "✘" : "✔"));
    buf_printf(&b, " execution %lld of ", (long long)o->execution_id);
    add_clean(&b, o->path);
    if (o->version > 0)
        buf_printf(&b, "@%lld", (long long)o->version);
    if (differs) {
        buf_add_text(&b, " is decided otherwise now\n");
        buf_add_str(&b, o->text);
    } else {
        buf_printf(&b, ": %u events, no difference\n", o->events);
    }
    enum status status = output_buf(out, &b, err);
    buf_free(&b);
    return status;
}

static enum status print_one(struct check *c, const struct outcome *o, struct error *err)
{
    struct map_builder m;
    struct value v;
    char id[ID_TEXT];
    if (c->in->out.format == OUTPUT_TABLE)
        return print_text(c, o, err);
    (void)id_format(o->execution_id, id);
    map_begin(&m, &c->arena);
    map_put(&m, STR("execution_id"), value_text(id));
    map_put(&m, STR("path"), value_str(o->path));
    map_put(&m, STR("version"), value_int(o->version));
    map_put(&m, STR("events"), value_int(o->events));
    map_put(&m, STR("difference"), value_is_absent(o->difference) ? value_null() : o->difference);
    TRY(map_end(&m, &v, err));
    return output_value(&c->in->out, v, err);
}

static enum status check_open(struct check *c, struct invocation *in, struct error *err)
{
    *c = (struct check){.in = in};
    arena_init(&c->arena, 0);
    return playbook_cache_new(PLAYBOOKS_KEPT, &c->playbooks, err);
}

static void check_close(struct check *c)
{
    if (c->differing > 0)
        c->in->exit_code = status_exit_code(STATUS_FAILED);
    playbook_cache_free(&c->playbooks);
    arena_free(&c->arena);
}

enum status replay_check(struct invocation *in, struct recording *recording, struct error *err)
{
    struct check c;
    struct outcome outcome;
    enum status status = check_open(&c, in, err);
    if (status == STATUS_OK)
        status = check_one(&c, recording, &outcome, err);
    if (status == STATUS_OK)
        status = print_one(&c, &outcome, err);
    check_close(&c);
    return status;
}

/* ---- all ---------------------------------------------------------------------------------------------- */

static enum status check_listed(struct check *c, struct client *client, int64_t id, struct error *err)
{
    struct recording recording;
    struct outcome outcome;
    arena_reset(&c->arena);
    recording_open_log(&recording, client, id);
    enum status status = check_one(c, &recording, &outcome, err);
    recording_close(&recording);
    TRY(status);
    bool tell = outcome.text.len > 0 || c->in->out.format == OUTPUT_JSONL;
    return tell ? print_one(c, &outcome, err) : STATUS_OK;
}

/* The executions of a page of the list, newest first; *older: one is from before `since_ns`. */
static enum status check_page(struct check *c, struct client *client, struct value page, int64_t since_ns,
                              bool *older, struct error *err)
{
    for (uint32_t i = 0; i < page.len && !*older; i++) {
        int64_t id, started_ns = 0;
        struct value started = VALUE_GET(page.u.list[i], "started_at");
        TRY(id_parse(value_as_str(VALUE_GET(page.u.list[i], "execution_id")), &id, err));
        if (started.type == VALUE_STRING)
            TRY(time_parse(value_as_str(started), &started_ns, err));
        *older = since_ns != 0 && started_ns != 0 && started_ns < since_ns;
        if (!*older)
            TRY(check_listed(c, client, id, err));
    }
    return STATUS_OK;
}

static enum status ask_page(struct client *client, struct arena *a, struct str before, struct value *page,
                            struct str *next, struct error *err)
{
    struct map_builder m;
    struct value request, answer;
    map_begin(&m, a);
    map_put(&m, STR("limit"), value_int(PAGE));
    if (before.len)
        map_put(&m, STR("before"), value_str(before));
    TRY(map_end(&m, &request, err));
    TRY(client_call(client, "list", request, LARGE_WAIT_MS, a, &answer, err));
    *page = VALUE_GET(answer, "executions");
    *next = value_as_str(VALUE_GET(answer, "next"));
    return STATUS_OK;
}

static enum status check_pages(struct check *c, struct client *client, int64_t since_ns, struct error *err)
{
    char before[ID_TEXT] = "";
    struct arena a;
    bool older = false;
    enum status status = STATUS_OK;
    arena_init(&a, 0);
    do {
        struct value page = {0};
        struct str next = STR("");
        arena_reset(&a);
        status = ask_page(client, &a, str_of(before), &page, &next, err);
        if (status == STATUS_OK)
            status = check_page(c, client, page, since_ns, &older, err);
        (void)snprintf(before, sizeof(before), "%" PRISTR, ARGSTR(next));
    } while (status == STATUS_OK && before[0] && !older);
    arena_free(&a);
    return status;
}

static enum status print_summary(struct check *c, struct error *err)
{
    struct map_builder m;
    struct value v;
    struct buf b;
    if (c->in->out.format != OUTPUT_TABLE) {
        map_begin(&m, &c->arena);
        map_put(&m, STR("executions"), value_int((int64_t)c->executions));
        map_put(&m, STR("events"), value_int((int64_t)c->events));
        map_put(&m, STR("differing"), value_int((int64_t)c->differing));
        TRY(map_end(&m, &v, err));
        return output_value(&c->in->out, v, err);
    }
    buf_init(&b, 0);
    buf_printf(&b, "%llu executions with %llu events: %llu differ\n", (unsigned long long)c->executions,
               (unsigned long long)c->events, (unsigned long long)c->differing);
    enum status status = output_buf(&c->in->out, &b, err);
    buf_free(&b);
    return status;
}

enum status replay_check_all(struct invocation *in, struct client *client, int64_t since_ns,
                             struct error *err)
{
    struct check c;
    enum status status = check_open(&c, in, err);
    if (status == STATUS_OK)
        status = check_pages(&c, client, since_ns, err);
    if (status == STATUS_OK)
        status = print_summary(&c, err);
    check_close(&c);
    return status;
}
