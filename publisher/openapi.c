#include "openapi.h"

#include "http_route.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    const char *name, *members;
} TYPES[] = {
#define TYPE(name, members) {#name, members},
#define OPERATION(name, request, answer)
#include "api.def"
#undef TYPE
#undef OPERATION
};

struct operation_schema {
    const char *name, *request, *answer;
};

static const struct operation_schema OPERATIONS[] = {
#define TYPE(name, members)
#define OPERATION(name, request, answer) {#name, request, answer},
#include "api.def"
#undef TYPE
#undef OPERATION
};

/* One member of a list of them. */
struct member {
    struct str name, type;
    bool required;
};

static bool next_member(struct str *list, struct member *out)
{
    if (list->len == 0)
        return false;
    struct str word = str_split(list, ' ');
    out->name = str_split(&word, ':');
    out->type = word;
    out->required = str_ends_with(out->name, STR("!"));
    if (out->required)
        out->name.len--;
    return true;
}

/* ---- schemas ------------------------------------------------------------------------------------------ */

static enum status one(struct arena *a, const char *key, struct value v, struct value *out, struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, str_of(key), v);
    return map_end(&m, out, err);
}

static enum status list_of(struct arena *a, struct value first, struct value second, struct value *out,
                           struct error *err)
{
    struct list_builder list;
    list_begin(&list, a);
    list_add(&list, first);
    if (!value_is_absent(second))
        list_add(&list, second);
    return list_end(&list, out, err);
}

static enum status reference(struct arena *a, struct str name, struct value *out, struct error *err)
{
    struct str path = arena_printf(a, "#/components/schemas/%" PRISTR, ARGSTR(name));
    if (!path.ptr)
        return arena_error(a, err, "the description of the API");
    return one(a, "$ref", value_str(path), out, err);
}

/* An id has more digits than many readers keep of a number. */
static enum status plain_type(struct arena *a, struct str type, struct value *out, struct error *err)
{
    struct map_builder m;
    bool is_id = str_is(type, "id"), is_time = str_is(type, "time");
    *out = VALUE_EMPTY_MAP;
    if (str_is(type, "any"))
        return STATUS_OK;
    map_begin(&m, a);
    map_put(&m, STR("type"),
            is_id || is_time      ? value_text("string")
            : str_is(type, "map") ? value_text("object")
                                  : value_str(type));
    if (is_id)
        map_put(&m, STR("pattern"), value_text("^[0-9]{1,19}$"));
    if (is_time)
        map_put(&m, STR("format"), value_text("date-time"));
    return map_end(&m, out, err);
}

static enum status type_schema(struct arena *a, struct str type, struct value *out, struct error *err)
{
    struct value inner = {0}, null = {0};
    if (str_ends_with(type, STR("?"))) {
        type.len--;
        TRY(type_schema(a, type, &inner, err));
        TRY(one(a, "type", value_text("null"), &null, err));
        TRY(list_of(a, inner, null, &inner, err));
        return one(a, "anyOf", inner, out, err);
    }
    if (str_starts_with(type, STR("#")))
        return reference(a, (struct str){type.ptr + 1, type.len - 1}, out, err);
    if (!str_starts_with(type, STR("[")))
        return plain_type(a, type, out, err);
    /* A list has one level of brackets. */
    TRY(type.ptr[1] == '#' ? reference(a, (struct str){type.ptr + 2, type.len - 3}, &inner, err)
                           : plain_type(a, (struct str){type.ptr + 1, type.len - 2}, &inner, err));
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("type"), value_text("array"));
    map_put(&m, STR("items"), inner);
    return map_end(&m, out, err);
}

/* `but`: of the path, and not of the map. `strict`: there are no members beside these. */
static enum status map_schema(struct arena *a, const char *members, struct str but, bool strict,
                              struct value *out, struct error *err)
{
    struct map_builder m, properties;
    struct list_builder required;
    struct value v = {0}, names = {0};
    struct member member;
    struct str list = str_of(members);
    map_begin(&properties, a);
    list_begin(&required, a);
    while (next_member(&list, &member)) {
        if (str_equal(member.name, but))
            continue;
        TRY(type_schema(a, member.type, &v, err));
        map_put(&properties, member.name, v);
        if (member.required)
            list_add(&required, value_str(member.name));
    }
    TRY(map_end(&properties, &v, err));
    TRY(list_end(&required, &names, err));
    map_begin(&m, a);
    map_put(&m, STR("type"), value_text("object"));
    map_put(&m, STR("properties"), v);
    if (names.len > 0)
        map_put(&m, STR("required"), names);
    if (strict)
        map_put(&m, STR("additionalProperties"), value_bool(false));
    return map_end(&m, out, err);
}

