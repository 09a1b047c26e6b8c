/* Putting a playbook's file into the catalog. */
#ifndef CLI_REGISTERING_H
#define CLI_REGISTERING_H

#include "client.h"

/*
 * Reads the file ("-": standard input) and checks it here, before any server is asked; prints what there is
 * to say about it on standard error, with its lines. STATUS_INVALID for a playbook with errors.
 */
enum status check_file(struct arena *a, const char *file, struct str *text, struct error *err) MUST_CHECK;

struct registered {
    struct str path; /* in the arena */
    uint64_t version;
    bool unchanged; /* the newest version was this text already */
    struct value answer;
};
enum status register_text(struct client *c, struct arena *a, struct str text, struct registered *out,
                          struct error *err) MUST_CHECK;

#endif
