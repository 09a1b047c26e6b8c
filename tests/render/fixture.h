/* An arena and an error for each test of the functions of render/, and what most of those tests do. */
#ifndef TESTS_RENDER_FIXTURE_H
#define TESTS_RENDER_FIXTURE_H

#include "render/template.h"

struct fixture {
    struct arena arena;
    struct error err;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* The value of a JSON text, in the fixture's arena. */
struct value json(struct fixture *f, const char *text);
void assert_json(struct fixture *f, struct value v, const char *want);

/* Compiles and renders with a context that is JSON. */
enum status render(struct fixture *f, const char *source, enum template_mode mode, const char *context,
                   const struct render_inputs *inputs, struct value *out);
/* An expression's value. */
enum status evaluate(struct fixture *f, const char *source, struct value context,
                     const struct render_inputs *inputs, struct value *out);

#endif
