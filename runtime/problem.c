#include "problem.h"

#include "core/error_value.h"
#include "core/json.h"

enum { RETRY_TOO_FAST_S = 1, RETRY_UNAVAILABLE_S = 5 };
#define PROBLEM_TYPE "application/problem+json"
#define PLAIN                                                                                                \
    "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,\"kind\":\"no_memory\"}"

static const struct {
    int code;
    const char *title;
} TITLES[] = {
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
};

const char *problem_title(int code)
{
    for (size_t i = 0; i < sizeof TITLES / sizeof TITLES[0]; i++)
        if (TITLES[i].code == code)
            return TITLES[i].title;
    return "Internal Server Error";
}

static enum status problem_text(struct arena *a, int code, const char *instance, struct value error,
                                struct str *out)
{
    struct map_builder m;
    struct value v;
    map_begin(&m, a);
    map_put(&m, STR("type"), value_text("about:blank"));
    map_put(&m, STR("title"), value_text(problem_title(code)));
    map_put(&m, STR("status"), value_int(code));
    map_put(&m, STR("detail"), VALUE_GET(error, "message"));
    map_put(&m, STR("instance"), value_text(instance));
    for (uint32_t i = 0; i < error.len; i++)
        if (!str_is(value_as_str(error.u.map->entries[i].key), "message"))
            map_put(&m, value_as_str(error.u.map->entries[i].key), error.u.map->entries[i].value);
    TRY(map_end(&m, &v, NULL));
    return json_text(a, v, out, NULL);
}

void problem_answer_map(struct http_reply *reply, struct arena *a, int code, const char *instance,
                        struct value error)
{
    reply->code = code;
    reply->type = PROBLEM_TYPE;
    reply->retry_after_s = code == 429 ? RETRY_TOO_FAST_S : code == 503 ? RETRY_UNAVAILABLE_S : 0;
    if (problem_text(a, code, instance, error, &reply->body) == STATUS_OK)
        return;
    reply->code = 500;
    reply->body = STR(PLAIN);
}

void problem_answer(struct http_reply *reply, struct arena *a, int code, const char *instance,
                    const struct error *why)
{
    struct value error = VALUE_EMPTY_MAP;
    if (error_value(a, why, &error, NULL) != STATUS_OK)
        error = VALUE_EMPTY_MAP;
    problem_answer_map(reply, a, code, instance, error);
}
