#include <stdlib.h>

#include "convert.h"
#include "core/json.h"
#include "render/object.h"

struct noetl_document {
    struct object_template *compiled;
};

/* ---- Compiling ---------------------------------------------------------------------------------- */

static enum status compile_text(struct str json, const char *name, struct object_template **out,
                                struct error *err)
{
    struct arena a;
    struct value document;
    arena_init(&a, 0);
    enum status s = json_read(&a, json, NULL, &document, err);
    if (s == STATUS_OK)
        s = object_compile(document, name ? name : "", out, err);
    arena_free(&a);
    return s;
}

static enum status compile(const char *json, size_t len, const char *name, struct noetl_document **out,
                           struct error *err)
{
    struct str text;
    TRY(engine_str(json, len, &text, err));
    struct noetl_document *d = (struct noetl_document *)calloc(1, sizeof *d);
    if (!d)
        return error_set(err, STATUS_NO_MEMORY, "there is no memory for a document");
    enum status s = compile_text(text, name, &d->compiled, err);
    if (s != STATUS_OK) {
        noetl_document_free(d);
        return s;
    }
    *out = d;
    return STATUS_OK;
}

enum noetl_status noetl_document_compile(const char *json, size_t len, const char *name,
                                         struct noetl_document **out, struct noetl_error *err)
{
    struct error failure;
    *out = NULL;
    return public_result(compile(json, len, name, out, &failure), &failure, err);
}

void noetl_document_free(struct noetl_document *document)
{
    if (!document)
        return;
    object_free(document->compiled);
    free(document);
}

/* ---- Rendering ---------------------------------------------------------------------------------- */

/* `unresolved` is NULL for a strict render. */
static enum status render_into(const struct noetl_document *d, const struct scope *scope,
                               const struct render_inputs *inputs, struct arena *a, struct noetl_text *out,
                               struct noetl_text *unresolved, struct error *err)
{
    struct value v, left;
    if (!unresolved) {
        TRY(object_render(d->compiled, scope, inputs, a, &v, err));
        return public_json(v, out, err);
    }
    TRY(object_render_partial(d->compiled, scope, inputs, a, &v, &left, err));
    TRY(public_json(left, unresolved, err));
    enum status s = public_json(v, out, err);
    if (s != STATUS_OK)
        noetl_text_free(unresolved);
    return s;
}

static enum status render(const struct noetl_document *d, const struct noetl_context *context,
                          const struct noetl_render_inputs *inputs, struct noetl_text *out,
                          struct noetl_text *unresolved, struct error *err)
{
    struct render_inputs with;
    struct scope scope = engine_scope(context);
    struct arena a;
    TRY(engine_inputs(inputs, &with, err));
    arena_init(&a, 0);
    enum status s = render_into(d, &scope, &with, &a, out, unresolved, err);
    arena_free(&a);
    return s;
}

enum noetl_status noetl_document_render(const struct noetl_document *document,
                                        const struct noetl_context *context,
                                        const struct noetl_render_inputs *inputs, struct noetl_text *out,
                                        struct noetl_error *err)
{
    struct error failure;
    *out = (struct noetl_text){0};
    return public_result(render(document, context, inputs, out, NULL, &failure), &failure, err);
}

enum noetl_status noetl_document_render_partial(const struct noetl_document *document,
                                                const struct noetl_context *context,
                                                const struct noetl_render_inputs *inputs,
                                                struct noetl_text *out, struct noetl_text *unresolved,
                                                struct noetl_error *err)
{
    struct error failure;
    *out = (struct noetl_text){0};
    *unresolved = (struct noetl_text){0};
    return public_result(render(document, context, inputs, out, unresolved, &failure), &failure, err);
}
