#include "http_request.h"

#include <ctype.h>
#include <string.h>

#include "core/digest.h"
#include "core/json.h"

enum { MAX_REDIRECTS = 10 };

/* ---- texts ---------------------------------------------------------------------------------------- */

/* Text as it is, other scalars as JSON writes them. */
static enum status scalar_text(struct arena *a, struct value v, const char *what, struct str *out,
                               struct error *err)
{
    if (v.type == VALUE_STRING) {
        *out = value_as_str(v);
        return STATUS_OK;
    }
    if (v.type == VALUE_LIST || v.type == VALUE_MAP)
        return error_set(err, STATUS_INVALID, "%s must be text or a number, not a %s", what,
                         value_type_name(v));
    return json_text(a, v, out, err);
}

static enum status zero_terminated(struct arena *a, struct str text, const char **out, struct error *err)
{
    *out = arena_strdup(a, text);
    return *out ? STATUS_OK : arena_error(a, err, "the request");
}

static bool has_line_break(struct str s)
{
    return s.len > 0 && (memchr(s.ptr, '\r', s.len) || memchr(s.ptr, '\n', s.len) || memchr(s.ptr, 0, s.len));
}

static bool same_word(struct str a, const char *b)
{
    return a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

/* ---- headers -------------------------------------------------------------------------------------- */

static enum status add_header(struct http_request *r, struct arena *a, struct str name, struct str text,
                              struct error *err)
{
    if (name.len == 0 || has_line_break(name) || memchr(name.ptr, ':', name.len))
        return error_set(err, STATUS_INVALID, "headers: \"%" PRISTR "\" cannot be a header's name",
                         ARGSTR(name));
    if (has_line_break(text))
        return error_set(err, STATUS_INVALID, "headers.%" PRISTR " has a line break", ARGSTR(name));
    /* libcurl writes a header without a value only when it ends in ';'. */
    struct str line = text.len > 0 ? arena_printf(a, "%" PRISTR ": %" PRISTR, ARGSTR(name), ARGSTR(text))
                                   : arena_printf(a, "%" PRISTR ";", ARGSTR(name));
    struct curl_slist *longer = line.ptr ? curl_slist_append(r->headers, line.ptr) : NULL;
    if (!longer)
        return error_set(err, STATUS_NO_MEMORY, "no memory for the request's headers");
    r->headers = longer;
    return STATUS_OK;
}

static enum status read_headers(struct http_request *r, struct value config, struct arena *a,
                                struct str *content_type, struct error *err)
{
    struct value headers = VALUE_GET(config, "headers");
    *content_type = (struct str){"", 0};
    if (value_is_absent(headers) || headers.type == VALUE_NULL)
        return STATUS_OK;
    if (headers.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "\"headers\" must be a map, not a %s",
                         value_type_name(headers));
    for (uint32_t i = 0; i < headers.len; i++) {
        struct value_entry e = headers.u.map->entries[i];
        struct str name = value_as_str(e.key), text;
        if (e.value.type == VALUE_NULL)
            continue;
        TRY(scalar_text(a, e.value, "a header", &text, err));
        TRY(add_header(r, a, name, text, err));
        if (same_word(name, "content-type"))
            *content_type = text;
    }
    return STATUS_OK;
}

/* ---- parameters, form ------------------------------------------------------------------------------- */

static enum status add_pair(struct buf *b, struct arena *a, struct str name, struct value v,
                            struct error *err)
{
    struct str text;
    TRY(scalar_text(a, v, "a parameter", &text, err));
    char *left = curl_easy_escape(NULL, name.ptr, (int)name.len);
    char *right = curl_easy_escape(NULL, text.len > 0 ? text.ptr : "", (int)text.len);
    if (left && right)
        buf_printf(b, "%s%s=%s", b->len > 0 ? "&" : "", left, right);
    enum status s =
        left && right ? buf_status(b, err) : error_set(err, STATUS_NO_MEMORY, "no memory for the parameters");
    curl_free(left);
    curl_free(right);
    return s;
}

/* a=1&a=2&b=x; a null is left out. */
static enum status add_pairs(struct buf *b, struct arena *a, struct value map, const char *what,
                             struct error *err)
{
    if (map.type != VALUE_MAP)
        return error_set(err, STATUS_INVALID, "\"%s\" must be a map, not a %s", what, value_type_name(map));
    for (uint32_t i = 0; i < map.len; i++) {
        struct value_entry e = map.u.map->entries[i];
        struct str name = value_as_str(e.key);
        if (e.value.type == VALUE_NULL || name.len == 0)
            continue;
        uint32_t count = e.value.type == VALUE_LIST ? e.value.len : 1;
        for (uint32_t k = 0; k < count; k++)
            TRY(add_pair(b, a, name, e.value.type == VALUE_LIST ? e.value.u.list[k] : e.value, err));
    }
    return STATUS_OK;
}

static enum status form_text(struct arena *a, struct value map, const char *what, struct str *out,
                             struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    enum status s = add_pairs(&b, a, map, what, err);
    const char *text = NULL;
    if (s == STATUS_OK)
        s = zero_terminated(a, buf_str(&b), &text, err);
    *out = str_of(text);
    buf_free(&b);
    return s;
}

/* ---- address -------------------------------------------------------------------------------------- */

const char *http_public_url(struct arena *a, const char *url, bool with_query)
{
    const char *shown = url;
    char *text = NULL;
    CURLU *u = curl_url();
    if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        curl_url_set(u, CURLUPART_USER, NULL, 0);
        curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
        if (!with_query)
            curl_url_set(u, CURLUPART_QUERY, NULL, 0);
        if (curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
            shown = arena_strdup(a, str_of(text));
    }
    curl_free(text);
    curl_url_cleanup(u);
    return shown ? shown : "";
}

static enum status refuse_url(struct arena *a, const char *url, const char *why, struct error *err)
{
    error_set(err, STATUS_INVALID, "the endpoint \"%s\" is no address to send to: %s",
              http_public_url(a, url, false), why);
    return error_hint(err, "Write it as http://host:port/path or https://host/path.");
}

static enum status check_scheme(struct arena *a, CURLU *u, const char *url, struct error *err)
{
    char *scheme = NULL;
    CURLUcode code = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
    bool known = code == CURLUE_OK && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    return known ? STATUS_OK : refuse_url(a, url, "only http and https are allowed", err);
}

/* User and password of an address are secrets; libcurl still finds them there. */
static void add_url_secrets(struct http_request *r, struct arena *a, CURLU *u)
{
    char *password = NULL;
    if (curl_url_get(u, CURLUPART_PASSWORD, &password, CURLU_URLDECODE) == CURLUE_OK)
        secrets_add(&r->secrets, str_of(arena_strdup(a, str_of(password))));
    curl_free(password);
}

static enum status finish_url(struct http_request *r, CURLU *u, const char *url, struct str query,
                              struct arena *a, struct error *err)
{
    CURLUcode code = curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK)
        return refuse_url(a, url, curl_url_strerror(code), err);
    TRY(check_scheme(a, u, url, err));
    if (query.len > 0)
        code = curl_url_set(u, CURLUPART_QUERY, query.ptr, CURLU_APPENDQUERY);
    char *text = NULL;
    if (code == CURLUE_OK)
        code = curl_url_get(u, CURLUPART_URL, &text, 0);
    if (code != CURLUE_OK)
        return refuse_url(a, url, curl_url_strerror(code), err);
    enum status s = zero_terminated(a, str_of(text), &r->url, err);
    curl_free(text);
    add_url_secrets(r, a, u);
    r->shown = http_public_url(a, r->url, false);
    return s;
}

