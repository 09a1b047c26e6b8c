#include "help_inner.h"

enum { DOC_COLUMN = 34, NAME_COLUMN = 16 };

const struct exit_code EXIT_CODES[] = {
#define X(code, doc) {code, doc},
#include "exit_code.def"
#undef X
    {0, NULL},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- pieces ------------------------------------------------------------------------------------------- */

static void add_title(const struct output *o, struct buf *out, const char *title)
{
    buf_add_char(out, '\n');
    add_painted(o, out, PAINT_BOLD, str_of(title));
    buf_add_char(out, '\n');
}

static void pad_to(struct buf *out, size_t line_start, size_t column)
{
    buf_add_char(out, ' ');
    do {
        buf_add_char(out, ' ');
    } while (display_width((struct str){out->data ? out->data + line_start : "", out->len - line_start}) <
                 column &&
             out->status == STATUS_OK);
}

/* Words of `text` in lines of at most 100 columns, each but the first indented. */
static void add_wrapped(struct buf *out, const char *text, size_t indent)
{
    struct str rest = str_of(text);
    size_t column = indent;
    for (bool first = true; rest.len > 0; first = false) {
        struct str word = str_split(&rest, ' ');
        size_t width = display_width(word);
        if (!first && column + 1 + width > 100) {
            buf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            buf_add_char(out, ' ');
            column++;
        }
        buf_add_str(out, word);
        column += width;
    }
    buf_add_char(out, '\n');
}

void help_flag_name(struct buf *out, const struct flag *f)
{
    if (f->letter)
        buf_printf(out, "-%c, ", f->letter);
    buf_printf(out, "--%s", f->name);
    if (f->value)
        buf_printf(out, " %s", f->value);
}

const char *help_flag_more(const struct flag *f)
{
    return f->repeats ? "; may be repeated" : "";
}

void help_flag_tables(const struct command *c, const struct flag *out[FLAG_TABLES])
{
    size_t count = 0;
    if (c->details->flags)
        out[count++] = c->details->flags;
    if (c->groups & GROUP_OUTPUT)
        out[count++] = OUTPUT_FLAGS;
    out[count++] = COMMON_FLAGS;
    out[count] = NULL;
}

static void add_flag_doc(struct buf *out, const struct flag *f, size_t indent)
{
    char doc[512];
    const char *more = help_flag_more(f);
    if (f->setting == NO_SETTING)
        (void)snprintf(doc, sizeof(doc), "%s%s", f->doc, more);
    else
        (void)snprintf(doc, sizeof(doc), "%s%s (%s)", f->doc, more, setting_name((enum setting)f->setting));
    add_wrapped(out, doc, indent);
}

static void add_flags(struct buf *out, const struct flag *table)
{
    for (; table->name; table++) {
        size_t start = out->len;
        buf_add_text(out, table->letter ? "  " : "      ");
        help_flag_name(out, table);
        pad_to(out, start, DOC_COLUMN);
        add_flag_doc(out, table, DOC_COLUMN);
    }
}

void help_usage(struct buf *out, const struct command *c)
{
    bool flags = c->details->flags || (c->groups & (GROUP_CONNECTION | GROUP_OUTPUT));
    buf_printf(out, "noetl %s%s%s%s", c->name, flags ? " [flags]" : "", c->arguments[0] ? " " : "",
               c->arguments);
}

static void capitalized(struct buf *out, const char *text)
{
    buf_add_char(out, text[0] >= 'a' && text[0] <= 'z' ? (char)(text[0] - 'a' + 'A') : text[0]);
    buf_add_text(out, text + 1);
    buf_add_char(out, '.');
}

/* What help says of the ID of a command (execution_name.h). */
const char EXECUTION_NAMES[] =
    "An ID may be cut to a beginning that no other execution has. @last is the newest execution,\n"
    "whoever asked for it, and @last:PATH the newest of that playbook; executions that others\n"
    "called do not count.";

bool help_takes_execution(const struct command *c)
{
    return strstr(c->arguments, "ID") != NULL;
}

/* ---- pages -------------------------------------------------------------------------------------------- */

void help_overview(const struct output *o, struct buf *out)
{
    buf_add_text(out, "noetl runs YAML playbooks over NATS JetStream, with Postgres as the event log.\n");
    add_title(o, out, "Usage");
    buf_add_text(out, "  noetl COMMAND [flags] [arguments]\n");
    add_title(o, out, "Commands");
    for (const struct command *c = COMMANDS; c->name; c++) {
        size_t start = out->len;
        if (command_is_hidden(c))
            continue;
        buf_printf(out, "  %s", c->name);
        pad_to(out, start, NAME_COLUMN);
        add_wrapped(out, c->summary, NAME_COLUMN);
    }
    add_title(o, out, "A first run");
    buf_add_text(out,
                 "  noetl dev                                      servers and all parts, in one terminal\n"
                 "  noetl run examples/hello_world.yaml --follow   in another\n");
    buf_add_text(
        out,
        "\n`noetl COMMAND --help` explains a command; `noetl help exit-codes` and `noetl help settings`\n"
        "have the rest.\n");
}

void help_command(const struct output *o, const struct command *c, struct buf *out)
{
    const struct flag *tables[FLAG_TABLES];
    buf_printf(out, "noetl %s: %s.\n", c->name, c->summary);
    if (c->details->text)
        buf_printf(out, "\n%s\n", c->details->text);
    if (help_takes_execution(c))
        buf_printf(out, "\n%s\n", EXECUTION_NAMES);
    add_title(o, out, "Usage");
    buf_add_text(out, "  ");
    help_usage(out, c);
    buf_add_char(out, '\n');
    add_title(o, out, "Flags");
    help_flag_tables(c, tables);
    for (size_t i = 0; tables[i]; i++)
        add_flags(out, tables[i]);
    if (c->groups & GROUP_CONNECTION) {
        add_title(o, out, "Connection");
        add_flags(out, CONNECTION_FLAGS);
    }
    add_title(o, out, "Examples");
    for (const struct example *e = c->details->examples; e->line; e++)
        buf_printf(out, "  %s\n      %s\n", e->line, e->doc);
}

/* The names of the statuses that end with a code, separated by commas. */
static void add_statuses(struct buf *out, int code)
{
    bool first = true;
    for (int s = 0; s < STATUS_COUNT; s++) {
        if (status_exit_code((enum status)s) != code)
            continue;
        buf_printf(out, "%s%s", first ? "" : ", ", status_name((enum status)s));
        first = false;
    }
}

void help_exit_codes(struct buf *out)
{
    for (size_t i = 0; EXIT_CODES[i].doc; i++) {
        buf_printf(out, "%5d  %s\n", EXIT_CODES[i].code, EXIT_CODES[i].doc);
        struct buf names;
        buf_init(&names, 0);
        add_statuses(&names, EXIT_CODES[i].code);
        if (names.len > 0)
            buf_printf(out, "       kinds of error: %" PRISTR "\n", ARGSTR(buf_str(&names)));
        buf_free(&names);
    }
}

void help_settings(const struct output *o, struct arena *a, struct buf *out)
{
    struct table t;
    table_init(&t, a, (const char *const[]){"SETTING", "TYPE", "DEFAULT", "WHAT", NULL});
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        enum setting id = (enum setting)i;
        const struct cell cells[] = {
            {str_of(setting_name(id)), PAINT_NONE},
            {str_of(setting_type_name(setting_type_of(id))), PAINT_NONE},
            {str_of(setting_default(id)), PAINT_NONE},
            {str_of(setting_doc(id)), PAINT_NONE},
        };
        table_add(&t, cells);
    }
    table_write(&t, o, 0, out);
    buf_add_text(
        out, "\nIn the settings file \"nats.url\" is `nats: {url: ...}`, in the environment NOETL_NATS_URL, "
             "as a flag\n"
             "--set-option nats.url=VALUE. Flags go before the environment, the environment before the "
             "context of\n"
             "the nats CLI, that before the file ($NOETL_CONFIG, or ~/.config/noetl/config.yaml).\n"
             "Durations have ms, s, m, h or d; sizes B, KiB, MiB or GiB; lists are separated by commas.\n");
}

