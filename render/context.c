#include "context.h"

#include "core/event.h"
#include "core/id.h"
#include "core/json.h"
#include "object.h"

/* ---- Steps -------------------------------------------------------------------------------------- */

/* A step that went on after an error: its data with `error` beside it. Data that is no map stands under
 * `data`. */
static enum status with_error(struct arena *a, struct value data, struct value error, struct value *out,
                              struct error *err)
{
    struct map_builder b;
    map_begin(&b, a);
    if (data.type == VALUE_MAP) {
        map_put_all(&b, data);
    } else if (!value_is_absent(data)) {
        map_put(&b, STR("data"), data);
        map_put(&b, STR("result"), data);
    }
    map_put(&b, STR("error"), error);
    return map_end(&b, out, err);
}

enum status context_step_value(struct arena *a, struct value data, struct value error, struct value *out,
                               struct error *err)
{
    *out = data;
    if (!value_is_absent(error))
        TRY(with_error(a, data, error, out, err));
    if (value_is_absent(*out))
        *out = value_null();
    out->flags |= VALUE_STEP_DATA;
    return STATUS_OK;
}

/* ---- The names ---------------------------------------------------------------------------------- */

static enum status put_execution(struct arena *a, int64_t execution_id, struct map_builder *names,
                                 struct error *err)
{
    struct map_builder job;
    struct value id, uuid;
    char text[ID_TEXT];
    id_format(execution_id, text);
    TRY(value_copy(a, value_text(text), &id, err));
    map_begin(&job, a);
    map_put(&job, STR("uuid"), id);
    map_put(&job, STR("id"), id);
    TRY(map_end(&job, &uuid, err));
    map_put(names, STR("execution_id"), id);
    map_put(names, STR("job"), uuid);
    return STATUS_OK;
}

enum status context_open(struct arena *a, const struct context_source *source, struct context_names *out,
                         struct error *err)
{
    struct value workload = source->workload.type == VALUE_MAP ? source->workload : VALUE_EMPTY_MAP;
    struct map_builder base;
    map_begin(&base, a);
    map_put_all(&base, workload);
    map_put_all(&base, source->variables);
    map_put(&base, STR("workload"), workload);
    map_put(&base, STR("work"), workload);
    map_put(&base, STR("context"), workload);
    TRY(put_execution(a, source->execution_id, &base, err));
    *out = (struct context_names){.is_open = true};
    map_begin(&out->steps, a);
    return map_end(&base, &out->base, err);
}

enum status context_add(struct context_names *names, struct str step, struct value data, struct value error,
                        struct error *err)
{
    struct value own;
    TRY(context_step_value(names->steps.arena, data, error, &own, err));
    map_put(&names->steps, step, own);
    names->results = names->frames = (struct value){.type = VALUE_UNDEFINED};
    return STATUS_OK;
}

/* The map of one entry, `results`, and the map that it is. */
static enum status build_results(struct context_names *names, struct error *err)
{
    struct map_builder one;
    TRY(map_so_far(&names->steps, &names->results, err));
    map_begin(&one, names->steps.arena);
    map_put(&one, STR("results"), names->results);
    return map_end(&one, &names->frames, err);
}

enum status context_scopes(struct context_names *names, struct scope out[CONTEXT_SCOPES], struct error *err)
{
    if (value_is_absent(names->frames))
        TRY(build_results(names, err));
    out[0] = (struct scope){names->frames, &out[1]};
    out[1] = (struct scope){names->results, &out[2]};
    out[2] = (struct scope){names->base, NULL};
    return STATUS_OK;
}

/* A workbook action's result under the action's name too, unless a step has that name. */
static void put_aliases(const struct context_source *source, struct value results, struct map_builder *names)
{
    for (uint32_t i = 0; source->aliases.type == VALUE_MAP && i < source->aliases.len; i++) {
        const struct value_entry *e = &source->aliases.u.map->entries[i];
        struct value step = value_get_by_value(results, e->key);
        struct str alias = value_as_str(e->value);
        if (!value_is_absent(step) && value_is_absent(map_peek(names, alias)))
            map_put(names, alias, step);
    }
}

