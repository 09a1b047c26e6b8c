#include "commands.h"

#include "playbook_file.h"

static const struct example EXAMPLES[] = {
    {"noetl lint examples/*.yaml", "checks files, prints every problem with its line"},
    {"noetl lint flow.yaml -o json | jq '.[].diagnostics'", "for an editor or a script"},
    {"cat flow.yaml | noetl lint -", "checks standard input"},
    {0},
};
const struct command_details details_lint = {
    .text = "Checks what registration would check, without a server: YAML, keys, transitions,\n"
            "templates. Errors end with exit code 2; warnings and hints do not.",
    .examples = EXAMPLES,
};

static enum status to_value(struct arena *a, const struct playbook_file *f, struct value *out,
                            struct error *err)
{
    struct value diagnostics;
    struct map_builder map;
    TRY(diagnostics_to_value(&f->diagnostics, f->name, a, &diagnostics, err));
    map_begin(&map, a);
    map_put(&map, STR("file"), value_text(f->name));
    map_put(&map, STR("path"), f->playbook ? value_str(f->playbook->path) : value_null());
    map_put(&map, STR("valid"), value_bool(f->playbook != NULL));
    map_put(&map, STR("errors"), value_int(f->diagnostics.errors));
    map_put(&map, STR("warnings"), value_int(f->diagnostics.warnings));
    map_put(&map, STR("diagnostics"), diagnostics);
    struct value shared;
    TRY(map_end(&map, &shared, err));
    return value_copy(a, shared, out, err);
}

static enum status print_one(struct invocation *in, const struct playbook_file *f, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    diagnostics_print(&f->diagnostics, f->text, f->name, &b);
    if (f->playbook)
        buf_printf(&b, "%s: ok%s\n", f->name, f->diagnostics.warnings ? ", with warnings" : "");
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status lint_file(struct invocation *in, const char *name, struct list_builder *list,
                             struct error *err)
{
    struct playbook_file f;
    TRY(playbook_file_read(&in->arena, name, &f, err));
    struct value v = {0};
    enum status status = STATUS_OK;
    if (in->out.format == OUTPUT_TABLE)
        status = print_one(in, &f, err);
    else
        status = to_value(&in->arena, &f, &v, err);
    if (status == STATUS_OK && in->out.format != OUTPUT_TABLE)
        list_add(list, v);
    if (!f.playbook)
        in->exit_code = status_exit_code(STATUS_INVALID);
    playbook_file_free(&f);
    return status;
}

enum status command_lint(struct invocation *in, struct error *err)
{
    struct list_builder list;
    struct value all;
    list_begin(&list, &in->arena);
    for (size_t i = 0; i < in->args.count; i++)
        TRY(lint_file(in, in->args.positional[i], &list, err));
    TRY(list_end(&list, &all, err));
    return in->out.format == OUTPUT_TABLE ? STATUS_OK : output_list(&in->out, all, err);
}