/* ---- docs/CLI.md -------------------------------------------------------------------------------------- */

/* In a cell of a table "|" would end the cell. */
static void add_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
}

static void add_anchor(struct buf *out, const char *name)
{
    for (; *name; name++)
        buf_add_char(out, *name == ' ' ? '-' : *name);
}

static void markdown_flags(struct buf *out, const struct flag *table)
{
    buf_add_text(out, "\n| flag | what it does |\n|---|---|\n");
    for (; table->name; table++) {
        struct buf name;
        buf_init(&name, 0);
        help_flag_name(&name, table);
        buf_add_text(out, "| `");
        add_cell(out, buf_str(&name).ptr);
        buf_add_text(out, "` | ");
        add_cell(out, table->doc);
        buf_add_text(out, help_flag_more(table));
        if (table->setting != NO_SETTING)
            buf_printf(out, " (setting `%s`)", setting_name((enum setting)table->setting));
        buf_add_text(out, " |\n");
        buf_free(&name);
    }
}

/* The sections at the page's end that the command has a part in. */
static void markdown_sections(struct buf *out, const struct command *c)
{
    const struct {
        bool wanted;
        const char *link;
    } sections[] = {{help_takes_execution(c), "[ids](#ids)"},
                    {(c->groups & GROUP_OUTPUT) != 0, "[output](#output)"},
                    {(c->groups & GROUP_CONNECTION) != 0, "[connection](#connection)"}};
    const char *before = "\nAlso: ";
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!sections[i].wanted)
            continue;
        buf_printf(out, "%s%s", before, sections[i].link);
        before = ", ";
    }
    if (before[0] == ',')
        buf_add_text(out, ".\n");
}

