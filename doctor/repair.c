/* What is safe to repair. */
#include <string.h>

#include "broker/inspection.h"
#include "broker/stranded.h"
#include "inner.h"

enum { OVERDUE_MS = 1000 };

struct mending {
    struct doctor *doctor;
    struct report *report;
    struct repair_note *notes;
    size_t count;
};

static void note(struct mending *m, const struct finding *f, bool done, struct str text)
{
    m->notes[m->count++] = (struct repair_note){f, done, text};
}

static void note_error(struct mending *m, const struct finding *f, const struct error *why)
{
    note(m, f, false, REPORT_TEXT(m->report, "It could not be done: %s", why->message));
}

/* ---- what setup makes -------------------------------------------------------------------------------------
 */

struct making {
    struct mending *mending;
    struct str name; /* of the part */
    bool made;
};

static enum status make_if_meant(void *context, const struct topology_part *part, struct error *err)
{
    struct making *m = context;
    if (!str_is(m->name, part->name))
        return STATUS_OK;
    m->made = true;
    return topology_make(m->mending->doctor->bus, part, err);
}

/* The name is the subject's last word: "stream NOETL_TASKS"; of a step it is its pool's. */
static void make(struct mending *m, const struct finding *f)
{
    struct error why = {0};
    struct making making = {m, f->part, false};
    struct doctor *d = m->doctor;
    enum status status = topology_each(&d->subjects, &d->topology, make_if_meant, &making, &why);
    if (status == STATUS_OK && !making.made && f->verdict == VERDICT_CONSUMER_MISSING) {
        making.made = true;
        status = topology_ensure_pool(d->bus, &d->subjects, &d->topology, f->part.ptr, &why);
    }
    if (status != STATUS_OK)
        note_error(m, f, &why);
    else
        note(m, f, making.made,
             REPORT_TEXT(m->report, "Made %" PRISTR ", as `noetl setup` does.", ARGSTR(f->part)));
}

/* ---- what the reconciler does
 * ------------------------------------------------------------------------------ */

static void look_again(struct mending *m, const struct finding *f)
{
    struct doctor *d = m->doctor;
    struct inspection found = {0};
    struct error why = {0};
    struct at_work at_work = {0};
    const struct inspector inspector = {.bus = d->bus,
                                        .log = d->log,
                                        .subjects = &d->subjects,
                                        .playbooks = d->playbooks,
                                        .overdue_ms = OVERDUE_MS,
                                        .may_be_left = true,
                                        .at_work = &at_work};
    enum status status = inspect_execution(&inspector, f->execution_id, 0, &found, &why);
    at_work_free(&at_work);
    if (status != STATUS_OK)
        note_error(m, f, &why);
    else if (found.repaired == 0)
        note(m, f, false, STR("Looked again, and there is nothing to repair: it is on its way."));
    else
        note(m, f, true,
             REPORT_TEXT(m->report, "Published %u fact%s that let the execution %lld go on.", found.repaired,
                         found.repaired == 1 ? "" : "s", (long long)f->execution_id));
}

static void drop_stranded(struct mending *m, const struct finding *f)
{
    struct error why = {0};
    bool may_be_left;
    struct doctor *d = m->doctor;
    if (stranded_tasks_drop(d->bus, &d->subjects, &may_be_left, &why) != STATUS_OK)
        note_error(m, f, &why);
    else
        look_again(m, f);
}

/* One look at an execution is enough for all that is missing of it. */
static bool was_looked_at(const struct mending *m, int64_t execution_id)
{
    for (size_t i = 0; i < m->count; i++) {
        enum verdict_repair how = verdict_repair(m->notes[i].finding->verdict);
        if (m->notes[i].finding->execution_id == execution_id &&
            (how == VERDICT_REPAIR_LOOK || how == VERDICT_REPAIR_STRANDED))
            return true;
    }
    return false;
}

static bool was_made(const struct mending *m, struct str part)
{
    for (size_t i = 0; i < m->count; i++) {
        if (verdict_repair(m->notes[i].finding->verdict) == VERDICT_REPAIR_SETUP &&
            str_equal(m->notes[i].finding->part, part))
            return true;
    }
    return false;
}

static void mend(struct mending *m, const struct finding *f)
{
    switch (verdict_repair(f->verdict)) {
    case VERDICT_REPAIR_SETUP:
        if (!was_made(m, f->part))
            make(m, f);
        break;
    case VERDICT_REPAIR_LOOK:
        if (!was_looked_at(m, f->execution_id))
            look_again(m, f);
        break;
    case VERDICT_REPAIR_STRANDED:
        if (!was_looked_at(m, f->execution_id))
            drop_stranded(m, f);
        break;
    case VERDICT_REPAIR_NONE:
        if (verdict_gravity(f->verdict) == GRAVITY_TROUBLE)
            note(m, f, false, STR("Not done by --fix."));
        break;
    }
}

enum status doctor_repair(struct doctor *d, struct report *r, struct repair_note **notes, size_t *count,
                          struct error *err)
{
    struct mending m = {.doctor = d, .report = r};
    m.notes = ARENA_ARRAY(r->arena, struct repair_note, r->count + 1);
    if (!m.notes)
        return arena_error(r->arena, err, "what was repaired");
    for (size_t i = 0; i < r->count; i++)
        mend(&m, &r->items[i]);
    *notes = m.notes;
    *count = m.count;
    return report_status(r, err);
}
