#include "unseal.h"

static const struct value absent = {.type = VALUE_UNDEFINED};

/* ---- what goes in --------------------------------------------------------------------------------- */

static enum status resolve(struct unsealing *u, struct str seal, struct value *v, struct error *err)
{
    struct value out;
    TRY(references_resolve(u->source, seal, *v, u->arena, &u->used, &out, err));
    *v = out;
    return STATUS_OK;
}

static enum status resolve_task(struct unsealing *u, struct task *task, struct value *data, struct error *err)
{
    TRY(resolve(u, task->seal, &task->args, err));
    TRY(resolve(u, task->seal, &task->config, err));
    return resolve(u, task->seal, data, err);
}

/* ---- what comes out ------------------------------------------------------------------------------- */

static enum status mask(struct unsealing *u, struct value *v, bool with_marks, struct error *err)
{
    struct value out;
    TRY(secrets_mask(&u->used, u->arena, *v, with_marks, &out, err));
    *v = out;
    return STATUS_OK;
}

static enum status mask_log(struct unsealing *u, struct buf *log, struct error *err)
{
    struct str text = buf_str(log), masked = secrets_redact(&u->used, u->arena, text);
    if (masked.ptr == text.ptr)
        return STATUS_OK;
    buf_clear(log);
    buf_add_str(log, masked);
    return buf_status(log, err);
}

static enum status mask_all(struct unsealing *u, struct outcome *out, struct error *err)
{
    TRY(mask(u, &out->data, true, err));
    TRY(mask(u, &out->meta, true, err));
    TRY(mask(u, &out->error, false, err));
    return mask_log(u, out->log, err);
}

static enum status hide(struct unsealing *u, enum status s, struct outcome *out, struct error *err)
{
    struct error why;
    if (u->used.count == 0)
        return s;
    if (s != STATUS_OK)
        secrets_redact_error(&u->used, err);
    if (mask_all(u, out, &why) == STATUS_OK)
        return s;
    out->data = out->meta = out->error = absent; /* rather nothing than a secret */
    buf_clear(out->log);
    if (s != STATUS_OK)
        return s;
    *err = why;
    return why.status;
}

static enum status run(void *context, const struct task *task, struct value data, struct outcome *out,
                       struct error *err)
{
    struct unsealing *u = context;
    struct task resolved = *task;
    enum status s = resolve_task(u, &resolved, &data, err);
    if (s == STATUS_OK)
        s = u->inner->run(u->inner->context, &resolved, data, out, err);
    return hide(u, s, out, err);
}

struct tool_runner unsealing_begin(struct unsealing *u, const struct tool_runner *inner,
                                   struct secret_source *source, struct arena *a)
{
    u->inner = inner;
    u->source = source;
    u->arena = a;
    u->used.count = 0;
    return (struct tool_runner){.run = run, .context = u};
}
