/* Templates rendered in this process, without a server. */
#ifndef CLI_LOCAL_RENDER_H
#define CLI_LOCAL_RENDER_H

#include "render/template_cache.h"

enum render_mode { RENDER_STRING, RENDER_EXPRESSION, RENDER_OBJECT };

struct local_render {
    struct value template; /* text; in RENDER_OBJECT any JSON */
    struct value context;  /* a map; absent: nothing */
    struct value
        options; /* of Jinja2's environment, by its names ("trim_blocks"); absent: the program's own */
    struct value templates; /* a map: name → text of what can be included; or absent */
    enum render_mode mode;
    enum undefined_mode undefined;
    struct template_cache *cache; /* of what comes again; or NULL */
};

/* "string", "expression", "object"; "default", "strict", "chainable". STATUS_INVALID lists them. */
enum status render_mode_parse(struct str text, enum render_mode *out, struct error *err) MUST_CHECK;
enum status undefined_mode_parse(struct str text, enum undefined_mode *out, struct error *err) MUST_CHECK;

/* An undefined result is null. The result is in `a`. */
enum status local_render(const struct local_render *r, struct arena *a, struct value *out,
                         struct error *err) MUST_CHECK;

#endif
