#include "args.h"

#include <stdio.h>

#include "config/quantity.h"

enum { MAX_NAMES = 64 };

struct parser {
    char **argv;
    int argc, at;         /* `at`: the word being read */
    bool only_positional; /* "--" was read */
    bool help;            /* --help or --version was read: mistakes don't matter */
    struct arena *arena;
    struct args *out;
};

/* ---- tables ------------------------------------------------------------------------------------------- */

const struct command *command_find(struct str name)
{
    for (const struct command *c = COMMANDS; c->name; c++) {
        if (str_is(name, c->name))
            return c;
    }
    return NULL;
}

bool command_is_hidden(const struct command *c)
{
    return c->summary[0] == '\0';
}

/* The tables in which a flag may stand: of the command, or every shared one while the command is not known.
 */
size_t args_flag_tables(const struct command *command, const struct flag *tables[ARGS_TABLES])
{
    size_t count = 0;
    unsigned groups = command ? command->groups : GROUP_CONNECTION | GROUP_OUTPUT;
    if (command && command->details->flags)
        tables[count++] = command->details->flags;
    if (groups & GROUP_OUTPUT)
        tables[count++] = OUTPUT_FLAGS;
    if (groups & GROUP_CONNECTION)
        tables[count++] = CONNECTION_FLAGS;
    tables[count++] = GLOBAL_FLAGS;
    return count;
}

static const struct flag *flag_in(const struct flag *table, struct str name, char letter)
{
    for (; table->name; table++) {
        if (letter ? table->letter == letter : str_is(name, table->name))
            return table;
    }
    return NULL;
}

/* By name, or by letter if that is not 0. */
static const struct flag *flag_find(const struct command *command, struct str name, char letter)
{
    const struct flag *tables[ARGS_TABLES];
    size_t count = args_flag_tables(command, tables);
    for (size_t i = 0; i < count; i++) {
        const struct flag *found = flag_in(tables[i], name, letter);
        if (found)
            return found;
    }
    return NULL;
}

static struct str nearest_flag(const struct command *command, struct str name)
{
    struct str names[MAX_NAMES];
    size_t count = 0;
    const struct flag *tables[ARGS_TABLES];
    size_t table_count = args_flag_tables(command, tables);
    for (size_t i = 0; i < table_count; i++) {
        for (const struct flag *f = tables[i]; f->name && count < MAX_NAMES; f++)
            names[count++] = str_of(f->name);
    }
    return str_nearest(name, names, count);
}

/* ---- what is wrong ------------------------------------------------------------------------------------ */

static const char *for_help(const struct command *command)
{
    return command ? command->name : "help";
}

static enum status unknown_flag(const struct parser *p, struct str name, char letter, struct error *err)
{
    const struct command *c = p->out->command;
    char shown[2] = {letter, '\0'};
    if (letter)
        name = str_of(shown);
    (void)error_set(err, STATUS_INVALID, "unknown flag \"%s%" PRISTR "\"%s%s%s", letter ? "-" : "--",
                    ARGSTR(name), c ? " of `noetl " : "", c ? c->name : "", c ? "`" : "");
    struct str near = letter ? STR("") : nearest_flag(c, name);
    if (near.len > 0)
        return error_hint(err, "Did you mean \"--%" PRISTR "\"?", ARGSTR(near));
    return error_hint(err, "`noetl %s%s` lists the flags.", for_help(c), c ? " --help" : "");
}

static enum status unknown_command(struct str word, struct error *err)
{
    struct str names[MAX_NAMES];
    size_t count = 0;
    for (const struct command *c = COMMANDS; c->name && count < MAX_NAMES; c++) {
        if (!command_is_hidden(c))
            names[count++] = str_of(c->name);
    }
    struct str near = str_nearest(word, names, count);
    (void)error_set(err, STATUS_INVALID, "unknown command \"%" PRISTR "\"", ARGSTR(word));
    if (near.len > 0)
        return error_hint(err, "Did you mean `noetl %" PRISTR "`?", ARGSTR(near));
    return error_hint(err, "`noetl help` lists the commands.");
}

