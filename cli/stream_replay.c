#include "stream_replay.h"

void stream_replay_open(struct stream_replay *s, const struct recording *recording,
                        struct playbook_cache *playbooks)
{
    *s = (struct stream_replay){.is_stream = recording->is_stream};
    arena_init(&s->arena, 0);
    replay_open(&s->replay, recording->execution_id, playbooks);
}

void stream_replay_close(struct stream_replay *s)
{
    replay_close(&s->replay);
    arena_free(&s->arena);
}

static enum status keep_mark(struct stream_replay *s, const struct event *e, struct error *err)
{
    struct event *marks = arena_grow(&s->arena, s->marks, sizeof(*marks), s->count, &s->capacity);
    if (!marks)
        return arena_error(&s->arena, err, "the marks of an execution");
    s->marks = marks;
    return event_copy(&s->arena, e, &s->marks[s->count++], err);
}

static enum status keep_marks(struct stream_replay *s, struct error *err)
{
    const struct decisions *d = &s->replay.decisions;
    for (uint32_t i = 0; i < d->event_count; i++) {
        if (event_type_kind(d->events[i].type) == EVENT_KIND_LIFECYCLE)
            TRY(keep_mark(s, &d->events[i], err));
    }
    return STATUS_OK;
}

static enum status compare_mark(struct stream_replay *s, const struct event *e, struct mismatch *out,
                                struct error *err)
{
    const struct event *mark = NULL;
    for (size_t i = 0; i < s->count && !mark; i++) {
        if (s->marks[i].event_id == e->event_id)
            mark = &s->marks[i];
    }
    return replay_compare(&s->replay, e, mark, out, err);
}

enum status stream_replay_take(struct stream_replay *s, const struct event *e, struct mismatch *out,
                               struct error *err)
{
    if (!s->is_stream)
        return replay_take(&s->replay, e, out, err);
    if (event_type_kind(e->type) != EVENT_KIND_FACT)
        return compare_mark(s, e, out, err);
    TRY(replay_fact(&s->replay, e, out, err));
    return out->kind == MISMATCH_NONE ? keep_marks(s, err) : STATUS_OK;
}

enum status stream_replay_end(struct stream_replay *s, struct mismatch *out, struct error *err)
{
    *out = (struct mismatch){0};
    return s->is_stream ? STATUS_OK : replay_end(&s->replay, out, err);
}
