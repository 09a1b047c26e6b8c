/*
 * Between the files of this room: one run of playbook_compile().
 *
 *   yaml_reader.c, yaml_scalar.c, ynode.c   text → tree of values with places
 *   keys.c       which keys may stand where (keys.def)
 *   document.c   the root, metadata, workload, workflow
 *   workbook.c   the named actions, and their use
 *   action.c     type, args and tool keys of a step, an action or an iterator's task
 *   retry.c save.c assertion.c iterator.c   what of these has a form of its own
 *   loop.c       the older form of an iterator
 *   step.c       the other keys of a step
 *   names.c      what a name may be, and which names hide each other
 *   next.c       next → nodes and edges with names
 *   leaves.c     templates: do they parse, and where is it written if not
 *   graph.c      names → indices, loop edges, incoming, reach
 *   link.c link_action.c                    templates compiled into the playbook; only if there was no error
 *
 * Errors of the playbook are diagnostics, and compiling goes on; what has an error is left out. Only a lack
 * of memory stops it: it sticks in `status`.
 */
#ifndef PLAYBOOK_COMPILE_H
#define PLAYBOOK_COMPILE_H

#include "core/id.h"

#include "keys.h"
#include "playbook.h"
#include "source.h"
#include "ynode.h"

enum { PLAYBOOK_MAX_STEPS = 2000, PLAYBOOK_MAX_VISITS = 1000, PLAYBOOK_MAX_INPUT = 32 << 20 };

struct draft_save {
    enum save_target target;
    struct str name;     /* of a variable */
    enum step_type tool; /* of SAVE_STORAGE */
    struct value value;  /* what is rendered: the data, or a storage's keys */
    bool names_checked;
    struct position name_at;
    struct value verbatim; /* of a storage's keys, those that are not; a map */
    struct position at;
};

struct draft_assertion {
    struct value expects, returns; /* lists of texts */
    struct position returns_at;
};

struct draft_iterator {
    struct iterator values; /* what needs no template */
    struct str where, order_by;
    struct draft_action *tasks;
    uint32_t task_count;
    uint32_t height; /* how many iterators are in each other, itself counted */
    bool names_checked, has_chunk;
    struct position at, element_at, enumerate_at, chunk_at;
};

/* An action before its templates are compiled. */
struct draft_action {
    struct str name; /* of the workbook, or of an iterator's task; "" in a step */
    enum step_type type;
    struct value args;         /* a map, or absent */
    struct value config;       /* a map */
    struct value verbatim;     /* a map */
    int64_t timeout_ms;        /* 0: none */
    bool has_retry, has_saves; /* said, if only to say that there is none */
    struct retry_policy *retry;
    struct draft_save *saves;
    uint32_t save_count;
    struct draft_assertion *assertion; /* NULL if none */
    struct draft_iterator *iterator;   /* STEP_ITERATOR, STEP_PLAYBOOKS */
    struct str return_step;            /* STEP_PLAYBOOK */
    struct position at;
};

struct draft_edge {
    struct str target; /* empty: there was an error about it */
    struct position at;
    struct value args; /* a map, or absent */
};

struct draft_step {
    struct draft_action action;
    struct value result; /* absent: none */
    struct str on_error; /* name of the step, or "" */
    struct position on_error_at;
    struct draft_edge *edges; /* as many as the step's */
};

struct compilation {
    const struct source *source;
    struct diagnostics *diagnostics;
    struct arena *scratch; /* until playbook_compile() returns */
    struct playbook *playbook;
    struct draft_step *drafts;    /* as many as playbook->steps */
    struct named_action *actions; /* of the workbook */
    uint32_t action_count;
    uint32_t iterator_depth; /* of the iterators around what is being read */
    bool in_workbook;        /* it is an action of the workbook */
    bool incomplete;         /* edges are missing because of errors: nothing can be said of what is reached */
    size_t input_bytes;      /* of all that was linked: actions and aliases may be used many times */
    enum status status;      /* STATUS_OK, or why compiling cannot go on at all */
    struct error *err;
};