static enum status check_count(const struct parser *p, struct error *err)
{
    const struct command *c = p->out->command;
    size_t count = p->out->count;
    if (count >= c->least && count <= c->most)
        return STATUS_OK;
    if (count < c->least)
        (void)error_set(err, STATUS_INVALID, "`noetl %s` needs %s", c->name, c->arguments);
    else
        (void)error_set(err, STATUS_INVALID, "`noetl %s` has no use for \"%s\"", c->name,
                        p->out->positional[c->most]);
    const char *space = c->arguments[0] ? " " : "";
    return error_hint(err, "Usage: noetl %s [flags]%s%s", c->name, space, c->arguments);
}

/* ---- flags -------------------------------------------------------------------------------------------- */

static void add_use(struct parser *p, const struct flag *flag, const char *value)
{
    p->out->uses[p->out->use_count++] = (struct flag_use){flag, value};
    if (strcmp(flag->name, "help") == 0 || (strcmp(flag->name, "version") == 0 && !flag->value))
        p->help = true;
}

/* The value behind "=", behind the letter, or in the next word. */
static enum status take_value(struct parser *p, const struct flag *flag, const char *attached,
                              struct error *err)
{
    if (!attached && p->at + 1 < p->argc)
        attached = p->argv[++p->at];
    if (!attached) {
        (void)error_set(err, STATUS_INVALID, "--%s needs a value: %s", flag->name, flag->value);
        return error_hint(err, "Write --%s=%s.", flag->name, flag->value);
    }
    add_use(p, flag, attached);
    return STATUS_OK;
}

/* "--name" or "--name=value" */
static enum status read_long(struct parser *p, const char *word, struct error *err)
{
    struct str rest = str_of(word + 2);
    bool has_value = memchr(rest.ptr, '=', rest.len) != NULL;
    struct str name = str_split(&rest, '=');
    const struct flag *flag = flag_find(p->out->command, name, 0);
    if (!flag)
        return unknown_flag(p, name, 0, err);
    if (flag->value)
        return take_value(p, flag, has_value ? rest.ptr : NULL, err);
    if (has_value)
        return error_set(err, STATUS_INVALID, "--%s takes no value, and has \"%s\"", flag->name, rest.ptr);
    add_use(p, flag, "");
    return STATUS_OK;
}

/* "-abc": letters without value, of which the last may have one behind it. */
static enum status read_letters(struct parser *p, const char *letters, struct error *err)
{
    for (; *letters; letters++) {
        const struct flag *flag = flag_find(p->out->command, STR(""), *letters);
        if (!flag)
            return unknown_flag(p, STR(""), *letters, err);
        if (flag->value)
            return take_value(p, flag, letters[1] ? letters + 1 : NULL, err);
        add_use(p, flag, "");
    }
    return STATUS_OK;
}

/* ---- words -------------------------------------------------------------------------------------------- */

/* The word, with the next one if a command has both as its name ("config show"). */
static enum status read_command(struct parser *p, struct error *err)
{
    const char *word = p->argv[p->at];
    if (p->at + 1 < p->argc) {
        struct str both = arena_printf(p->arena, "%s %s", word, p->argv[p->at + 1]);
        if (!both.ptr)
            return arena_error(p->arena, err, "the command line");
        p->out->command = command_find(both);
        if (p->out->command) {
            p->at++;
            return STATUS_OK;
        }
    }
    p->out->command = command_find(str_of(word));
    return p->out->command ? STATUS_OK : unknown_command(str_of(word), err);
}

static enum status read_word(struct parser *p, struct error *err)
{
    const char *word = p->argv[p->at];
    if (!p->only_positional && word[0] == '-' && word[1] != '\0') {
        if (strcmp(word, "--") == 0) {
            p->only_positional = true;
            return STATUS_OK;
        }
        return word[1] == '-' ? read_long(p, word, err) : read_letters(p, word + 1, err);
    }
    if (!p->out->command)
        return read_command(p, err);
    p->out->positional[p->out->count++] = word;
    return STATUS_OK;
}

