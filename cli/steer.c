#include "steer.h"

#include "history.h"

static enum status make_request(struct invocation *in, int64_t id, struct value more, struct value *out,
                                struct error *err)
{
    struct map_builder map;
    const char *reason = args_text(&in->args, "reason");
    TRY(execution_request(&in->arena, id, &map, err));
    if (more.type == VALUE_MAP)
        map_put_all(&map, more);
    if (reason)
        map_put(&map, STR("reason"), value_text(reason));
    return map_end(&map, out, err);
}

enum status steer(struct invocation *in, struct client *c, int64_t execution_id, const char *operation,
                  struct value more, struct value *answer, struct error *err)
{
    struct value request;
    TRY(make_request(in, execution_id, more, &request, err));
    return client_call(c, operation, request, 0, &in->arena, answer, err);
}

static enum status print_answer(struct invocation *in, int64_t id, struct value answer, const char *asked,
                                struct error *err)
{
    struct buf b;
    if (in->out.format != OUTPUT_TABLE)
        return output_value(&in->out, answer, err);
    buf_init(&b, 0);
    buf_printf(&b, "asked for execution %lld %s\n", (long long)id, asked);
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

enum status steer_execution(struct invocation *in, const char *operation, struct value more,
                            const char *asked, struct error *err)
{
    struct client c;
    struct value answer;
    int64_t id;
    enum status status = client_open_for(in, in->args.positional[0], &c, &id, err);
    if (status == STATUS_OK)
        status = steer(in, &c, id, operation, more, &answer, err);
    if (status == STATUS_OK)
        status = print_answer(in, id, answer, asked, err);
    client_close(&c);
    return status;
}
