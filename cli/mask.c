/* What must not be on a screen: values whose key says that they are secret. */
#include <strings.h>

#include "timeline.h"

static const char *const SECRET_WORDS[] = {"password",      "passwd",     "secret",  "token",
                                           "authorization", "api_key",    "api-key", "apikey",
                                           "private_key",   "credential", "cookie"};

/* "db_password", "X-Api-Key": a key with one of the words in it, in any case. */
static bool is_secret(struct str key)
{
    for (size_t i = 0; i < sizeof(SECRET_WORDS) / sizeof(SECRET_WORDS[0]); i++) {
        size_t len = strlen(SECRET_WORDS[i]);
        for (size_t at = 0; at + len <= key.len; at++) {
            if (strncasecmp(key.ptr + at, SECRET_WORDS[i], len) == 0)
                return true;
        }
    }
    return false;
}

static enum status mask_list(struct arena *a, struct value v, struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (uint32_t i = 0; i < v.len; i++) {
        struct value item;
        TRY(mask_secrets(a, v.u.list[i], &item, err));
        list_add(&list, item);
    }
    return list_end(&list, out, err);
}

static enum status mask_map(struct arena *a, struct value v, struct value *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    for (uint32_t i = 0; i < v.len; i++) {
        const struct value_entry *e = &v.u.map->entries[i];
        struct value shown = e->value;
        if (shown.type == VALUE_STRING && shown.len > 0 && is_secret(value_as_str(e->key)))
            shown = value_text("***");
        else
            TRY(mask_secrets(a, e->value, &shown, err));
        map_put_value(&map, e->key, shown);
    }
    return map_end(&map, out, err);
}

enum status mask_secrets(struct arena *a, struct value v, struct value *out, struct error *err)
{
    if (v.type == VALUE_LIST)
        return mask_list(a, v, out, err);
    if (v.type == VALUE_MAP)
        return mask_map(a, v, out, err);
    *out = v;
    return STATUS_OK;
}

enum status mask_event(struct arena *a, struct value event, struct value *out, struct error *err)
{
    static const char *const members[] = {"context", "meta"};
    struct map_builder map;
    map_begin(&map, a);
    map_put_all(&map, event);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct value v = value_get(event, str_of(members[i]));
        if (value_is_absent(v))
            continue;
        TRY(mask_secrets(a, v, &v, err));
        map_put(&map, str_of(members[i]), v);
    }
    return map_end(&map, out, err);
}

enum status mask_events(struct arena *a, struct value events, struct value *out, struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    for (uint32_t i = 0; i < events.len; i++) {
        struct value event;
        TRY(mask_event(a, events.u.list[i], &event, err));
        list_add(&list, event);
    }
    return list_end(&list, out, err);
}
