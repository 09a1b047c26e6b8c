#include "commands.h"

#include "publisher/roll_call.h"
#include "runtime/clock.h"

#include "client.h"

static const struct example EXAMPLES[] = {
    {"noetl check", "whether everything is there that an execution needs"},
    {"until noetl check > /dev/null 2>&1; do sleep 1; done", "in a script, before the first run"},
    {"noetl check -o json | jq '.checks[] | select(.ok | not)'", "what is missing, for a program"},
    {0},
};
const struct command_details details_check = {
    .text =
        "Takes a second: it asks NATS, the publisher, the render part and by it the event log in Postgres,\n"
        "and every broker and worker whether it is ready, and compares versions. The exit code is 0 if\n"
        "all are, else 5. It looks at no stream and no execution: that is what `noetl doctor` does. -o\n"
        "json prints {\"ok\", \"checks\": [{\"name\", \"ok\", \"message\", \"hint\"}]}.",
    .examples = EXAMPLES,
};

struct checkup {
    struct invocation *in;
    struct client client;
    struct list_builder checks;
    bool failed;
};

/* `hint` may be "". */
static enum status note(struct checkup *u, const char *name, bool ok, struct str message, const char *hint,
                        struct error *err)
{
    struct map_builder map;
    struct value v;
    const char *kept = arena_strdup(&u->in->arena, str_of(hint));
    struct str text = {arena_strdup(&u->in->arena, message), message.len};
    if (!kept || !text.ptr)
        return arena_error(&u->in->arena, err, "what was found");
    map_begin(&map, &u->in->arena);
    map_put(&map, STR("name"), value_text(name));
    map_put(&map, STR("ok"), value_bool(ok));
    map_put(&map, STR("message"), value_str(text));
    map_put(&map, STR("hint"), kept[0] ? value_text(kept) : value_null());
    TRY(map_end(&map, &v, err));
    list_add(&u->checks, v);
    u->failed = u->failed || !ok;
    return STATUS_OK;
}

/* Trouble with what is looked at is a finding; without memory nothing can be found. */
static enum status note_error(struct checkup *u, const char *name, const struct error *found,
                              struct error *err)
{
    return note(u, name, false, str_of(found->message), found->hint, err);
}

/* ---- the API ------------------------------------------------------------------------------------------ */

static enum status check_operation(struct checkup *u, const char *name, const char *operation,
                                   const char *what, struct error *err)
{
    struct value answer;
    struct error found = {0};
    struct mono_time since = mono_now();
    if (client_call(&u->client, operation, VALUE_EMPTY_MAP, 0, &u->in->arena, &answer, &found) != STATUS_OK)
        return note_error(u, name, &found, err);
    struct str message = arena_printf(&u->in->arena, "%s in %lld ms", what, (long long)mono_ms_since(since));
    return note(u, name, true, message, "", err);
}

/* ---- daemons ------------------------------------------------------------------------------------------ */

static enum status check_daemon(struct checkup *u, const char *kind, struct value status, struct error *err)
{
    struct value ready = VALUE_GET(status, "ready");
    struct str because = value_as_str(VALUE_GET(status, "because")),
               pool = value_as_str(VALUE_GET(status, "pool"));
    bool ok = ready.type == VALUE_BOOL && ready.u.b;
    const char *hint = arena_strdup(&u->in->arena, value_as_str(VALUE_GET(status, "hint")));
    struct str message = arena_printf(
        &u->in->arena, "%" PRISTR "%s%" PRISTR "%s%s%" PRISTR,
        ARGSTR(value_as_str(VALUE_GET(status, "name"))), pool.len > 0 ? " of the pool " : "", ARGSTR(pool),
        ok ? " is ready" : " is not ready", because.len > 0 ? ": " : "", ARGSTR(because));
    return note(u, kind, ok, message, hint ? hint : "", err);
}

