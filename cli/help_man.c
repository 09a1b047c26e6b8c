/* Man pages from the tables, for man(7): noetl.1, and one a command. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "help_inner.h"

/* ---- roff --------------------------------------------------------------------------------------------- */

/* Text that roff takes as it stands: no escapes, no ligatures of "-", no line that looks like a request. */
static void add_text(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool starts_line = i == 0 || text.ptr[i - 1] == '\n';
        if (starts_line && (c == '.' || c == '\''))
            buf_add_text(out, "\\&");
        if (c == '\\')
            buf_add_text(out, "\\e");
        else if (c == '-')
            buf_add_text(out, "\\-");
        else if (c == '`' || c == '"')
            buf_add_text(out, c == '`' ? "\\(ga" : "\\(dq");
        else
            buf_add_char(out, c);
    }
}

static void add_title(struct buf *out, const char *title)
{
    buf_printf(out, ".SH %s\n", title);
}

/* Paragraphs are separated by empty lines. */
static void add_paragraphs(struct buf *out, const char *text)
{
    struct str rest = str_of(text);
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        if (line.len == 0) {
            buf_add_text(out, ".PP\n");
            continue;
        }
        add_text(out, line);
        buf_add_char(out, '\n');
    }
}

/* A tagged paragraph: `tag` in bold, and what it is. */
static void add_item(struct buf *out, struct str tag, const char *doc, const char *more)
{
    buf_add_text(out, ".TP\n\\fB");
    add_text(out, tag);
    buf_add_text(out, "\\fR\n");
    add_text(out, str_of(doc));
    add_text(out, str_of(more));
    buf_add_char(out, '\n');
}

/* "noetl-config-show" */
static void add_page_name(struct buf *out, const char *command)
{
    buf_add_text(out, "noetl");
    if (command[0])
        buf_add_char(out, '-');
    for (; *command; command++)
        buf_add_char(out, *command == ' ' ? '-' : *command);
}

static void add_header(struct buf *out, const char *command)
{
    buf_add_text(out, ".TH \"");
    add_page_name(out, command);
    buf_add_text(out, "\" 1 \"\" \"noetl " NOETL_VERSION "\" \"noetl\"\n");
}

static void add_reference(struct buf *out, const char *command, const char *after)
{
    struct buf name;
    buf_init(&name, 0);
    add_page_name(&name, command);
    buf_add_text(out, ".BR ");
    add_text(out, buf_str(&name));
    buf_printf(out, " (1)%s\n", after);
    buf_free(&name);
}

/* ---- sections ----------------------------------------------------------------------------------------- */

static void add_flags(struct buf *out, const struct flag *table)
{
    for (; table->name; table++) {
        struct buf name;
        buf_init(&name, 0);
        help_flag_name(&name, table);
        add_item(out, buf_str(&name), table->doc, help_flag_more(table));
        buf_free(&name);
    }
}

static void add_exit_codes(struct buf *out)
{
    add_title(out, "EXIT STATUS");
    for (const struct exit_code *e = EXIT_CODES; e->doc; e++) {
        char code[16];
        (void)snprintf(code, sizeof(code), "%d", e->code);
        add_item(out, str_of(code), e->doc, "");
    }
}

static void add_examples(struct buf *out, const struct example *e)
{
    add_title(out, "EXAMPLES");
    for (; e->line; e++)
        add_item(out, str_of(e->line), e->doc, "");
}

static void add_name(struct buf *out, const char *command, const char *summary)
{
    add_title(out, "NAME");
    struct buf name;
    buf_init(&name, 0);
    add_page_name(&name, command);
    add_text(out, buf_str(&name));
    buf_add_text(out, " \\- ");
    add_text(out, str_of(summary));
    buf_add_char(out, '\n');
    buf_free(&name);
}

static void add_synopsis(struct buf *out, struct str usage)
{
    add_title(out, "SYNOPSIS");
    buf_add_text(out, "\\fB");
    add_text(out, usage);
    buf_add_text(out, "\\fR\n");
}

/* ---- pages -------------------------------------------------------------------------------------------- */

