/* urlize: words that look like addresses become links. */
#include "core/utf8.h"
#include "strings.h"
#include "tables.h"
#include "thing.h"

/* ---- What an address looks like ----------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Behind the prefix, in any case, or 0. */
static size_t prefix(struct str s, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (i >= s.len || lower(s.ptr[i]) != text[i])
            return 0;
    }
    return len;
}

/* Characters of a name, [\w%-]; gives how many, and where they end. */
static size_t label(struct str s, size_t at, bool dash, size_t *end)
{
    size_t count = 0;
    while (at < s.len) {
        size_t next = at;
        int32_t c = utf8_next(s, &next);
        if (c < 0 || !(unicode_is_word((uint32_t)c) || c == '%' || (dash && c == '-')))
            break;
        at = next;
        count++;
    }
    *end = at;
    return count;
}

/* An optional port, then nothing or a path, query or fragment. */
static bool ends_well(struct str s, size_t at)
{
    if (at < s.len && s.ptr[at] == ':') {
        size_t digits = at + 1;
        while (digits < s.len && is_digit(s.ptr[digits]) && digits < at + 6)
            digits++;
        at = digits > at + 1 ? digits : at;
    }
    return at == s.len || strchr("/?#", s.ptr[at]) != NULL;
}

/* [a-z]{2,63} with something well behind it. */
static bool top_level(struct str s, size_t at)
{
    size_t end = at;
    while (end < s.len && end - at < 63 && lower(s.ptr[end]) >= 'a' && lower(s.ptr[end]) <= 'z')
        end++;
    if (end - at >= 2 && ends_well(s, end))
        return true;
    struct str rest = {s.ptr + at, s.len - at};
    size_t idna = prefix(rest, "xn--"), behind;
    size_t count = idna ? label(rest, idna, false, &behind) : 0;
    return count >= 2 && count <= 59 && ends_well(rest, behind);
}

/* (name.)* and a top-level domain. */
static bool host(struct str s, size_t at)
{
    for (;;) {
        size_t end;
        if (top_level(s, at))
            return true;
        if (label(s, at, true, &end) == 0 || end >= s.len || s.ptr[end] != '.')
            return false;
        at = end + 1;
    }
}

static bool ipv4(struct str s, size_t at)
{
    for (int part = 0; part < 4; part++) {
        size_t digits = 0;
        if (part > 0 && (at >= s.len || s.ptr[at++] != '.'))
            return false;
        while (digits < 3 && at + digits < s.len && is_digit(s.ptr[at + digits]))
            digits++;
        if (digits == 0)
            return false;
        at += digits;
    }
    return ends_well(s, at);
}

static bool ipv6(struct str s, size_t at)
{
    size_t colons = 0, start = at + 1;
    if (at >= s.len || s.ptr[at] != '[')
        return false;
    for (at = start; at < s.len && s.ptr[at] != ']'; at++) {
        bool hex = is_digit(s.ptr[at]) || (lower(s.ptr[at]) >= 'a' && lower(s.ptr[at]) <= 'f');
        if (!hex && s.ptr[at] != ':')
            return false;
        colons += s.ptr[at] == ':';
    }
    return at < s.len && colons >= 2 && colons <= 8 && ends_well(s, at + 1);
}

/* name.name.com and the like, without a scheme. */
static bool bare_domain(struct str s)
{
    static const char *const TOP[] = {"com", "net", "int", "edu", "gov", "org", "info", "mil"};
    size_t at = 0, end;
    for (;;) {
        size_t count = label(s, at, true, &end);
        if (count < 2 || count > 63 || end >= s.len || s.ptr[end] != '.')
            return false;
        at = end + 1;
        for (size_t i = 0; i < sizeof TOP / sizeof *TOP; i++) {
            size_t len = prefix((struct str){s.ptr + at, s.len - at}, TOP[i]);
            if (len && ends_well(s, at + len))
                return true;
        }
    }
}

static bool is_url(struct str s)
{
    size_t scheme = prefix(s, "https://");
    scheme = scheme ? scheme : prefix(s, "http://");
    size_t start = scheme ? scheme : prefix(s, "www.");
    return (start && host(s, start)) || (scheme && (ipv4(s, scheme) || ipv6(s, scheme))) || bare_domain(s);
}

