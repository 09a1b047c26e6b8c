/* Any bytes are compiled, as a template and as an expression, with options that the first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "render/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct template_options options = TEMPLATE_OPTIONS_DEFAULT;
    options.trim_blocks = data[0] & 1;
    options.lstrip_blocks = data[0] & 2;
    options.keep_trailing_newline = data[0] & 4;
    options.line_statement_prefix = data[0] & 8 ? "%" : NULL;
    options.line_comment_prefix = data[0] & 8 ? "##" : NULL;
    options.newline_sequence = data[0] & 16 ? "\r\n" : "\n";
    struct str source = {(const char *)data + 1, size - 1};
    for (int mode = TEMPLATE_STRING; mode <= TEMPLATE_NATIVE; mode++) {
        struct template *t;
        struct error err = {0};
        enum status s = template_compile_with(source, (enum template_mode)mode, "fuzz", &options, &t, &err);
        if (s != STATUS_OK && (s == STATUS_INTERNAL || err.message[0] == 0))
            abort();
        if (s == STATUS_OK)
            template_free(t);
    }
    return 0;
}
