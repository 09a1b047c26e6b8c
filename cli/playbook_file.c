#include "playbook_file.h"

#include <stdio.h>

#include "invocation.h"

enum { MAX_BYTES = 4 << 20 };

enum status playbook_file_read(struct arena *a, const char *path, struct playbook_file *out,
                               struct error *err)
{
    struct error first = {0};
    *out = (struct playbook_file){.name = strcmp(path, "-") == 0 ? "standard input" : path};
    TRY(read_input(a, path, MAX_BYTES, &out->text, err));
    diagnostics_init(&out->diagnostics);
    enum status status = playbook_compile(out->text, out->name, &out->diagnostics, &out->playbook, &first);
    if (status == STATUS_OK || out->diagnostics.errors > 0)
        return STATUS_OK;
    playbook_file_free(out);
    *err = first;
    return status;
}

void playbook_file_free(struct playbook_file *f)
{
    if (f->playbook)
        playbook_unref(f->playbook);
    f->playbook = NULL;
    diagnostics_free(&f->diagnostics);
}

enum status playbook_file_report(const struct playbook_file *f, struct error *err)
{
    struct buf b;
    struct output o;
    output_init(&o, stderr, OUTPUT_TABLE);
    buf_init(&b, 0);
    diagnostics_print(&f->diagnostics, f->text, f->name, &b);
    enum status status = output_buf(&o, &b, err);
    buf_free(&b);
    if (status != STATUS_OK || f->playbook)
        return status;
    (void)error_set(err, STATUS_INVALID, "the playbook has %u error%s", f->diagnostics.errors,
                    f->diagnostics.errors == 1 ? "" : "s");
    return error_place(err, "%s", f->name);
}
