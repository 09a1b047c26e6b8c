#include "commands.h"

#include "registering.h"

static const struct example EXAMPLES[] = {
    {"noetl register examples/*.yaml", "each file that is new or changed becomes a new version"},
    {"noetl register flow.yaml -o json", "path and version, for a script"},
    {0},
};
const struct command_details details_register = {
    .text = "The path in the catalog is metadata.path of the playbook. A file with errors is not registered, "
            "and the files\n"
            "behind it are not either.",
    .examples = EXAMPLES,
};

static enum status print_one(struct invocation *in, const char *file, const struct registered *r,
                             struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    add_clean(&b, r->path);
    buf_printf(&b, "@%llu  %s  ", (unsigned long long)r->version, r->unchanged ? "unchanged" : "registered");
    add_clean(&b, str_of(file));
    buf_add_char(&b, '\n');
    enum status status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

static enum status register_all(struct invocation *in, struct client *c, struct list_builder *answers,
                                struct error *err)
{
    for (size_t i = 0; i < in->args.count; i++) {
        struct registered r;
        TRY(register_file(c, &in->arena, in->args.positional[i], &r, err));
        list_add(answers, r.answer);
        if (in->out.format == OUTPUT_TABLE)
            TRY(print_one(in, in->args.positional[i], &r, err));
    }
    return STATUS_OK;
}

enum status command_register(struct invocation *in, struct error *err)
{
    struct client c;
    struct list_builder answers;
    struct value list;
    list_begin(&answers, &in->arena);
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = register_all(in, &c, &answers, err);
    if (status == STATUS_OK)
        status = list_end(&answers, &list, err);
    if (status == STATUS_OK && in->out.format != OUTPUT_TABLE)
        status = output_list(&in->out, list, err);
    client_close(&c);
    return status;
}
