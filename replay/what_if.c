#include "what_if.h"

#include "core/json.h"

/* A fact of the record; one that nothing waits for yet is tried again when others were taken. */
struct pending {
    const struct event *fact;
    bool taken;
};

struct evaluation {
    struct arena *a;
    struct playbook_cache *playbooks;
    struct playbook *old; /* NULL: it does not compile, so steps keep their numbers */
    const struct playbook *playbook;
    struct execution *x;
    struct event *events;
    size_t count, capacity;
    int64_t time_ns;
    uint64_t sequence;
    struct error *err;
};

/* ---- taking a fact ------------------------------------------------------------------------------------ */

static enum status keep_events(struct evaluation *e, const struct decisions *d)
{
    if (e->count + d->event_count > e->capacity) {
        size_t larger = e->capacity * 2 + d->event_count + 64;
        struct event *moved = ARENA_ARRAY(e->a, struct event, larger);
        if (!moved)
            return arena_error(e->a, e->err, "the events");
        if (e->count)
            memcpy(moved, e->events, e->count * sizeof(*moved));
        e->events = moved;
        e->capacity = larger;
    }
    for (uint32_t i = 0; i < d->event_count; i++) /* away from the execution and its playbook, which go */
        TRY(event_copy(e->a, &d->events[i], &e->events[e->count++], e->err));
    return STATUS_OK;
}

/* At its own time, unless facts that were taken before it came later. */
static enum status take(struct evaluation *e, const struct event *fact, bool *taken)
{
    struct decisions d;
    struct event *own = ARENA_NEW(e->a, struct event);
    if (!own)
        return arena_error(e->a, e->err, "a fact");
    *own = *fact;
    own->time_ns = e->time_ns = fact->time_ns > e->time_ns ? fact->time_ns : e->time_ns;
    own->stream_seq = ++e->sequence;
    decisions_init(&d, e->a);
    TRY(transition(e->x, own, e->playbooks, &d, e->err));
    *taken = !d.ignored;
    return *taken ? keep_events(e, &d) : STATUS_OK;
}

/* ---- from one playbook to the other ------------------------------------------------------------------- */

/* The attempt's id with the step's number in the new playbook; false if that has no such step. */
static bool translate_id(struct evaluation *e, struct str text, struct str *out)
{
    struct task_id id;
    char buffer[TASK_ID_TEXT];
    *out = text;
    if (!e->old || task_id_parse(text, &id, NULL) != STATUS_OK || id.step >= e->old->step_count)
        return true;
    int32_t step = playbook_find_step(e->playbook, e->old->steps[id.step].name);
    if (step < 0)
        return false;
    id.step = (uint32_t)step;
    size_t len = task_id_format(&id, buffer);
    *out = (struct str){arena_strdup(e->a, (struct str){buffer, len}), len};
    return out->ptr != NULL;
}

/* Whether the fact is about one of the works: of its attempt, or whose timer it is. */
static bool is_of_one(const struct open_work *works, size_t count, const struct event *fact)
{
    bool is_timer = fact->type == EVENT_TIMER_FIRED;
    for (size_t i = 0; i < count; i++) {
        if (str_equal(is_timer ? works[i].timer_id : works[i].task_id, fact->task_id))
            return true;
    }
    return false;
}

/* A fact of a step; *taken says whether something waits for it by now. */
static enum status take_of_step(struct evaluation *e, const struct event *recorded, struct arena *scratch,
                                bool *taken)
{
    struct event fact = *recorded;
    struct open_work *works;
    size_t count;
    *taken = false;
    if (!translate_id(e, recorded->task_id, &fact.task_id))
        return STATUS_OK;
    TRY(execution_open_works(e->x, scratch, &works, &count, e->err));
    if (!is_of_one(works, count, &fact))
        return STATUS_OK;
    TRY(event_shown(e->a, &fact, &fact, e->err)); /* its token is the old attempt's */
    return take(e, &fact, taken);
}

static enum status try_fact(struct evaluation *e, struct pending *p, bool *taken)
{
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status status =
        p->fact->task_id.len ? take_of_step(e, p->fact, &scratch, taken) : take(e, p->fact, taken);
    arena_free(&scratch);
    p->taken = *taken;
    return status;
}

/* ---- all facts ---------------------------------------------------------------------------------------- */