/* Zeroed memory of the playbook's or of the compiler's life; NULL makes the status stick. */
void *compilation_keep(struct compilation *c, size_t count, size_t size);
void *compilation_alloc(struct compilation *c, size_t count, size_t size);
/* A copy that the playbook keeps. */
struct str compilation_keep_str(struct compilation *c, struct str s);
struct value compilation_keep_value(struct compilation *c, struct value v);
/* The keys of `over` over those of `base`; either may be absent, and both are if the result is. */
struct value compilation_overlay(struct compilation *c, struct value base, struct value over);
/* A name for messages, in the compiler's memory; never NULL. */
const char *compilation_printf(struct compilation *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Keeps the first status that is not STATUS_OK. */
void compilation_stop(struct compilation *c, enum status status);

/* Bounds of the two arenas; 0: none. */
struct compile_memory {
    size_t scratch_bytes, playbook_bytes;
};
/* playbook_compile() in so much memory. STATUS_LIMIT where it is not enough. */
enum status playbook_compile_within(const struct compile_memory *memory, struct str text, const char *file,
                                    struct diagnostics *diagnostics, struct playbook **out,
                                    struct error *err) MUST_CHECK;

/* document.c */
void document_read(struct compilation *c, const struct ynode *root);
/* The catalog path that the text names by metadata.path or an older spelling; NULL if none. */
const struct child *document_path(const struct ynode *root);
/* Whether an item of the root's list is a map; false after a diagnostic. */
bool item_check(struct compilation *c, const struct ynode *item, const char *list);

/* action.c: `what` names the step or the action in messages, `in` is its map. */
void action_read(struct compilation *c, const struct ynode *in, const struct fields *fields, const char *what,
                 struct draft_action *out);
/* The type that the map names, STEP_NONE if none; *known is false if there was an error about it. */
enum step_type action_type(struct compilation *c, const struct ynode *in, const char *what, bool *known);
/* Whether the type takes `auth`. */
bool action_logs_in(enum step_type type);
/* One map for all spellings of args; absent if none. */
struct value args_read(struct compilation *c, const struct fields *fields);
/* Seconds to milliseconds; 0 after an error. */
int64_t timeout_read(struct compilation *c, const struct child *child, const char *what);

/* That an action of the type has a timeout. */
void timeout_check_type(struct compilation *c, const struct child *timeout, enum step_type type,
                        const char *what);
/* The value of a key, decoded if it is base64. */
const struct ynode *field_node(struct compilation *c, const struct field *field);
/* That `method` is one of HTTP, if it is there. */
/* secrets.c: the provider, and a name. */
void secrets_check(struct compilation *c, const struct ynode *in, const struct fields *f, const char *what);
/* nats.c: the action, and what it needs. */
void nats_check(struct compilation *c, const struct ynode *in, const struct fields *f, const char *what);
void method_check(struct compilation *c, const struct fields *f, const char *what);
/* workbook.c */
void workbook_read(struct compilation *c, const struct child *workbook);
/* The named action, with the args and keys of `own` over its own; returns its name, or "". */
struct str action_use(struct compilation *c, const struct child *name, const char *what,
                      struct draft_action *own);

/* retry.c, save.c, assertion.c, iterator.c: `value` is what stands under the key. */
void retry_read(struct compilation *c, const struct child *value, const char *owner,
                struct draft_action *out);
void saves_read(struct compilation *c, const struct child *value, const char *owner,
                struct draft_action *out);
void assertion_read(struct compilation *c, const struct child *value, const char *owner,
                    struct draft_action *out);
void iterator_read(struct compilation *c, const struct ynode *in, const struct fields *f, const char *owner,
                   struct draft_action *out);
/* `type: playbooks`: an iterator over what is listed. */
void listing_read(struct compilation *c, const struct ynode *in, const struct fields *f, const char *owner,
                  struct draft_action *out);
/* That what the action does can have them: the type is known only when the workbook's action is. */
void saves_check_type(struct compilation *c, const struct draft_action *action, const char *owner);

/* names.c: whether the text can be written as a name in templates. */
bool is_template_name(struct str s);
/* Whether such a name means something else, with a diagnostic: "where `wanted` is wanted". */
bool reserved_check(struct compilation *c, struct str name, struct position at, const char *wanted);
/* What the action names and something else hides, or the other way; once the steps are known. */
void names_check(struct compilation *c, struct draft_action *action);
/* The number of the word that the value is, of a list that NULL ends; -1 after a diagnostic. */
int word_read(struct compilation *c, const struct child *child, const char *const *words, const char *what);

/*
 * loop.c: a step with `loop` as one of type iterator, any other as it is. *own_tool: its task is what the
 * step itself would do.
 */
const struct ynode *loop_rewrite(struct compilation *c, const struct ynode *step, const char *what,
                                 bool *own_tool);

/* step.c: reads it into playbook->steps[index] and drafts[index]. */
void step_read(struct compilation *c, const struct ynode *node, uint32_t index);
/* Puts a step's name into playbook->by_name; false if it is there already. */
bool step_index(struct playbook *p, uint32_t index);

/* next.c: fills the step's nodes and edges. */
void next_read(struct compilation *c, const struct child *next, uint32_t index, const char *what);

/* leaves.c */
void leaves_check(struct compilation *c, const struct ynode *node);
void condition_check(struct compilation *c, const struct ynode *node);
/* The text of a condition or an expression under a key, checked; "" if there is none. */
struct str condition_read(struct compilation *c, const struct fields *f, const char *key);

/* graph.c: targets, loop edges, incoming, reach. */
void graph_build(struct compilation *c);

/* link.c */
void playbook_link(struct compilation *c);
/* NULL for an absent value. */
struct object_template *link_object(struct compilation *c, struct value v, struct position at,
                                    const char *name);
/* NULL for an empty text. */
struct template *link_condition(struct compilation *c, struct str text, struct position at, const char *name);
/* False if the steps' input would become too large: one action of the workbook may be used by every step. */
bool link_count(struct compilation *c, struct value v, struct position at);
/* The same of so many bytes; it is told of once. */
bool link_count_bytes(struct compilation *c, size_t bytes, struct position at);
/* link_action.c */
void link_action(struct compilation *c, const struct draft_action *from, const char *name,
                 struct action *out);
void action_free(struct action *action);

#endif