static enum status read_url(struct http_request *r, struct value config, struct value params, struct arena *a,
                            struct error *err)
{
    struct str text, query = {"", 0};
    const char *url;
    TRY(tool_config_text(config, TOOL_KEYS("endpoint", "url"), &text, err));
    if (text.len == 0)
        return error_set(err, STATUS_INVALID, "an http step needs \"endpoint\": the address to send to");
    TRY(zero_terminated(a, str_trim(text), &url, err));
    if (!value_is_absent(params) && params.type != VALUE_NULL)
        TRY(form_text(a, params, "params", &query, err));
    CURLU *u = curl_url();
    if (!u)
        return error_set(err, STATUS_NO_MEMORY, "no memory for an address");
    enum status s = finish_url(r, u, url, query, a, err);
    curl_url_cleanup(u);
    return s;
}

/* ---- body ----------------------------------------------------------------------------------------- */

static bool has_type(struct str content_type, const char *type)
{
    struct str first = str_trim(str_split(&content_type, ';'));
    return same_word(first, type);
}

static enum status default_type(struct http_request *r, struct arena *a, struct str content_type,
                                const char *type, struct error *err)
{
    return content_type.len > 0 ? STATUS_OK : add_header(r, a, STR("Content-Type"), str_of(type), err);
}

