/*
 * YAML text as a tree that knows where everything was written.
 *
 * Strict: a key twice, a second document, an unknown tag, a key that is a map are errors, each a diagnostic
 * with its place. What the tree may cost is bounded, aliases expanded.
 *
 * Plain scalars are typed as PyYAML, which playbooks were written for, types them, with these differences:
 * 0o17 and 1e3 are numbers, as YAML 1.2 has them; 12:30 and dates stay text. Where 1.1 and 1.2 disagree there
 * is a hint to add quotes. Keys of maps are text, as written.
 */
#ifndef PLAYBOOK_YNODE_H
#define PLAYBOOK_YNODE_H

#include "core/arena.h"
#include "core/status.h"
#include "core/value.h"

#include "diagnostic.h"
#include "source.h"

enum ynode_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct ynode;

/* An item of a list, or an entry of a map. */
struct child {
    struct str key; /* "" in a list */
    struct position key_at;
    enum scalar_style key_style;
    const struct ynode *node;
};

struct ynode {
    enum ynode_kind kind;
    struct value value; /* what it is: containers too, their parts shared */
    struct position at;
    enum scalar_style style;
    struct child *children;
    uint32_t count;
    uint32_t weight; /* values in it, long texts counting more, as if no alias were shared */
    uint32_t height; /* 1 for a scalar, one more than its highest child else */
    bool open;       /* its end was not read yet: an alias to it would be inside of itself */
    bool decoded;    /* its value is not what is written: there are no positions inside of it */
    bool broken;     /* there is a diagnostic about it already: nothing else is to be said of it */
};

enum {
    YAML_MAX_BYTES = 1 << 20,
    YAML_MAX_DEPTH = 100,
    YAML_MAX_ANCHORS = 1000,
    YAML_MAX_WEIGHT = 200000,
};

/*
 * Reads one document into `a`; nothing refers to the text afterwards. *out is NULL if there is none: the text
 * is empty, or it does not parse (then there is at least one error among the diagnostics). The status is
 * STATUS_OK unless memory ran out.
 */
enum status ynode_read(struct arena *a, const struct source *source, struct diagnostics *diagnostics,
                       struct ynode **out, struct error *err) MUST_CHECK;

/* The value under a key of a map, or NULL. */
const struct child *ynode_get(const struct ynode *map, struct str key);
/* What it is, for messages: "a map", "a list", "text", "a number", "a truth value", "nothing". */
const char *ynode_kind_name(const struct ynode *n);

/*
 * The value of a plain scalar. `ambiguous` is set to what YAML 1.1 or 1.2 would have made of it, or to NULL.
 * STATUS_INVALID for a number that JSON cannot carry.
 */
enum status scalar_resolve(struct arena *a, struct str text, struct value *out, const char **ambiguous,
                           struct error *err) MUST_CHECK;

#endif
