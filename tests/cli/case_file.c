#include "case_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fatal(const char *path, const char *what, const char *line)
{
    fprintf(stderr, "%s: %s: %s\n", path, what, line);
    exit(2);
}

static void *checked(void *memory)
{
    if (!memory)
        fatal("memory", "there is none", "");
    return memory;
}

static char *read_all(const char *path)
{
    size_t len = 0, got;
    char *text = NULL;
    FILE *file = fopen(path, "r");
    if (!file)
        fatal(path, "cannot be read", "");
    do {
        text = checked(realloc(text, len + 65537));
        got = fread(text + len, 1, 65536, file);
        len += got;
    } while (got > 0);
    text[len] = '\0';
    (void)fclose(file);
    return text;
}

static void append(char **text, const char *line, size_t len)
{
    size_t had = *text ? strlen(*text) : 0;
    *text = checked(realloc(*text, had + len + 2));
    memcpy(*text + had, line, len);
    memcpy(*text + had + len, "\n", 2);
}

static const char *after(const char *line, const char *word)
{
    size_t len = strlen(word);
    return strncmp(line, word, len) == 0 ? line + len : NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static struct case_item *add_item(struct case_item **items, size_t *count, const char *path,
                                  const char *title)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    *items = checked(realloc(*items, (*count + 1) * sizeof(**items)));
    struct case_item *item = &(*items)[(*count)++];
    *item = (struct case_item){0};
    size_t size = strlen(file) + strlen(title) + 3;
    item->title = checked(malloc(size));
    (void)snprintf(item->title, size, "%s: %s", file, title);
    return item;
}

static char **add_file(struct case_item *item, const char *name)
{
    item->files = checked(realloc(item->files, (item->file_count + 1) * sizeof(*item->files)));
    struct case_file *file = &item->files[item->file_count++];
    *file = (struct case_file){checked(strdup(name)), NULL};
    return &file->text;
}

static void add_variable(struct case_item *item, const char *variable)
{
    item->environment = checked(realloc(item->environment, (item->environment_count + 1) * sizeof(char *)));
    item->environment[item->environment_count++] = checked(strdup(variable));
}

/* A "--- …" line: where the lines behind it go; NULL: nowhere. */
static char **begin_section(struct case_item *item, const char *path, const char *line)
{
    const char *rest;
    if ((rest = after(line, "--- file ")))
        return add_file(item, rest);
    if ((rest = after(line, "--- env "))) {
        add_variable(item, rest);
        return NULL;
    }
    if ((rest = after(line, "--- exit "))) {
        item->exit_code = atoi(rest);
        return NULL;
    }
    if (strcmp(line, "--- needs dev") == 0) {
        item->needs_dev = true;
        return NULL;
    }
    if (strcmp(line, "--- command") == 0)
        return &item->command;
    if (strcmp(line, "--- stdout") == 0)
        return &item->out;
    if (strcmp(line, "--- stderr") == 0)
        return &item->err;
    fatal(path, "unknown section", line);
    return NULL;
}

/* The empty lines between two cases belong to neither. */
static void trim_end(char **section)
{
    char *text = section && *section ? *section : NULL;
    size_t len = text ? strlen(text) : 0;
    while (len > 0 && text[len - 1] == '\n' && (len == 1 || text[len - 2] == '\n'))
        text[--len] = '\0';
}

void cases_read(const char *path, struct case_item **items, size_t *count)
{
    char *text = read_all(path), *rest = text;
    struct case_item *item = NULL;
    char **section = NULL;
    while (*rest) {
        char *line = rest;
        size_t len = strcspn(line, "\n");
        rest += len + (line[len] == '\n');
        line[len] = '\0';
        const char *title = after(line, "=== ");
        if (title) {
            trim_end(section);
            item = add_item(items, count, path, title);
            section = NULL;
        } else if (item && after(line, "--- ")) {
            section = begin_section(item, path, line);
        } else if (section) {
            append(section, line, len);
        } else if (len > 0 && line[0] != '#') {
            fatal(path, "a line outside of a section", line);
        }
    }
    trim_end(section);
    free(text);
}

void cases_free(struct case_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t f = 0; f < items[i].file_count; f++) {
            free(items[i].files[f].name);
            free(items[i].files[f].text);
        }
        for (size_t e = 0; e < items[i].environment_count; e++)
            free(items[i].environment[e]);
        free(items[i].files);
        free(items[i].environment);
        free(items[i].title);
        free(items[i].command);
        free(items[i].out);
        free(items[i].err);
    }
    free(items);
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

/* "<*>" within one line of `len` bytes. */
static bool line_matches(const char *pattern, size_t pattern_len, const char *line, size_t len)
{
    while (pattern_len > 0) {
        if (pattern_len >= 3 && strncmp(pattern, "<*>", 3) == 0) {
            for (size_t skip = 0; skip <= len; skip++) {
                if (line_matches(pattern + 3, pattern_len - 3, line + skip, len - skip))
                    return true;
            }
            return false;
        }
        if (len == 0 || *pattern != *line)
            return false;
        pattern++, pattern_len--, line++, len--;
    }
    return len == 0;
}

static const char *next_line(const char *text)
{
    size_t len = strcspn(text, "\n");
    return text + len + (text[len] == '\n');
}

bool matches(const char *expected, const char *actual)
{
    while (*expected) {
        size_t pattern_len = strcspn(expected, "\n");
        if (pattern_len == 5 && strncmp(expected, "<...>", 5) == 0) {
            for (const char *from = actual;; from = next_line(from)) {
                if (matches(next_line(expected), from))
                    return true;
                if (!*from)
                    return false;
            }
        }
        size_t len = strcspn(actual, "\n");
        if (!*actual || !line_matches(expected, pattern_len, actual, len))
            return false;
        expected = next_line(expected);
        actual = next_line(actual);
    }
    return *actual == '\0';
}
