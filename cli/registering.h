/* Putting a playbook's file into the catalog. */
#ifndef CLI_REGISTERING_H
#define CLI_REGISTERING_H

#include "client.h"

struct registered {
    struct str path; /* in the arena */
    uint64_t version;
    bool unchanged; /* the newest version was this text already */
    struct value answer;
};

/*
 * Checks the file here first, and prints what there is to say about it on standard error, with its lines;
 * then registers it. STATUS_INVALID for a playbook with errors.
 */
enum status register_file(struct client *c, struct arena *a, const char *file, struct registered *out,
                          struct error *err) MUST_CHECK;

#endif
