/*
 * The settings' YAML file: nested maps whose path is a setting's name, read event by event so that every
 * value has its line.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "core/buf.h"

#include "settings_private.h"

enum { FILE_MAX_BYTES = 1 << 20, NAME_MAX_BYTES = 128 };

struct reader {
    struct settings *s;
    const char *path;
    yaml_parser_t parser;
    uint32_t lines[SETTING_COUNT]; /* where each was set in this file; 0: not yet */
};

/* ---- events ------------------------------------------------------------------------------------------- */

static enum status syntax_error(const struct reader *r, struct error *err)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return error_set(err, STATUS_NO_MEMORY, "no memory to read the settings");
    if (p->error == YAML_READER_ERROR)
        return error_set(err, STATUS_SYNTAX, "%s at byte %zu", p->problem, p->problem_offset);
    (void)error_set(err, STATUS_SYNTAX, "%s%s%s", p->problem ? p->problem : "this is no YAML",
                    p->context ? " " : "", p->context ? p->context : "");
    return error_at(err, (uint32_t)p->problem_mark.line + 1, (uint32_t)p->problem_mark.column + 1);
}

static enum status next_event(struct reader *r, yaml_event_t *event, struct error *err)
{
    return yaml_parser_parse(&r->parser, event) ? STATUS_OK : syntax_error(r, err);
}

static uint32_t line_of(const yaml_event_t *event)
{
    return (uint32_t)event->start_mark.line + 1;
}

static enum status at_event(struct error *err, const yaml_event_t *event)
{
    return error_at(err, line_of(event), (uint32_t)event->start_mark.column + 1);
}

static struct str scalar_text(const yaml_event_t *event)
{
    return (struct str){(const char *)event->data.scalar.value, event->data.scalar.length};
}

/* `key:` and `key: ~`; an empty text in quotes is a value. */
static bool is_null(const yaml_event_t *event)
{
    struct str text = scalar_text(event);
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text.len == 0 || str_is(text, "~") || str_is(text, "null"));
}

/* ---- values ------------------------------------------------------------------------------------------- */

static enum status set_value(struct reader *r, struct str name, struct str text, const yaml_event_t *event,
                             struct error *err)
{
    enum setting id = setting_find(name);
    if (id == SETTING_COUNT) {
        (void)setting_unknown("setting", name, setting_suggest(name), err);
        return at_event(err, event);
    }
    if (r->lines[id]) {
        (void)error_set(err, STATUS_INVALID, "%s is set twice, first on line %u", setting_name(id),
                        r->lines[id]);
        return at_event(err, event);
    }
    char where[PATH_MAX + 16];
    r->lines[id] = line_of(event);
    (void)snprintf(where, sizeof(where), "%s:%u", r->path, r->lines[id]);
    if (settings_assign(r->s, id, SOURCE_FILE, where, text, err) != STATUS_OK)
        return at_event(err, event);
    return STATUS_OK;
}

static enum status read_scalar(struct reader *r, struct str name, const yaml_event_t *event,
                               struct error *err)
{
    if (!is_null(event))
        return set_value(r, name, scalar_text(event), event, err);
    if (setting_is_section(name))
        return STATUS_OK;
    if (setting_find(name) == SETTING_COUNT)
        return set_value(r, name, STR(""), event, err);
    (void)error_set(err, STATUS_INVALID, "%" PRISTR " has no value", ARGSTR(name));
    (void)error_hint(err, "Write \"\" for an empty text, or leave the line out for the default.");
    return at_event(err, event);
}

/* One item of a list, added to `items` behind a comma; *end when the list is over. */
static enum status read_item(struct reader *r, struct buf *items, bool *end, struct error *err)
{
    yaml_event_t event;
    TRY(next_event(r, &event, err));
    enum status status = STATUS_OK;
    *end = event.type == YAML_SEQUENCE_END_EVENT;
    if (!*end && (event.type != YAML_SCALAR_EVENT || str_find(scalar_text(&event), STR(",")) >= 0)) {
        (void)error_set(err, STATUS_INVALID, "an item of a list must be text without a comma");
        status = at_event(err, &event);
    } else if (!*end) {
        buf_add_text(items, items->len ? "," : "");
        buf_add_str(items, scalar_text(&event));
    }
    yaml_event_delete(&event);
    return status;
}

