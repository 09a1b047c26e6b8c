#include "roll_call.h"

#include <stdlib.h>

#include "core/json.h"

/* Of a machine that is not overloaded, the answers come within some milliseconds of one another. */
enum { FIRST_MS = 2000, QUIET_MS = 250 };

static int by_name(const void *left, const void *right)
{
    const struct value *a = left, *b = right;
    return str_compare(value_as_str(VALUE_GET(*a, "name")), value_as_str(VALUE_GET(*b, "name")));
}

/* What is no answer, which anybody could send, is left out. */
static enum status gather(struct client *c, const char *subject, struct arena *a, struct value *list,
                          struct error *err)
{
    struct str *answers;
    size_t count, read = 0;
    if (bus_gather(c->bus, subject, STR(""), FIRST_MS, QUIET_MS, a, &answers, &count, err) != STATUS_OK)
        return error_wrap(err, "asking %s", subject);
    struct value *items = ARENA_ARRAY(a, struct value, count + 1);
    if (!items)
        return arena_error(a, err, "the answers");
    for (size_t i = 0; i < count; i++) {
        if (json_read_map(a, answers[i], "an answer", &items[read], NULL) == STATUS_OK &&
            VALUE_GET(items[read], "name").type == VALUE_STRING)
            read++;
    }
    qsort(items, read, sizeof(*items), by_name);
    struct list_builder all;
    list_begin(&all, a);
    for (size_t i = 0; i < read; i++)
        list_add(&all, items[i]);
    return list_end(&all, list, err);
}

enum status roll_call(struct client *c, const char *kind, struct arena *a, struct value *list,
                      struct error *err)
{
    char subject[SUBJECT_MAX];
    return gather(c, subject_daemon(&c->subjects, kind, NULL, "status", subject), a, list, err);
}

enum status roll_call_services(struct client *c, struct arena *a, struct value *list, struct error *err)
{
    return gather(c, "$SRV.PING", a, list, err);
}

struct cell roll_call_ready(struct value status)
{
    struct value ready = VALUE_GET(status, "ready");
    if (ready.type == VALUE_BOOL && ready.u.b)
        return (struct cell){STR("✔ ready"), PAINT_GREEN};
    return (struct cell){STR("✘ not ready"), PAINT_RED};
}