static void markdown_command(struct buf *out, const struct command *c)
{
    buf_printf(out, "\n## noetl %s\n\n", c->name);
    capitalized(out, c->summary);
    buf_add_text(out, "\n\n```\n");
    help_usage(out, c);
    buf_add_text(out, "\n```\n");
    if (c->details->text)
        buf_printf(out, "\n%s\n", c->details->text);
    if (c->details->flags)
        markdown_flags(out, c->details->flags);
    markdown_sections(out, c);
    buf_add_text(out, "\nExamples:\n\n```sh\n");
    for (const struct example *e = c->details->examples; e->line; e++)
        buf_printf(out, "# %s\n%s\n", e->doc, e->line);
    buf_add_text(out, "```\n");
}

static void markdown_exit_codes(struct buf *out)
{
    buf_add_text(out, "\n## Exit codes\n\n| code | what it says | kinds of error |\n|---|---|---|\n");
    for (size_t i = 0; EXIT_CODES[i].doc; i++) {
        buf_printf(out, "| %d | %s | ", EXIT_CODES[i].code, EXIT_CODES[i].doc);
        add_statuses(out, EXIT_CODES[i].code);
        buf_add_text(out, " |\n");
    }
}

static void markdown_settings(struct buf *out)
{
    buf_add_text(
        out, "\n## Settings\n\n"
             "`nats.url` is `nats: {url: …}` in the settings file, `NOETL_NATS_URL` in the environment and\n"
             "`--set-option nats.url=VALUE` as a flag. Flags go before the environment (`NOETL_*`, and the "
             "nats CLI's\n"
             "`NATS_*`), the environment before the nats CLI's context, that before the file "
             "(`$NOETL_CONFIG`, or\n"
             "`~/.config/noetl/config.yaml`). Durations have ms, s, m, h or d; sizes B, KiB, MiB or GiB; "
             "lists are\n"
             "separated by commas. `noetl config show` says what is set, and where.\n\n"
             "| setting | type | default | what |\n|---|---|---|---|\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        enum setting id = (enum setting)i;
        const char *mark = setting_default(id)[0] ? "`" : "";
        buf_printf(out, "| `%s` | %s | %s%s%s | ", setting_name(id), setting_type_name(setting_type_of(id)),
                   mark, setting_default(id), mark);
        add_cell(out, setting_doc(id));
        if (setting_unit(id)[0])
            buf_printf(out, " (%s)", setting_unit(id));
        buf_add_text(out, " |\n");
    }
}

void help_markdown(struct buf *out)
{
    buf_add_text(out, "# The command line\n\n"
                      "Written by `noetl help --markdown` from the tables of the program.\n\n"
                      "| command | what it does |\n|---|---|\n");
    for (const struct command *c = COMMANDS; c->name; c++) {
        if (command_is_hidden(c))
            continue;
        buf_printf(out, "| [noetl %s](#noetl-", c->name);
        add_anchor(out, c->name);
        buf_printf(out, ") | %s |\n", c->summary);
    }
    for (const struct command *c = COMMANDS; c->name; c++) {
        if (!command_is_hidden(c))
            markdown_command(out, c);
    }
    buf_printf(out, "\n## Ids\n\n%s\n", EXECUTION_NAMES);
    buf_add_text(out, "\n## Output\n");
    markdown_flags(out, OUTPUT_FLAGS);
    buf_add_text(out, "\nTables and pictures keep within the width of the terminal, or within `COLUMNS` if "
                      "that is set; in a\n"
                      "pipe they are as wide as they need, without colour. Every command has:\n");
    markdown_flags(out, COMMON_FLAGS);
    buf_add_text(
        out, "\n## Connection\n\n"
             "The server is the one of `--server`; else that of the `noetl dev` in the folder of\n"
             "`--data-dir` or `NOETL_DATA_DIR`; else the one that `NOETL_NATS_URL` or `NATS_URL`, a context\n"
             "of the nats CLI or the settings file names; else that of the `noetl dev` that runs on this\n"
             "machine; else `nats://127.0.0.1:4222`.\n");
    markdown_flags(out, CONNECTION_FLAGS);
    markdown_exit_codes(out);
    markdown_settings(out);
}
