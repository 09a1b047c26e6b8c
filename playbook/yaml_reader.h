/* Between ynode.c, yaml_reader.c and yaml_scalar.c: libyaml's events on their way to nodes. */
#ifndef PLAYBOOK_YAML_READER_H
#define PLAYBOOK_YAML_READER_H

#include <yaml.h>

#include "ynode.h"

struct anchor {
    struct str name;
    struct ynode *node;
    struct anchor *next; /* defined before it; the newest of a name counts */
};

struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    const struct source *source;
    struct diagnostics *diagnostics;
    struct anchor *anchors;
    uint32_t anchor_count;
    uint32_t depth, weight;
    bool stopped;       /* there is nothing sensible to be read any more */
    enum status status; /* why, if it is not the text's fault */
    struct error *err;
};

/* Where an event is; of length 0 if it has several lines. */
struct position reader_position(const yaml_event_t *e);
/* Stops reading for want of memory. */
void reader_no_memory(struct reader *r);
/* False if reading has stopped: the text is no YAML, which is a diagnostic then. The caller deletes the
 * event. */
bool reader_next_event(struct reader *r, yaml_event_t *e);
/* Counts values against YAML_MAX_WEIGHT; false, and reading stops, if there are too many. */
bool reader_count_weight(struct reader *r, uint32_t weight, struct position at);
/* NULL, and reading stops, if there are too many values or no memory. */
struct ynode *reader_new_node(struct reader *r, enum ynode_kind kind, const yaml_event_t *e,
                              size_t text_length);
/* `name` may be NULL. */
void reader_define_anchor(struct reader *r, const yaml_char_t *name, struct ynode *n);
/* The node of a scalar's event; NULL if reading has stopped. */
struct ynode *reader_scalar(struct reader *r, const yaml_event_t *e);
enum scalar_style reader_style(yaml_scalar_style_t style);
void reader_unknown_tag(struct reader *r, const struct ynode *n, struct str tag);

#endif