/* Those before `end` that nothing waited for when their turn was, as long as one of them is taken. */
static enum status try_again(struct evaluation *e, struct pending *facts, size_t *first, size_t end)
{
    bool any = true;
    while (any && !execution_is_over(e->x)) {
        any = false;
        while (*first < end && facts[*first].taken)
            (*first)++;
        for (size_t i = *first; i < end && !any; i++) {
            if (!facts[i].taken)
                TRY(try_fact(e, &facts[i], &any));
        }
    }
    return STATUS_OK;
}

/* A delay ends by itself: its timer is no outcome that somebody has to bring. */
static enum status fire_next_timer(struct evaluation *e, bool *fired)
{
    struct open_work *works;
    const struct open_work *next = NULL;
    struct arena scratch;
    size_t count;
    *fired = false;
    arena_init(&scratch, 0);
    enum status status = execution_open_works(e->x, &scratch, &works, &count, e->err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (works[i].state == WORK_DELAYED && (!next || works[i].due_ns < next->due_ns))
            next = &works[i];
    }
    if (status == STATUS_OK && next) {
        const char *id = arena_strdup(e->a, next->timer_id);
        struct event fact = {.execution_id = e->x->id,
                             .type = EVENT_TIMER_FIRED,
                             .time_ns = next->due_ns,
                             .task_id = str_of(id)};
        status = id ? take(e, &fact, fired) : arena_error(e->a, e->err, "a timer");
    }
    arena_free(&scratch);
    return status;
}

static enum status take_all(struct evaluation *e, struct pending *facts, size_t count)
{
    size_t first = 0;
    bool taken = false, fired = true;
    for (size_t i = 0; i < count && !execution_is_over(e->x); i++) {
        TRY(try_fact(e, &facts[i], &taken));
        if (taken)
            TRY(try_again(e, facts, &first, i));
    }
    while (fired && !execution_is_over(e->x)) {
        TRY(fire_next_timer(e, &fired));
        if (fired)
            TRY(try_again(e, facts, &first, count));
    }
    return STATUS_OK;
}

/* ---- the request -------------------------------------------------------------------------------------- */

/* With the new text, and what that says of the workload under what was recorded of it. */
static enum status take_request(struct evaluation *e, const struct event *recorded, struct str text)
{
    struct event fact = *recorded;
    struct map_builder m;
    struct value workload = VALUE_GET(recorded->context, "workload");
    bool taken;
    if (workload.type == VALUE_MAP)
        TRY(value_merge(e->a, e->playbook->workload, workload, &workload, e->err));
    map_begin(&m, e->a);
    map_put_all(&m, recorded->context);
    map_put(&m, STR("digest"), value_text(e->playbook->digest));
    map_put(&m, STR("playbook"), value_str(text));
    if (workload.type == VALUE_MAP)
        map_put(&m, STR("workload"), workload);
    TRY(map_end(&m, &fact.context, e->err));
    return take(e, &fact, &taken);
}

static enum status list_facts(struct evaluation *e, const struct event *recorded, size_t count,
                              struct pending **out, size_t *facts)
{
    *facts = 0;
    *out = ARENA_ARRAY(e->a, struct pending, count);
    if (!*out)
        return arena_error(e->a, e->err, "the facts");
    for (size_t i = 1; i < count; i++) {
        if (event_type_kind(recorded[i].type) == EVENT_KIND_FACT)
            (*out)[(*facts)++].fact = &recorded[i];
    }
    return STATUS_OK;
}

/* What is open at the end; steps' names are the playbook's, which goes with the execution. */
static enum status keep_open(struct evaluation *e, struct what_if *out)
{
    TRY(execution_open_works(e->x, e->a, &out->without_outcome, &out->without_outcome_count, e->err));
    for (size_t i = 0; i < out->without_outcome_count; i++) {
        struct str *step = &out->without_outcome[i].step;
        if (step->len && !(step->ptr = arena_strdup(e->a, *step)))
            return arena_error(e->a, e->err, "what is open");
    }
    return STATUS_OK;
}

static enum status evaluate(struct evaluation *e, const struct event *recorded, size_t count, struct str text,
                            struct what_if *out)
{
    struct pending *facts;
    size_t fact_count;
    TRY(list_facts(e, recorded, count, &facts, &fact_count));
    TRY(take_request(e, &recorded[0], text));
    TRY(take_all(e, facts, fact_count));
    *out = (struct what_if){.events = e->events, .count = e->count};
    for (size_t i = 0; i < fact_count; i++) {
        out->used += facts[i].taken;
        out->left_over += !facts[i].taken;
    }
    return keep_open(e, out);
}

