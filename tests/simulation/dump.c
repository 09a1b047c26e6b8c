#include "dump.h"

#include "core/json.h"

struct hasher {
    struct world *w;
    struct arena arena;
    uint64_t hash;
};

static void add_text(struct hasher *h, struct str s)
{
    /* FNV-1a with 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
    for (size_t i = 0; i < s.len; i++)
        h->hash = (h->hash ^ (uint8_t)s.ptr[i]) * UINT64_C(0x100000001b3);
    h->hash = chance_mix(h->hash, s.len);
}

static void add_value(struct hasher *h, struct value v)
{
    struct str text = {"", 0};
    struct error err = {0};
    if (!value_is_absent(v))
        world_must(h->w, json_text(&h->arena, v, &text, &err), &err);
    add_text(h, text);
}

static void add_event(struct hasher *h, const struct event *e)
{
    struct value v = value_null();
    struct error err = {0};
    world_must(h->w, event_to_value(&h->arena, e, &v, &err), &err);
    add_value(h, v);
}

static void add_task(struct hasher *h, const struct task_order *t)
{
    struct value v = value_null();
    struct error err = {0};
    world_must(h->w, task_to_value(&h->arena, &t->task, &v, &err), &err);
    add_value(h, v);
    add_text(h, t->pool);
}

static void add_child(struct hasher *h, const struct child_order *c)
{
    add_value(h, value_int(c->execution_id));
    add_value(h, value_int(c->version));
    add_text(h, c->path);
    add_text(h, c->task_id);
    add_value(h, c->args);
    add_value(h, c->parent);
}

uint64_t dump_decisions(struct world *w, const struct decisions *d)
{
    struct hasher h = {.w = w, .hash = UINT64_C(0xcbf29ce484222325)};
    arena_init(&h.arena, 0);
    for (uint32_t i = 0; i < d->event_count; i++)
        add_event(&h, &d->events[i]);
    for (uint32_t i = 0; i < d->task_count; i++)
        add_task(&h, &d->tasks[i]);
    for (uint32_t i = 0; i < d->timer_count; i++) {
        add_text(&h, d->timers[i].id);
        add_value(&h, value_int(d->timers[i].due_ns + d->timers[i].cancelled));
    }
    for (uint32_t i = 0; i < d->child_count; i++)
        add_child(&h, &d->children[i]);
    for (uint32_t i = 0; i < d->listing_count; i++) {
        add_text(&h, d->listings[i].prefix);
        add_text(&h, d->listings[i].caller);
        add_text(&h, d->listings[i].task_id);
    }
    for (uint32_t i = 0; i < d->notice_count; i++) {
        add_event(&h, &d->notices[i].fact);
        add_text(&h, d->notices[i].message_id);
    }
    for (uint32_t i = 0; i < d->withdrawal_count; i++) {
        add_text(&h, d->withdrawals[i].task_id);
        add_text(&h, d->withdrawals[i].pool);
    }
    add_value(&h, value_bool(d->withdraw));
    arena_free(&h.arena);
    return h.hash;
}

/* ---- states ------------------------------------------------------------------------------------------- */

static struct str state_text(struct world *w, const struct execution *x, struct arena *a)
{
    struct str text = {"", 0};
    struct error err = {0};
    world_must(w, execution_encode(x, a, &text, &err), &err);
    return text;
}

static void compare_text(struct world *w, const struct execution *x, struct str held, struct str other,
                         const char *what)
{
    if (!w->failed && !str_equal(held, other))
        world_fail(w, "execution %lld: the state in memory is\n  %" PRISTR "\nand %s\n  %" PRISTR,
                   (long long)x->id, ARGSTR(str_head(held, 800)), what, ARGSTR(str_head(other, 800)));
}

struct execution *dump_compare(struct world *w, const struct execution *held, const struct execution *folded)
{
    struct arena a;
    struct error err = {0};
    struct execution *read = NULL;
    arena_init(&a, 0);
    struct str text = state_text(w, held, &a);
    compare_text(w, held, text, state_text(w, folded, &a), "folded from the log it is");
    if (!w->failed && held->playbook) {
        world_must(w, execution_decode(text, held->playbook, &read, &err), &err);
        if (!w->failed) {
            world_must(w, execution_check(read, &err), &err);
            compare_text(w, held, text, state_text(w, read, &a), "read back from its text it is");
        }
    }
    arena_free(&a);
    return read;
}
