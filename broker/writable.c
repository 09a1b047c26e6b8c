#include "writable.h"

#include "core/json.h"

/* A message is read as deep as this (json_limits), itself included. */
enum { MEMBER_DEPTH = 127 };

/* A member of an event or a task; its bytes are added to *bytes. */
static enum status look_at(struct value member, const char *name, size_t *bytes, struct error *err)
{
    const struct json_bounds bounds = {WRITABLE_ROW_BYTES - *bytes, MEMBER_DEPTH};
    size_t more = 0;
    if (value_is_absent(member))
        return STATUS_OK;
    enum status status = json_check(member, &bounds, &more, err);
    *bytes += more;
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", name);
}

static enum status look_at_event(const struct event *e, struct error *err)
{
    size_t bytes = 0;
    TRY(look_at(e->context, "context", &bytes, err));
    TRY(look_at(e->result, "result", &bytes, err));
    return look_at(e->meta, "meta", &bytes, err);
}

static enum status look_at_task(const struct task *t, struct error *err)
{
    size_t bytes = 0;
    TRY(look_at(t->args, "args", &bytes, err));
    TRY(look_at(t->config, "config", &bytes, err));
    TRY(look_at(t->saves, "saves", &bytes, err));
    return look_at(t->names, "names", &bytes, err);
}

enum status decisions_writable(const struct decisions *d, struct error *err)
{
    for (uint32_t i = 1; i < d->event_count; i++) {
        if (look_at_event(&d->events[i], err) != STATUS_OK)
            return error_wrap(err, "%s of %" PRISTR, event_type_name(d->events[i].type),
                              ARGSTR(d->events[i].node_name));
    }
    for (uint32_t i = 0; i < d->task_count; i++) {
        if (look_at_task(&d->tasks[i].task, err) != STATUS_OK)
            return error_wrap(err, "the task of %" PRISTR, ARGSTR(d->tasks[i].task.step));
    }
    for (uint32_t i = 0; i < d->notice_count; i++) {
        if (look_at_event(&d->notices[i].fact, err) != STATUS_OK)
            return error_wrap(err, "%s for another execution", event_type_name(d->notices[i].fact.type));
    }
    return STATUS_OK;
}
