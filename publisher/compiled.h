/*
 * Playbooks that were compiled already, by the digest of their text: one that is run often is read once. A
 * cache of the process; compiled playbooks are immutable, so that sharing them changes nothing.
 */
#ifndef PUBLISHER_COMPILED_H
#define PUBLISHER_COMPILED_H

#include "playbook/playbook.h"

/*
 * *out has a reference of the caller's. Errors as playbook_compile(): only the first one is told, with its
 * place; `name` stands for the file there. Failures are not remembered. Any thread.
 */
enum status compiled_playbook(struct str text, const char *name, struct playbook **out,
                              struct error *err) MUST_CHECK;

#endif
