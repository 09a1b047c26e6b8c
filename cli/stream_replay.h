/*
 * Replaying what a recording has, event by event: of the log and of a file every decision is compared, of the
 * event stream the marks of the execution's life, which are there too, behind the facts that led to them.
 */
#ifndef CLI_STREAM_REPLAY_H
#define CLI_STREAM_REPLAY_H

#include "replay/replay.h"

#include "recording.h"

struct stream_replay {
    struct replay replay;
    bool is_stream;
    struct arena arena;  /* of the marks */
    struct event *marks; /* that were evaluated, and that the stream may still come to */
    uint32_t count, capacity;
};

void stream_replay_open(struct stream_replay *s, const struct recording *recording,
                        struct playbook_cache *playbooks);
void stream_replay_close(struct stream_replay *s);
/* The recording's next event; as replay_take(). */
enum status stream_replay_take(struct stream_replay *s, const struct event *e, struct mismatch *out,
                               struct error *err) MUST_CHECK;
/* Behind the last; as replay_end(). */
enum status stream_replay_end(struct stream_replay *s, struct mismatch *out, struct error *err) MUST_CHECK;

#endif