/* ^\S+@\w[\w.-]*\.\w+$ */
static bool is_email(struct str s)
{
    ptrdiff_t at_sign = string_find_last(s, STR("@"));
    if (at_sign < 1)
        return false;
    size_t last = 0, at = (size_t)at_sign + 1, first = at;
    bool word = false;
    while (at < s.len) {
        size_t start = at;
        int32_t c = utf8_next(s, &at);
        word = c >= 0 && unicode_is_word((uint32_t)c);
        if (!word && (start == first || (c != '.' && c != '-')))
            return false;
        if (c == '.')
            last = start;
        else if (c == '-')
            last = 0; /* the last part is a word without dashes */
    }
    return last > first && word;
}

/* ---- Words -------------------------------------------------------------------------------------- */

struct urlize {
    struct vm *vm;
    struct writer w;
    bool cuts;     /* the text that is shown, */
    int64_t limit; /* behind so many characters; negative: so many before its end */
    struct value rel, target;
    struct value schemes;
};

/* The run of `tokens` at the start (or end) of s; gives its length. */
static size_t run(struct str s, const char *const *tokens, bool at_end)
{
    size_t len = 0;
    for (bool found = true; found;) {
        found = false;
        for (size_t i = 0; tokens[i] && !found; i++) {
            size_t n = strlen(tokens[i]);
            found =
                n <= s.len - len && memcmp(at_end ? s.ptr + s.len - len - n : s.ptr + len, tokens[i], n) == 0;
            len += found ? n : 0;
        }
    }
    return len;
}

static size_t count(struct str s, const char *token)
{
    struct str needle = str_of(token);
    size_t n = 0;
    for (ptrdiff_t at; (at = str_find(s, needle)) >= 0; n++)
        s = (struct str){s.ptr + at + needle.len, s.len - (size_t)at - needle.len};
    return n;
}

/* A closing bracket belongs to the address if it closes one there. The tail follows the middle in the text.
 */
static void balance(struct str *middle, struct str *tail)
{
    static const char *const PAIRS[][2] = {{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}};
    for (size_t i = 0; i < 3; i++) {
        size_t open = count(*middle, PAIRS[i][0]), closing = count(*tail, PAIRS[i][1]);
        if (open <= count(*middle, PAIRS[i][1]))
            continue;
        for (size_t moves = open < closing ? open : closing; moves > 0; moves--) {
            size_t end = (size_t)str_find(*tail, str_of(PAIRS[i][1])) + strlen(PAIRS[i][1]);
            middle->len += end;
            *tail = (struct str){tail->ptr + end, tail->len - end};
        }
    }
}

static void write_shown(struct urlize *u, struct str s)
{
    int64_t len = (int64_t)utf8_length(s), shown = u->limit < 0 ? len + u->limit : u->limit;
    bool cut = u->cuts && len > u->limit;
    writer_add(&u->w, s.ptr, cut ? string_offset(s, shown < 0 ? 0 : (uint64_t)shown) : s.len);
    if (cut)
        writer_text(&u->w, "...");
}

static void write_link(struct urlize *u, const char *scheme, struct str address, struct str shown, bool plain)
{
    writer_text(&u->w, "<a href=\"");
    writer_text(&u->w, scheme);
    writer_str(&u->w, address);
    writer_char(&u->w, '"');
    if (!plain && u->rel.len) {
        writer_text(&u->w, " rel=\"");
        writer_str(&u->w, value_as_str(u->rel));
        writer_char(&u->w, '"');
    }
    if (!plain && u->target.len) {
        writer_text(&u->w, " target=\"");
        writer_str(&u->w, value_as_str(u->target));
        writer_char(&u->w, '"');
    }
    writer_char(&u->w, '>');
    if (plain)
        writer_str(&u->w, shown);
    else
        write_shown(u, shown);
    writer_text(&u->w, "</a>");
}

static void write_scheme(struct urlize *u, struct str s)
{
    for (uint32_t i = 0; u->schemes.type == VALUE_LIST && i < u->schemes.len; i++) {
        struct str scheme = value_as_str(u->schemes.u.list[i]);
        if (!str_equal(s, scheme) && str_starts_with(s, scheme)) {
            bool cuts = u->cuts;
            u->cuts = false;
            write_link(u, "", s, s, false);
            u->cuts = cuts;
            return;
        }
    }
    writer_str(&u->w, s);
}

