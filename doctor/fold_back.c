/* An execution's state and what it waits for, from the log. */
#include "inner.h"
#include "transition/transition.h"

static enum status find_open(struct folded *f, struct arena *a, struct error *err)
{
    if (!f->x->playbook)
        return STATUS_OK;
    TRY(execution_open_works(f->x, a, &f->works, &f->work_count, err));
    return execution_open_joins(f->x, a, &f->joins, &f->join_count, err);
}

enum status fold_back(struct doctor *d, int64_t id, struct arena *a, struct folded *out, struct error *err)
{
    struct error why = {0};
    *out = (struct folded){.trouble = STR("")};
    TRY(execution_new(id, &out->x, err));
    if (!d->log || d->log_trouble.status != STATUS_OK)
        return STATUS_OK;
    TRY(eventlog_events(d->log, id, 0, 0, a, &out->events, err));
    enum status status = execution_replay(out->x, out->events.items, out->events.count, d->playbooks, &why);
    if (status == STATUS_NO_MEMORY) {
        *err = why;
        return status;
    }
    if (status == STATUS_OK)
        return find_open(out, a, err);
    out->trouble = arena_printf(a, "%s", why.message);
    return out->trouble.ptr ? STATUS_OK : arena_error(a, err, "an execution");
}

void folded_free(struct folded *f)
{
    execution_free(f->x);
    f->x = NULL;
}
