/* Positions: of offsets in a text, and of characters of a scalar's value in what is written. */
#include <stdlib.h>

#include "check.h"
#include "core/utf8.h"
#include "playbook/ynode.h"

struct world {
    struct arena arena;
    struct source source;
    struct diagnostics diagnostics;
    struct ynode *root;
};

static void open_world(struct world *w, struct str text)
{
    struct error err;
    arena_init(&w->arena, 0);
    diagnostics_init(&w->diagnostics);
    assert_ok(source_open(&w->source, &w->arena, text, &err), &err);
    assert_ok(ynode_read(&w->arena, &w->source, &w->diagnostics, &w->root, &err), &err);
    assert_non_null(w->root);
}

static void close_world(struct world *w)
{
    diagnostics_free(&w->diagnostics);
    arena_free(&w->arena);
}

static void lines_end_where_yaml_says(void **state)
{
    (void)state;
    struct arena a;
    struct source s;
    struct error err;
    arena_init(&a, 0);
    assert_ok(source_open(&s, &a,
                          STR("\xef\xbb\xbfone\r\ntwo\rthree\nfour\xc2\x85"
                              "five\xe2\x80\xa8six\xe2\x80\xa9"),
                          &err),
              &err);
    static const char *const LINES[] = {"one", "two", "three", "four", "five", "six", ""};
    assert_int_equal(s.line_count, 7);
    for (uint32_t i = 0; i < 7; i++)
        assert_str(source_line(&s, i + 1), LINES[i]);
    assert_str(source_line(&s, 0), "");
    assert_str(source_line(&s, 8), "");
    arena_free(&a);
}

static void positions_and_offsets_are_inverse(void **state)
{
    (void)state;
    struct arena a;
    struct source s;
    struct error err;
    struct str text = STR("aé\n\n😀b\r\nlast");
    arena_init(&a, 0);
    assert_ok(source_open(&s, &a, text, &err), &err);
    for (size_t at = 0; at < text.len;) {
        assert_int_equal(source_offset(&s, source_position(&s, at)),
                         text.ptr[at] == '\n' && at && text.ptr[at - 1] == '\r' ? at - 1 : at);
        assert_true(utf8_next(text, &at) >= 0);
    }
    struct position p = source_position(&s, text.len);
    assert_int_equal(p.line, 4);
    assert_int_equal(p.column, 5);
    arena_free(&a);
}

/* Every character of a value that is no white space is found where it, or its escape, is written. */
static void check_scalar(const struct world *w, const struct ynode *n)
{
    struct str value = value_as_str(n->value), text = w->source.text;
    size_t start = source_offset(&w->source, n->at);
    for (size_t at = 0; at < value.len;) {
        size_t from = at;
        int32_t c = utf8_next(value, &at);
        if (c == ' ' || c == '\n' || c == '\t')
            continue;
        struct position p = source_position_in_scalar(&w->source, start, n->style, value, from);
        size_t found = source_offset(&w->source, p), behind = found;
        int32_t written = found < text.len ? utf8_next(text, &behind) : -1;
        if (written != c && !(written == '\\' && n->style == SCALAR_DOUBLE))
            fail_msg("byte %zu of \"%.*s\" is not at %u:%u", from, ARGSTR(value), p.line, p.column);
    }
}

static void check_all(const struct world *w, const struct ynode *n)
{
    if (n->kind == NODE_SCALAR && n->value.type == VALUE_STRING)
        check_scalar(w, n);
    for (uint32_t i = 0; i < n->count; i++)
        check_all(w, n->children[i].node);
}

static void characters_of_scalars_are_found(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, STR("plain: abc def\n"
                       "folded plain: one\n  two  three\n\n  four é😀\n"
                       "single: 'it''s ''quoted'' here\n  and there'\n"
                       "double: \"a\\tb \\u00e9\\x41\\\"c\\\" \\\n   d\\ne f\\x20g \\U0001F600h\"\n"
                       "literal: |\n   first\n     second\n\n   third\n"
                       "indented: |2-\n    x y\n  z\n"
                       "folded: >+  # a comment\n  one\n  two\n\n    more\n  three\n\n"
                       "anchored: &name !!str 'x y'\n"
                       "tagged: !!str\n  \"p q\"\n"
                       "flow: {a: b c, 'd': [\"e f\", g h]}\n"
                       "é key: ü value\n"));
    check_all(&w, w.root);
    close_world(&w);
}

static void place_of_white_space_is_behind_the_last_character(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, STR("a: |\n  x {{ y\n"));
    const struct ynode *n = w.root->children[0].node;
    struct str value = value_as_str(n->value);
    struct position p =
        source_position_in_scalar(&w.source, source_offset(&w.source, n->at), n->style, value, value.len);
    assert_int_equal(p.line, 2);
    assert_int_equal(p.column, 9);
    close_world(&w);
}

static void values_know_where_they_are(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, STR("a: 1\né: {b: 'two'}\nc:\n  - x\n"));
    const struct child *e = ynode_get(w.root, STR("é"));
    assert_int_equal(e->key_at.line, 2);
    assert_int_equal(e->key_at.length, 1);
    const struct child *b = ynode_get(e->node, STR("b"));
    assert_int_equal(b->key_at.column, 5);
    assert_int_equal(b->node->at.column, 8);
    assert_int_equal(b->node->at.length, 5);
    const struct child *c = ynode_get(w.root, STR("c"));
    assert_int_equal(c->node->at.line, 4);
    assert_int_equal(c->node->children[0].node->at.column, 5);
    assert_null(ynode_get(w.root, STR("d")));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_where_yaml_says),
        cmocka_unit_test(positions_and_offsets_are_inverse),
        cmocka_unit_test(characters_of_scalars_are_found),
        cmocka_unit_test(place_of_white_space_is_behind_the_last_character),
        cmocka_unit_test(values_know_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
