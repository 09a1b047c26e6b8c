/* What would have gone differently with another playbook. */
#ifndef CLI_REPLAY_WITH_H
#define CLI_REPLAY_WITH_H

#include "recording.h"

/* `file` has the playbook. The exit code is that of a difference if there is one. */
enum status replay_with(struct invocation *in, struct recording *recording, const char *file,
                        struct error *err) MUST_CHECK;

#endif
