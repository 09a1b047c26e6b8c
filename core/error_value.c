#include "error_value.h"

enum status error_value(struct arena *a, const struct error *why, struct value *out, struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("kind"), value_text(status_name(why->status)));
    map_put(&m, STR("message"), value_text(why->message));
    if (why->place[0])
        map_put(&m, STR("place"), value_text(why->place));
    if (why->hint[0])
        map_put(&m, STR("hint"), value_text(why->hint));
    return map_end(&m, out, err);
}