/* Flags in front of the command were looked up in all shared tables: the command must take them. */
static enum status check_early_flags(const struct parser *p, struct error *err)
{
    for (size_t i = 0; i < p->out->use_count; i++) {
        const struct flag *flag = p->out->uses[i].flag;
        if (flag_find(p->out->command, str_of(flag->name), 0) != flag)
            return unknown_flag(p, str_of(flag->name), 0, err);
    }
    return STATUS_OK;
}

/* Whether --help stands among the words behind a mistake. */
static bool asks_for_help_later(struct parser *p)
{
    for (; p->at < p->argc && strcmp(p->argv[p->at], "--") != 0; p->at++) {
        if (strcmp(p->argv[p->at], "--help") != 0 && strcmp(p->argv[p->at], "-h") != 0)
            continue;
        add_use(p, &COMMON_FLAGS[0], "");
        return true;
    }
    return false;
}

enum status args_parse(int argc, char **argv, struct arena *a, struct args *out, struct error *err)
{
    struct parser p = {.argv = argv, .argc = argc, .at = 1, .arena = a, .out = out};
    *out = (struct args){0};
    /* A word gives at most one argument, or one flag a byte. */
    size_t most = 1;
    for (int i = 0; i < argc; i++)
        most += strlen(argv[i]) + 1;
    out->positional = ARENA_ARRAY(a, const char *, most);
    out->uses = ARENA_ARRAY(a, struct flag_use, most);
    if (!out->positional || !out->uses)
        return arena_error(a, err, "the command line");
    enum status status = STATUS_OK;
    for (; p.at < argc && status == STATUS_OK; p.at++)
        status = read_word(&p, err);
    if (p.help || (status != STATUS_OK && asks_for_help_later(&p)))
        return STATUS_OK;
    TRY(status);
    if (!out->command)
        return STATUS_OK;
    TRY(check_early_flags(&p, err));
    return check_count(&p, err);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

const char *args_each(const struct args *args, const char *flag, size_t *at)
{
    while (*at < args->use_count) {
        const struct flag_use *use = &args->uses[(*at)++];
        if (strcmp(use->flag->name, flag) == 0)
            return use->value;
    }
    return NULL;
}

const char *args_text(const struct args *args, const char *flag)
{
    const char *last = NULL;
    size_t at = 0;
    for (const char *value; (value = args_each(args, flag, &at));)
        last = value;
    return last;
}

bool args_has(const struct args *args, const char *flag)
{
    return args_text(args, flag) != NULL;
}

enum status args_number(const struct args *args, const char *flag, int64_t fallback, int64_t *out,
                        struct error *err)
{
    const char *text = args_text(args, flag);
    *out = fallback;
    if (!text || (str_to_int64(str_of(text), out) && *out >= 0))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "\"%s\" is no whole number", text);
    return error_place(err, "--%s", flag);
}

enum status args_number_between(const struct args *args, const char *flag, int64_t fallback, int64_t least,
                                int64_t most, int64_t *out, struct error *err)
{
    TRY(args_number(args, flag, fallback, out, err));
    if (!args_has(args, flag) || (*out >= least && *out <= most))
        return STATUS_OK;
    (void)error_set(err, STATUS_INVALID, "%lld is not between %lld and %lld", (long long)*out,
                    (long long)least, (long long)most);
    return error_place(err, "--%s", flag);
}

enum status args_duration(const struct args *args, const char *flag, int64_t fallback, int64_t *out,
                          struct error *err)
{
    const char *text = args_text(args, flag);
    *out = fallback;
    if (!text || duration_parse(str_of(text), out, err) == STATUS_OK)
        return STATUS_OK;
    return error_place(err, "--%s", flag);
}