static enum status add_steps(const struct context_source *source, struct context_names *names,
                             struct error *err)
{
    const struct value none = {.type = VALUE_UNDEFINED};
    for (uint32_t i = 0; source->results.type == VALUE_MAP && i < source->results.len; i++) {
        const struct value_entry *e = &source->results.u.map->entries[i];
        TRY(context_add(names, value_as_str(e->key), e->value, value_get_by_value(source->errors, e->key),
                        err));
    }
    for (uint32_t i = 0; source->errors.type == VALUE_MAP && i < source->errors.len; i++) {
        const struct value_entry *e = &source->errors.u.map->entries[i];
        if (value_is_absent(value_get_by_value(source->results, e->key)))
            TRY(context_add(names, value_as_str(e->key), none, e->value, err));
    }
    return STATUS_OK;
}

/* From the weakest to the strongest: a later name takes the place of an earlier one. */
enum status build_rendering_context(struct arena *a, const struct context_source *source, struct value *out,
                                    struct error *err)
{
    struct context_names names;
    struct scope scopes[CONTEXT_SCOPES];
    struct map_builder all;
    TRY(context_open(a, source, &names, err));
    TRY(add_steps(source, &names, err));
    TRY(context_scopes(&names, scopes, err));
    map_begin(&all, a);
    for (int i = CONTEXT_SCOPES - 1; i >= 0; i--)
        map_put_all(&all, scopes[i].names);
    put_aliases(source, names.results, &all);
    if (source->extra.type == VALUE_MAP)
        map_put_all(&all, source->extra);
    return map_end(&all, out, err);
}

enum status merge_template_work_context(struct arena *a, struct value template_object, struct value context,
                                        struct value *out, struct error *err)
{
    struct value work = VALUE_GET(template_object, "work");
    *out = context;
    if (work.type != VALUE_MAP)
        return STATUS_OK;
    struct map_builder names;
    map_begin(&names, a);
    map_put_all(&names, work);
    map_put_all(&names, context);
    map_put(&names, STR("work"), work);
    map_put(&names, STR("context"), work);
    return map_end(&names, out, err);
}

/* ---- The log ------------------------------------------------------------------------------------ */

struct fold {
    struct map_builder results, errors, variables; /* of a step without an error the error may be absent */
    const struct event *fatal;                     /* the failure that ended the execution, or NULL */
    struct value fatal_data;
};

/* Of the step itself, not of an item of an iterator. */
static bool is_outcome_of(const struct event *outcome, const struct event *end)
{
    return (outcome->type == EVENT_ACTION_COMPLETED || outcome->type == EVENT_ACTION_ERROR) &&
           str_equal(outcome->node_name, end->node_name) &&
           !memchr(outcome->task_id.ptr, 'i', outcome->task_id.len);
}

/*
 * What a step that ended gave. The data of a tool is told once, in the row of its outcome, which is the row
 * before that of the step's end.
 */
static struct value data_of(const struct event *e, const struct event *before)
{
    if (value_is_absent(e->result) && before && is_outcome_of(before, e))
        return VALUE_GET(before->result, "data");
    return e->result;
}

/* A visit of a step has ended, and what an earlier one came to is gone. */
static void fold_end(struct fold *f, struct str step, struct value data, struct value error)
{
    map_put(&f->results, step, value_is_absent(data) ? value_null() : data);
    map_put(&f->errors, step, error);
}

static void fold_failure(struct fold *f, const struct event *e, struct value data)
{
    struct value error = VALUE_GET(e->context, "error");
    fold_end(f, e->node_name, data, value_is_absent(error) ? value_str(e->error) : error);
}

/*
 * A failure that `on_error` does not handle ends the execution, so no template of it sees it; whoever looks
 * at the execution then does. A retry begins with the step once more.
 */
