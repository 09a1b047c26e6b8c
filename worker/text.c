#include "text.h"

#include "core/utf8.h"

static const char REPLACEMENT[3] = {(char)0xEF, (char)0xBF, (char)0xBD};

bool is_text(struct str bytes)
{
    return utf8_check(bytes) == bytes.len && (bytes.len == 0 || !memchr(bytes.ptr, 0, bytes.len));
}

struct str text_clean(struct arena *a, struct str bytes)
{
    if (is_text(bytes)) {
        char *copy = arena_strdup(a, bytes);
        return (struct str){copy, copy ? bytes.len : 0};
    }
    char *out =
        bytes.len < SIZE_MAX / sizeof(REPLACEMENT) ? arena_alloc(a, bytes.len * sizeof(REPLACEMENT)) : NULL;
    if (!out)
        return (struct str){NULL, 0};
    size_t len = 0;
    for (size_t at = 0; at < bytes.len;) {
        size_t start = at;
        if (utf8_next(bytes, &at) > 0) {
            memcpy(out + len, bytes.ptr + start, at - start);
            len += at - start;
        } else {
            memcpy(out + len, REPLACEMENT, sizeof(REPLACEMENT));
            len += sizeof(REPLACEMENT);
            at = start + 1;
        }
    }
    return (struct str){out, len};
}
