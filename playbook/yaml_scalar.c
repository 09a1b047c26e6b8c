/* Scalars with their styles, tags and hints; scalar.c has the types of plain ones. */
#include "yaml_reader.h"

#include "core/json.h"

enum scalar_style reader_style(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return SCALAR_SINGLE;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return SCALAR_DOUBLE;
    case YAML_LITERAL_SCALAR_STYLE:
    case YAML_FOLDED_SCALAR_STYLE: return SCALAR_BLOCK;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE: return SCALAR_PLAIN;
    }
    return SCALAR_PLAIN;
}

/* `other` is what another version of YAML makes of the text. */
static void hint_ambiguous(struct reader *r, const struct ynode *n, struct str text, const char *other)
{
    struct str read = {0};
    if (n->value.type == VALUE_STRING) {
        diagnostics_add(r->diagnostics, DIAGNOSTIC_AMBIGUOUS_SCALAR, n->at, "%" PRISTR " is text here; %s",
                        ARGSTR(text), other);
        diagnostics_hint(r->diagnostics, "quotes make it plain");
        return;
    }
    if (json_text(r->arena, n->value, &read, r->err) != STATUS_OK) {
        reader_no_memory(r);
        return;
    }
    diagnostics_add(r->diagnostics, DIAGNOSTIC_AMBIGUOUS_SCALAR, n->at,
                    "%" PRISTR " is read as %" PRISTR "; %s", ARGSTR(text), ARGSTR(read), other);
    diagnostics_hint(r->diagnostics, "put quotes around it if it is meant as text");
}

static void resolve_plain(struct reader *r, struct ynode *n, struct str text)
{
    const char *other;
    struct error e = {0};
    enum status status = scalar_resolve(r->arena, text, &n->value, &other, &e);
    if (status == STATUS_OK) {
        if (other)
            hint_ambiguous(r, n, text, other);
        return;
    }
    n->broken = true;
    n->value = value_null();
    if (status != STATUS_INVALID) {
        reader_no_memory(r);
        return;
    }
    diagnostics_add(r->diagnostics, DIAGNOSTIC_BAD_NUMBER, n->at, "%s", e.message);
    if (e.hint[0])
        diagnostics_hint(r->diagnostics, "%s", e.hint);
}

void reader_unknown_tag(struct reader *r, const struct ynode *n, struct str tag)
{
    diagnostics_add(r->diagnostics, DIAGNOSTIC_BAD_TAG, n->at, "the tag %" PRISTR " means nothing here",
                    ARGSTR(tag));
    diagnostics_hint(r->diagnostics,
                     "the tags are !!str !!int !!float !!bool !!null, !!map of a map, !!seq of a list");
}

/* `!!int 5`: what a tag says must be what the text is. */
static void resolve_tagged(struct reader *r, struct ynode *n, struct str tag, struct str text)
{
    static const struct {
        const char *tag;
        uint8_t types[3];
    } TAGS[] = {
        {"null", {VALUE_NULL}},
        {"bool", {VALUE_BOOL}},
        {"int", {VALUE_INT, VALUE_BIGINT}},
        {"float", {VALUE_FLOAT, VALUE_INT, VALUE_BIGINT}},
    };
    struct str prefix = STR("tag:yaml.org,2002:");
    struct str word =
        str_starts_with(tag, prefix) ? (struct str){tag.ptr + prefix.len, tag.len - prefix.len} : STR("");
    n->value = value_str(text);
    if (str_is(tag, "!") || str_is(word, "str"))
        return;
    for (size_t i = 0; i < sizeof(TAGS) / sizeof(*TAGS); i++) {
        if (!str_is(word, TAGS[i].tag))
            continue;
        resolve_plain(r, n, text);
        if (n->broken || (n->value.type && memchr(TAGS[i].types, n->value.type, sizeof(TAGS[i].types))))
            return;
        diagnostics_add(r->diagnostics, DIAGNOSTIC_BAD_TAG, n->at,
                        "the tag !!%" PRISTR " does not fit: this is %s", ARGSTR(word), ynode_kind_name(n));
        n->broken = true;
        return;
    }
    n->broken = true;
    reader_unknown_tag(r, n, tag);
}

struct ynode *reader_scalar(struct reader *r, const yaml_event_t *e)
{
    struct str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
    struct ynode *n = reader_new_node(r, NODE_SCALAR, e, text.len);
    if (!n)
        return NULL;
    text.ptr = arena_strdup(r->arena, text);
    if (!text.ptr) {
        reader_no_memory(r);
        return NULL;
    }
    n->style = reader_style(e->data.scalar.style);
    if (e->data.scalar.tag)
        resolve_tagged(r, n, str_of((const char *)e->data.scalar.tag), text);
    else if (e->data.scalar.plain_implicit && n->style == SCALAR_PLAIN)
        resolve_plain(r, n, text);
    else
        n->value = value_str(text);
    reader_define_anchor(r, e->data.scalar.anchor, n);
    return n;
}
