/*
 * Where servers are: those that were given, and those that the cluster told of on the last connection, so
 * that a client which was given one address finds the others when that one is gone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool has(const struct addresses *a, const char *url)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->urls[i], url) == 0)
            return true;
    return false;
}

/* Takes `url` (malloc, may be NULL). */
static void add(struct addresses *a, char *url)
{
    if (url && a->count < MOST_ADDRESSES && !has(a, url))
        a->urls[a->count++] = url;
    else
        free(url);
}

enum status addresses_read(struct addresses *a, const char *list, struct error *err)
{
    char *copy = strdup(list ? list : "");
    for (char *rest = copy, *url; (url = strsep(&rest, ", "));)
        if (*url)
            add(a, strdup(url));
    free(copy);
    a->given = a->count;
    if (a->given > 0)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "no address of a NATS server is given");
    return error_hint(err, "Set nats.url (NOETL_NATS_URL), as in nats://127.0.0.1:4222.");
}

static void forget(struct addresses *a, uint32_t from)
{
    while (a->count > from)
        free(a->urls[--a->count]);
}

void addresses_free(struct addresses *a)
{
    forget(a, 0);
}

const char *address_behind_scheme(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    return scheme_end ? scheme_end + strlen("://") : url;
}

/* "user:password@" of the first address that has it: a cluster tells hosts alone. */
static struct str credentials(const struct addresses *a)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const char *start = address_behind_scheme(a->urls[i]), *at = strrchr(start, '@');
        if (at)
            return (struct str){start, (size_t)(at + 1 - start)};
    }
    return STR("");
}

static char *with_credentials(const char *url, struct str who)
{
    const char *host = address_behind_scheme(url);
    size_t size = strlen(url) + who.len + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%.*s%" PRISTR "%s", (int)(host - url), url, ARGSTR(who), host);
    return text;
}

void addresses_learn(struct addresses *a, natsConnection *nc, const char *there)
{
    char **urls = NULL;
    int count = 0;
    struct str who = credentials(a);
    char *own = strdup(there); /* `there` may be forgotten */
    if (natsConnection_GetDiscoveredServers(nc, &urls, &count) != NATS_OK)
        count = 0;
    if (count > 0) /* one that has just come back may know of nobody yet */
        forget(a, a->given);
    add(a, own); /* the library tells of the others only */
    for (int i = 0; i < count; i++) {
        add(a, with_credentials(urls[i], who));
        free(urls[i]);
    }
    free(urls);
}

const char *address_shown(const char *url)
{
    const char *at = strrchr(url, '@');
    return at ? at + 1 : url;
}

void addresses_show(const struct addresses *a, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < a->count && len < size; i++) {
        int n = snprintf(out + len, size - len, "%s%s", i ? "," : "", address_shown(a->urls[i]));
        len += (size_t)n;
    }
}

uint32_t addresses_nth(const struct addresses *a, uint32_t n, uint32_t turn)
{
    uint32_t told = a->count - a->given;
    return n < a->given ? (n + turn) % a->given : a->given + (n - a->given + turn) % told;
}
