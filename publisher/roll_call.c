#include "roll_call.h"

#include <stdlib.h>

#include "core/id.h"
#include "core/json.h"

/* Of a machine that is not overloaded, the answers come within some milliseconds of one another. */
enum { FIRST_MS = 2000 };

static int by_name(const void *left, const void *right)
{
    const struct value *a = left, *b = right;
    return str_compare(value_as_str(VALUE_GET(*a, "name")), value_as_str(VALUE_GET(*b, "name")));
}

/* What is no answer, which anybody could send, is left out. */
static enum status gather(struct bus *bus, const char *subject, int64_t quiet_ms, struct arena *a,
                          struct value *list, struct error *err)
{
    struct str *answers;
    size_t count, read = 0;
    if (bus_gather(bus, subject, STR(""), FIRST_MS, quiet_ms, a, &answers, &count, err) != STATUS_OK)
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

enum status roll_call(struct bus *bus, const struct subjects *s, const char *kind, int64_t quiet_ms,
                      struct arena *a, struct value *list, struct error *err)
{
    char subject[SUBJECT_MAX];
    return gather(bus, subject_daemon(s, kind, NULL, "status", subject), quiet_ms, a, list, err);
}

struct value roll_call_task(struct value worker, int64_t execution_id, struct str task_id)
{
    char id[ID_TEXT];
    struct str execution = {id, id_format(execution_id, id)};
    struct value tasks = VALUE_GET(worker, "tasks");
    for (uint32_t i = 0; tasks.type == VALUE_LIST && i < tasks.len; i++) {
        struct value t = tasks.u.list[i];
        if (str_equal(value_as_str(VALUE_GET(t, "task_id")), task_id) &&
            str_equal(value_as_str(VALUE_GET(t, "execution_id")), execution))
            return t;
    }
    return (struct value){0};
}

enum status roll_call_services(struct bus *bus, struct arena *a, struct value *list, struct error *err)
{
    return gather(bus, "$SRV.PING", ROLL_CALL_QUIET_MS, a, list, err);
}