static void fold_event(struct fold *f, const struct event *e, const struct event *before)
{
    const struct value none = {.type = VALUE_UNDEFINED};
    struct value data = data_of(e, before);
    map_put_all(&f->variables, VALUE_GET(e->context, "saved"));
    if (e->type == EVENT_STEP_COMPLETED || e->type == EVENT_STEP_SKIPPED) {
        fold_end(f, e->node_name, data, none);
    } else if (e->type == EVENT_STEP_FAILED && !value_is_absent(VALUE_GET(e->context, "handled"))) {
        fold_failure(f, e, data);
    } else if (e->type == EVENT_STEP_FAILED) {
        f->fatal = e;
        f->fatal_data = data;
    } else if (e->type == EVENT_EXECUTION_RETRIED) {
        f->fatal = NULL;
    }
}

/* What the execution has taken over from another one (broker/transition/fork.c). */
static void fold_fork(struct fold *f, struct value fork)
{
    struct value ended = VALUE_GET(fork, "ended"), variables = VALUE_GET(fork, "variables");
    for (uint32_t i = 0; ended.type == VALUE_LIST && i < ended.len; i++) {
        struct value step = VALUE_GET(ended.u.list[i], "step"), data = VALUE_GET(ended.u.list[i], "data"),
                     error = VALUE_GET(ended.u.list[i], "error");
        fold_end(f, value_as_str(step), data, error);
    }
    if (variables.type == VALUE_MAP)
        map_put_all(&f->variables, variables);
}

static void read_first(const struct event *first, struct execution_context *out)
{
    int64_t version = 0;
    struct value v = VALUE_GET(first->context, "version");
    if (v.type == VALUE_INT)
        version = v.u.i;
    else if (v.type == VALUE_STRING && !str_to_int64(value_as_str(v), &version))
        version = 0;
    out->execution_id = first->execution_id;
    out->path = value_as_str(VALUE_GET(first->context, "path"));
    out->version = version;
    out->playbook = value_as_str(VALUE_GET(first->context, "playbook"));
    out->workload = VALUE_GET(first->context, "workload");
    if (out->workload.type != VALUE_MAP)
        out->workload = VALUE_EMPTY_MAP;
    if (out->path.len == 0)
        out->path = first->node_name;
}

static enum status end_errors(struct map_builder *errors, struct value *out, struct error *err)
{
    struct map_builder there;
    struct value all;
    TRY(map_end(errors, &all, err));
    map_begin(&there, errors->arena);
    for (uint32_t i = 0; i < all.len; i++) {
        const struct value_entry *e = &all.u.map->entries[i];
        if (!value_is_absent(e->value))
            map_put_value(&there, e->key, e->value);
    }
    return map_end(&there, out, err);
}

enum status fetch_execution_context(struct arena *a, const struct event *events, size_t count,
                                    struct execution_context *out, struct error *err)
{
    struct fold f = {.fatal = NULL};
    if (count == 0) {
        error_set(err, STATUS_NOT_FOUND, "there is no such execution: its log has no events");
        return error_hint(err, "`noetl list` shows the executions that there are");
    }
    *out = (struct execution_context){0};
    read_first(&events[0], out);
    map_begin(&f.results, a);
    map_begin(&f.errors, a);
    map_begin(&f.variables, a);
    fold_fork(&f, VALUE_GET(events[0].context, "fork"));
    for (size_t i = 0; i < count; i++) {
        if (events[i].execution_id != out->execution_id)
            return error_set(err, STATUS_INTERNAL, "the events are of more than one execution");
        fold_event(&f, &events[i], i > 0 ? &events[i - 1] : NULL);
    }
    if (f.fatal)
        fold_failure(&f, f.fatal, f.fatal_data);
    TRY(map_end(&f.results, &out->results, err));
    TRY(map_end(&f.variables, &out->variables, err));
    return end_errors(&f.errors, &out->errors, err);
}

/* ---- Rendering ---------------------------------------------------------------------------------- */

struct object_request {
    const struct scope *scope;
    struct template_cache *cache;
    const struct render_inputs *inputs;
    struct list_builder *unresolved;
};

