#include "ending.h"

#include "timeline.h"

enum status ending_print(struct invocation *in, struct value document, struct error *err)
{
    const struct output *o = &in->out;
    struct value version = VALUE_GET(document, "version"), duration = VALUE_GET(document, "duration_ms");
    struct str status = value_as_str(VALUE_GET(document, "status")),
               why = value_as_str(value_get_path(document, STR("error.message")));
    const char *word = arena_strdup(&in->arena, status);
    struct buf b;
    if (!word)
        return arena_error(&in->arena, err, "a line");
    buf_init(&b, 0);
    add_painted(o, &b, status_paint(word), str_of(status_icon(word)));
    buf_printf(&b, " %" PRISTR " ", ARGSTR(value_as_str(VALUE_GET(document, "execution_id"))));
    add_clean(&b, value_as_str(VALUE_GET(document, "path")));
    if (version.type == VALUE_INT && version.u.i > 0)
        buf_printf(&b, "@%lld", (long long)version.u.i);
    buf_printf(&b, " %s %s ", word, str_is(status, "completed") ? "in" : "after");
    add_duration(&b, duration.type == VALUE_INT ? duration.u.i : 0);
    if (why.len > 0 && !str_equal(why, status)) {
        buf_add_text(&b, ": ");
        add_clean(&b, str_split(&why, '\n'));
    }
    buf_add_char(&b, '\n');
    enum status result = output_buf(&in->out, &b, err);
    buf_free(&b);
    return result;
}