static enum status components(struct arena *a, struct value *out, struct error *err)
{
    struct map_builder m;
    struct value v = {0};
    map_begin(&m, a);
    for (size_t i = 0; i < COUNT(TYPES); i++) {
        TRY(map_schema(a, TYPES[i].members, STR(""), false, &v, err));
        map_put(&m, str_of(TYPES[i].name), v);
    }
    TRY(map_end(&m, &v, err));
    return one(a, "schemas", v, out, err);
}

/* ---- a route ------------------------------------------------------------------------------------------ */

static const char *name_of(const struct http_route *route)
{
    switch (route->kind) {
    case ROUTE_HEALTH: return "health";
    case ROUTE_STREAM: return "stream";
    case ROUTE_DOCUMENT: return "openapi";
    case ROUTE_OPERATION: break;
    }
    return route->operation;
}

static const struct operation_schema *schema_of(const struct http_route *route)
{
    for (size_t i = 0; i < COUNT(OPERATIONS); i++)
        if (strcmp(OPERATIONS[i].name, name_of(route)) == 0)
            return &OPERATIONS[i];
    return NULL;
}

/* The name in braces of a pattern; "" if it has none. */
static struct str name_in(const char *pattern)
{
    const char *open = strchr(pattern, '{'), *close = open ? strpbrk(open, ".}") : NULL;
    return close ? (struct str){open + 1, (size_t)(close - open) - 1} : STR("");
}

static enum status parameter(struct arena *a, struct str name, const char *in, bool required,
                             struct value schema, struct value *out, struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("name"), value_str(name));
    map_put(&m, STR("in"), value_text(in));
    map_put(&m, STR("required"), value_bool(required));
    map_put(&m, STR("schema"), schema);
    return map_end(&m, out, err);
}

/* A header of the route that stands for one of the members, or for none. */
static enum status add_header(struct arena *a, const char *name, struct list_builder *list, struct error *err)
{
    struct value schema = {0}, v = {0};
    TRY(plain_type(a, STR("string"), &schema, err));
    TRY(parameter(a, str_of(name), "header", false, schema, &v, err));
    list_add(list, v);
    return STATUS_OK;
}

static enum status parameters(struct arena *a, const struct http_route *route, const char *members,
                              struct value *out, struct error *err)
{
    struct str list = str_of(members), captured = name_in(route->pattern);
    struct list_builder all;
    struct member member;
    struct value schema = {0}, v = {0};
    list_begin(&all, a);
    while (next_member(&list, &member)) {
        bool in_path = str_equal(member.name, captured);
        if (!in_path && route->has_body)
            continue;
        TRY(type_schema(a, member.type, &schema, err));
        TRY(parameter(a, member.name, in_path ? "path" : "query", member.required, schema, &v, err));
        list_add(&all, v);
    }
    if (route->takes_key)
        TRY(add_header(a, "Idempotency-Key", &all, err));
    if (route->kind == ROUTE_STREAM)
        TRY(add_header(a, "Last-Event-ID", &all, err));
    return list_end(&all, out, err);
}

/* {"content": {type: {"schema": schema}}, …} */
static enum status content(struct arena *a, const char *type, struct value schema, const char *description,
                           struct value *out, struct error *err)
{
    struct map_builder m;
    struct value v = {0};
    TRY(one(a, "schema", schema, &v, err));
    TRY(one(a, type, v, &v, err));
    map_begin(&m, a);
    if (description)
        map_put(&m, STR("description"), value_text(description));
    map_put(&m, STR("content"), v);
    return map_end(&m, out, err);
}

static enum status body_of(struct arena *a, const struct http_route *route, const char *members,
                           struct value *out, struct error *err)
{
    struct value schema = {0}, yaml = {0};
    if (!route->raw_body) {
        TRY(map_schema(a, members, name_in(route->pattern), true, &schema, err));
        return content(a, "application/json", schema, NULL, out, err);
    }
    struct map_builder m;
    TRY(map_schema(a, members, STR(""), true, &schema, err));
    TRY(one(a, "schema", schema, &schema, err));
    TRY(plain_type(a, STR("string"), &yaml, err));
    TRY(one(a, "schema", yaml, &yaml, err));
    map_begin(&m, a);
    map_put(&m, STR("application/yaml"), yaml);
    map_put(&m, STR("application/json"), schema);
    TRY(map_end(&m, &schema, err));
    return one(a, "content", schema, out, err);
}

