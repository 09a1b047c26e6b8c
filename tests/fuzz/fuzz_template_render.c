/*
 * Any template is rendered over a context with values of every kind. Behind a zero byte may follow the text
 * of a template that it finds under every name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/json.h"
#include "render/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CONTEXT[] =
    "{\"n\":42,\"f\":-1.5,\"big\":123456789012345678901234567890,\"t\":true,\"z\":null,\"s\":\"Hello, "
    "W\\u00f6rld <b>&\","
    "\"l\":[3,1,2,\"a\",null,[1,2]],\"e\":[],\"d\":{\"a\":1,\"b\":{\"c\":[1,2]},\"items\":[1]},"
    "\"users\":[{\"name\":\"Ann\",\"age\":31},{\"name\":\"bob\",\"age\":7}]}";

static enum status load(void *user, struct str name, const struct template **out, struct error *err)
{
    if (user == NULL)
        return error_set(err, STATUS_NOT_FOUND, "there is no template %" PRISTR, ARGSTR(name));
    *out = (const struct template *)user;
    return STATUS_OK;
}

static void render(struct str source, enum template_mode mode, const struct template_options *options,
                   struct value context)
{
    struct template *t;
    struct error err = {0};
    struct arena a;
    struct value out;
    struct scope scope = {context, NULL};
    if (template_compile_with(source, mode, "fuzz", options, &t, &err) != STATUS_OK)
        return;
    for (int undefined = UNDEFINED_DEFAULT; undefined <= UNDEFINED_CHAINABLE; undefined++) {
        struct render_inputs inputs = {.undefined = (enum undefined_mode)undefined, .now_ns = 1, .seed = 7};
        inputs.limits =
            (struct render_limits){.max_steps = 100000, .max_memory = 8 << 20, .max_output = 1 << 20};
        arena_init(&a, 0);
        enum status s = template_render(t, &scope, &inputs, &a, &out, &err);
        if (s == STATUS_INTERNAL || (s != STATUS_OK && err.message[0] == 0))
            abort();
        arena_free(&a);
    }
    template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena context_arena;
    static struct value context;
    if (context.type != VALUE_MAP) {
        arena_init(&context_arena, 0);
        if (json_read(&context_arena, str_of(CONTEXT), NULL, &context, NULL) != STATUS_OK)
            abort();
    }
    if (size == 0)
        return 0;
    struct str source = {(const char *)data + 1, size - 1};
    const char *zero = memchr(source.ptr, 0, source.len);
    struct template *other = NULL;
    struct error err;
    struct template_options options = TEMPLATE_OPTIONS_DEFAULT;
    options.autoescape = data[0] & 1;
    options.loader.load = load;
    if (zero != NULL) {
        struct str behind = {zero + 1, source.len - (size_t)(zero - source.ptr) - 1};
        source.len = (size_t)(zero - source.ptr);
        if (template_compile_with(behind, TEMPLATE_STRING, "other", &options, &other, &err) != STATUS_OK)
            other = NULL;
    }
    options.loader.user = other;
    render(source, data[0] & 2 ? TEMPLATE_EXPRESSION : TEMPLATE_STRING, &options, context);
    template_free(other);
    return 0;
}
