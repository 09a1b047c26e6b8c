#include "catalog.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/json.h"

enum {
    /* Of a message that carries a playbook, what is left for its headers and for the rest of the request. */
    ENVELOPE_BYTES = 16 * 1024,
};

enum status catalog_check_path(struct str path, struct error *err)
{
    if (playbook_path_is_valid(path))
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "\"%" PRISTR "\" cannot be the path of a playbook", ARGSTR(path));
    error_place(err, "path");
    return error_hint(err,
                      "a path is 1 to %d characters of A-Z, a-z, 0-9, _ - / . =, without . or / at an end "
                      "or two of them in a row",
                      PLAYBOOK_PATH_MAX);
}

/* ---- registering ------------------------------------------------------------------------------------ */

/* A playbook travels in the request of each of its executions, as JSON: that must fit into a message. */
static enum status check_size(struct bus *bus, struct str text, struct str path, struct error *err)
{
    int64_t most = bus_max_payload(bus) - ENVELOPE_BYTES;
    struct buf json;
    buf_init(&json, 0);
    if (text.len <= (size_t)(most > 0 ? most : 0))
        json_write_string(&json, text);
    bool fits = json.len > 0 && json.len <= (size_t)most;
    enum status status = buf_status(&json, err);
    buf_free(&json);
    if (status != STATUS_OK || fits)
        return status;
    error_set(err, STATUS_LIMIT,
              "the playbook \"%" PRISTR "\" has %zu bytes, which do not fit into a message of NATS",
              ARGSTR(path), text.len);
    error_place(err, "%" PRISTR, ARGSTR(path));
    return error_hint(err,
                      "the server takes messages of %" PRId64 " bytes: move code or data out of the playbook",
                      bus_max_payload(bus));
}

/* The path of a text that has no errors otherwise. */
static enum status read_path(struct str text, const char *file, struct diagnostics *diagnostics,
                             struct arena *a, struct str *path, struct error *err)
{
    struct playbook *playbook = NULL;
    TRY(playbook_compile(text, file, diagnostics, &playbook, err));
    const char *copy = arena_strdup(a, playbook->path);
    playbook_unref(playbook);
    if (!copy)
        return arena_error(a, err, "the playbook's path");
    *path = str_of(copy);
    if (path->len == 0) {
        error_set(err, STATUS_INVALID,
                  "the playbook has no metadata.path, under which the catalog would keep it");
        error_place(err, "%s", file);
        return error_hint(err, "add `path: folder/name` under metadata");
    }
    enum status status = catalog_check_path(*path, err);
    if (status != STATUS_OK)
        error_place(err, "%s: metadata.path", file);
    return status;
}

enum status catalog_register(struct bus *bus, const struct subjects *s, struct str text, const char *file,
                             struct diagnostics *diagnostics, struct arena *a, struct registration *out,
                             struct error *err)
{
    *out = (struct registration){0};
    TRY(read_path(text, file, diagnostics, a, &out->path, err));
    TRY(check_size(bus, text, out->path, err));