static enum status check_daemons(struct checkup *u, const char *kind, struct error *err)
{
    struct value list;
    struct error found = {0};
    if (roll_call(u->client.bus, &u->client.subjects, kind, ROLL_CALL_QUIET_MS, &u->in->arena, &list,
                  &found) != STATUS_OK)
        return note_error(u, kind, &found, err);
    for (uint32_t i = 0; i < list.len; i++)
        TRY(check_daemon(u, kind, list.u.list[i], err));
    if (list.len > 0)
        return STATUS_OK;
    struct str message = arena_printf(&u->in->arena, "no %s answers", kind),
               hint = arena_printf(&u->in->arena, "`noetl serve %s` starts one.", kind);
    return note(u, kind, false, message, hint.ptr ? hint.ptr : "", err);
}

/* Every daemon that is of another version than this program. */
static enum status check_versions(struct checkup *u, struct error *err)
{
    struct value list;
    struct error found = {0};
    uint32_t others = 0;
    if (roll_call_services(u->client.bus, &u->in->arena, &list, &found) != STATUS_OK)
        return note_error(u, "versions", &found, err);
    for (uint32_t i = 0; i < list.len; i++) {
        struct value s = list.u.list[i];
        struct str name = value_as_str(VALUE_GET(s, "name")), version = value_as_str(VALUE_GET(s, "version"));
        if (!str_starts_with(name, STR("noetl-")) || str_is(version, NOETL_VERSION))
            continue;
        others++;
        TRY(note(u, "versions", false,
                 arena_printf(&u->in->arena,
                              "%" PRISTR " on %" PRISTR " is of version %" PRISTR ", and this is %s",
                              ARGSTR(name), ARGSTR(value_as_str(value_get_path(s, STR("metadata.host")))),
                              ARGSTR(version), NOETL_VERSION),
                 "Upgrade the older: all parts of an installation are of one version.", err));
    }
    if (others > 0)
        return STATUS_OK;
    return note(u, "versions", true, STR("all of version " NOETL_VERSION), "", err);
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static enum status look(struct checkup *u, struct error *err)
{
    struct error found = {0};
    if (client_open(u->in, &u->client, &found) != STATUS_OK)
        return note_error(u, "nats", &found, err);
    TRY(note(u, "nats", true, arena_printf(&u->in->arena, "%s, from %s", u->client.url, u->client.from), "",
             err));
    TRY(check_operation(u, "publisher", "playbooks", "it lists the catalog", err));
    TRY(check_operation(u, "render", "list", "it reads the event log", err));
    TRY(check_daemons(u, "broker", err));
    TRY(check_daemons(u, "worker", err));
    return check_versions(u, err);
}

static enum status print_table(struct checkup *u, struct value checks, struct error *err)
{
    struct table t;
    table_init(&t, &u->in->arena, (const char *const[]){"", "", "", NULL});
    for (uint32_t i = 0; i < checks.len; i++) {
        struct value c = checks.u.list[i], ok = VALUE_GET(c, "ok");
        struct str hint = value_as_str(VALUE_GET(c, "hint"));
        const struct cell cells[] = {
            {ok.u.b ? STR("✔") : STR("✘"), ok.u.b ? PAINT_GREEN : PAINT_RED},
            {value_as_str(VALUE_GET(c, "name")), PAINT_NONE},
            {value_as_str(VALUE_GET(c, "message")), PAINT_NONE},
        };
        const struct cell advice[] = {{STR(""), PAINT_NONE}, {STR(""), PAINT_NONE}, {hint, PAINT_DIM}};
        table_add(&t, cells);
        if (hint.len > 0)
            table_add(&t, advice);
    }
    return table_print(&t, &u->in->out, 0, err);
}

static enum status print(struct checkup *u, struct error *err)
{
    struct value checks, document;
    struct map_builder map;
    TRY(list_end(&u->checks, &checks, err));
    if (u->in->out.format == OUTPUT_TABLE)
        return print_table(u, checks, err);
    map_begin(&map, &u->in->arena);
    map_put(&map, STR("ok"), value_bool(!u->failed));
    map_put(&map, STR("checks"), checks);
    TRY(map_end(&map, &document, err));
    return output_value(&u->in->out, document, err);
}

enum status command_check(struct invocation *in, struct error *err)
{
    struct checkup u = {.in = in};
    list_begin(&u.checks, &in->arena);
    enum status status = look(&u, err);
    if (status == STATUS_OK)
        status = print(&u, err);
    client_close(&u.client);
    if (u.failed)
        in->exit_code = status_exit_code(STATUS_UNAVAILABLE);
    return status;
}
