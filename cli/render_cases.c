#include "render_cases.h"

#include "core/json.h"

#include "local_render.h"

/* The templates of so many cases are kept: many cases are often one template over many contexts. */
enum { TEMPLATES_KEPT = 1024, TEMPLATES_BYTES = 64 << 20 };

static enum status read_case(struct value v, struct template_cache *cache, struct local_render *r,
                             struct error *err)
{
    struct str mode = value_as_str(VALUE_GET(v, "mode")), undefined = value_as_str(VALUE_GET(v, "undefined"));
    *r = (struct local_render){
        .template = VALUE_GET(v, "template"),
        .context = VALUE_GET(v, "context"),
        .options = VALUE_GET(v, "options"),
        .templates = VALUE_GET(v, "templates"),
        .cache = cache,
    };
    if (value_is_absent(r->template))
        return error_set(err, STATUS_INVALID, "the case has no template");
    if (value_is_absent(r->options))
        r->options = VALUE_EMPTY_MAP;
    if (mode.len > 0)
        TRY(render_mode_parse(mode, &r->mode, err));
    return undefined.len > 0 ? undefined_mode_parse(undefined, &r->undefined, err) : STATUS_OK;
}

static enum status render_case(struct value v, struct template_cache *cache, struct arena *a,
                               struct value *out, struct error *err)
{
    struct local_render r;
    TRY(read_case(v, cache, &r, err));
    return local_render(&r, a, out, err);
}

static enum status error_to_value(struct arena *a, const struct error *e, struct value *out,
                                  struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("kind"), value_text(status_name(e->status)));
    map_put(&map, STR("message"), value_text(e->message));
    map_put(&map, STR("line"), e->line ? value_int(e->line) : value_null());
    return map_end(&map, out, err);
}

static enum status answer(struct arena *a, struct value id, const char *member, struct value v, struct buf *b,
                          struct error *err)
{
    struct map_builder map;
    struct value line;
    map_begin(&map, a);
    map_put(&map, STR("id"), value_is_absent(id) ? value_null() : id);
    map_put(&map, str_of(member), v);
    TRY(map_end(&map, &line, err));
    return json_write(b, line, JSON_COMPACT, err);
}

/* The line of the answer, without its end. What goes wrong with the case is its answer, also that JSON cannot
 * hold it. */
static enum status run_line(struct str line, struct template_cache *cache, struct arena *a, struct buf *b,
                            struct error *err)
{
    struct value v = {0}, result, error;
    struct error wrong = {0};
    enum status status = json_read_map(a, line, "the case", &v, &wrong);
    if (status == STATUS_OK)
        status = render_case(v, cache, a, &result, &wrong);
    struct value id = VALUE_GET(v, "id");
    if (status == STATUS_OK) {
        status = answer(a, id, "result", result, b, &wrong);
        if (status == STATUS_OK)
            return STATUS_OK;
        buf_clear(b);
    }
    wrong.status = status;
    TRY(error_to_value(a, &wrong, &error, err));
    return answer(a, id, "error", error, b, err);
}

enum status render_cases(struct str lines, struct output *out, struct error *err)
{
    struct arena a;
    struct buf b;
    struct template_cache *cache;
    enum status status = STATUS_OK;
    TRY(template_cache_new(TEMPLATES_KEPT, TEMPLATES_BYTES, &cache, err));
    arena_init(&a, 0);
    buf_init(&b, 0);
    while (lines.len > 0 && status == STATUS_OK) {
        struct str line = str_trim(str_split(&lines, '\n'));
        if (line.len == 0)
            continue;
        arena_reset(&a);
        buf_clear(&b);
        status = run_line(line, cache, &a, &b, err);
        buf_add_char(&b, '\n');
        if (status == STATUS_OK)
            status = output_buf(out, &b, err);
    }
    buf_free(&b);
    arena_free(&a);
    template_cache_free(&cache);
    return status;
}