static enum status render_document(struct arena *a, struct value document, const char *name, bool strict,
                                   const struct object_request *r, struct value *out, struct error *err)
{
    struct object_template *o;
    struct value missing = VALUE_EMPTY_LIST;
    struct render_inputs inputs = *r->inputs;
    inputs.undefined = UNDEFINED_STRICT;
    TRY(object_compile_cached(document, name, r->cache, &o, err));
    enum status s = strict ? object_render(o, r->scope, &inputs, a, out, err)
                           : object_render_partial(o, r->scope, &inputs, a, out, &missing, err);
    object_free(o);
    for (uint32_t i = 0; s == STATUS_OK && i < missing.len; i++)
        list_add(r->unresolved, missing.u.list[i]);
    return s;
}

/* A task that renders to JSON text is that JSON; any other text stays text. */
static enum status parse_task(struct arena *a, struct value rendered, struct value *out)
{
    struct error ignored;
    struct value parsed;
    *out = rendered;
    if (rendered.type == VALUE_STRING &&
        json_read(a, value_as_str(rendered), NULL, &parsed, &ignored) == STATUS_OK)
        *out = parsed;
    return STATUS_OK;
}

static enum status render_members(struct arena *a, struct value object, bool strict,
                                  const struct object_request *r, struct value *rendered, struct error *err)
{
    struct map_builder b;
    map_begin(&b, a);
    for (uint32_t i = 0; i < object.len; i++) {
        const struct value_entry *e = &object.u.map->entries[i];
        struct value v = e->value;
        if (str_is(value_as_str(e->key), "work")) {
            TRY(render_document(a, e->value, "work", false, r, &v, err));
        } else if (str_is(value_as_str(e->key), "task")) {
            TRY(render_document(a, e->value, "task", strict, r, &v, err));
            TRY(parse_task(a, v, &v));
        }
        map_put_value(&b, e->key, v);
    }
    return map_end(&b, rendered, err);
}

enum status render_template_object(struct arena *a, struct value template_object, struct value context,
                                   bool strict, struct template_cache *cache,
                                   const struct render_inputs *inputs, struct value *rendered,
                                   struct value *unresolved, struct error *err)
{
    struct list_builder missing;
    struct scope scope = {context, NULL};
    struct object_request r = {&scope, cache, inputs, &missing};
    bool has_parts = !value_is_absent(VALUE_GET(template_object, "work")) ||
                     !value_is_absent(VALUE_GET(template_object, "task"));
    list_begin(&missing, a);
    if (has_parts)
        TRY(render_members(a, template_object, strict, &r, rendered, err));
    else
        TRY(render_document(a, template_object, "template", strict, &r, rendered, err));
    return list_end(&missing, unresolved, err);
}

static enum status list_keys(struct arena *a, struct value context, struct value *out, struct error *err)
{
    struct list_builder b;
    list_begin(&b, a);
    for (uint32_t i = 0; i < context.len; i++)
        list_add(&b, context.u.map->entries[i].key);
    return list_end(&b, out, err);
}

enum status render_context(struct arena *a, const struct event *events, size_t count,
                           struct value template_object, struct value extra_context, bool strict,
                           struct template_cache *cache, const struct render_inputs *inputs,
                           struct value *rendered, struct value *context_keys, struct value *unresolved,
                           struct error *err)
{
    struct execution_context execution = {0};
    struct value context;
    TRY(fetch_execution_context(a, events, count, &execution, err));
    struct context_source source = {
        .execution_id = execution.execution_id,
        .workload = execution.workload,
        .results = execution.results,
        .errors = execution.errors,
        .variables = execution.variables,
        .extra = extra_context,
    };
    TRY(build_rendering_context(a, &source, &context, err));
    TRY(merge_template_work_context(a, template_object, context, &context, err));
    TRY(list_keys(a, context, context_keys, err));
    return render_template_object(a, template_object, context, strict, cache, inputs, rendered, unresolved,
                                  err);
}
