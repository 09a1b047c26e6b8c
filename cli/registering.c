#include "registering.h"

#include "playbook_file.h"

static enum status send(struct client *c, struct arena *a, struct str text, struct value *answer,
                        struct error *err)
{
    struct map_builder map;
    struct value request;
    map_begin(&map, a);
    map_put(&map, STR("playbook"), value_str(text));
    TRY(map_end(&map, &request, err));
    return client_call(c, "register", request, 0, a, answer, err);
}

static enum status read_answer(struct value answer, struct registered *out, struct error *err)
{
    struct value version = VALUE_GET(answer, "version"), unchanged = VALUE_GET(answer, "unchanged");
    *out = (struct registered){.path = value_as_str(VALUE_GET(answer, "path")), .answer = answer};
    if (version.type != VALUE_INT || version.u.i <= 0 || out->path.len == 0)
        return error_set(err, STATUS_INTERNAL,
                         "the publisher's answer to \"register\" has no path and version");
    out->version = (uint64_t)version.u.i;
    out->unchanged = unchanged.type == VALUE_BOOL && unchanged.u.b;
    return STATUS_OK;
}

enum status check_file(struct arena *a, const char *file, struct str *text, struct error *err)
{
    struct playbook_file f;
    TRY(playbook_file_read(a, file, &f, err));
    enum status status = playbook_file_report(&f, err);
    *text = f.text;
    playbook_file_free(&f);
    return status;
}

enum status register_text(struct client *c, struct arena *a, struct str text, struct registered *out,
                          struct error *err)
{
    struct value answer;
    TRY(send(c, a, text, &answer, err));
    return read_answer(answer, out, err);
}