static void write_word(struct urlize *u, struct str word)
{
    static const char *const LEAD[] = {"(", "<", "&lt;", NULL}, *const TRAIL[] = {")",  ">",    ".", ",",
                                                                                  "\n", "&gt;", NULL};
    size_t head = run(word, LEAD, false);
    struct str middle = {word.ptr + head, word.len - head};
    size_t tail_len = run(middle, TRAIL, true);
    struct str tail = {middle.ptr + middle.len - tail_len, tail_len};
    middle.len -= tail_len;
    balance(&middle, &tail);
    writer_add(&u->w, word.ptr, head);
    bool mail = str_starts_with(middle, STR("mailto:"));
    struct str address = mail ? (struct str){middle.ptr + 7, middle.len - 7} : middle;
    if (is_url(middle)) {
        bool scheme = str_starts_with(middle, STR("https://")) || str_starts_with(middle, STR("http://"));
        write_link(u, scheme ? "" : "https://", middle, middle, false);
    } else if (mail && is_email(address)) {
        write_link(u, "", middle, address, true);
    } else if (!str_starts_with(middle, STR("www.")) && !memchr(middle.ptr, ':', middle.len) &&
               is_email(middle)) {
        write_link(u, "mailto:", middle, middle, true);
    } else {
        write_scheme(u, middle);
    }
    writer_str(&u->w, tail);
}

/* ---- The filter --------------------------------------------------------------------------------- */

/* The words of `rel`, "nofollow" and "noopener", sorted. */
static enum status make_rel(struct vm *vm, struct value rel, bool nofollow, struct value *out)
{
    struct str words[16];
    size_t n = 0;
    struct str rest = value_as_str(rel);
    struct writer w;
    words[n++] = STR("noopener");
    if (nofollow)
        words[n++] = STR("nofollow");
    while (rest.len > 0 && n < 16) {
        struct str word = str_split(&rest, ' ');
        if (word.len > 0)
            words[n++] = word;
    }
    for (size_t i = 1; i < n; i++) {
        for (size_t j = i; j > 0 && str_compare(words[j], words[j - 1]) < 0; j--) {
            struct str swap = words[j];
            words[j] = words[j - 1];
            words[j - 1] = swap;
        }
    }
    writer_begin(&w, vm);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && str_equal(words[i], words[i - 1]))
            continue;
        if (i > 0)
            writer_char(&w, ' ');
        text_escape(&w, words[i]);
    }
    return writer_end(&w, out);
}

/* "tel:", "git+ssh://": a name, a colon, and up to two slashes. */
static bool is_scheme(struct str s)
{
    size_t at = 0;
    while (at < s.len && s.ptr[at] != ':') {
        size_t next = at;
        int32_t c = utf8_next(s, &next);
        if (c < 0 || !(unicode_is_word((uint32_t)c) || c == '.' || c == '+' || c == '-'))
            return false;
        at = next;
    }
    struct str rest = {s.ptr + at, s.len - at};
    return at >= 2 && (str_is(rest, ":") || str_is(rest, ":/") || str_is(rest, "://"));
}

static enum status check_schemes(struct vm *vm, struct value schemes)
{
    for (uint32_t i = 0; schemes.type == VALUE_LIST && i < schemes.len; i++) {
        struct str s = value_as_str(schemes.u.list[i]);
        if (!is_scheme(s))
            return vm_fail(vm, "'%" PRISTR "' is not a valid URI scheme prefix.", ARGSTR(s));
    }
    return STATUS_OK;
}

BUILTIN(filter_urlize)
{
    struct urlize u = {.vm = vm, .cuts = is_given(argv[1]) && argv[1].type != VALUE_NULL, .schemes = argv[5]};
    struct value text;
    bool nofollow = false;
    (void)all;
    if (u.cuts)
        TRY(op_index(vm, argv[1], &u.limit));
    if (is_given(argv[2]))
        TRY(op_truth(vm, argv[2], &nofollow));
    TRY(make_rel(vm, argv[4], nofollow, &u.rel));
    if (argv[3].type == VALUE_STRING)
        TRY(text_escaped(vm, argv[3], &u.target));
    TRY(check_schemes(vm, u.schemes));
    TRY(text_escaped(vm, argv[0], &text));
    struct str s = value_as_str(text);
    writer_begin(&u.w, vm);
    TRY(vm_tick(vm, s.len));
    for (size_t at = 0; at < s.len;) {
        size_t start = at, end = at;
        while (at < s.len && !unicode_is_space(string_next(s, &at)))
            end = at;
        if (end > start)
            write_word(&u, (struct str){s.ptr + start, end - start});
        writer_add(&u.w, s.ptr + end, at - end);
    }
    TRY(writer_end(&u.w, out));
    out->flags = vm->autoescape ? VALUE_MARKUP : 0;
    return STATUS_OK;
}
