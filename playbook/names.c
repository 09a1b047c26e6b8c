/* Words that mean something: names in templates, and the values that a key takes. */
#include "compile.h"

#include "core/utf8.h"

enum { MOST_WORDS = 16 };

static bool is_in(struct str word, const char *words)
{
    struct str rest = str_of(words);
    while (rest.len) {
        if (str_equal(str_split(&rest, ' '), word))
            return true;
    }
    return false;
}

bool is_template_name(struct str s)
{
    for (size_t at = 0; at < s.len;) {
        bool first = at == 0;
        int32_t c = utf8_next(s, &at);
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (!letter && (first || c < '0' || c > '9'))
            return false;
    }
    return s.len > 0 && !is_in(s, "true false none True False None and or not in is if else");
}

bool is_reserved_name(struct str s)
{
    return is_in(s,
                 "workload work context results execution_id job env result this data error success status "
                 "attempt _loop");
}

int word_read(struct compilation *c, const struct child *child, const char *const *words, const char *what)
{
    struct str text = value_as_str(child->node->value), candidates[MOST_WORDS];
    size_t count = 0;
    for (; words[count]; count++) {
        candidates[count] = str_of(words[count]);
        if (str_is(text, words[count]))
            return (int)count;
    }
    struct str near = str_nearest(text, candidates, count);
    diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                    "\"%" PRISTR "\" of %s cannot be \"%" PRISTR "\"", ARGSTR(child->key), what,
                    ARGSTR(text));
    if (near.len)
        diagnostics_hint(c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return -1;
}
