#include "http_route.h"

#include "core/json.h"

static const struct http_route routes[] = {
    {.kind = ROUTE_DOCUMENT,
     .method = "GET",
     .pattern = "/api/openapi.json",
     .doc = "describes the API, for programs"},
    {.kind = ROUTE_HEALTH,
     .method = "GET",
     .pattern = "/health",
     .doc = "tells whether the publisher can work"},
    {.method = "POST",
     .pattern = "/api/executions/run",
     .operation = "run",
     .has_body = true,
     .takes_key = true,
     .doc = "asks for an execution"},
    {.method = "POST",
     .pattern = "/api/executions/fork",
     .operation = "fork",
     .has_body = true,
     .doc = "asks for an execution that begins where another one was"},
    {.method = "GET", .pattern = "/api/executions", .operation = "list", .doc = "lists executions"},
    {.method = "GET",
     .pattern = "/api/executions/{execution_id}",
     .operation = "status",
     .doc = "tells of an execution"},
    {.method = "GET",
     .pattern = "/api/executions/{execution_id}/events",
     .operation = "events",
     .doc = "gives the events of an execution"},
    {.method = "GET",
     .pattern = "/api/executions/{execution_id}/tasks",
     .operation = "tasks",
     .doc = "lists the tasks of an execution"},
    {.method = "GET",
     .pattern = "/api/executions/{execution_id}/context",
     .operation = "context",
     .doc = "gives the names that templates of an execution see"},
    {.kind = ROUTE_STREAM,
     .method = "GET",
     .pattern = "/api/executions/{execution_id}/stream",
     .doc = "sends the events of an execution as they come"},
#define X(id, fact, members, what)                                                                           \
    {.method = "POST",                                                                                       \
     .pattern = "/api/executions/{execution_id}/" #id,                                                       \
     .operation = #id,                                                                                       \
     .has_body = true,                                                                                       \
     .doc = (what)},
#include "control.def"
#undef X
    {.method = "POST",
     .pattern = "/api/context/render",
     .operation = "render",
     .has_body = true,
     .renders = true,
     .doc = "renders a template against an execution"},
    {.method = "POST",
     .pattern = "/api/catalog/register",
     .operation = "register",
     .has_body = true,
     .raw_body = true,
     .doc = "registers a playbook"},
    {.method = "GET", .pattern = "/api/catalog", .operation = "playbooks", .doc = "lists the catalog"},
    {.method = "GET",
     .pattern = "/api/catalog/{path...}",
     .operation = "playbook",
     .doc = "gives a playbook"},
    {.method = "GET",
     .pattern = "/api/versions/{path...}",
     .operation = "versions",
     .doc = "lists the versions of a playbook"},
    {0},
};

const struct http_route *http_routes(void)
{
    return routes;
}

/* What a path has where the pattern has a name in braces. */
struct capture {
    struct str name, value;
};

/* One name at most is in a pattern. A name does not match an empty text. */
static bool matches(struct str pattern, struct str path, struct capture *capture)
{
    *capture = (struct capture){0};
    while (pattern.len > 0 || path.len > 0) {
        struct str want = str_split(&pattern, '/');
        if (str_starts_with(want, STR("{")) && str_ends_with(want, STR("...}"))) {
            *capture = (struct capture){{want.ptr + 1, want.len - 5}, path};
            return path.len > 0;
        }
        struct str have = str_split(&path, '/');
        if (str_starts_with(want, STR("{"))) {
            *capture = (struct capture){{want.ptr + 1, want.len - 2}, have};
            if (have.len == 0)
                return false;
        } else if (!str_equal(want, have)) {
            return false;
        }
    }
    return true;
}

enum status http_route_find(const char *method, const char *path, const struct http_route **out,
                            const char **allowed, struct error *err)
{
    const struct http_route *other = NULL;
    struct capture capture;
    bool is_head = strcmp(method, "HEAD") == 0;
    for (const struct http_route *r = routes; r->method; r++) {
        if (!matches(str_of(r->pattern), str_of(path), &capture))
            continue;
        if (strcmp(r->method, is_head ? "GET" : method) == 0) {
            *out = r;
            return STATUS_OK;
        }
        /* A path that is one of several patterns ("/api/executions/run") means the first. */
        if (!other)
            other = r;
    }
    if (other) {
        *allowed = strcmp(other->method, "GET") == 0 ? "GET, HEAD" : other->method;
        error_set(err, STATUS_UNSUPPORTED, "%s is not for %s", path, method);
        error_place(err, "%s %s", method, path);
        return error_hint(err, "use %s %s: it %s", other->method, other->pattern, other->doc);
    }
    error_set(err, STATUS_NOT_FOUND, "there is nothing at %s", path);
    error_place(err, "%s %s", method, path);
    return error_hint(err, "the API is at /api/executions, /api/catalog and /api/context/render");
}

static enum status body_map(struct str body, struct arena *a, struct value *out, struct error *err)
{
    if (str_trim(body).len == 0) {
        *out = VALUE_EMPTY_MAP;
        return STATUS_OK;
    }
    return json_read_map(a, body, "the body of the request", out, err);
}

/* The header and the body say the same, or one of them nothing. */
static enum status put_key(struct value body, struct str key, struct map_builder *m, struct error *err)
{
    struct value said = VALUE_GET(body, "idempotency_key");
    if (key.len == 0 || str_equal(value_as_str(said), key))
        return STATUS_OK;
    if (!value_is_absent(said) && said.type != VALUE_NULL) {
        error_set(err, STATUS_INVALID, "the header and the body have different idempotency keys");
        error_place(err, "Idempotency-Key");
        return error_hint(err, "give one of them");
    }
    map_put(m, STR("idempotency_key"), value_str(key));
    return STATUS_OK;
}

enum status http_route_payload(const struct http_route *route, const char *path, struct value query,
                               struct str body, struct str key, struct arena *a, struct str *out,
                               struct error *err)
{
    if (route->raw_body) {
        *out = body;
        return STATUS_OK;
    }
    struct capture capture;
    struct map_builder m;
    struct value v = query;
    if (!matches(str_of(route->pattern), str_of(path), &capture))
        return error_set(err, STATUS_INTERNAL, "the path %s is not one of %s", path, route->pattern);
    if (route->has_body)
        TRY(body_map(body, a, &v, err));
    map_begin(&m, a);
    map_put_all(&m, v);
    if (capture.name.len > 0)
        map_put(&m, capture.name, value_str(capture.value));
    if (route->takes_key)
        TRY(put_key(v, key, &m, err));
    TRY(map_end(&m, &v, err));
    return json_text(a, v, out, err);
}
