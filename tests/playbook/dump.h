/* A compiled playbook as text, for comparing. */
#ifndef TESTS_PLAYBOOK_DUMP_H
#define TESTS_PLAYBOOK_DUMP_H

#include "core/buf.h"
#include "playbook/playbook.h"

void playbook_dump(const struct playbook *p, struct buf *out);

#endif
