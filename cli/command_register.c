#include "commands.h"

#include "registering.h"

static const struct example EXAMPLES[] = {
    {"noetl register examples/*.yaml", "each file that is new or changed becomes a new version"},
    {"noetl register flow.yaml -o json", "path and version, for a script"},
    {0},
};
const struct command_details details_register = {
    .text = "The path in the catalog is metadata.path of the playbook. All files are checked first:\n"
            "when one has errors, none is registered.",
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

static enum status register_one(struct invocation *in, struct client *c, size_t at, struct str text,
                                struct list_builder *answers, struct error *err)
{
    struct registered r;
    if (register_text(c, &in->arena, text, &r, err) != STATUS_OK)
        return error_wrap(err, "%s", in->args.positional[at]);
    list_add(answers, r.answer);
    return in->out.format == OUTPUT_TABLE ? print_one(in, in->args.positional[at], &r, err) : STATUS_OK;
}

static enum status register_all(struct invocation *in, struct client *c, const struct str *texts,
                                struct error *err)
{
    struct list_builder answers;
    struct value list;
    list_begin(&answers, &in->arena);
    for (size_t i = 0; i < in->args.count; i++)
        TRY(register_one(in, c, i, texts[i], &answers, err));
    TRY(list_end(&answers, &list, err));
    return in->out.format == OUTPUT_TABLE ? STATUS_OK : output_list(&in->out, list, err);
}

enum status command_register(struct invocation *in, struct error *err)
{
    struct client c;
    struct str *texts = ARENA_ARRAY(&in->arena, struct str, in->args.count);
    if (!texts)
        return arena_error(&in->arena, err, "the playbooks");
    for (size_t i = 0; i < in->args.count; i++)
        TRY(check_file(&in->arena, in->args.positional[i], &texts[i], err));
    enum status status = client_open(in, &c, err);
    if (status == STATUS_OK)
        status = register_all(in, &c, texts, err);
    client_close(&c);
    return status;
}
