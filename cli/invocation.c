#include "invocation.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "help.h"

enum { SMALLEST_READ = 64 << 10 };

/* ---- files -------------------------------------------------------------------------------------------- */

static enum status read_fd(int fd, size_t max_bytes, struct buf *b, struct error *err)
{
    buf_init(b, max_bytes + 1);
    for (;;) {
        size_t room = max_bytes + 1 - b->len < SMALLEST_READ ? max_bytes + 1 - b->len : SMALLEST_READ;
        char *to = room > 0 ? buf_reserve(b, room) : NULL;
        if (!to)
            return error_set(err, STATUS_LIMIT, "the text is larger than %zu bytes", max_bytes);
        ssize_t got = read(fd, to, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(err, STATUS_IO, "cannot read it: %s", strerror(errno));
        if (got == 0)
            return STATUS_OK;
        buf_claim(b, (size_t)got);
    }
}

static enum status open_input(const char *path, int *fd, struct error *err)
{
    *fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0)
        return STATUS_OK;
    enum status status = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND
                         : errno == EACCES                   ? STATUS_DENIED
                                                             : STATUS_IO;
    return error_set(err, status, "cannot read it: %s", strerror(errno));
}

enum status read_input(struct arena *a, const char *path, size_t max_bytes, struct str *out,
                       struct error *err)
{
    struct buf b = {0};
    int fd;
    enum status status = open_input(path, &fd, err);
    if (status == STATUS_OK)
        status = read_fd(fd, max_bytes, &b, err);
    if (status == STATUS_OK) {
        *out = (struct str){arena_strdup(a, buf_str(&b)), b.len};
        status = out->ptr ? STATUS_OK : arena_error(a, err, "the file");
    }
    if (fd > STDIN_FILENO)
        (void)close(fd);
    buf_free(&b);
    return status == STATUS_OK ? status
                               : error_place(err, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
}

/* ---- settings ----------------------------------------------------------------------------------------- */

static enum status set_option(struct settings *s, const char *option, struct error *err)
{
    struct str text = str_of(option);
    struct str name = str_split(&text, '=');
    if (name.len == strlen(option)) {
        (void)error_set(err, STATUS_INVALID, "\"%s\" has no value", option);
        (void)error_place(err, "--set-option");
        return error_hint(err, "Write --set-option NAME=VALUE.");
    }
    return settings_set(s, SOURCE_FLAG, "--set-option", name, text, err);
}

static enum status set_from_flags(struct invocation *in, struct error *err)
{
    for (size_t i = 0; i < in->args.use_count; i++) {
        const struct flag_use *use = &in->args.uses[i];
        if (use->flag->setting == NO_SETTING)
            continue;
        struct str where = arena_printf(&in->arena, "--%s", use->flag->name);
        if (!where.ptr)
            return arena_error(&in->arena, err, "the flags");
        struct str name = str_of(setting_name((enum setting)use->flag->setting));
        TRY(settings_set(in->settings, SOURCE_FLAG, where.ptr, name, str_of(use->value), err));
    }
    size_t at = 0;
    for (const char *option; (option = args_each(&in->args, "set-option", &at));)
        TRY(set_option(in->settings, option, err));
    return STATUS_OK;
}

static enum status load_settings(struct invocation *in, struct error *err)
{
    const struct settings_sources from = {
        .file = args_text(&in->args, "config"),
        .context = args_text(&in->args, "context"),
        .environment = in->environment,
    };
    TRY(settings_new(&in->settings, err));
    TRY(set_from_flags(in, err));
    return settings_load(in->settings, &from, err);
}

/* ---- the program -------------------------------------------------------------------------------------- */

static enum status print_help(struct invocation *in, const struct command *command, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    if (command)
        help_command(&in->out, command, &b);
    else
        help_overview(&in->out, &b);
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status print_version(struct invocation *in, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    buf_add_text(&b, "noetl " NOETL_VERSION "\n");
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

/* `--version` where the command has no flag of that name with a value. */
static bool asks_for_version(const struct args *args)
{
    for (size_t i = 0; i < args->use_count; i++) {
        if (strcmp(args->uses[i].flag->name, "version") == 0 && !args->uses[i].flag->value)
            return true;
    }
    return false;
}

static enum status run(struct invocation *in, int argc, char **argv, struct error *err)
{
    enum output_format format = OUTPUT_TABLE;
    TRY(args_parse(argc, argv, &in->arena, &in->args, err));
    if (args_has(&in->args, "color"))
        TRY(output_choose_color(args_text(&in->args, "color"), err));
    output_init(&in->out, stdout, format);
    const struct command *command = in->args.command;
    if (args_has(&in->args, "help"))
        return print_help(in, command, err);
    if (asks_for_version(&in->args))
        return print_version(in, err);
    if (!command)
        return print_help(in, NULL, err);
    if ((command->groups & GROUP_OUTPUT) && args_has(&in->args, "output"))
        TRY(output_format_parse(args_text(&in->args, "output"), &format, err));
    in->out.format = format;
    if (command->groups & GROUP_CONNECTION)
        TRY(load_settings(in, err));
    return command->run(in, err);
}

int noetl_main(int argc, char **argv, const char *const *environment)
{
    struct invocation in = {.program = argv[0], .environment = environment};
    struct error err = {0};
    arena_init(&in.arena, 0);
    enum status status = run(&in, argc, argv, &err);
    if (status == STATUS_IO && in.out.reader_gone) {
        in.exit_code = EXIT_READER_GONE;
    } else if (status != STATUS_OK) {
        err.status = status;
        say_error(&err);
        in.exit_code = status_exit_code(status);
    }
    settings_free(&in.settings);
    arena_free(&in.arena);
    return in.exit_code;
}
