#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static char *read_whole(void)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/docs/SECURITY.md", getenv("NOETL_SOURCE_DIR"));
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    size_t len = fread(text, 1, (1 << 20) - 1, f);
    (void)fclose(f);
    assert_true(len > 0);
    return text;
}

char *document_block(const char *language, int n)
{
    char fence[32];
    char *text = read_whole(), *at = text;
    snprintf(fence, sizeof(fence), "\n```%s\n", language);
    for (int i = 0; i <= n; i++) {
        at = strstr(at, fence);
        if (!at)
            fail_msg("docs/SECURITY.md has no block %d of %s", n, language);
        at += strlen(fence);
    }
    char *end = strstr(at, "\n```");
    assert_non_null(end);
    char *block = strndup(at, (size_t)(end + 1 - at));
    free(text);
    assert_non_null(block);
    return block;
}