enum status what_if_make(struct arena *a, const struct event *recorded, size_t count, struct str text,
                         const struct playbook *playbook, struct what_if *out, struct error *err)
{
    struct evaluation e = {.a = a, .playbook = playbook, .err = err};
    struct str old_text = value_as_str(VALUE_GET(recorded[0].context, "playbook"));
    TRY(playbook_cache_new(2, &e.playbooks, err));
    enum status status = execution_new(recorded[0].execution_id, &e.x, err);
    if (status == STATUS_OK &&
        playbook_cache_get(e.playbooks, old_text, "recorded", &e.old, NULL) != STATUS_OK)
        e.old = NULL;
    if (status == STATUS_OK)
        status = evaluate(&e, recorded, count, text, out);
    if (e.old)
        playbook_unref(e.old);
    execution_free(e.x);
    playbook_cache_free(&e.playbooks);
    return status;
}

/* ---- where they part ---------------------------------------------------------------------------------- */

/* An attempt's id without the number of its step. */
static struct str behind_step(struct str id)
{
    struct str rest = id;
    (void)str_split(&rest, 'v');
    return rest;
}

/* What is the same in both though it is told otherwise. */
static enum status bare(struct arena *a, const struct event *e, struct value *out, struct error *err)
{
    static const char *const of_the_text[] = {"playbook", "digest", "version", "workload"};
    struct event own = *e;
    struct map_builder m;
    own.event_id = 0;
    own.time_ns = 0;
    own.stream_seq = 0;
    own.meta = (struct value){0};
    own.task_id = behind_step(e->task_id);
    if (e->context.type == VALUE_MAP) {
        bool begins = e->type == EVENT_EXECUTION_REQUESTED || e->type == EVENT_EXECUTION_START;
        map_begin(&m, a);
        map_put_all(&m, e->context);
        for (size_t i = 0; begins && i < sizeof(of_the_text) / sizeof(of_the_text[0]); i++)
            map_put(&m, str_of(of_the_text[i]), value_null());
        if (!value_is_absent(VALUE_GET(e->context, "child")))
            map_put(&m, STR("child"), value_null()); /* made of the step's number, too */
        TRY(map_end(&m, &own.context, err));
    }
    TRY(event_to_value(a, &own, out, err));
    return value_copy_plain(a, *out, out, err);
}

static enum status text_of(struct arena *a, struct value v, struct str *out, struct error *err)
{
    return json_text(a, v, out, err);
}

static enum status compare_at(struct arena *a, const struct event *l, const struct event *r,
                              struct parting *out, struct error *err)
{
    struct value left = {0}, right = {0};
    struct str left_text = STR(""), right_text = STR("");
    size_t count;
    if (l) {
        TRY(bare(a, l, &left, err));
        TRY(text_of(a, left, &left_text, err));
        TRY(json_read(a, left_text, NULL, &left, err));
    }
    if (r) {
        TRY(bare(a, r, &right, err));
        TRY(text_of(a, right, &right_text, err));
        TRY(json_read(a, right_text, NULL, &right, err));
    }
    if (str_equal(left_text, right_text))
        return STATUS_OK;
    *out = (struct parting){.found = true, .recorded = left, .other = right};
    bool same_event =
        l && r && l->type == r->type && l->visit == r->visit && str_equal(l->node_name, r->node_name);
    if (same_event)
        return differences(a, left, right, &out->at, 1, &count, err);
    out->at = (struct difference){STR(""), left, right};
    return STATUS_OK;
}

enum status what_if_parting(struct arena *a, const struct event *recorded, size_t count,
                            const struct what_if *w, struct parting *out, struct error *err)
{
    struct arena scratch;
    enum status status = STATUS_OK;
    *out = (struct parting){0};
    size_t most = count > w->count ? count : w->count;
    arena_init(&scratch, 0);
    for (size_t i = 0; i < most && !out->found && status == STATUS_OK; i++) {
        arena_reset(&scratch);
        status = compare_at(&scratch, i < count ? &recorded[i] : NULL, i < w->count ? &w->events[i] : NULL,
                            out, err);
        if (out->found)
            out->event_id = (uint32_t)i + 1;
    }
    arena_adopt(a, &scratch); /* with what was found */
    return status;
}