static enum status responses(struct arena *a, const struct http_route *route, const char *members,
                             struct value *out, struct error *err)
{
    struct map_builder m;
    struct value schema = {0}, v = {0}, problem = {0};
    bool streams = route->kind == ROUTE_STREAM;
    TRY(reference(a, STR("problem"), &problem, err));
    map_begin(&m, a);
    if (streams)
        TRY(plain_type(a, STR("string"), &schema, err));
    else
        TRY(map_schema(a, members, STR(""), false, &schema, err));
    TRY(content(a, streams ? "text/event-stream" : "application/json", schema, route->doc, &v, err));
    map_put(&m, STR("200"), v);
    if (streams) {
        TRY(one(a, "description", value_text("the execution is over, and the client has seen its end"), &v,
                err));
        map_put(&m, STR("204"), v);
    }
    if (route->kind == ROUTE_HEALTH) {
        TRY(content(a, "application/json", schema, "NATS is not connected", &v, err));
        map_put(&m, STR("503"), v);
    }
    TRY(content(a, "application/problem+json", problem, "the request is refused", &v, err));
    map_put(&m, STR("4XX"), v);
    TRY(content(a, "application/problem+json", problem, "it cannot be done now: 503 has Retry-After", &v,
                err));
    map_put(&m, STR("5XX"), v);
    return map_end(&m, out, err);
}

static enum status route_value(struct arena *a, const struct http_route *route, struct value *out,
                               struct error *err)
{
    const struct operation_schema *schema = schema_of(route);
    struct map_builder m;
    struct value v = {0};
    if (!schema)
        return error_set(err, STATUS_INTERNAL, "%s is not described", route->pattern);
    map_begin(&m, a);
    map_put(&m, STR("operationId"), value_text(schema->name));
    map_put(&m, STR("summary"), value_text(route->doc));
    TRY(parameters(a, route, schema->request, &v, err));
    if (v.len > 0)
        map_put(&m, STR("parameters"), v);
    if (route->has_body) {
        TRY(body_of(a, route, schema->request, &v, err));
        map_put(&m, STR("requestBody"), v);
    }
    TRY(responses(a, route, schema->answer, &v, err));
    map_put(&m, STR("responses"), v);
    return map_end(&m, out, err);
}

/* ---- the document ------------------------------------------------------------------------------------- */

/* A name that takes all that is left of a path has three dots in the table, and none here. */
static struct str path_of(struct arena *a, const char *pattern)
{
    const char *dots = strstr(pattern, "...}");
    return dots ? arena_printf(a, "%.*s}", (int)(dots - pattern), pattern) : str_of(pattern);
}

static enum status paths(struct arena *a, struct value *out, struct error *err)
{
    struct map_builder m;
    struct value v = {0};
    map_begin(&m, a);
    for (const struct http_route *r = http_routes(); r->method; r++) {
        struct str path = path_of(a, r->pattern);
        if (!path.ptr)
            return arena_error(a, err, "the description of the API");
        TRY(route_value(a, r, &v, err));
        TRY(one(a, strcmp(r->method, "GET") == 0 ? "get" : "post", v, &v, err));
        map_put(&m, path, v);
    }
    return map_end(&m, out, err);
}

static enum status info(struct arena *a, struct value *out, struct error *err)
{
    struct map_builder m;
    map_begin(&m, a);
    map_put(&m, STR("title"), value_text("noetl"));
    map_put(&m, STR("version"), value_text(NOETL_VERSION));
    map_put(&m, STR("description"),
            value_text(
                "Runs playbooks, steers their executions and tells of them. Members that are not described "
                "may be added to answers."));
    return map_end(&m, out, err);
}

enum status openapi_document(struct arena *a, struct value *out, struct error *err)
{
    struct map_builder m;
    struct value v = {0};
    map_begin(&m, a);
    map_put(&m, STR("openapi"), value_text("3.1.0"));
    TRY(info(a, &v, err));
    map_put(&m, STR("info"), v);
    TRY(one(a, "url", value_text("/"), &v, err));
    TRY(list_of(a, v, (struct value){0}, &v, err));
    map_put(&m, STR("servers"), v);
    TRY(paths(a, &v, err));
    map_put(&m, STR("paths"), v);
    TRY(components(a, &v, err));
    map_put(&m, STR("components"), v);
    return map_end(&m, out, err);
}