    char bucket[96];
    catalog_bucket(s, bucket);
    struct str newest;
    int64_t time_ns;
    enum status status = bus_kv_get(bus, bucket, out->path.ptr, 0, a, &newest, &out->version, &time_ns, err);
    if (status == STATUS_OK && str_equal(newest, text)) {
        out->unchanged = true;
        return STATUS_OK;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    /* Two at once with the same text give two versions of it, which is harmless: each gets its own revision.
     */
    return bus_kv_put(bus, bucket, out->path.ptr, text, &out->version, err);
}

/* ---- reading ----------------------------------------------------------------------------------------- */

/* Which paths there are, when one was asked for that is not there: an answer for the hint only. */
static void suggest_path(struct bus *bus, const char *bucket, struct str path, struct arena *a,
                         struct error *err)
{
    struct value keys;
    if (bus_kv_keys(bus, bucket, a, &keys, NULL) != STATUS_OK)
        return;
    struct str *names = ARENA_ARRAY(a, struct str, keys.len ? keys.len : 1);
    if (!names)
        return;
    for (uint32_t i = 0; i < keys.len; i++)
        names[i] = value_as_str(VALUE_GET(keys.u.list[i], "key"));
    struct str near = str_nearest(path, names, keys.len);
    if (near.len > 0)
        error_hint(err, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
    else if (keys.len == 0)
        error_hint(err, "the catalog is empty: register the playbook first");
    else
        error_hint(err, "register it first; the catalog has %" PRIu32 " playbooks", keys.len);
}

/* A key, or a version of it, is not there: which of the two. */
static enum status explain_missing(struct bus *bus, const char *bucket, const char *path, uint64_t version,
                                   struct arena *a, struct error *err)
{
    if (version > 0) {
        struct str text;
        uint64_t newest;
        int64_t time_ns;
        enum status status = bus_kv_get(bus, bucket, path, 0, a, &text, &newest, &time_ns, err);
        if (status == STATUS_OK) {
            error_set(err, STATUS_NOT_FOUND, "the playbook \"%s\" has no version %" PRIu64, path, version);
            error_place(err, "version");
            return error_hint(err, "its newest version is %" PRIu64, newest);
        }
        if (status != STATUS_NOT_FOUND)
            return status;
    }
    error_set(err, STATUS_NOT_FOUND, "the catalog has no playbook \"%s\"", path);
    error_place(err, "path");
    suggest_path(bus, bucket, str_of(path), a, err);
    return STATUS_NOT_FOUND;
}

enum status catalog_get(struct bus *bus, const struct subjects *s, struct str path, uint64_t version,
                        struct arena *a, struct str *text, uint64_t *found_version, struct error *err)
{
    TRY(catalog_check_path(path, err));
    const char *key = arena_strdup(a, path);
    if (!key)
        return arena_error(a, err, "the playbook's path");
    char bucket[96];
    catalog_bucket(s, bucket);
    int64_t time_ns;
    enum status status = bus_kv_get(bus, bucket, key, version, a, text, found_version, &time_ns, err);
    return status == STATUS_NOT_FOUND ? explain_missing(bus, bucket, key, version, a, err) : status;
}

/* A revision of a key as the catalog shows it; with its path, or without. */
static enum status list_entry(struct arena *a, struct value key, bool with_path, struct value *out,
                              struct error *err)
{
    int64_t created_ns = VALUE_GET(key, "created_ns").u.i;
    char time[32];
    time_format(created_ns, time);
    const char *copy = arena_strdup(a, str_of(time));
    if (!copy)
        return arena_error(a, err, "the list of playbooks");
    struct map_builder m;
    map_begin(&m, a);
    if (with_path)
        map_put(&m, STR("path"), VALUE_GET(key, "key"));
    map_put(&m, STR("version"), VALUE_GET(key, "revision"));
    map_put(&m, STR("registered_at"), value_text(copy));
    return map_end(&m, out, err);
}

enum status catalog_list(struct bus *bus, const struct subjects *s, struct arena *a, struct value *out,
                         struct error *err)
{
    char bucket[96];
    struct value keys;
    TRY(bus_kv_keys(bus, catalog_bucket(s, bucket), a, &keys, err));
    struct list_builder list;
    list_begin(&list, a);
    for (uint32_t i = 0; i < keys.len; i++) {
        struct value entry = {0};
        TRY(list_entry(a, keys.u.list[i], true, &entry, err));
        list_add(&list, entry);
    }
    return list_end(&list, out, err);
}

enum status catalog_versions(struct bus *bus, const struct subjects *s, struct str path, struct arena *a,
                             struct value *out, struct error *err)
{
    char bucket[96];
    struct value revisions;
    struct list_builder list;
    TRY(catalog_check_path(path, err));
    const char *key = arena_strdup(a, path);
    if (!key)
        return arena_error(a, err, "the playbook's path");
    catalog_bucket(s, bucket);
    TRY(bus_kv_revisions(bus, bucket, key, a, &revisions, err));
    if (revisions.len == 0)
        return explain_missing(bus, bucket, key, 0, a, err);
    list_begin(&list, a);
    for (uint32_t i = revisions.len; i-- > 0;) {
        struct value entry = {0};
        TRY(list_entry(a, revisions.u.list[i], false, &entry, err));
        list_add(&list, entry);
    }
    return list_end(&list, out, err);
}
