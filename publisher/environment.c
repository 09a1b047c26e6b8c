#include "environment.h"

#include <stdlib.h>

enum status environment_for_templates(const struct settings *settings, struct arena *a, struct value *out,
                                      struct error *err)
{
    struct map_builder m;
    const char *const *names = settings_list(settings, SETTING_TEMPLATES_ENV);
    *out = (struct value){0};
    if (!*names)
        return STATUS_OK;
    map_begin(&m, a);
    for (; *names; names++) {
        const char *value = getenv(*names);
        char *copy = value ? arena_strdup(a, str_of(value)) : NULL;
        if (value && !copy)
            return arena_error(a, err, "the environment of templates");
        if (copy)
            map_put(&m, str_of(*names), value_text(copy));
    }
    return map_end(&m, out, err);
}
