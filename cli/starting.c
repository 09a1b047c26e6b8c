#include "starting.h"

#include <unistd.h>

#include "core/id.h"
#include "interrupt.h"

/* ---- flags -------------------------------------------------------------------------------------------- */

/* An empty key would protect nothing, and comes from a variable that is not set. */
static enum status check_key(const struct args *args, struct error *err)
{
    const char *key = args_text(args, "idempotency-key");
    if (!key || key[0])
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "--idempotency-key is empty");
    return error_hint(err, "Give what tells this execution from others, or leave the flag out.");
}

enum status starting_read_flags(struct starting *s, struct invocation *in, struct error *err)
{
    const struct args *args = &in->args;
    *s = (struct starting){.in = in, .key = args_text(args, "idempotency-key"), .follow = {.interrupt = -1}};
    TRY(check_key(args, err));
    TRY(args_duration(args, "timeout", 0, &s->follow.timeout_ms, err));
    TRY(args_duration(args, "execution-timeout", -1, &s->timeout_ms, err));
    s->follow.tell = args_has(args, "follow");
    s->wait = s->follow.tell || args_has(args, "wait");
    if (s->wait || !args_has(args, "timeout"))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "--timeout is the longest wait, and nothing waits");
    return error_hint(err, "Add --wait or --follow.");
}

/* ---- the connection ----------------------------------------------------------------------------------- */

enum status starting_open(struct starting *s, struct error *err)
{
    /* Before the connection makes threads; without a wait Ctrl-C simply ends the program. */
    if (s->wait)
        TRY(interrupt_open(&s->follow.interrupt, err));
    return client_open(s->in, &s->client, err);
}

void starting_close(struct starting *s)
{
    client_close(&s->client);
    if (s->follow.interrupt >= 0)
        (void)close(s->follow.interrupt);
}

/* ---- asking for it ------------------------------------------------------------------------------------ */

static enum status ask(struct starting *s, const struct start *start, struct value *answer, int64_t *id,
                       struct error *err)
{
    struct map_builder map;
    struct value request;
    bool is_fork = start->text.len > 0;
    map_begin(&map, &s->in->arena);
    if (is_fork) {
        map_put(&map, STR("playbook"), value_str(start->text));
        map_put(&map, STR("fork"), start->fork);
    } else {
        map_put(&map, STR("path"), value_str(start->path));
    }
    if (start->version > 0)
        map_put(&map, STR("version"), value_int((int64_t)start->version));
    if (!value_is_absent(start->workload))
        map_put(&map, STR("workload"), start->workload);
    if (s->timeout_ms >= 0)
        map_put(&map, STR("timeout"), value_float((double)s->timeout_ms / 1000));
    if (s->key)
        map_put(&map, STR("idempotency_key"), value_text(s->key));
    TRY(map_end(&map, &request, err));
    TRY(client_call(&s->client, is_fork ? "fork" : "run", request, 0, &s->in->arena, answer, err));
    if (id_parse(value_as_str(VALUE_GET(*answer, "execution_id")), id, err) != STATUS_OK)
        return error_wrap(err, "the publisher's answer to \"%s\"", is_fork ? "fork" : "run");
    return STATUS_OK;
}

static bool is_duplicate(struct value answer)
{
    struct value v = VALUE_GET(answer, "duplicate");
    return v.type == VALUE_BOOL && v.u.b;
}

static enum status print_request(struct starting *s, const struct start *start, struct value answer,
                                 int64_t id, struct error *err)
{
    struct buf b;
    if (s->in->out.format != OUTPUT_TABLE)
        return output_value(&s->in->out, answer, err);
    buf_init(&b, 0);
    struct value version = VALUE_GET(answer, "version");
    buf_printf(&b, "execution %lld of ", (long long)id);
    add_clean(&b, start->path);
    if (version.type == VALUE_INT && version.u.i > 0)
        buf_printf(&b, "@%lld", (long long)version.u.i);
    buf_add_text(&b, is_duplicate(answer) ? " was requested before\n" : " is requested\n");
    buf_printf(&b, "  `noetl show %lld` tells how it goes\n", (long long)id);
    enum status status = output_buf(&s->in->out, &b, err);
    buf_free(&b);
    return status;
}

enum status starting_run(struct starting *s, const struct start *start, struct error *err)
{
    struct value answer;
    int64_t id;
    TRY(ask(s, start, &answer, &id, err));
    if (!s->wait)
        return print_request(s, start, answer, id, err);
    return follow_execution(s->in, &s->client, id, &s->follow, err);
}
