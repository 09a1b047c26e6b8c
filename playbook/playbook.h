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

/* `retry`: whether and when an attempt is followed by another. Conditions are NULL where nothing is said. */
struct retry_policy {
    uint32_t max_attempts; /* at least 1, the first one included */
    int64_t initial_delay_ms, max_delay_ms;
    double backoff_multiplier; /* at least 1 */
    double jitter;             /* 0 to 1: how far a delay may be off, as a part of it */
    struct template *retry_when, *stop_when;
    struct str retry_when_text, stop_when_text; /* as written */
};

/* Where one entry of `save` goes. */
enum save_target {
    SAVE_VARIABLE, /* `name` and `data` alone: a name of the context, kept by the broker */
    SAVE_EVENT,    /* storage event, event_log: in the row of the step's end */
    SAVE_STORAGE,  /* a tool writes it, as part of the attempt: on the worker */
};
struct save_entry {
    enum save_target target;
    struct str name; /* of a variable */
    struct object_template
        *data;           /* of SAVE_VARIABLE and SAVE_EVENT: rendered by the broker when the attempt ended */
    enum step_type tool; /* of SAVE_STORAGE: what runs it */
    struct value keys;   /* of SAVE_STORAGE: as written, in today's spelling; rendered by the worker */
};

/* `assert`: paths ("result.rows[0].id") that have to be there before the attempt, and after. */
struct assertion {
    struct str *expects, *returns;
    uint32_t expect_count, return_count;
};

enum item_error { ITEM_ERROR_FAIL, ITEM_ERROR_CONTINUE, ITEM_ERROR_COLLECT };
struct action;
struct iterator {
    struct object_template *collection; /* gives a list, or a map, which counts as a list of one */
    struct str element;                 /* the name under which an item is seen */
    bool async;
    bool own_tool;  /* written as `loop`: its task is the step's own, and gets the args of edges */
    bool enumerate; /* `index` is in scope too */
    struct template *where, *order_by;                   /* of an item; NULL if none */
    struct object_template *concurrency, *limit, *chunk; /* give whole numbers; NULL if none */
    enum item_error on_error;
    struct action *tasks; /* run in this order for each item; at least one */
    uint32_t task_count;
};

/* `type: playbook`: the other playbook's execution. Its workload is that of the playbook with the args over
 * it. */
struct playbook_call {
    struct object_template *path, *version; /* path NULL: of the item; version NULL: the newest */
    struct str return_step;                 /* whose data is the result; "": the execution's */
    struct object_template *wait;           /* NULL: yes */
};

/* `type: playbooks`: those that the catalog has under the path are the items of action.iterator. */
struct playbook_listing {
    struct object_template *path, *parallel; /* parallel NULL: no */
};

struct action { /* what a step, a workbook action or a task of an iterator does */
    enum step_type type;
    struct str name;                /* of an iterator's task, for templates of later tasks; else "" */
    struct object_template *args;   /* NULL if none */
    struct object_template *config; /* the tool's own keys, without those in `verbatim`; never NULL */
    struct value verbatim;          /* map of keys that are handed on unrendered (python's `code`) */
    int64_t timeout_ms;             /* of one attempt; of a signal: of the wait; 0: none said */
    struct retry_policy *retry;     /* NULL: one attempt */
    struct save_entry *saves;
    uint32_t save_count;
    struct assertion *assertion; /* NULL if none */
    struct str *names_for_saves; /* the top-level names that the SAVE_STORAGE entries read */
    uint32_t names_for_saves_count;
    struct iterator *iterator;  /* STEP_ITERATOR; of STEP_PLAYBOOKS, with one task that calls the item */
    struct playbook_call *call; /* STEP_PLAYBOOK */
    struct playbook_listing *listing; /* STEP_PLAYBOOKS */
    struct object_template *signal;   /* STEP_SIGNAL: its name */
};

struct step {
    struct str name;
    struct str desc;
    enum step_type type; /* as written: STEP_WORKBOOK stays so; STEP_NONE for a step that only routes */
    uint32_t index;
    struct position at;
    struct str pool; /* "default" */
    bool pass;       /* counts as done without running */
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
    bool fetches_secrets; /* a step, an action or a task is of the type secrets */
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
/*
 * Of `type: playbooks`: the path of a playbook or of a folder, which may end with "/". Under it is what is in
 * the folder, however deep, and, unless it ends with "/", the playbook of that path.
 */
bool playbook_prefix_is_valid(struct str prefix);
bool playbook_path_is_under(struct str path, struct str prefix);

/* Index of the step with the name, or -1. */
int32_t playbook_find_step(const struct playbook *p, struct str name);
const char *step_type_name(enum step_type t);
/* Whether a step of the type is run by a worker. */
bool step_type_is_tool(enum step_type t);
/* Whether what is of the type has attempts; what has none is over as it begins. */
bool step_type_has_attempts(enum step_type t);
/* Whether it runs something for each of several items. */
bool step_type_has_items(enum step_type t);

#endif
