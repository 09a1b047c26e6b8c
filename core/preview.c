#include "preview.h"

/* NODES_MAX bounds the whole, the others what one container may take of it. */
enum { NODES_MAX = 200, MEMBERS_MAX = 32, ITEMS_MAX = 5, DEPTH_MAX = 6, TEXT_MAX = 256, SENTENCE_MAX = 2048 };

struct previewer {
    struct arena *arena;
    uint32_t left; /* values that may still be added */
};

static enum status preview(struct previewer *p, struct value v, uint32_t depth, struct value *out,
                           struct error *err);

static enum status preview_text(struct previewer *p, struct str s, size_t max, struct str *out,
                                struct error *err)
{
    *out = s;
    if (s.len <= max)
        return STATUS_OK;
    *out = arena_printf(p->arena, "%" PRISTR "…", ARGSTR(str_head(s, max)));
    return out->ptr ? STATUS_OK : arena_error(p->arena, err, "a preview");
}

static enum status preview_string(struct previewer *p, struct value v, struct value *out, struct error *err)
{
    struct str text;
    if (v.len <= TEXT_MAX) {
        *out = v;
        return STATUS_OK;
    }
    TRY(preview_text(p, value_as_str(v), TEXT_MAX, &text, err));
    *out = value_str(text);
    return STATUS_OK;
}

/* A member's fair share of what is left, so that a large one leaves room for those behind it. */
static enum status preview_member(struct previewer *p, struct value v, uint32_t depth, uint32_t members_left,
                                  struct value *out, struct error *err)
{
    uint32_t share = p->left / members_left;
    struct previewer own = {p->arena, share};
    TRY(preview(&own, v, depth, out, err));
    p->left -= share - own.left;
    return STATUS_OK;
}

static enum status preview_list(struct previewer *p, struct value v, uint32_t depth, struct value *out,
                                struct error *err)
{
    struct list_builder list;
    uint32_t count = v.len < ITEMS_MAX ? v.len : ITEMS_MAX;
    list_begin(&list, p->arena);
    for (uint32_t i = 0; i < count && p->left >= count - i; i++) {
        struct value item;
        TRY(preview_member(p, v.u.list[i], depth + 1, count - i, &item, err));
        list_add(&list, item);
    }
    return list_end(&list, out, err);
}

static enum status preview_map(struct previewer *p, struct value v, uint32_t depth, struct value *out,
                               struct error *err)
{
    struct map_builder map;
    uint32_t count = v.len < MEMBERS_MAX ? v.len : MEMBERS_MAX;
    map_begin(&map, p->arena);
    for (uint32_t i = 0; i < count && p->left >= count - i; i++) {
        const struct value_entry *entry = &v.u.map->entries[i];
        struct value member;
        if (value_as_str(entry->key).len > TEXT_MAX)
            continue;
        TRY(preview_member(p, entry->value, depth + 1, count - i, &member, err));
        map_put_value(&map, entry->key, member);
    }
    return map_end(&map, out, err);
}

/* Of digits beyond any use. */
static struct value preview_number(struct value v)
{
    return v.type == VALUE_BIGINT && v.len > TEXT_MAX ? value_null() : v;
}

static enum status preview(struct previewer *p, struct value v, uint32_t depth, struct value *out,
                           struct error *err)
{
    p->left -= p->left > 0;
    if (v.type == VALUE_STRING)
        return preview_string(p, v, out, err);
    if (v.type == VALUE_LIST && depth < DEPTH_MAX)
        return preview_list(p, v, depth, out, err);
    if (v.type == VALUE_MAP && depth < DEPTH_MAX)
        return preview_map(p, v, depth, out, err);
    *out = v.type == VALUE_LIST  ? VALUE_EMPTY_LIST
           : v.type == VALUE_MAP ? VALUE_EMPTY_MAP
                                 : preview_number(v);
    return STATUS_OK;
}

enum status value_preview(struct arena *a, struct value v, struct value *out, struct error *err)
{
    struct previewer p = {a, NODES_MAX};
    return preview(&p, v, 0, out, err);
}

enum status event_preview(struct arena *a, const struct event *e, struct event *out, struct error *err)
{
    struct previewer p = {a, NODES_MAX};
    *out = *e;
    TRY(value_preview(a, e->context, &out->context, err));
    TRY(value_preview(a, e->result, &out->result, err));
    TRY(value_preview(a, e->meta, &out->meta, err));
    return preview_text(&p, e->error, SENTENCE_MAX, &out->error, err);
}
