/* `retry`: true, a number of attempts, or a map. */
#include "compile.h"

enum { MOST_ATTEMPTS = 1000, USUAL_ATTEMPTS = 3 };
#define MOST_SECONDS 2592000.0 /* 30 days */

static const struct retry_policy USUAL = {
    .max_attempts = USUAL_ATTEMPTS,
    .initial_delay_ms = 1000,
    .max_delay_ms = 300000,
    .backoff_multiplier = 2,
};

static double number_of(struct value v)
{
    return v.type == VALUE_INT ? (double)v.u.i : v.type == VALUE_FLOAT ? v.u.f : -1;
}

static void add_range(struct compilation *c, const struct child *child, const char *owner, const char *range)
{
    diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                    "\"%" PRISTR "\" of %s has to be %s", ARGSTR(child->key), owner, range);
}

static void read_attempts(struct compilation *c, const struct child *child, const char *owner, uint32_t *out)
{
    struct value v = child->node->value;
    if (v.type == VALUE_INT && v.u.i >= 1 && v.u.i <= MOST_ATTEMPTS)
        *out = (uint32_t)v.u.i;
    else
        add_range(c, child, owner, "a whole number of attempts from 1 to 1000");
}

static void read_delay(struct compilation *c, const struct fields *f, const char *key, const char *owner,
                       int64_t *out)
{
    const struct child *child = fields_get(f, key);
    double seconds = child ? number_of(child->node->value) : 0;
    if (!child)
        return;
    if (seconds >= 0 && seconds <= MOST_SECONDS)
        *out = (int64_t)(seconds * 1000 + 0.5);
    else
        add_range(c, child, owner, "from 0 to 2592000 seconds");
}

static void read_multiplier(struct compilation *c, const struct fields *f, const char *owner, double *out)
{
    const struct child *child = fields_get(f, "backoff_multiplier");
    double n = child ? number_of(child->node->value) : 0;
    if (!child)
        return;
    if (n >= 1 && n <= 1000)
        *out = n;
    else
        add_range(c, child, owner, "a number from 1 to 1000");
}

static void read_jitter(struct compilation *c, const struct fields *f, const char *owner, double *out)
{
    const struct child *child = fields_get(f, "jitter");
    if (!child)
        return;
    struct value v = child->node->value;
    double n = v.type == VALUE_BOOL ? (v.u.b ? 0.5 : 0) : number_of(v);
    if (n >= 0 && n <= 1)
        *out = n;
    else
        add_range(c, child, owner, "true, false, or a part from 0 to 1");
}

static void read_map(struct compilation *c, const struct ynode *map, const char *owner,
                     struct retry_policy *out)
{
    struct fields f;
    keys_read(c, map, keys_bit(KEYS_RETRY), false, owner, &f);
    if (c->status != STATUS_OK)
        return;
    const struct child *attempts = fields_get(&f, "max_attempts");
    if (attempts)
        read_attempts(c, attempts, owner, &out->max_attempts);
    read_delay(c, &f, "initial_delay", owner, &out->initial_delay_ms);
    read_delay(c, &f, "max_delay", owner, &out->max_delay_ms);
    read_multiplier(c, &f, owner, &out->backoff_multiplier);
    read_jitter(c, &f, owner, &out->jitter);
    out->retry_when_text = condition_read(c, &f, "retry_when");
    out->stop_when_text = condition_read(c, &f, "stop_when");
}

void retry_read(struct compilation *c, const struct child *value, const char *owner, struct draft_action *out)
{
    if (!value)
        return;
    struct value v = value->node->value;
    out->has_retry = true;
    if (v.type == VALUE_BOOL && !v.u.b)
        return;
    out->retry = compilation_alloc(c, 1, sizeof(*out->retry));
    if (!out->retry)
        return;
    *out->retry = USUAL;
    if (value->node->kind == NODE_MAP)
        read_map(c, value->node, compilation_printf(c, "retry of %s", owner), out->retry);
    else if (v.type != VALUE_BOOL)
        read_attempts(c, value, owner, &out->retry->max_attempts);
}