static enum status read_body(struct http_request *r, struct value body, struct str content_type,
                             struct arena *a, struct error *err)
{
    if (value_is_absent(body) || body.type == VALUE_NULL)
        return STATUS_OK;
    r->has_body = true;
    if (body.type == VALUE_STRING) {
        r->body = value_as_str(body);
        return default_type(r, a, content_type, "text/plain; charset=utf-8", err);
    }
    if (has_type(content_type, "application/x-www-form-urlencoded"))
        return form_text(a, body, "payload", &r->body, err);
    if (has_type(content_type, "multipart/form-data"))
        return error_set(err, STATUS_UNSUPPORTED, "a multipart body cannot be made from a %s; send text",
                         value_type_name(body));
    TRY(json_text(a, body, &r->body, err));
    return default_type(r, a, content_type, "application/json", err);
}

/* `data` of an older playbook: {query, body}, or the parameters of a method that has no body. */
static void read_data(const struct http_request *r, struct value data, struct value *params,
                      struct value *body)
{
    struct value query = VALUE_GET(data, "query"), inner = VALUE_GET(data, "body");
    uint32_t known = !value_is_absent(query) + !value_is_absent(inner);
    bool bodyless =
        strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0 || strcmp(r->method, "DELETE") == 0;
    if (data.type == VALUE_MAP && data.len > 0 && known == data.len) {
        *params = value_is_absent(query) ? *params : query;
        *body = inner;
    } else if (data.type == VALUE_MAP && bodyless && value_is_absent(*params)) {
        *params = data;
    } else {
        *body = data;
    }
}

/* ---- authorization ---------------------------------------------------------------------------------- */

static enum status basic_auth(struct http_request *r, struct value auth, struct arena *a, struct error *err)
{
    struct str user, password;
    TRY(tool_config_text(auth, TOOL_KEYS("username", "user"), &user, err));
    TRY(tool_config_text(auth, TOOL_KEYS("password"), &password, err));
    TRY(zero_terminated(a, user, &r->user, err));
    TRY(zero_terminated(a, password, &r->password, err));
    /* What travels, so that an answer that echoes it is cleaned as well. */
    struct str pair = arena_printf(a, "%" PRISTR ":%" PRISTR, ARGSTR(user), ARGSTR(password));
    struct buf encoded;
    buf_init(&encoded, 0);
    base64_encode(&encoded, pair);
    secrets_add(&r->secrets, str_of(arena_strdup(a, buf_str(&encoded))));
    buf_free(&encoded);
    return STATUS_OK;
}

static enum status header_auth(struct http_request *r, struct value auth, struct arena *a, struct error *err)
{
    struct str name, text, prefix;
    TRY(tool_config_text(auth, TOOL_KEYS("header", "name"), &name, err));
    TRY(tool_config_text(auth, TOOL_KEYS("value", "token", "api_key", "key"), &text, err));
    TRY(tool_config_text(auth, TOOL_KEYS("prefix"), &prefix, err));
    if (text.len == 0)
        return error_set(err, STATUS_INVALID, "the credential for the header has no \"value\"");
    struct str whole = arena_printf(a, "%" PRISTR "%" PRISTR, ARGSTR(prefix), ARGSTR(text));
    /* libcurl would send a header of our own to wherever a redirect leads. */
    r->redirects = 0;
    return add_header(r, a, name.len > 0 ? name : STR("X-API-Key"), whole, err);
}

static enum status bearer_auth(struct http_request *r, struct value auth, struct arena *a, struct error *err)
{
    struct str token;
    TRY(tool_config_text(auth, TOOL_KEYS("token", "value", "access_token"), &token, err));
    if (token.len == 0 || has_line_break(token))
        return error_set(err, STATUS_INVALID, "the bearer credential has no usable \"token\"");
    return zero_terminated(a, token, &r->bearer, err);
}

static enum status read_auth(struct http_request *r, struct value auth, struct arena *a, struct error *err)
{
    if (value_is_absent(auth))
        return STATUS_OK;
    struct str type;
    TRY(tool_config_text(auth, TOOL_KEYS("type"), &type, err));
    if (type.len == 0)
        type = value_is_absent(tool_config(auth, TOOL_KEYS("token", "access_token"))) ? STR("basic")
                                                                                      : STR("bearer");
    if (str_is(type, "basic") || str_is(type, "http_basic"))
        return basic_auth(r, auth, a, err);
    if (str_is(type, "bearer") || str_is(type, "token"))
        return bearer_auth(r, auth, a, err);
    if (str_is(type, "header") || str_is(type, "api_key"))
        return header_auth(r, auth, a, err);
    return error_set(err, STATUS_INVALID,
                     "a credential of type \"%" PRISTR "\" is not for http: basic, bearer and header are",
                     ARGSTR(type));
}

/* ---- the rest --------------------------------------------------------------------------------------- */

