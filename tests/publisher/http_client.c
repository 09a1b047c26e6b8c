#include "http_client.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct http_answer *a = context;
    char *larger = realloc(a->text, a->len + size * count + 1);
    if (!larger)
        return 0;
    memcpy(larger + a->len, bytes, size * count);
    a->text = larger;
    a->len += size * count;
    a->text[a->len] = '\0';
    return size * count;
}

static size_t keep_head(char *bytes, size_t size, size_t count, void *context)
{
    struct http_answer *a = context;
    size_t used = strlen(a->head);
    snprintf(a->head + used, sizeof a->head - used, "%.*s", (int)(size * count), bytes);
    return size * count;
}

static CURLcode perform(uint16_t port, const char *method, const char *path, const char *header,
                        const char *body, size_t body_len, struct http_answer *out)
{
    char url[512];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    if (header)
        headers = curl_slist_append(headers, header);
    assert_non_null(curl);
    *out = (struct http_answer){.text = calloc(1, 1)};
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, out);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_len);
    }
    CURLcode code = curl_easy_perform(curl);
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->code);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(out->type, sizeof out->type, "%s", type ? type : "");
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}

void http_send(uint16_t port, const char *method, const char *path, const char *body, size_t body_len,
               bool chunked, struct http_answer *out)
{
    CURLcode code =
        perform(port, method, path, chunked ? "Transfer-Encoding: chunked" : NULL, body, body_len, out);
    if (code != CURLE_OK)
        fail_msg("%s %s: %s", method, path, curl_easy_strerror(code));
}

void http_send_with(uint16_t port, const char *method, const char *path, const char *header, const char *body,
                    struct http_answer *out)
{
    CURLcode code = perform(port, method, path, header, body, body ? strlen(body) : 0, out);
    if (code != CURLE_OK)
        fail_msg("%s %s: %s", method, path, curl_easy_strerror(code));
}

bool http_try(uint16_t port, const char *method, const char *path, struct http_answer *out)
{
    if (perform(port, method, path, NULL, NULL, 0, out) == CURLE_OK)
        return true;
    free(out->text);
    *out = (struct http_answer){0};
    return false;
}

bool http_is_up(uint16_t port)
{
    struct http_answer answer;
    CURLcode code = perform(port, "GET", "/health", NULL, NULL, 0, &answer);
    free(answer.text);
    return code == CURLE_OK && answer.code == 200;
}
