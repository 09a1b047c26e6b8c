/*
 * The names that templates of an execution see: one builder for the broker (on its state in memory) and for
 * the render service (on a state folded from the log).
 *
 *   each finished step   its data, with .data and .result as other spellings of itself, .error if it failed
 *   <variables>          what `save` has named, unless a step has the name
 *   workload             the execution's workload; work and context are the same
 *   <workload keys>      unless a step has the name
 *   results              map of the finished steps
 *   execution_id, job    job.uuid is the execution's id
 *   <extra keys>         what the caller adds, over everything
 */
#ifndef RENDER_CONTEXT_H
#define RENDER_CONTEXT_H

#include "template_cache.h"

struct context_source {
    int64_t execution_id;
    struct value workload;  /* a map */
    struct value results;   /* a map: step name → data, in the order in which the steps ended */
    struct value errors;    /* a map: step name → error of steps that failed and went on; or absent */
    struct value aliases;   /* a map: step name → other name of its result (workbook actions); or absent */
    struct value variables; /* a map: names that `save` has given; or absent */
    struct value extra;     /* a map, or absent */
};

/*
 * The same names as they come: steps are added as they end, each in a time that does not depend on how many
 * there are. A step that is in there is not to be added again; then the names have to be opened anew.
 */
struct context_names {
    bool is_open;
    struct value base; /* all but the steps and what the caller adds */
    struct map_builder steps;
    struct value results, frames; /* absent when they have to be made */
};
enum { CONTEXT_SCOPES = 3 };
/* Of the source, the execution's id, the workload and the variables; everything is made in `a`. */
enum status context_open(struct arena *a, const struct context_source *source, struct context_names *out,
                         struct error *err) MUST_CHECK;
enum status context_add(struct context_names *names, struct str step, struct value data, struct value error,
                        struct error *err) MUST_CHECK;
/* From the innermost to the outermost; the last has no outer one. They hold until the next step is added. */
enum status context_scopes(struct context_names *names, struct scope out[CONTEXT_SCOPES],
                           struct error *err) MUST_CHECK;

/* The map of names, in `a`; shares the source's values. */
enum status build_rendering_context(struct arena *a, const struct context_source *source, struct value *out,
                                    struct error *err) MUST_CHECK;

/* A step's data as others see it: with VALUE_STEP_DATA, and with `error` beside it if there is one. */
enum status context_step_value(struct arena *a, struct value data, struct value error, struct value *out,
                               struct error *err) MUST_CHECK;

/*
 * The log, folded: the workload of the first event and what the newest visits of the steps came to, in the
 * order in which the steps ended first; of an execution that has failed, the failure of its step too.
 * `events` are of one execution in the order of their ids. STATUS_NOT_FOUND when there are none.
 */
struct event;
struct execution_context {
    int64_t execution_id;
    struct str path;
    int64_t version;
    struct str playbook; /* its text */
    struct value workload, results, errors, variables;
};
enum status fetch_execution_context(struct arena *a, const struct event *events, size_t count,
                                    struct execution_context *out, struct error *err) MUST_CHECK;

/* A template object's `work` goes to the top level of the context, under the names that are not there yet. */
enum status merge_template_work_context(struct arena *a, struct value template_object, struct value context,
                                        struct value *out, struct error *err) MUST_CHECK;

/*
 * Renders what a client sends: a template object with `work` (relaxed, promoted) and `task` (strict, or with
 * the leaves that cannot be resolved yet kept and reported; parsed if it renders to JSON text), or any JSON
 * with templates in it. `unresolved` as in object_render_partial(). The templates come from `cache`, unless
 * it is NULL.
 */
enum status render_template_object(struct arena *a, struct value template_object, struct value context,
                                   bool strict, struct template_cache *cache,
                                   const struct render_inputs *inputs, struct value *rendered,
                                   struct value *unresolved, struct error *err) MUST_CHECK;

/* All of it: fold, build, merge, render. `context_keys` is the list of names that were in scope. */
enum status render_context(struct arena *a, const struct event *events, size_t count,
                           struct value template_object, struct value extra_context, bool strict,
                           struct template_cache *cache, const struct render_inputs *inputs,
                           struct value *rendered, struct value *context_keys, struct value *unresolved,
                           struct error *err) MUST_CHECK;

#endif
