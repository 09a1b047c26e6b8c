/*
 * An attempt that calls every playbook that the catalog has under a path. Which these are is asked for, and
 * becomes a fact: nothing that is decided later looks into the catalog again. From then on it is an iterator,
 * whose items are these playbooks with the versions that they had.
 */
#include "turn.h"

enum { PARALLEL = 8 };

/* ---- asking ------------------------------------------------------------------------------------------- */

/* {"path", "parallel"}: what the listing is asked for with, kept until it comes. */
static enum status render_listing(struct turn *t, struct work *w, struct value args, struct value *out,
                                  struct trial *trial)
{
    const struct playbook_listing *listing = w->action->listing;
    struct value path, parallel;
    struct map_builder m;
    TRY(render_object(t, listing->path, w, args, &path, trial));
    TRY(render_object(t, listing->parallel, w, args, &parallel, trial));
    if (!trial->failed && !playbook_prefix_is_valid(value_as_str(path)))
        trial_fail(trial, status_name(STATUS_INVALID),
                   STR("path: what it gives is no path under which playbooks could be"));
    if (trial->failed)
        return STATUS_OK;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("path"), path);
    map_put(&m, STR("parallel"), value_bool(!value_is_absent(parallel) && condition_is_true(parallel)));
    return map_end(&m, out, t->err);
}

static enum status started_context(struct turn *t, const struct work *w, struct value *out)
{
    struct map_builder m;
    map_begin(&m, t->out->arena);
    if (w->parent)
        map_put(&m, STR("index"), value_int(w->item));
    map_put(&m, STR("type"), value_text("playbooks"));
    map_put_all(&m, w->config);
    if (w->args.len)
        map_put(&m, STR("args"), w->args);
    return map_end(&m, out, t->err);
}

static enum status keep_input(struct turn *t, struct work *w, struct value args, struct value config)
{
    t->x->garbage += value_size(w->args) + value_size(w->config);
    TRY(value_copy_plain(&t->x->arena, args, &w->args, t->err));
    return value_copy_plain(&t->x->arena, config, &w->config, t->err);
}

enum status listing_begin(struct turn *t, struct work *w)
{
    struct input in;
    struct value config;
    struct trial trial = {0};
    TRY(render_input(t, w->visit, w, &in, &trial));
    TRY(render_listing(t, w, in.args, &config, &trial));
    if (trial.failed)
        return work_failed(t, w, value_null(), &trial.why);
    TRY(keep_input(t, w, in.args, config));
    TRY(attempt_begins(t, w, WORK_LISTING));
    struct event *e = emit_work_event(t, EVENT_STEP_STARTED, EVENT_ITERATION_STARTED, w, w->attempt);
    if (!e)
        return arena_error(t->out->arena, t->err, "an event");
    TRY(started_context(t, w, &e->context));
    struct listing_order order = {.prefix = value_as_str(VALUE_GET(config, "path")),
                                  .caller = t->x->playbook->path,
                                  .task_id = e->task_id};
    return emit_listing(t, &order);
}

/* ---- the answer --------------------------------------------------------------------------------------- */

static bool is_playbook(struct value v)
{
    struct value version = VALUE_GET(v, "version");
    return playbook_path_is_valid(value_as_str(VALUE_GET(v, "path"))) && version.type == VALUE_INT &&
           version.u.i > 0;
}

static enum status none_there(struct turn *t, const struct work *w, struct trial *trial)
{
    struct str message =
        arena_printf(t->out->arena, "path: the catalog has no playbook under %" PRISTR " to call",
                     ARGSTR(value_as_str(VALUE_GET(w->config, "path"))));
    if (!message.ptr)
        return arena_error(t->out->arena, t->err, "an error's text");
    trial_fail(trial, status_name(STATUS_NOT_FOUND), message);
    return STATUS_OK;
}

/* What the catalog could not be asked is the fact's error. */
static enum status check_listed(struct turn *t, const struct work *w, struct value listed,
                                struct trial *trial)
{
    struct value error = VALUE_GET(t->fact->context, "error");
    struct str kind = value_as_str(VALUE_GET(error, "kind")), why = value_as_str(VALUE_GET(error, "message"));
    if (error.type == VALUE_MAP) {
        trial->failed = true;
        trial->why = (struct failure){.kind = kind.len ? kind : STR("failed"),
                                      .message = why.len ? why : STR("no reason was given"),
                                      .detail = error};
        return STATUS_OK;
    }
    for (uint32_t i = 0; listed.type == VALUE_LIST && i < listed.len; i++) {
        if (!is_playbook(listed.u.list[i]))
            listed.type = VALUE_NULL;
    }
    if (listed.type != VALUE_LIST)
        trial_fail(trial, status_name(STATUS_INVALID), STR("the answer is no list of playbooks"));
    else if (listed.len == 0)
        return none_there(t, w, trial);
    return STATUS_OK;
}

enum status on_listed(struct turn *t)
{
    struct task_id id;
    struct work *w = NULL;
    struct trial trial = {0};
    struct value listed = VALUE_GET(t->fact->context, "playbooks");
    if (task_id_parse(t->fact->task_id, &id, NULL) == STATUS_OK)
        w = work_find(t->x, &id);
    if (!w || w->state != WORK_LISTING || w->attempt != id.places[id.depth].attempt)
        return ignore_fact(t, "nobody waits for that list of playbooks");
    TRY(emit_fact(t));
    TRY(check_listed(t, w, listed, &trial));
    if (trial.failed)
        return attempt_ended(t, w, value_null(), &trial.why);
    struct value parallel = VALUE_GET(w->config, "parallel");
    TRY(work_move(t->x, w, WORK_LOOP, t->err));
    TRY(loop_make(t, w, listed, condition_is_true(parallel) ? PARALLEL : 1));
    return loop_pump(t, w);
}

/* ---- what an item gives ------------------------------------------------------------------------------- */

enum status listing_result(struct turn *t, const struct work *item, const char *key, struct value v,
                           struct value *out)
{
    struct value playbook = item->parent->loop->items.u.list[item->item];
    struct map_builder m;
    map_begin(&m, t->out->arena);
    map_put(&m, STR("path"), VALUE_GET(playbook, "path"));
    map_put(&m, STR("version"), VALUE_GET(playbook, "version"));
    if (key)
        map_put(&m, str_of(key), v);
    else
        map_put_all(&m, v);
    return map_end(&m, out, t->err);
}
