/*
 * A playbook, read, checked and compiled: immutable, shared by the executions that run the same text, usable
 * from any thread. Made by playbook_compile(); docs/PLAYBOOK.md is the language.
 */
#ifndef PLAYBOOK_PLAYBOOK_H
#define PLAYBOOK_PLAYBOOK_H

#include "core/arena.h"
#include "core/status.h"
#include "core/value.h"
#include "render/object.h"
#include "render/template.h"

#include "diagnostic.h"

/* X(NAME, word in the playbook, runs on a worker, what it does): tools and constructs of a step. */
enum step_type {
#define X(name, word, tool, doc) STEP_##name,
#include "step_type.def"
#undef X
    STEP_TYPE_COUNT
};

enum join_mode { JOIN_ALL, JOIN_ANY, JOIN_EACH };
enum on_error_mode { ON_ERROR_FAIL, ON_ERROR_CONTINUE, ON_ERROR_STEP };

/* One line of `next` after flattening: `then`, `else` and lists become edges with conditions in front. */
struct edge {
    uint32_t target;              /* index of the step */
    struct object_template *args; /* merged over the target's args; NULL if none */
    bool is_loop;                 /* goes back to an ancestor: passing it starts a new visit */
};

/* A node of the `next` tree. Every node whose condition is true or absent fires, an ELSE when none did. */
struct next_node {
    enum { NEXT_ALWAYS, NEXT_WHEN, NEXT_ELSE } kind;
    struct template *when; /* NEXT_WHEN */
    struct str when_text;  /* as written */
    /* What fires: edges [edge, edge + edge_count) of the step and then children. */
    uint32_t edge, edge_count;
    /* `then` of a true condition, `else` of a false one: nodes [then_node, +then_count), [else_node,
     * +else_count). */
    uint32_t then_node, then_count;
    uint32_t else_node, else_count;
    struct position at;
};

struct action { /* what a tool step, or a workbook action, does */
    enum step_type type;
    struct object_template *args;   /* NULL if none */
    struct object_template *config; /* the tool's own keys, without those in `verbatim`; never NULL */
    struct value verbatim;          /* map of keys that are handed on unrendered (python's `code`) */
};

struct step {
    struct str name;
    struct str desc;
    enum step_type type; /* as written: STEP_WORKBOOK stays so; STEP_NONE for a step that only routes */
    uint32_t index;
    struct position at;
    struct str pool;    /* "default" */
    int64_t timeout_ms; /* of one attempt; 0: the configuration's default */
    bool pass;          /* counts as done without running */
    enum join_mode join;
    enum on_error_mode on_error;
    uint32_t on_error_step; /* with ON_ERROR_STEP: an edge to that step, by step index */
    struct action action; /* of the tool; for a workbook step the named action with the step's args over it */
    struct str workbook_name;       /* of a workbook step, else "" */
    struct object_template *result; /* `result:` of a step without a type, or of `end`; NULL if none */
    /* The `next` tree: roots are nodes [0, root_count). */
    struct next_node *nodes;
    uint32_t node_count, root_count;
    struct edge *edges;
    uint32_t edge_count;
    uint32_t *incoming; /* indices of the steps with an edge to this one, without loop edges, each once */
    uint32_t incoming_count;
    uint32_t max_visits;
};

struct playbook {
    struct str path, name, version, description;
    struct value metadata; /* as written */
    struct value workload; /* defaults; a map */
    struct step *steps;
    uint32_t step_count;
    uint32_t *by_name;    /* indices of the steps, sorted by name */
    uint32_t named_count; /* how many: all of them, once it is compiled */
    uint32_t start;       /* index of `start`; the first step if none has the name */
    int32_t end;          /* index of `end`; -1 if there is none */
    int64_t timeout_ms;   /* of an execution; 0: none */
    char digest[65];      /* SHA-256 of the text, hexadecimal */
    /* reach[a * step_count + b]: whether b can be reached from a without a loop edge (a reaches itself). */
    uint8_t *reach;
    struct arena arena;  /* holds all of it */
    uint32_t references; /* atomic */
};

/*
 * Reads, checks and compiles. Every problem is added to `diagnostics`, errors and warnings alike, all in one
 * pass. On success *out has one reference of the caller's. With at least one error the status is
 * STATUS_INVALID (STATUS_SYNTAX for text that is no YAML), *out is NULL and `err` has the first and their
 * number. `file` is the name in diagnostics.
 */
enum status playbook_compile(struct str text, const char *file, struct diagnostics *diagnostics,
                             struct playbook **out, struct error *err) MUST_CHECK;
struct playbook *playbook_ref(struct playbook *p);
void playbook_unref(struct playbook *p);

/* Only metadata.path (or its older spellings), for naming a file; "" if the text has none or does not parse.
 */
enum status playbook_path(struct arena *a, struct str text, struct str *out, struct error *err) MUST_CHECK;

enum { PLAYBOOK_PATH_MAX = 200 };
/* Whether it can be a path: a key of a NATS bucket, and no empty, hidden or parent folder in it. */
bool playbook_path_is_valid(struct str path);

/* Index of the step with the name, or -1. */
int32_t playbook_find_step(const struct playbook *p, struct str name);
const char *step_type_name(enum step_type t);
/* Whether a step of the type is run by a worker. */
bool step_type_is_tool(enum step_type t);

#endif
