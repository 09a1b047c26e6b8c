#include "yaml_reader.h"

static struct position position_of(yaml_mark_t start, yaml_mark_t end)
{
    struct position p = {(uint32_t)start.line + 1, (uint32_t)start.column + 1, 0};
    if (start.line == end.line && end.column > start.column)
        p.length = (uint32_t)(end.column - start.column);
    return p;
}

struct position reader_position(const yaml_event_t *e)
{
    return position_of(e->start_mark, e->end_mark);
}

void reader_no_memory(struct reader *r)
{
    r->status = arena_error(r->arena, r->err, "the tree of a playbook's YAML");
    r->stopped = true;
}

/* ---- text that is no YAML --------------------------------------------------------------------- */

/* The commonest slips, by what stands where the parser stopped. */
static void hint_for_syntax(struct reader *r, struct position at, const char *problem)
{
    struct str line = source_line(r->source, at.line);
    size_t offset = source_offset(r->source, at);
    char c = offset < r->source->text.len ? r->source->text.ptr[offset] : '\0';
    if (str_find(line, STR(": {{")) >= 0 || str_find(line, STR("- {{")) >= 0)
        diagnostics_hint(r->diagnostics, "a value that begins with {{ needs quotes around all of it");
    else if (c == '\t')
        diagnostics_hint(r->diagnostics, "indent with spaces: YAML does not allow a tab here");
    else if (c == '@' || c == '`' || c == '%')
        diagnostics_hint(r->diagnostics, "put quotes around a text that begins with %c", c);
    else if (strstr(problem, "mapping values are not allowed"))
        diagnostics_hint(r->diagnostics,
                         "put quotes around a text with \": \" in it, or indent the key like its neighbours");
}

static void add_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        r->status = error_set(r->err, STATUS_NO_MEMORY, "no memory to parse YAML");
        return;
    }
    const char *problem = p->problem ? p->problem : "the text is not YAML";
    struct position at = p->error == YAML_READER_ERROR ? source_position(r->source, p->problem_offset)
                                                       : position_of(p->problem_mark, p->problem_mark);
    bool unfinished = p->context && strstr(problem, "unexpected end of stream");
    if (unfinished)
        diagnostics_add(r->diagnostics, DIAGNOSTIC_SYNTAX, position_of(p->context_mark, p->context_mark),
                        "%s %s", problem, p->context);
    else if (p->context && p->context_mark.line != p->problem_mark.line)
        diagnostics_add(r->diagnostics, DIAGNOSTIC_SYNTAX, at, "%s %s that begins at line %u", problem,
                        p->context, (unsigned)p->context_mark.line + 1);
    else
        diagnostics_add(r->diagnostics, DIAGNOSTIC_SYNTAX, at, "%s", problem);
    hint_for_syntax(r, at, problem);
}

bool reader_next_event(struct reader *r, yaml_event_t *e)
{
    if (r->stopped)
        return false;
    if (yaml_parser_parse(&r->parser, e))
        return true;
    add_syntax(r);
    r->stopped = true;
    return false;
}

/* ---- nodes ------------------------------------------------------------------------------------ */

bool reader_count_weight(struct reader *r, uint32_t weight, struct position at)
{
    if (r->weight + (uint64_t)weight <= YAML_MAX_WEIGHT) {
        r->weight += weight;
        return true;
    }
    diagnostics_add(r->diagnostics, DIAGNOSTIC_LIMIT, at,
                    "the playbook has more than %d values, aliases expanded", YAML_MAX_WEIGHT);
    r->stopped = true;
    return false;
}

struct ynode *reader_new_node(struct reader *r, enum ynode_kind kind, const yaml_event_t *e,
                              size_t text_length)
{
    struct ynode *n = ARENA_NEW(r->arena, struct ynode);
    if (!n) {
        reader_no_memory(r);
        return NULL;
    }
    n->kind = kind;
    n->at = reader_position(e);
    n->height = 1;
    n->weight = 1 + (uint32_t)(text_length / 32);
    return reader_count_weight(r, n->weight, n->at) ? n : NULL;
}

void reader_define_anchor(struct reader *r, const yaml_char_t *name, struct ynode *n)
{
    if (!name)
        return;
    if (r->anchor_count++ == YAML_MAX_ANCHORS) {
        diagnostics_add(r->diagnostics, DIAGNOSTIC_LIMIT, n->at, "the playbook has more than %d anchors",
                        YAML_MAX_ANCHORS);
        r->stopped = true;
        return;
    }
    struct anchor *anchor = ARENA_NEW(r->arena, struct anchor);
    struct str text = str_of((const char *)name);
    text.ptr = anchor ? arena_strdup(r->arena, text) : NULL;
    if (!text.ptr) {
        reader_no_memory(r);
        return;
    }
    *anchor = (struct anchor){text, n, r->anchors};
    r->anchors = anchor;
}
