#include "comparison.h"

#include "core/id.h"

#include "difference.h"

struct comparison {
    struct arena *a;
    const struct account *left, *right;
    bool same;
    struct error *err;
};

static struct value or_null(struct value v)
{
    return value_is_absent(v) ? value_null() : v;
}

/* ---- values ------------------------------------------------------------------------------------------- */

/* The places where two values differ, as a list; *same becomes false if there is one. */
static enum status list_places(struct comparison *c, struct value left, struct value right, struct value *out,
                               bool *same)
{
    struct difference found[COMPARISON_PLACES];
    struct list_builder list;
    size_t count;
    TRY(differences(c->a, left, right, found, COMPARISON_PLACES, &count, c->err));
    list_begin(&list, c->a);
    for (size_t i = 0; i < count; i++) {
        struct map_builder m;
        struct value v;
        map_begin(&m, c->a);
        map_put(&m, STR("path"), value_str(found[i].path));
        map_put(&m, STR("left"), or_null(found[i].left));
        map_put(&m, STR("right"), or_null(found[i].right));
        TRY(map_end(&m, &v, c->err));
        list_add(&list, v);
    }
    *same = *same && count == 0;
    return list_end(&list, out, c->err);
}

static enum status put_places(struct comparison *c, struct map_builder *m, const char *key, struct value left,
                              struct value right, bool *same)
{
    struct value list;
    TRY(list_places(c, left, right, &list, same));
    if (list.len)
        map_put(m, str_of(key), list);
    return STATUS_OK;
}

/* ---- the playbook's text ------------------------------------------------------------------------------ */

/* Cuts lines that both begin with. */
static void skip_common(struct str *left, struct str *right)
{
    while (left->len && right->len) {
        struct str l = *left, r = *right;
        if (!str_equal(str_split(&l, '\n'), str_split(&r, '\n')))
            return;
        *left = l;
        *right = r;
    }
}

/* Whether the last `len` bytes are whole lines. */
static bool begins_line(struct str text, size_t len)
{
    return len == text.len || text.ptr[text.len - len - 1] == '\n';
}

/* Cuts lines that both end with. */
static void cut_common(struct str *left, struct str *right)
{
    size_t same = 0, lines = 0;
    while (same < left->len && same < right->len &&
           left->ptr[left->len - same - 1] == right->ptr[right->len - same - 1]) {
        same++;
        if (begins_line(*left, same) && begins_line(*right, same))
            lines = same;
    }
    left->len -= lines;
    right->len -= lines;
}

static enum status add_lines(struct comparison *c, struct list_builder *list, const char *side,
                             struct str text)
{
    for (int i = 0; i < COMPARISON_PLACES && text.len; i++) {
        struct map_builder m;
        struct value v;
        bool cut = i + 1 == COMPARISON_PLACES && str_find(text, STR("\n")) >= 0;
        map_begin(&m, c->a);
        map_put(&m, str_of(side), cut ? value_text("…") : value_str(str_split(&text, '\n')));
        TRY(map_end(&m, &v, c->err));
        list_add(list, v);
    }
    return STATUS_OK;
}

