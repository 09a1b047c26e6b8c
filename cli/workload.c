#include "workload.h"

#include "core/json.h"

#include "invocation.h"

enum { MAX_BYTES = 64 << 20 };

/* ---- --workload --------------------------------------------------------------------------------------- */

/* JSON on the command line, a file of it, or "-". */
static enum status read_workload(const char *from, struct arena *a, struct value *out, struct error *err)
{
    struct str text = str_of(from);
    struct str start = str_trim(text);
    bool inline_json = str_starts_with(start, STR("{")) || str_starts_with(start, STR("["));
    if (!inline_json)
        TRY(read_input(a, from, MAX_BYTES, &text, err));
    if (json_read_map(a, text, "the workload", out, err) == STATUS_OK)
        return STATUS_OK;
    return error_place(err, "%s", inline_json ? "--workload" : from);
}

/* ---- --set -------------------------------------------------------------------------------------------- */

/* JSON if it is JSON, else the text itself. */
static struct value value_of(struct str text, struct arena *a)
{
    struct value v;
    return json_read(a, text, NULL, &v, NULL) == STATUS_OK ? v : value_str(text);
}

/* {"a": {"b": v}} for "a.b" */
static enum status nest(struct str path, struct value v, struct arena *a, struct value *out,
                        struct error *err)
{
    struct map_builder map;
    struct value inner = v;
    struct str rest = path, key = str_split(&rest, '.');
    if (key.len == 0)
        return error_set(err, STATUS_INVALID, "the path has an empty name in it");
    if (key.len < path.len)
        TRY(nest(rest, v, a, &inner, err));
    map_begin(&map, a);
    map_put(&map, key, inner);
    return map_end(&map, out, err);
}

static enum status parse_setting(const char *text, struct arena *a, struct value *out, struct error *err)
{
    struct str value = str_of(text), path = str_split(&value, '=');
    struct str root = str_split(&path, '.');
    if (!strchr(text, '='))
        return error_set(err, STATUS_INVALID, "\"%s\" has no \"=\"", text);
    if (!str_is(root, "workload") || path.len == 0)
        return error_set(err, STATUS_INVALID, "\"%s\" sets nothing of the workload", text);
    return nest(path, value_of(value, a), a, out, err);
}

static enum status apply(const char *text, struct arena *a, struct value *workload, struct error *err)
{
    struct value over = {0};
    if (parse_setting(text, a, &over, err) == STATUS_OK)
        return value_merge(a, *workload, over, workload, err);
    (void)error_place(err, "--set");
    return error_hint(err, "Write --set workload.NAME=VALUE, or workload.A.B=VALUE.");
}

enum status workload_from_args(const struct args *args, struct arena *a, struct value *out, struct error *err)
{
    const char *from = args_text(args, "workload");
    *out = (struct value){0};
    if (from)
        TRY(read_workload(from, a, out, err));
    size_t at = 0;
    for (const char *text; (text = args_each(args, "set", &at));) {
        if (value_is_absent(*out))
            *out = VALUE_EMPTY_MAP;
        TRY(apply(text, a, out, err));
    }
    return STATUS_OK;
}
