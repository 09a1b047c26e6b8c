#include "http_check.h"

#include <strings.h>

static bool equal_nocase(struct str a, struct str b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

int http_check_trouble(enum http_trouble t, size_t body_max, struct error *err)
{
    switch (t) {
    case HTTP_TOO_LARGE:
        error_set(err, STATUS_LIMIT, "the body of the request has more than %zu bytes", body_max);
        error_hint(err, "let a step fetch the data");
        return 413;
    case HTTP_TOO_FAST:
        error_set(err, STATUS_LIMIT, "this client makes more requests than it may");
        error_place(err, "publisher.http_rate");
        error_hint(err, "wait as long as Retry-After says, and ask less often");
        return 429;
    case HTTP_TOO_MANY:
    case HTTP_TOO_SLOW:
    case HTTP_FINE:
    case HTTP_TROUBLES: break;
    }
    error_set(err, STATUS_UNAVAILABLE, "more clients are connected than are served");
    error_place(err, "publisher.http_connections");
    error_hint(err, "try again later, or start another publisher");
    return 503;
}

/* ---- the type of the body ----------------------------------------------------------------------------- */

/* The second is what curl says of everything that it is not told the type of. */
static const struct str ANY[] = {STR("application/json"), STR("application/x-www-form-urlencoded"),
                                 STR("text/plain"), STR("application/octet-stream")};
static const struct str YAML[] = {STR("application/yaml"), STR("application/x-yaml"), STR("text/yaml"),
                                  STR("text/x-yaml")};

static bool is_among(struct str type, const struct str *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (equal_nocase(type, types[i]))
            return true;
    return false;
}

static int check_type(const struct http_route *route, const struct http_request *r, struct error *err)
{
    struct str header = str_of(http_request_header(r, "Content-Type")), type = header;
    type = str_trim(str_split(&type, ';'));
    if (!route->has_body || type.len == 0 || is_among(type, ANY, sizeof ANY / sizeof ANY[0]) ||
        str_ends_with(type, STR("+json")) ||
        (route->raw_body && is_among(type, YAML, sizeof YAML / sizeof YAML[0])))
        return 0;
    error_set(err, STATUS_UNSUPPORTED, "a body of the type %" PRISTR " is not read here", ARGSTR(type));
    error_place(err, "Content-Type");
    error_hint(err, route->raw_body ? "send application/yaml, or application/json" : "send application/json");
    return 415;
}

/* ---- where it comes from ------------------------------------------------------------------------------ */

/* Browsers say which site a page is of; others say nothing. */
static bool is_of_another_site(const struct http_request *r)
{
    struct str origin = str_of(http_request_header(r, "Origin")),
               host = str_of(http_request_header(r, "Host"));
    ptrdiff_t scheme = str_find(origin, STR("://"));
    if (origin.len == 0)
        return false;
    struct str of =
        scheme < 0 ? origin : (struct str){origin.ptr + scheme + 3, origin.len - (size_t)scheme - 3};
    return !equal_nocase(of, host);
}

int http_check_request(const struct http_route *route, const struct http_request *r, struct error *err)
{
    if (is_of_another_site(r)) {
        error_set(err, STATUS_DENIED, "a page of another site asks for this");
        error_place(err, "Origin");
        error_hint(err, "serve the page and the API from one origin, by way of a proxy");
        return 403;
    }
    return check_type(route, r, err);
}

struct str http_check_key(const struct http_request *r)
{
    struct str key = str_trim(str_of(http_request_header(r, "Idempotency-Key")));
    if (key.len >= 2 && key.ptr[0] == '"' && key.ptr[key.len - 1] == '"')
        return (struct str){key.ptr + 1, key.len - 2};
    return key;
}