/* What lies between the lines that both begin with and those that both end with. */
static enum status put_text(struct comparison *c, struct map_builder *m)
{
    struct str left = c->left->playbook, right = c->right->playbook;
    struct list_builder list;
    struct value v;
    list_begin(&list, c->a);
    if (!str_equal(left, right)) {
        c->same = false;
        skip_common(&left, &right);
        cut_common(&left, &right);
        TRY(add_lines(c, &list, "left", left));
        TRY(add_lines(c, &list, "right", right));
    }
    TRY(list_end(&list, &v, c->err));
    map_put(m, STR("playbook"), v);
    return STATUS_OK;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static enum status step_value(struct comparison *c, const struct step_account *s, struct value *out)
{
    struct map_builder m;
    *out = value_null();
    if (!s)
        return STATUS_OK;
    map_begin(&m, c->a);
    map_put(&m, STR("status"), value_text(s->status));
    map_put(&m, STR("visits"), value_int(s->visits));
    map_put(&m, STR("attempts"), value_int(s->attempts));
    map_put(&m, STR("duration_ms"), value_int(s->duration_ms));
    return map_end(&m, out, c->err);
}

static enum status put_differences(struct comparison *c, struct map_builder *m, const struct step_account *l,
                                   const struct step_account *r, bool *same)
{
    bool taken_over = strcmp(l->status, TAKEN_OVER) == 0 || strcmp(r->status, TAKEN_OVER) == 0;
    *same = taken_over ||
            (strcmp(l->status, r->status) == 0 && l->visits == r->visits && l->attempts == r->attempts);
    if (taken_over) {
        TRY(put_places(c, m, "result", l->result, r->result, same));
        return put_places(c, m, "error", l->error, r->error, same);
    }
    TRY(put_places(c, m, "input", l->input, r->input, same));
    TRY(put_places(c, m, "result", l->result, r->result, same));
    TRY(put_places(c, m, "error", l->error, r->error, same));
    return put_places(c, m, "next", l->next, r->next, same);
}

static enum status add_step(struct comparison *c, struct list_builder *list, struct str name)
{
    const struct step_account *l = account_step(c->left, name), *r = account_step(c->right, name);
    struct map_builder m, more;
    struct value left, right, differing = {0}, v;
    bool same = false;
    TRY(step_value(c, l, &left));
    TRY(step_value(c, r, &right));
    map_begin(&more, c->a);
    if (l && r)
        TRY(put_differences(c, &more, l, r, &same));
    TRY(map_end(&more, &differing, c->err));
    map_begin(&m, c->a);
    map_put(&m, STR("step"), value_str(name));
    map_put(&m, STR("same"), value_bool(same));
    map_put(&m, STR("left"), left);
    map_put(&m, STR("right"), right);
    map_put_all(&m, differing);
    TRY(map_end(&m, &v, c->err));
    list_add(list, v);
    c->same = c->same && same;
    return STATUS_OK;
}

static enum status put_steps(struct comparison *c, struct map_builder *m)
{
    struct list_builder list;
    struct value v;
    list_begin(&list, c->a);
    for (size_t i = 0; i < c->left->count; i++)
        TRY(add_step(c, &list, c->left->steps[i].name));
    for (size_t i = 0; i < c->right->count; i++) {
        if (!account_step(c->left, c->right->steps[i].name))
            TRY(add_step(c, &list, c->right->steps[i].name));
    }
    TRY(list_end(&list, &v, c->err));
    map_put(m, STR("steps"), v);
    return STATUS_OK;
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

static enum status put_side(struct comparison *c, struct map_builder *m, const char *key,
                            const struct account *of)
{
    struct map_builder side;
    struct value v;
    char id[ID_TEXT];
    (void)id_format(of->execution_id, id);
    const char *copy = arena_strdup(c->a, str_of(id));
    if (!copy)
        return arena_error(c->a, c->err, "an id");
    map_begin(&side, c->a);
    map_put(&side, STR("execution_id"), value_text(copy));
    map_put(&side, STR("path"), value_str(of->path));
    map_put(&side, STR("version"), value_int(of->version));
    map_put(&side, STR("digest"), value_str(of->digest));
    map_put(&side, STR("status"), value_text(of->status));
    map_put(&side, STR("duration_ms"), value_int(of->duration_ms));
    TRY(map_end(&side, &v, c->err));
    map_put(m, str_of(key), v);
    return STATUS_OK;
}

enum status comparison_make(struct arena *a, const struct account *left, const struct account *right,
                            struct value *out, struct error *err)
{
    struct comparison c = {.a = a, .left = left, .right = right, .same = true, .err = err};
    struct map_builder m;
    struct value list;
    c.same = strcmp(left->status, right->status) == 0 && str_equal(left->path, right->path);
    map_begin(&m, a);
    map_put(&m, STR("same"), value_bool(false)); /* its place; its value is known at the end */
    TRY(put_side(&c, &m, "left", left));
    TRY(put_side(&c, &m, "right", right));
    TRY(put_text(&c, &m));
    TRY(list_places(&c, left->workload, right->workload, &list, &c.same));
    map_put(&m, STR("workload"), list);
    TRY(list_places(&c, left->result, right->result, &list, &c.same));
    map_put(&m, STR("result"), list);
    TRY(list_places(&c, left->error, right->error, &list, &c.same));
    map_put(&m, STR("error"), list);
    TRY(put_steps(&c, &m));
    map_put(&m, STR("same"), value_bool(c.same));
    return map_end(&m, out, err);
}
