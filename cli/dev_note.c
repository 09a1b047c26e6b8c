#include "dev_note.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/event.h"
#include "core/json.h"
#include "output.h"
#include "runtime/clock.h"

/* As the parts' own lines (runtime/log.h). A log that cannot be written is no reason to stop: the terminal
 * has it. */
static void append(int log, const char *text)
{
    char time[32];
    struct buf quoted;
    buf_init(&quoted, 0);
    json_write_string(&quoted, str_of(text));
    time_format(wall_now().ns, time);
    (void)dprintf(log, "time=%s level=warn part=dev msg=%s\n", time, quoted.data ? quoted.data : "\"\"");
    buf_free(&quoted);
}

void dev_note(int log, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    say_note("%s", text);
    append(log, text);
}

void dev_note_error(int log, const struct error *err)
{
    char text[2048];
    say_error(err);
    append(log, error_text(err, text, sizeof(text)));
}
