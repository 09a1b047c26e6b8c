#include "commands.h"

#include "client.h"
#include "completion.h"
#include "core/event.h"

/* Nobody waits long for a Tab. */
enum { NEWEST = 30 };
#define PATIENCE "700ms"

static const struct example EXAMPLES[] = {
    {"noetl complete -- show --dep",
     "what may stand where a command line ends, a word a line, and what it means"},
    {0},
};
const struct command_details details_complete = {.examples = EXAMPLES};

struct candidates {
    struct buf lines;
    struct str begin;  /* what a word has to begin with */
    struct str prefix; /* and what is put in front of it again */
};

/* A word, a tab, and some words about it. */
static void add_line(void *context, struct str word, struct str doc)
{
    struct candidates *c = context;
    add_clean(&c->lines, word);
    buf_add_char(&c->lines, '\t');
    add_clean(&c->lines, doc);
    buf_add_char(&c->lines, '\n');
}

static void add_found(struct candidates *c, struct arena *a, struct str word, struct str doc)
{
    if (!str_starts_with(word, c->begin))
        return;
    struct str whole = arena_printf(a, "%" PRISTR "%" PRISTR, ARGSTR(c->prefix), ARGSTR(word));
    if (whole.ptr)
        add_line(c, whole, doc);
}

/* ---- what a server knows ------------------------------------------------------------------------------ */

/* The flags for the connection that stand in the unfinished line. */
static enum status use_flags(struct invocation *in, struct error *err)
{
    struct args args;
    char **argv = ARENA_ARRAY(&in->arena, char *, in->args.count + 1);
    if (!argv)
        return arena_error(&in->arena, err, "the words");
    for (size_t i = 0; i < in->args.count; i++) {
        argv[i] = arena_strdup(&in->arena, str_of(i == 0 ? "noetl" : in->args.positional[i - 1]));
        if (!argv[i])
            return arena_error(&in->arena, err, "the words");
    }
    /* What is not finished may well be wrong; what was read up to there counts. */
    (void)!args_parse((int)in->args.count, argv, &in->arena, &args, err);
    for (size_t i = 0; i < args.use_count; i++) {
        const struct flag_use *use = &args.uses[i];
        if (use->flag->setting == NO_SETTING)
            continue;
        TRY(settings_set(in->settings, SOURCE_FLAG, use->flag->name,
                         str_of(setting_name((enum setting)use->flag->setting)), str_of(use->value), err));
    }
    return settings_set(in->settings, SOURCE_FLAG, "complete", STR("nats.timeout"), STR(PATIENCE), err);
}

static enum status ask(struct invocation *in, const char *operation, const char *member, struct value *out,
                       struct error *err)
{
    struct client c;
    struct map_builder map;
    struct value request, answer = {0};
    map_begin(&map, &in->arena);
    if (strcmp(operation, "list") == 0)
        map_put(&map, STR("limit"), value_int(NEWEST));
    TRY(map_end(&map, &request, err));
    TRY(use_flags(in, err));
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = client_call(&c, operation, request, 0, &in->arena, &answer, err);
    client_close(&c);
    *out = value_get(answer, str_of(member));
    return status;
}

static enum status add_executions(struct invocation *in, struct candidates *c, struct error *err)
{
    struct value list;
    add_found(c, &in->arena, STR("@last"), STR("the newest execution"));
    TRY(ask(in, "list", "executions", &list, err));
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len; i++) {
        struct value e = list.u.list[i];
        struct str status = value_as_str(VALUE_GET(e, "status")), path = value_as_str(VALUE_GET(e, "path")),
                   doc = arena_printf(&in->arena, "%" PRISTR " %" PRISTR, ARGSTR(status), ARGSTR(path));
        add_found(c, &in->arena, value_as_str(VALUE_GET(e, "execution_id")), doc.ptr ? doc : STR(""));
    }
    return STATUS_OK;
}

static enum status add_paths(struct invocation *in, struct candidates *c, struct error *err)
{
    struct value list;
    TRY(ask(in, "playbooks", "playbooks", &list, err));
    for (uint32_t i = 0; list.type == VALUE_LIST && i < list.len; i++)
        add_found(c, &in->arena, value_as_str(VALUE_GET(list.u.list[i], "path")), STR("playbook"));
    return STATUS_OK;
}

/* ---- the command -------------------------------------------------------------------------------------- */

/* A line ":files" asks the shell for names of files; a server that does not answer knows no words. */
static void look_up(struct invocation *in, enum completion_kind kind, struct candidates *c)
{
    struct error ignored;
    if (kind == COMPLETE_EXECUTIONS)
        (void)!add_executions(in, c, &ignored);
    if (kind == COMPLETE_PLAYBOOKS || kind == COMPLETE_PATHS)
        (void)!add_paths(in, c, &ignored);
    if (kind == COMPLETE_FILES || kind == COMPLETE_PLAYBOOKS)
        buf_add_text(&c->lines, ":files\n");
    if (kind == COMPLETE_FOLDERS)
        buf_add_text(&c->lines, ":folders\n");
}

enum status command_complete(struct invocation *in, struct error *err)
{
    struct candidates c = {0};
    struct completion found;
    buf_init(&c.lines, 0);
    completion_find(in->args.positional, in->args.count, &in->arena, add_line, &c, &found);
    c.begin = found.rest;
    c.prefix = found.prefix;
    look_up(in, found.kind, &c);
    enum status status = output_buf(&in->out, &c.lines, err);
    buf_free(&c.lines);
    return status;
}
