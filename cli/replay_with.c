#include "replay_with.h"

#include "replay/what_if.h"

#include "comparison_print.h"
#include "playbook_file.h"
#include "replay_print.h"
#include "timeline.h"

struct trial {
    struct invocation *in;
    struct what_if what_if;
    struct parting parting;
    struct value comparison;
};

/* ---- for programs ------------------------------------------------------------------------------------- */

static enum status open_attempts(struct trial *t, struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, &t->in->arena);
    for (size_t i = 0; i < t->what_if.without_outcome_count; i++) {
        const struct open_work *w = &t->what_if.without_outcome[i];
        struct map_builder m;
        struct value v;
        if (w->step.len == 0)
            continue; /* the deadline */
        map_begin(&m, &t->in->arena);
        map_put(&m, STR("step"), value_str(w->step));
        map_put(&m, STR("task_id"), value_str(w->task_id));
        map_put(&m, STR("waits_for"), value_text(work_state_owner(w->state)));
        TRY(map_end(&m, &v, err));
        list_add(&list, v);
    }
    return list_end(&list, out, err);
}

static enum status parting_value(struct trial *t, struct value *out, struct error *err)
{
    struct map_builder m;
    const struct parting *p = &t->parting;
    *out = value_null();
    if (!p->found)
        return STATUS_OK;
    map_begin(&m, &t->in->arena);
    map_put(&m, STR("event_id"), value_int(p->event_id));
    map_put(&m, STR("path"), value_str(p->at.path));
    map_put(&m, STR("recorded"), value_is_absent(p->recorded) ? value_null() : p->recorded);
    map_put(&m, STR("with"), value_is_absent(p->other) ? value_null() : p->other);
    return map_end(&m, out, err);
}

static enum status print_value(struct trial *t, struct error *err)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, &t->in->arena);
    TRY(parting_value(t, &v, err));
    map_put(&m, STR("first_difference"), v);
    map_put(&m, STR("outcomes_used"), value_int(t->what_if.used));
    map_put(&m, STR("outcomes_left_over"), value_int(t->what_if.left_over));
    TRY(open_attempts(t, &v, err));
    map_put(&m, STR("without_outcome"), v);
    map_put(&m, STR("comparison"), t->comparison);
    TRY(map_end(&m, &v, err));
    TRY(mask_secrets(&t->in->arena, v, &v, err));
    return output_value(&t->in->out, v, err);
}

/* ---- for people --------------------------------------------------------------------------------------- */

static void add_event_name(struct buf *b, struct value event)
{
    if (event.type != VALUE_MAP) {
        buf_add_text(b, "nothing more");
        return;
    }
    add_clean(b, value_as_str(VALUE_GET(event, "event_type")));
    buf_add_text(b, " of ");
    add_clean(b, value_as_str(VALUE_GET(event, "node_name")));
}

static void write_parting(const struct trial *t, struct buf *b)
{
    const struct parting *p = &t->parting;
    const struct output *o = &t->in->out;
    buf_printf(b, "It parts at event %u: ", p->event_id);
    add_event_name(b, p->recorded);
    if (p->at.path.len) {
        buf_add_text(b, ", at ");
        add_clean(b, p->at.path);
        buf_add_text(b, "\n  recorded  ");
        add_value_preview(b, o, 12, p->at.left);
        buf_add_text(b, "\n  with it   ");
        add_value_preview(b, o, 12, p->at.right);
    } else {
        buf_add_text(b, " was recorded, and with it there is ");
        add_event_name(b, p->other);
    }
    buf_add_text(b, "\n\n");
}

static void write_ends(const struct trial *t, struct buf *b)
{
    const struct what_if *w = &t->what_if;
    bool any = false;
    buf_printf(b, "\n%u recorded outcomes were used", w->used);
    if (w->left_over)
        buf_printf(b, ", %u would not have been asked for", w->left_over);
    buf_add_text(b, ".\n");
    for (size_t i = 0; i < w->without_outcome_count; i++) {
        if (w->without_outcome[i].step.len == 0)
            continue;
        if (!any)
            buf_add_text(b, "The record ends here; what follows is not known:\n");
        any = true;
        buf_printf(b, "  %" PRISTR " (%" PRISTR ") waits for %s\n", ARGSTR(w->without_outcome[i].step),
                   ARGSTR(w->without_outcome[i].task_id), work_state_owner(w->without_outcome[i].state));
    }
}

static enum status print_text(struct trial *t, const char *file, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    if (t->parting.found)
        write_parting(t, &b);
    else
        buf_printf(&b, "Nothing would have gone differently with %s.\n\n", file);
    comparison_write(t->comparison, "recorded", "with it", &t->in->out, &b);
    write_ends(t, &b);
    enum status status = output_buf(&t->in->out, &b, err);
    buf_free(&b);
    return status;
}

/* ---- the trial ---------------------------------------------------------------------------------------- */

static enum status evaluate(struct trial *t, const struct recorded *recorded,
                            const struct playbook_file *file, struct error *err)
{
    struct arena *a = &t->in->arena;
    struct account left, right;
    TRY(what_if_make(a, recorded->events, recorded->count, file->text, file->playbook, &t->what_if, err));
    TRY(what_if_parting(a, recorded->events, recorded->count, &t->what_if, &t->parting, err));
    TRY(account_build(a, recorded->events, recorded->count, &left, err));
    TRY(account_build(a, t->what_if.events, t->what_if.count, &right, err));
    TRY(comparison_make(a, &left, &right, &t->comparison, err));
    if (t->parting.found)
        t->in->exit_code = status_exit_code(STATUS_FAILED);
    return t->in->out.format == OUTPUT_TABLE ? print_text(t, file->name, err) : print_value(t, err);
}

enum status replay_with(struct invocation *in, struct recording *recording, const char *path,
                        struct error *err)
{
    struct trial t = {.in = in};
    struct playbook_file file;
    struct recorded recorded;
    TRY(playbook_file_read(&in->arena, path, &file, err));
    enum status status = playbook_file_report(&file, err);
    if (status == STATUS_OK)
        status = recording_read(recording, &in->arena, &recorded, err);
    if (status == STATUS_OK)
        status = evaluate(&t, &recorded, &file, err);
    playbook_file_free(&file);
    return status;
}
