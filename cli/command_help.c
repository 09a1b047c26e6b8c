#include "commands.h"

#include "help.h"

static const struct flag FLAGS[] = {
    {"markdown", 0, false, NULL, NO_SETTING, "writes docs/CLI.md"},
    {"man", 0, false, "DIR", NO_SETTING, "writes the man pages into this folder"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl help run", "explains a command"},
    {"noetl help exit-codes", "what a script can tell from the exit code"},
    {"noetl help settings", "every setting, with its default"},
    {0},
};
const struct command_details details_help = {.flags = FLAGS, .examples = EXAMPLES};

static enum status unknown_topic(struct str topic, struct error *err)
{
    struct str names[64];
    size_t count = 0;
    for (const struct command *c = COMMANDS; c->name && count < 62; c++) {
        if (!command_is_hidden(c))
            names[count++] = str_of(c->name);
    }
    names[count++] = STR("exit-codes");
    names[count++] = STR("settings");
    struct str near = str_nearest(topic, names, count);
    (void)error_set(err, STATUS_INVALID, "there is no help for \"%" PRISTR "\"", ARGSTR(topic));
    if (near.len > 0)
        return error_hint(err, "Did you mean `noetl help %" PRISTR "`?", ARGSTR(near));
    return error_hint(err, "`noetl help` lists the commands.");
}

static enum status write_topic(struct invocation *in, struct buf *out, struct error *err)
{
    const struct args *args = &in->args;
    if (args_has(args, "markdown")) {
        help_markdown(out);
        return STATUS_OK;
    }
    if (args->count == 0) {
        help_overview(&in->out, out);
        return STATUS_OK;
    }
    struct str topic = args->count == 1
                           ? str_of(args->positional[0])
                           : arena_printf(&in->arena, "%s %s", args->positional[0], args->positional[1]);
    const struct command *command = command_find(topic);
    if (command)
        help_command(&in->out, command, out);
    else if (str_is(topic, "exit-codes"))
        help_exit_codes(out);
    else if (str_is(topic, "settings"))
        help_settings(&in->out, &in->arena, out);
    else
        return unknown_topic(topic, err);
    return STATUS_OK;
}

enum status command_help(struct invocation *in, struct error *err)
{
    struct buf b;
    if (args_has(&in->args, "man"))
        return help_man_pages(args_text(&in->args, "man"), err);
    buf_init(&b, 0);
    enum status status = write_topic(in, &b, err);
    if (status == STATUS_OK)
        status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}
