/*
 * The template engine inside another program:
 *
 *     cc render_embed.c $(pkg-config --cflags --libs noetl-render) -o render_embed && ./render_embed
 */
#include <noetl/render.h>
#include <stdio.h>
#include <string.h>

/* The templates that this program knows; `page` uses `item`. */
struct pages {
    struct noetl_template *page, *item;
};

static enum noetl_status load(void *user, const char *name, const struct noetl_template **out,
                              struct noetl_error *err)
{
    const struct pages *pages = (const struct pages *)user;
    (void)err; /* the library says what was not found */
    if (strcmp(name, "item") != 0)
        return NOETL_NOT_FOUND;
    *out = pages->item;
    return NOETL_OK;
}

static int report(const struct noetl_error *err)
{
    printf("%s in %s, line %u: %s\n", noetl_status_name(err->status), err->place, (unsigned)err->line,
           err->message);
    return 1;
}

static enum noetl_status compile(const char *source, const char *name, enum noetl_mode mode,
                                 struct pages *pages, struct noetl_template **out, struct noetl_error *err)
{
    struct noetl_template_options options = NOETL_TEMPLATE_OPTIONS_INIT;
    options.name = name;
    options.mode = mode;
    options.load = load;
    options.load_user = pages;
    return noetl_template_compile(source, strlen(source), &options, out, err);
}

/* A page with a template for each of its lines. */
static int print_page(struct pages *pages, const struct noetl_context *context)
{
    static const char PAGE[] = "{% for order in orders -%}\n{% include 'item' %}\n{% endfor %}";
    static const char ITEM[] = "- {{ order.name | title }}: {{ '%.2f' % order.total }}";
    struct noetl_error err;
    struct noetl_text text;
    if (compile(PAGE, "page", NOETL_MODE_STRING, pages, &pages->page, &err) != NOETL_OK ||
        compile(ITEM, "item", NOETL_MODE_STRING, pages, &pages->item, &err) != NOETL_OK ||
        noetl_template_render(pages->page, context, NULL, &text, &err) != NOETL_OK)
        return report(&err);
    fwrite(text.data, 1, text.len, stdout);
    noetl_text_free(&text);
    return 0;
}

/* An expression gives its value, as JSON. */
static int print_value(const struct noetl_context *context)
{
    struct noetl_error err;
    struct noetl_template *t;
    struct noetl_text text;
    if (compile("orders | sum(attribute='total')", "sum", NOETL_MODE_EXPRESSION, NULL, &t, &err) != NOETL_OK)
        return report(&err);
    enum noetl_status s = noetl_template_render_json(t, context, NULL, &text, &err);
    noetl_template_free(t);
    if (s != NOETL_OK)
        return report(&err);
    printf("sum: %s\n", text.data);
    noetl_text_free(&text);
    return 0;
}

/* What a template does wrong is told with its place; a limit ends what would not end. */
static int print_errors(const struct noetl_context *context)
{
    static const char *const SOURCES[] = {"{% if orders %}", "{{ missing.name }}",
                                          "{% for i in range(100000) %}{{ i }}{% endfor %}"};
    struct noetl_render_inputs inputs = NOETL_RENDER_INPUTS_INIT;
    inputs.undefined = NOETL_UNDEFINED_STRICT;
    inputs.limits.max_output = 1000;
    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++) {
        struct noetl_error err;
        struct noetl_template *t;
        struct noetl_text text = {0};
        if (compile(SOURCES[i], "wrong", NOETL_MODE_STRING, NULL, &t, &err) != NOETL_OK ||
            noetl_template_render(t, context, &inputs, &text, &err) != NOETL_OK)
            printf("%s, line %u\n", noetl_status_name(err.status), (unsigned)err.line);
        noetl_template_free(t);
        noetl_text_free(&text);
    }
    return 0;
}

int main(void)
{
    static const char DATA[] = "{\"orders\": [{\"name\": \"green tea\", \"total\": 12.5},"
                               " {\"name\": \"coffee\", \"total\": 8}]}";
    struct noetl_error err;
    struct noetl_context *context;
    struct pages pages = {NULL, NULL};
    if (noetl_context_from_json(DATA, strlen(DATA), &context, &err) != NOETL_OK)
        return report(&err);
    int bad = print_page(&pages, context) + print_value(context) + print_errors(context);
    noetl_template_free(pages.page);
    noetl_template_free(pages.item);
    noetl_context_free(context);
    return bad ? 1 : 0;
}
