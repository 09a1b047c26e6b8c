#include "convert.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/json.h"

/* ---- Statuses and errors ------------------------------------------------------------------------ */

static const struct {
    enum noetl_status status;
    enum status engine;
    const char *name;
} STATUSES[] = {
    {NOETL_OK, STATUS_OK, "ok"},
    {NOETL_SYNTAX, STATUS_SYNTAX, "syntax"},
    {NOETL_UNDEFINED, STATUS_UNDEFINED, "undefined"},
    {NOETL_NOT_FOUND, STATUS_NOT_FOUND, "not_found"},
    {NOETL_RUNTIME, STATUS_RUNTIME, "runtime"},
    {NOETL_LIMIT, STATUS_LIMIT, "limit"},
    {NOETL_INVALID, STATUS_INVALID, "invalid"},
    {NOETL_NO_MEMORY, STATUS_NO_MEMORY, "no_memory"},
    {NOETL_INTERNAL, STATUS_INTERNAL, "internal"},
};
enum { STATUS_LINES = sizeof STATUSES / sizeof *STATUSES };

const char *noetl_status_name(enum noetl_status status)
{
    for (size_t i = 0; i < STATUS_LINES; i++) {
        if (STATUSES[i].status == status)
            return STATUSES[i].name;
    }
    return "internal";
}

static enum noetl_status public_status(enum status s)
{
    for (size_t i = 0; i < STATUS_LINES; i++) {
        if (STATUSES[i].engine == s)
            return STATUSES[i].status;
    }
    return NOETL_INTERNAL;
}

static enum status engine_status(enum noetl_status s)
{
    for (size_t i = 0; i < STATUS_LINES; i++) {
        if (STATUSES[i].status == s)
            return STATUSES[i].engine;
    }
    return STATUS_INTERNAL;
}

enum noetl_status public_result(enum status s, const struct error *from, struct noetl_error *to)
{
    enum noetl_status status = public_status(s);
    if (s == STATUS_OK || !to)
        return status;
    to->status = status;
    to->line = from->line;
    to->column = from->column;
    snprintf(to->place, sizeof to->place, "%s", from->place);
    snprintf(to->message, sizeof to->message, "%s", from->message);
    snprintf(to->hint, sizeof to->hint, "%s", from->hint);
    return status;
}

enum status engine_result(enum noetl_status s, const struct noetl_error *from, struct error *to)
{
    if (s == NOETL_OK)
        return STATUS_OK;
    enum status status = error_set(to, engine_status(s), "%.*s", (int)sizeof from->message, from->message);
    if (from->place[0])
        error_place(to, "%.*s", (int)sizeof from->place, from->place);
    if (from->line)
        error_at(to, from->line, from->column);
    if (from->hint[0])
        error_hint(to, "%.*s", (int)sizeof from->hint, from->hint);
    return status;
}

/* ---- What goes in ------------------------------------------------------------------------------- */

enum status engine_inputs(const struct noetl_render_inputs *from, struct render_inputs *to, struct error *err)
{
    *to = (struct render_inputs){0};
    if (!from)
        return STATUS_OK;
    if (from->size != sizeof *from)
        return error_set(err, STATUS_INVALID,
                         "the inputs of a render were not started from NOETL_RENDER_INPUTS_INIT");
    if ((unsigned)from->undefined > NOETL_UNDEFINED_CHAINABLE)
        return error_set(err, STATUS_INVALID, "%d is no mode of undefined names", (int)from->undefined);
    to->undefined = (enum undefined_mode)from->undefined;
    to->now_ns = from->now_ns;
    to->seed = from->seed;
    to->env = from->env ? from->env->names : (struct value){0};
    to->limits = (struct render_limits){
        .max_steps = from->limits.max_steps,
        .max_memory = from->limits.max_memory,
        .max_output = from->limits.max_output,
        .max_depth = from->limits.max_depth,
        .max_digits = from->limits.max_digits,
    };
    return STATUS_OK;
}

struct scope engine_scope(const struct noetl_context *context)
{
    return (struct scope){.names = context ? context->names : VALUE_EMPTY_MAP};
}

enum status engine_str(const char *bytes, size_t len, struct str *out, struct error *err)
{
    if (!bytes && len > 0)
        return error_set(err, STATUS_INVALID, "there are said to be %zu bytes at NULL", len);
    *out = (struct str){bytes ? bytes : "", len};
    return STATUS_OK;
}

/* ---- What comes out ----------------------------------------------------------------------------- */

/* Takes the buffer's memory over, whether it was filled or failed. */
static enum status take(struct buf *b, struct noetl_text *out, struct error *err)
{
    enum status s = buf_status(b, err);
    if (s == STATUS_OK)
        out->data = buf_take(b, &out->len);
    buf_free(b);
    return s;
}

enum status public_text(struct str s, struct noetl_text *out, struct error *err)
{
    out->data = (char *)malloc(s.len + 1);
    if (!out->data)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a result of %zu bytes", s.len);
    if (s.len)
        memcpy(out->data, s.ptr, s.len);
    out->data[s.len] = '\0';
    out->len = s.len;
    return STATUS_OK;
}

enum status public_json(struct value v, struct noetl_text *out, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    enum status s = json_write(&b, value_is_absent(v) ? value_null() : v, JSON_COMPACT, err);
    if (s == STATUS_OK)
        return take(&b, out, err);
    buf_free(&b);
    return s;
}

void noetl_text_free(struct noetl_text *text)
{
    if (!text)
        return;
    free(text->data);
    *text = (struct noetl_text){0};
}