static enum status read_method(struct http_request *r, struct value config, struct arena *a,
                               struct error *err)
{
    struct str text;
    TRY(tool_config_text(config, TOOL_KEYS("method"), &text, err));
    char *method = arena_strdup(a, text.len > 0 ? str_trim(text) : STR("GET"));
    if (!method)
        return arena_error(a, err, "the request");
    for (char *c = method; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
        if (!isalpha((unsigned char)*c))
            return error_set(err, STATUS_INVALID, "\"%" PRISTR "\" is no method of HTTP", ARGSTR(text));
    }
    r->method = method;
    return STATUS_OK;
}

/* true, false, or the file of the certificate authority to trust. */
static enum status read_verify(struct http_request *r, struct value v, struct arena *a, struct error *err)
{
    r->verify = !(v.type == VALUE_BOOL && !v.u.b);
    if (v.type == VALUE_STRING)
        return zero_terminated(a, value_as_str(v), &r->ca_file, err);
    if (value_is_absent(v) || v.type == VALUE_NULL || v.type == VALUE_BOOL)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "\"verify\" must be true, false or a file, not a %s",
                     value_type_name(v));
}

/* true, false, or how many redirects. */
static enum status read_follow(struct http_request *r, struct value v, struct error *err)
{
    r->redirects = v.type == VALUE_INT ? v.u.i : v.type == VALUE_BOOL && !v.u.b ? 0 : MAX_REDIRECTS;
    bool fits = r->redirects >= 0 && r->redirects <= 100;
    if (fits && (value_is_absent(v) || v.type == VALUE_NULL || v.type == VALUE_BOOL || v.type == VALUE_INT))
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "\"follow\" must be true, false or a number from 0 to 100");
}

static enum status read_max_bytes(struct http_request *r, struct value v, int64_t otherwise,
                                  struct error *err)
{
    r->max_bytes = v.type == VALUE_INT ? v.u.i : otherwise;
    bool is_given = !value_is_absent(v) && v.type != VALUE_NULL;
    if (is_given && (v.type != VALUE_INT || v.u.i < 1))
        return error_set(err, STATUS_INVALID, "\"max_bytes\" must be a number of bytes above 0");
    return STATUS_OK;
}

static bool has_header(const struct task *task, const char *name)
{
    struct value headers = VALUE_GET(task->config, "headers");
    for (uint32_t i = 0; headers.type == VALUE_MAP && i < headers.len; i++) {
        if (same_word(value_as_str(headers.u.map->entries[i].key), name))
            return true;
    }
    return false;
}

/* For a server that is to recognise a request that comes again: one that may change something has the key. */
static enum status add_idempotency_key(struct http_request *r, const struct task *task, struct arena *a,
                                       struct error *err)
{
    if (strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0 ||
        strcmp(r->method, "OPTIONS") == 0 || has_header(task, "idempotency-key"))
        return STATUS_OK;
    struct str key = task_idempotency_key(task, a);
    return key.ptr ? add_header(r, a, STR("Idempotency-Key"), key, err) : arena_error(a, err, "the request");
}

static enum status add_trace(struct http_request *r, const struct task *task, struct arena *a,
                             struct error *err)
{
    if (task->traceparent.len == 0 || has_header(task, "traceparent"))
        return STATUS_OK;
    return add_header(r, a, STR("traceparent"), task->traceparent, err);
}

enum status http_request_read(struct http_request *r, struct credentials *credentials,
                              const struct task *task, int64_t max_bytes, struct arena *a, struct error *err)
{
    struct value config = task->config;
    *r = (struct http_request){.body = {"", 0}};
    struct value auth, params = VALUE_GET(config, "params"),
                       body = tool_config(config, TOOL_KEYS("payload", "body"));
    struct value data = VALUE_GET(config, "data");
    struct str content_type;
    TRY(credentials_resolve(credentials, config, a, &auth, &r->secrets, err));
    TRY(read_method(r, config, a, err));
    TRY(read_max_bytes(r, VALUE_GET(config, "max_bytes"), max_bytes, err));
    TRY(read_verify(r, VALUE_GET(config, "verify"), a, err));
    TRY(read_follow(r, VALUE_GET(config, "follow"), err));
    if (!value_is_absent(data) && value_is_absent(body))
        read_data(r, data, &params, &body);
    TRY(read_url(r, config, params, a, err));
    TRY(read_headers(r, config, a, &content_type, err));
    TRY(add_idempotency_key(r, task, a, err));
    TRY(add_trace(r, task, a, err));
    TRY(read_body(r, body, content_type, a, err));
    return read_auth(r, auth, a, err);
}

void http_request_free(struct http_request *r)
{
    curl_slist_free_all(r->headers);
    r->headers = NULL;
}
