#include "readiness.h"

struct cell readiness_cell(struct value status)
{
    struct value ready = VALUE_GET(status, "ready");
    if (ready.type == VALUE_BOOL && ready.u.b)
        return (struct cell){STR("✔ ready"), PAINT_GREEN};
    return (struct cell){STR("✘ not ready"), PAINT_RED};
}