static enum status read_list(struct reader *r, struct str name, const yaml_event_t *start, struct error *err)
{
    struct buf items;
    bool end = false;
    enum setting id = setting_find(name);
    if (id != SETTING_COUNT && setting_type_of(id) != SETTING_LIST) {
        (void)error_set(err, STATUS_INVALID, "%s is a %s, not a list", setting_name(id),
                        setting_type_name(setting_type_of(id)));
        return at_event(err, start);
    }
    buf_init(&items, FILE_MAX_BYTES);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !end)
        status = read_item(r, &items, &end, err);
    if (status == STATUS_OK)
        status = buf_status(&items, err);
    if (status == STATUS_OK)
        status = set_value(r, name, buf_str(&items), start, err);
    buf_free(&items);
    return status;
}

/* ---- maps --------------------------------------------------------------------------------------------- */

static enum status read_map(struct reader *r, struct str name, struct error *err);

static enum status read_section(struct reader *r, struct str name, const yaml_event_t *event,
                                struct error *err)
{
    if (setting_is_section(name))
        return read_map(r, name, err);
    enum setting id = setting_find(name);
    if (id == SETTING_COUNT)
        (void)setting_unknown("setting", name, setting_suggest(name), err);
    else
        (void)error_set(err, STATUS_INVALID, "%s is a %s, not a map", setting_name(id),
                        setting_type_name(setting_type_of(id)));
    return at_event(err, event);
}

static enum status read_value(struct reader *r, struct str name, struct error *err)
{
    yaml_event_t event;
    TRY(next_event(r, &event, err));
    enum status status;
    if (event.type == YAML_SCALAR_EVENT) {
        status = read_scalar(r, name, &event, err);
    } else if (event.type == YAML_SEQUENCE_START_EVENT) {
        status = read_list(r, name, &event, err);
    } else if (event.type == YAML_MAPPING_START_EVENT) {
        status = read_section(r, name, &event, err);
    } else {
        (void)error_set(err, STATUS_UNSUPPORTED, "anchors and aliases are not read in settings");
        status = at_event(err, &event);
    }
    yaml_event_delete(&event);
    return status;
}

/* "nats" and "url" → "nats.url" */
static enum status join_name(struct str prefix, const yaml_event_t *key, char out[NAME_MAX_BYTES],
                             struct str *name, struct error *err)
{
    if (key->type != YAML_SCALAR_EVENT) {
        (void)error_set(err, STATUS_INVALID, "a key must be text");
        return at_event(err, key);
    }
    int len = snprintf(out, NAME_MAX_BYTES, "%" PRISTR "%s%" PRISTR, ARGSTR(prefix), prefix.len ? "." : "",
                       ARGSTR(scalar_text(key)));
    if (len < 0 || len >= NAME_MAX_BYTES) {
        (void)error_set(err, STATUS_INVALID, "the key is too long to be a setting's");
        return at_event(err, key);
    }
    *name = (struct str){out, (size_t)len};
    return STATUS_OK;
}

/* The entries up to the end of the map whose start was read. */
static enum status read_map(struct reader *r, struct str prefix, struct error *err)
{
    for (;;) {
        yaml_event_t key;
        TRY(next_event(r, &key, err));
        if (key.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&key);
            return STATUS_OK;
        }
        char buffer[NAME_MAX_BYTES];
        struct str name = {0};
        enum status status = join_name(prefix, &key, buffer, &name, err);
        yaml_event_delete(&key);
        TRY(status);
        TRY(read_value(r, name, err));
    }
}

