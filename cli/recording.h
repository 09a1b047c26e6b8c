/*
 * What was recorded of an execution, event by event: its log, read through the render part in pages; a file
 * that `noetl export` wrote; or the event stream, which has the facts and the marks of its life, and numbers
 * with the latter only. In bounded memory, whatever the execution's length; a file is read whole.
 */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "replay/export.h"

#include "client.h"

struct recording {
    int64_t execution_id;
    struct client *client; /* NULL: it is a file */
    struct arena page;     /* of the newest events */
    struct value events;   /* of the page */
    uint32_t at;           /* the next of these */
    bool is_stream;        /* the event stream is read, and not the log */
    uint64_t sequence;     /* of its newest message */
    int64_t next;          /* behind which event the next page begins; -1: there is none */
    const char *name;      /* of the file */
    struct str rest;       /* what is still to be read of it */
    struct export_header header;
    uint32_t read; /* how many events were */
};

/* Whether the word of a command line is a file's, and not an execution's (execution_name.h). */
bool recording_is_file(const char *name);
/* The file's text is in `a`. Errors have the file's name and the line. */
enum status recording_open_file(struct recording *r, struct arena *a, const char *path,
                                struct error *err) MUST_CHECK;
void recording_open_log(struct recording *r, struct client *c, int64_t execution_id);
void recording_open_stream(struct recording *r, struct client *c, int64_t execution_id);
void recording_close(struct recording *r);

/*
 * The next event, whose values live until the next call; *end: there is none. A file that has fewer events
 * than its header says, or more, is STATUS_INVALID; an execution that is not there STATUS_NOT_FOUND.
 */
enum status recording_next(struct recording *r, struct event *out, bool *end, struct error *err) MUST_CHECK;

struct recorded {
    int64_t execution_id;
    struct event *events;
    size_t count;
};
/* All of it, in `a`. */
enum status recording_read(struct recording *r, struct arena *a, struct recorded *out,
                           struct error *err) MUST_CHECK;

#endif
