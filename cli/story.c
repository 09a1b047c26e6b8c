#include "story.h"

#include "runtime/clock.h"

#include "history.h"

enum { MOST_OF_A_STEP = 10, MOST = 100 };

struct reading {
    struct client *client;
    struct arena *arena;
    size_t left; /* executions that may still be read */
    int64_t now_ns;
};

static enum status read_children(struct reading *r, struct timeline *t, int64_t depth, struct error *err);

static enum status read_child(struct reading *r, struct timeline_child *child, int64_t depth,
                              struct error *err)
{
    struct value document, events;
    struct event *list;
    struct timeline *t = ARENA_NEW(r->arena, struct timeline);
    if (!t)
        return arena_error(r->arena, err, "a story");
    r->left--;
    enum status status = history_read(r->client, child->execution_id, r->arena, &document, &events, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* it could not be requested, or is not in the log yet */
    TRY(status);
    TRY(history_parse(r->arena, events, &list, err));
    TRY(timeline_build(r->arena, list, events.len, t, err));
    t->now_ns = r->now_ns;
    TRY(read_children(r, t, depth - 1, err));
    child->story = t;
    return STATUS_OK;
}

/* Those that failed, or the others, as far as there is room for them below the step. */
static enum status read_some(struct reading *r, struct timeline_step *s, bool failed, size_t *room,
                             int64_t depth, struct error *err)
{
    for (size_t i = 0; i<s->child_count && * room> 0 && r->left > 0; i++) {
        if ((strcmp(s->children[i].status, "failed") == 0) != failed)
            continue;
        (*room)--;
        TRY(read_child(r, &s->children[i], depth, err));
    }
    return STATUS_OK;
}

static enum status read_children(struct reading *r, struct timeline *t, int64_t depth, struct error *err)
{
    for (size_t i = 0; i < t->count && depth > 0; i++) {
        size_t room = MOST_OF_A_STEP;
        TRY(read_some(r, &t->steps[i], true, &room, depth, err));
        TRY(read_some(r, &t->steps[i], false, &room, depth, err));
    }
    return STATUS_OK;
}

enum status story_print(struct invocation *in, struct client *c, const struct event *events, size_t count,
                        const struct story_options *options, struct timeline *t, struct error *err)
{
    struct reading r = {.client = c, .arena = &in->arena, .left = MOST, .now_ns = wall_now().ns};
    struct buf b;
    TRY(timeline_build(&in->arena, events, count, t, err));
    t->now_ns = r.now_ns;
    TRY(read_children(&r, t, options->depth, err));
    buf_init(&b, 0);
    if (options->blank_line)
        buf_add_char(&b, '\n');
    enum status status = timeline_write(t, &in->out, &in->arena, &b, err);
    if (status == STATUS_OK)
        status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}
