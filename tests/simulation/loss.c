/*
 * Streams that lose their newest messages, acknowledged or not: a server that lost power, or got an older
 * copy of its store. Their sequences are given again, with later times, and the ids of what was lost are
 * forgotten with it.
 */
#include "world.h"

enum { MOST_LOSSES = 3, MOST_MESSAGES = 6 };

void loss_of_events(struct world *w, uint32_t partition, uint32_t count)
{
    struct stream *s = &w->streams[partition];
    w->losses++;
    for (uint32_t i = 0; i < count && s->messages.count > 0; i++) {
        const struct event *e = &s->messages.items[--s->messages.count].event;
        world_say(w, "    %s of %lld %" PRISTR " is lost\n", event_type_name(e->type),
                  (long long)e->execution_id, ARGSTR(e->task_id));
    }
    if (s->remembered > s->messages.count)
        s->remembered = s->messages.count;
}

/* Who has a task goes on with it; nobody else gets it any more. */
void loss_of_tasks(struct world *w, uint32_t count)
{
    w->losses++;
    for (uint32_t i = w->queue.tasks.count; i-- > 0 && count > 0; count--) {
        struct queued *q = &w->queue.tasks.items[i];
        world_say(w, "    task %" PRISTR " of %lld is lost\n", ARGSTR(q->task.task_id),
                  (long long)q->task.execution_id);
        q->state = QUEUED_GONE;
        q->id = 0;
    }
}

/* Again and again, until nobody makes another attempt any more. */
bool loss_of_doomed(struct world *w, const struct task *t)
{
    const struct scenario *s = w->scenario;
    uint32_t record = record_find(w, t->execution_id);
    if (w->doomed == s->doomed_tasks || record == RECORDS_MAX || w->records[record].draft != 0 ||
        !str_is(t->step, draft_step_name(s->doomed_step)))
        return false;
    w->doomed++;
    w->losses++;
    world_say(w, "    task %" PRISTR " of %lld is lost\n", ARGSTR(t->task_id), (long long)t->execution_id);
    return true;
}

void loss_offer(struct world *w)
{
    if (w->losses - w->doomed >= MOST_LOSSES)
        return;
    uint32_t count = 1 + chance_below(&w->random, MOST_MESSAGES);
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        if (w->streams[p].messages.count > 0)
            world_offer(w, ACT_LOSE_EVENTS, p, count);
    }
    if (w->queue.tasks.count > 0)
        world_offer(w, ACT_LOSE_TASKS, count, 0);
}

bool stream_has_place(const struct world *w, uint32_t partition, uint32_t read, int64_t read_ns)
{
    const struct stream *s = &w->streams[partition];
    return read == 0 || (read <= s->messages.count && s->messages.items[read - 1].event.time_ns == read_ns);
}

uint32_t stream_behind(const struct world *w, uint32_t partition, int64_t time_ns)
{
    const struct stream *s = &w->streams[partition];
    uint32_t i = 0;
    while (i < s->messages.count && s->messages.items[i].event.time_ns <= time_ns)
        i++;
    return i;
}
