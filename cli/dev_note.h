/* What `noetl dev` has to say about its parts: on standard error, and in its log with the time. */
#ifndef CLI_DEV_NOTE_H
#define CLI_DEV_NOTE_H

#include "core/status.h"

/* `log`: a descriptor of a file. One line, without its end. */
void dev_note(int log, const char *fmt, ...) PRINTF_LIKE(2, 3);
void dev_note_error(int log, const struct error *err);

#endif