static enum status read_root(struct reader *r, const yaml_event_t *event, struct error *err)
{
    if (event->type == YAML_SCALAR_EVENT && is_null(event))
        return STATUS_OK;
    if (event->type == YAML_MAPPING_START_EVENT)
        return read_map(r, STR(""), err);
    (void)error_set(err, STATUS_INVALID, "the file must be a map of settings");
    return at_event(err, event);
}

/* One document; an empty file is one without settings. */
static enum status read_stream(struct reader *r, struct error *err)
{
    bool seen = false;
    for (;;) {
        yaml_event_t event;
        TRY(next_event(r, &event, err));
        enum status status = STATUS_OK;
        bool end = event.type == YAML_STREAM_END_EVENT;
        bool skip = event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && seen) {
            (void)error_set(err, STATUS_INVALID, "the file has a second document");
            status = at_event(err, &event);
        } else if (event.type == YAML_DOCUMENT_START_EVENT) {
            seen = true;
        } else if (!end && !skip) {
            status = read_root(r, &event, err);
        }
        yaml_event_delete(&event);
        if (end || status != STATUS_OK)
            return status;
    }
}

static enum status read_text(struct settings *s, const char *path, struct str text, struct error *err)
{
    struct reader r = {.s = s, .path = path};
    if (!yaml_parser_initialize(&r.parser))
        return error_set(err, STATUS_NO_MEMORY, "no memory to read the settings");
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.ptr, text.len);
    enum status status = read_stream(&r, err);
    yaml_parser_delete(&r.parser);
    return status;
}

/* ---- files -------------------------------------------------------------------------------------------- */

static enum status file_error(int code, const char *path, struct error *err)
{
    enum status status = code == ENOENT || code == ENOTDIR ? STATUS_NOT_FOUND
                         : code == EACCES                  ? STATUS_DENIED
                                                           : STATUS_IO;
    (void)error_set(err, status, "cannot read the file: %s", strerror(code));
    return error_place(err, "%s", path);
}

static enum status read_all(int fd, const char *path, char *bytes, size_t size, size_t *len,
                            struct error *err)
{
    *len = 0;
    while (*len < size) {
        ssize_t got = read(fd, bytes + *len, size - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error(errno, path, err);
        if (got == 0)
            return STATUS_OK;
        *len += (size_t)got;
    }
    return STATUS_OK;
}

enum status config_read_file(struct arena *a, const char *path, size_t max_bytes, struct str *out,
                             struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_error(errno, path, err);
    char *bytes = arena_alloc(a, max_bytes + 1);
    size_t len = 0;
    enum status status = STATUS_OK;
    if (bytes)
        status = read_all(fd, path, bytes, max_bytes + 1, &len, err);
    (void)close(fd);
    if (!bytes)
        return arena_error(a, err, "a file of settings");
    TRY(status);
    if (len > max_bytes) {
        (void)error_set(err, STATUS_LIMIT, "the file is larger than %zu bytes", max_bytes);
        return error_place(err, "%s", path);
    }
    bytes[len] = '\0';
    *out = (struct str){bytes, len};
    return STATUS_OK;
}

static enum status load_path(struct settings *s, const char *path, struct error *err)
{
    struct arena a;
    struct str text = {"", 0};
    arena_init(&a, 0);
    enum status status = config_read_file(&a, path, FILE_MAX_BYTES, &text, err);
    if (status == STATUS_OK && read_text(s, path, text, err) != STATUS_OK)
        status = error_place(err, "%s", path);
    arena_free(&a);
    return status;
}

enum status settings_load_usual_file(struct settings *s, const char *const *environment, struct error *err)
{
    char usual[PATH_MAX];
    const char *named = environment_get(environment, "NOETL_CONFIG");
    if (named)
        return load_path(s, named, err);
    if (!config_home_path(environment, "noetl/config.yaml", usual, sizeof(usual)) || access(usual, F_OK) != 0)
        return STATUS_OK;
    return load_path(s, usual, err);
}

enum status settings_load_file(struct settings *s, const char *path, struct error *err)
{
    return path ? load_path(s, path, err) : settings_load_usual_file(s, (const char *const *)environ, err);
}
