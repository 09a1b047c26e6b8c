#include "http_response.h"

#include <ctype.h>

#include "core/digest.h"
#include "core/json.h"
#include "worker/text.h"

enum { MAX_HEADER_BYTES = 256 << 10 };

void http_response_init(struct http_response *r, int64_t max_bytes)
{
    *r = (struct http_response){0};
    buf_init(&r->body, (size_t)max_bytes);
    buf_init(&r->headers, MAX_HEADER_BYTES);
}

void http_response_free(struct http_response *r)
{
    buf_free(&r->body);
    buf_free(&r->headers);
}

/* ---- collecting ----------------------------------------------------------------------------------- */

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_response *r = context;
    buf_add(&r->body, bytes, size * count);
    r->too_long = r->body.status == STATUS_LIMIT;
    return r->body.status == STATUS_OK ? size * count : 0;
}

/* "HTTP/1.1 404 Not Found" begins an answer; those before it were redirects. */
static void begin_answer(struct http_response *r, struct str line)
{
    buf_clear(&r->headers);
    buf_clear(&r->body);
    str_split(&line, ' ');
    str_split(&line, ' ');
    size_t len = line.len < sizeof(r->reason) - 1 ? line.len : sizeof(r->reason) - 1;
    memcpy(r->reason, line.ptr, len);
    r->reason[len] = 0;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_response *r = context;
    struct str line = str_trim((struct str){bytes, size * count});
    if (str_starts_with(line, STR("HTTP/"))) {
        begin_answer(r, line);
    } else if (line.len > 0) {
        buf_add_str(&r->headers, line);
        buf_add_char(&r->headers, '\n');
    }
    return r->headers.status == STATUS_OK ? size * count : 0;
}

void http_response_attach(struct http_response *r, CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, r);
}

/* ---- data ----------------------------------------------------------------------------------------- */

static struct str clean(struct arena *a, const struct http_request *request, struct str bytes)
{
    return secrets_redact(&request->secrets, a, text_clean(a, bytes));
}

/* Cookies stay a list: their dates have commas. */
static enum status put_header(struct map_builder *map, struct arena *a, struct str name, struct str text,
                              struct error *err)
{
    struct value before = map_peek(map, name);
    if (str_is(name, "set-cookie")) {
        struct list_builder list;
        list_begin(&list, a);
        for (uint32_t i = 0; before.type == VALUE_LIST && i < before.len; i++)
            list_add(&list, before.u.list[i]);
        list_add(&list, value_str(text));
        struct value v;
        TRY(list_end(&list, &v, err));
        map_put(map, name, v);
        return STATUS_OK;
    }
    if (before.type == VALUE_STRING)
        text = arena_printf(a, "%" PRISTR ", %" PRISTR, ARGSTR(value_as_str(before)), ARGSTR(text));
    map_put(map, name, value_str(text));
    return STATUS_OK;
}

static enum status headers_value(struct http_response *r, const struct http_request *request, struct arena *a,
                                 struct value *out, struct error *err)
{
    struct map_builder map;
    map_begin(&map, a);
    struct str rest = buf_str(&r->headers);
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        struct str name = str_trim(str_split(&line, ':'));
        char *lower = arena_strdup(a, text_clean(a, name));
        if (!lower)
            return arena_error(a, err, "the answer's headers");
        for (char *c = lower; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        TRY(put_header(&map, a, str_of(lower), clean(a, request, str_trim(line)), err));
    }
    return map_end(&map, out, err);
}

static bool says_json(struct value headers)
{
    struct str type = value_as_str(VALUE_GET(headers, "content-type"));
    type = str_trim(str_split(&type, ';'));
    return str_is(type, "application/json") || str_is(type, "text/json") || str_ends_with(type, STR("+json"));
}

static enum status put_binary(struct map_builder *map, struct str body, struct arena *a, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    base64_encode(&b, body);
    char *text = arena_strdup(a, buf_str(&b));
    buf_free(&b);
    if (!text)
        return arena_error(a, err, "the answer's body");
    map_put(map, STR("body"), value_null());
    map_put(map, STR("body_base64"), value_text(text));
    map_put(map, STR("data"), value_null());
    return STATUS_OK;
}

static enum status put_body(struct map_builder *map, struct str body, bool json, struct arena *a,
                            struct value *meta, struct error *err)
{
    struct value parsed;
    struct error why;
    map_put(map, STR("body"), value_str(body));
    bool is_json = json && str_trim(body).len > 0 && json_read(a, body, NULL, &parsed, &why) == STATUS_OK;
    if (is_json)
        map_put(map, STR("json"), parsed);
    map_put(map, STR("data"), is_json ? parsed : value_str(body));
    if (!json || is_json || str_trim(body).len == 0)
        return STATUS_OK;
    char text[512];
    char *copy = arena_strdup(a, str_of(error_text(&why, text, sizeof(text))));
    if (!copy)
        return arena_error(a, err, "the answer's body");
    struct map_builder told;
    map_begin(&told, a);
    map_put(&told, STR("json_error"), value_text(copy));
    return map_end(&told, meta, err);
}

enum status http_response_data(struct http_response *r, CURL *curl, const struct http_request *request,
                               struct arena *a, struct value *data, struct value *meta, struct error *err)
{
    long status_code = 0;
    char *effective = NULL;
    curl_off_t elapsed_us = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status_code);
    curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &effective);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    struct value headers = {0};
    TRY(headers_value(r, request, a, &headers, err));
    struct map_builder map;
    map_begin(&map, a);
    map_put(&map, STR("status_code"), value_int(status_code));
    map_put(&map, STR("headers"), headers);
    struct str body = buf_str(&r->body);
    if (is_text(body))
        TRY(put_body(&map, clean(a, request, body), says_json(headers), a, meta, err));
    else
        TRY(put_binary(&map, body, a, err));
    const char *url = http_public_url(a, effective ? effective : request->url, true);
    map_put(&map, STR("url"), value_str(clean(a, request, str_of(url))));
    map_put(&map, STR("elapsed"), value_float((double)elapsed_us / 1e6));
    return map_end(&map, data, err);
}
