#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"

int fixture_set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    arena_init(&f.arena, 0);
    *state = &f;
    return 0;
}

int fixture_tear_down(void **state)
{
    arena_free(&((struct fixture *)*state)->arena);
    return 0;
}

struct value json(struct fixture *f, const char *text)
{
    struct value v;
    assert_int_equal(json_read(&f->arena, str_of(text), NULL, &v, &f->err), STATUS_OK);
    return v;
}

void assert_json(struct fixture *f, struct value v, const char *want)
{
    struct str got;
    assert_int_equal(json_text(&f->arena, v, &got, &f->err), STATUS_OK);
    assert_string_equal(got.ptr, want);
}

static enum status render_in(struct fixture *f, const char *source, enum template_mode mode,
                             struct value context, const struct render_inputs *inputs, struct value *out)
{
    struct template *t;
    struct scope scope = {context, NULL};
    TRY(template_compile(str_of(source), mode, "workflow[2].args.x", &t, &f->err));
    enum status s = template_render(t, &scope, inputs, &f->arena, out, &f->err);
    template_free(t);
    return s;
}

enum status render(struct fixture *f, const char *source, enum template_mode mode, const char *context,
                   const struct render_inputs *inputs, struct value *out)
{
    return render_in(f, source, mode, json(f, context), inputs, out);
}

enum status evaluate(struct fixture *f, const char *source, struct value context,
                     const struct render_inputs *inputs, struct value *out)
{
    return render_in(f, source, TEMPLATE_EXPRESSION, context, inputs, out);
}