void help_man(struct buf *out)
{
    add_header(out, "");
    add_name(out, "", "runs YAML playbooks over NATS JetStream, with Postgres as the event log");
    add_synopsis(out, STR("noetl COMMAND [flags] [arguments]"));
    add_title(out, "COMMANDS");
    for (const struct command *c = COMMANDS; c->name; c++) {
        if (!command_is_hidden(c))
            add_item(out, str_of(c->name), c->summary, "");
    }
    add_title(out, "OPTIONS");
    add_flags(out, GLOBAL_FLAGS);
    add_title(out, "EXECUTIONS");
    add_paragraphs(out, EXECUTION_NAMES);
    add_title(out, "ENVIRONMENT");
    add_item(out, STR("NOETL_*"), "each setting: NOETL_NATS_URL is nats.url; noetl help settings lists them",
             "");
    add_item(out, STR("NOETL_DATA_DIR"), "the noetl dev that commands ask", "");
    add_item(out, STR("NATS_URL, NATS_USER, NATS_PASSWORD, NATS_CREDS, …"), "as for the nats CLI", "");
    add_item(out, STR("NO_COLOR, COLUMNS"), "no colours; the width of tables", "");
    add_title(out, "FILES");
    add_item(out, STR("~/.config/noetl/config.yaml"), "settings; NOETL_CONFIG and --config name another", "");
    add_exit_codes(out);
    add_title(out, "SEE ALSO");
    for (const struct command *c = COMMANDS; c->name; c++) {
        if (!command_is_hidden(c))
            add_reference(out, c->name, c[1].name && !command_is_hidden(c + 1) ? " ," : "");
    }
}

void help_man_command(const struct command *c, struct buf *out)
{
    const struct flag *tables[FLAG_TABLES];
    struct buf usage;
    buf_init(&usage, 0);
    help_usage(&usage, c);
    add_header(out, c->name);
    add_name(out, c->name, c->summary);
    add_synopsis(out, buf_str(&usage));
    buf_free(&usage);
    if (c->details->text || help_takes_execution(c))
        add_title(out, "DESCRIPTION");
    if (c->details->text)
        add_paragraphs(out, c->details->text);
    if (c->details->text && help_takes_execution(c))
        buf_add_text(out, ".PP\n");
    if (help_takes_execution(c))
        add_paragraphs(out, EXECUTION_NAMES);
    add_title(out, "OPTIONS");
    help_flag_tables(c, tables);
    for (size_t i = 0; tables[i]; i++)
        add_flags(out, tables[i]);
    if (c->groups & GROUP_CONNECTION) {
        add_title(out, "CONNECTION");
        add_flags(out, CONNECTION_FLAGS);
    }
    add_examples(out, c->details->examples);
    add_exit_codes(out);
    add_title(out, "SEE ALSO");
    add_reference(out, "", "");
}

/* ---- files -------------------------------------------------------------------------------------------- */

static enum status write_page(const char *folder, const char *command, const struct buf *page,
                              struct error *err)
{
    struct buf path;
    buf_init(&path, 0);
    buf_printf(&path, "%s/", folder);
    add_page_name(&path, command);
    buf_add_text(&path, ".1");
    enum status status = buf_status(&path, err);
    struct str text = buf_str(page);
    FILE *file = status == STATUS_OK ? fopen(path.data, "we") : NULL;
    bool written = file && fwrite(text.ptr, 1, text.len, file) == text.len;
    if (file && fclose(file) != 0)
        written = false;
    if (status == STATUS_OK && !written) {
        (void)error_set(err, STATUS_IO, "cannot write it: %s", strerror(errno));
        status = error_place(err, "%s", path.data);
    }
    buf_free(&path);
    return status;
}

enum status help_man_pages(const char *folder, struct error *err)
{
    struct buf page;
    buf_init(&page, 0);
    help_man(&page);
    enum status status = write_page(folder, "", &page, err);
    for (const struct command *c = COMMANDS; c->name && status == STATUS_OK; c++) {
        if (command_is_hidden(c))
            continue;
        buf_clear(&page);
        help_man_command(c, &page);
        status = write_page(folder, c->name, &page, err);
    }
    buf_free(&page);
    return status;
}
