#include <stdlib.h>

#include "convert.h"
#include "core/json.h"

static enum status read_context(const char *json, size_t len, struct noetl_context **out, struct error *err)
{
    struct str text;
    TRY(engine_str(json, len, &text, err));
    struct noetl_context *c = (struct noetl_context *)calloc(1, sizeof *c);
    if (!c)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a context");
    arena_init(&c->arena, 0);
    enum status s = json_read_map(&c->arena, text, "the context", &c->names, err);
    if (s != STATUS_OK) {
        noetl_context_free(c);
        return s;
    }
    *out = c;
    return STATUS_OK;
}

enum noetl_status noetl_context_from_json(const char *json, size_t len, struct noetl_context **out,
                                          struct noetl_error *err)
{
    struct error failure;
    *out = NULL;
    return public_result(read_context(json, len, out, &failure), &failure, err);
}

void noetl_context_free(struct noetl_context *context)
{
    if (!context)
        return;
    arena_free(&context->arena);
    free(context);
}
