#include "tour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/digest.h"
#include "core/json.h"

/* ---- command lines ------------------------------------------------------------------------------------- */

static const char *take_quoted(struct str *rest, char quote, struct arena *a)
{
    rest->ptr++;
    rest->len--;
    return arena_strdup(a, str_split(rest, quote));
}

/* "$(cat NAME)" */
static const char *take_file(struct str *rest, struct str (*file)(void *context, struct str name),
                             void *context, struct arena *a)
{
    struct str quoted = str_of(take_quoted(rest, '"', a));
    assert_true(str_starts_with(quoted, STR("$(cat ")));
    struct str name = {quoted.ptr + 6, quoted.len - 7};
    return arena_strdup(a, file(context, name));
}

static void take_option(struct tour_command *c, const char *option, struct str *rest, struct arena *a)
{
    static const char *const known[] = {"--raw", "--json", "--no-templates", "--replies=0", "--timeout=1s"};
    bool is_known = false;
    if (strcmp(option, "--all") == 0) {
        c->all = true;
        return;
    }
    if (strcmp(option, "--subject") == 0 || strcmp(option, "-S") == 0) {
        c->subject = take_quoted(rest, '\'', a);
        str_split(rest, ' ');
        return;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        is_known = is_known || strcmp(option, known[i]) == 0;
    if (!is_known)
        fail_msg("the option %s is not known here", option);
}

bool tour_parse(const char *line, struct str (*file)(void *context, struct str name), void *context,
                struct arena *a, struct tour_command *out)
{
    struct str rest = str_of(line);
    *out = (struct tour_command){0};
    if (!str_is(str_split(&rest, ' '), "nats"))
        return false;
    while (rest.len > 0) {
        assert_true(out->count < TOUR_WORDS);
        char first = rest.ptr[0];
        if (first == '\'' || first == '"') {
            out->words[out->count++] =
                first == '\'' ? take_quoted(&rest, '\'', a) : take_file(&rest, file, context, a);
            str_split(&rest, ' ');
            continue;
        }
        const char *word = arena_strdup(a, str_split(&rest, ' '));
        if (first == '-')
            take_option(out, word, &rest, a);
        else
            out->words[out->count++] = word;
    }
    return true;
}

static bool is(const struct tour_command *c, const char *group, const char *verb)
{
    return c->count >= 2 && strcmp(c->words[0], group) == 0 && (!verb || strcmp(c->words[1], verb) == 0);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

static void put(struct tour_output *out, struct str text)
{
    assert_true(out->count < TOUR_OUTPUTS);
    out->texts[out->count++] = text;
}

static struct value parse(struct str text, struct arena *a)
{
    struct value v;
    struct error err = {0};
    assert_ok(json_read(a, text, NULL, &v, &err), &err);
    return v;
}

static struct str print(struct value v, struct arena *a)
{
    struct str text;
    struct error err = {0};
    assert_ok(json_text(a, v, &text, &err), &err);
    return text;
}

static struct str ask(struct plain_client *client, const char *subject, const char *payload, struct arena *a)
{
    char *answer = plain_request(client, subject, payload);
    struct str text = str_of(arena_strdup(a, str_of(answer)));
    free(answer);
    return text;
}

/* A request of the JetStream API, which must succeed. */
static struct value ask_api(struct plain_client *client, const char *subject, const char *payload,
                            struct arena *a)
{
    struct str text = ask(client, subject, payload, a);
    struct value v = parse(text, a);
    if (!value_is_absent(VALUE_GET(v, "error")))
        fail_msg("%s: %.*s", subject, ARGSTR(text));
    return v;
}

static struct value ask_stream(struct plain_client *client, const char *verb, const char *stream,
                               const char *payload, struct arena *a)
{
    return ask_api(client, arena_printf(a, "$JS.API.STREAM.%s.%s", verb, stream).ptr, payload, a);
}

/* The data of a stored message. */
static struct str get_message(struct plain_client *client, const char *stream, const char *payload,
                              struct arena *a)
{
    struct value v = ask_stream(client, "MSG.GET", stream, payload, a);
    struct str data = value_as_str(value_get_path(v, STR("message.data")));
    struct buf b;
    buf_init(&b, 0);
    assert_true(base64_decode(&b, data));
    struct str text = str_of(arena_strdup(a, buf_str(&b)));
    buf_free(&b);
    return text;
}

/* What the client gets until a message with that status comes. */
static void take_all(struct plain_client *client, const char *end, struct arena *a, struct tour_output *out)
{
    for (bool more = true; more;) {
        struct plain_message m;
        plain_next(client, &m);
        more = strstr(m.headers, end) == NULL;
        if (more)
            put(out, str_of(arena_strdup(a, str_of(m.payload))));
        free(m.payload);
    }
}

/* ---- key-value buckets --------------------------------------------------------------------------------- */

static void run_kv(const struct tour_command *c, struct plain_client *client, struct arena *a,
                   struct tour_output *out)
{
    const char *stream = arena_printf(a, "KV_%s", c->words[2]).ptr;
    const char *key = c->count > 3 ? arena_printf(a, "$KV.%s.%s", c->words[2], c->words[3]).ptr : "";
    struct value info = ask_stream(client, "INFO", stream, "{\"subjects_filter\":\">\"}", a);
    if (is(c, "kv", "put")) {
        ask_api(client, key, c->words[4], a);
    } else if (is(c, "kv", "get")) {
        put(out, get_message(client, stream, arena_printf(a, "{\"last_by_subj\":\"%s\"}", key).ptr, a));
    } else {
        struct value keys = value_get_path(info, STR("state.subjects"));
        assert_true(is(c, "kv", "ls") && keys.type == VALUE_MAP && keys.len > 0);
    }
}

/* ---- streams and consumers ----------------------------------------------------------------------------- */

/* A consumer of its own, as the pager of `nats stream view` makes it, and a page that is everything. */
static void view_stream(const struct tour_command *c, struct plain_client *client, struct arena *a,
                        struct tour_output *out)
{
    const char *stream = c->words[2], *inbox = "_INBOX.view";
    const char *config =
        arena_printf(a,
                     "{\"stream_name\":\"%s\",\"config\":{\"deliver_policy\":\"all\",\"ack_policy\":"
                     "\"none\",\"replay_policy\":\"instant\",\"filter_subject\":\"%s\"}}",
                     stream, c->subject)
            .ptr;
    struct value made = ask_api(client, arena_printf(a, "$JS.API.CONSUMER.CREATE.%s", stream).ptr, config, a);
    struct str name = value_as_str(VALUE_GET(made, "name"));
    plain_subscribe(client, inbox);
    plain_publish(client, arena_printf(a, "$JS.API.CONSUMER.MSG.NEXT.%s.%" PRISTR, stream, ARGSTR(name)).ptr,
                  inbox, "{\"batch\":60,\"no_wait\":true}");
    take_all(client, "NATS/1.0 40", a, out);
    ask_api(client, arena_printf(a, "$JS.API.CONSUMER.DELETE.%s.%" PRISTR, stream, ARGSTR(name)).ptr, "", a);
}

static void run_stream(const struct tour_command *c, struct plain_client *client, struct arena *a,
                       struct tour_output *out)
{
    const char *stream = c->words[2];
    if (is(c, "stream", "subjects")) {
        struct value info = ask_stream(client, "INFO", stream, "{\"subjects_filter\":\">\"}", a);
        struct value subjects = value_get_path(info, STR("state.subjects"));
        put(out, print(value_is_absent(subjects) ? VALUE_EMPTY_MAP : subjects, a));
    } else if (is(c, "stream", "get")) {
        put(out,
            get_message(client, stream, arena_printf(a, "{\"last_by_subj\":\"%s\"}", c->subject).ptr, a));
    } else {
        assert_true(is(c, "stream", "view"));
        view_stream(c, client, a, out);
    }
}

static void run_consumer(const struct tour_command *c, struct plain_client *client, struct arena *a,
                         struct tour_output *out)
{
    if (is(c, "consumer", "info")) {
        const char *subject = arena_printf(a, "$JS.API.CONSUMER.INFO.%s.%s", c->words[2], c->words[3]).ptr;
        put(out, print(ask_api(client, subject, "", a), a));
        return;
    }
    assert_true(is(c, "consumer", "report"));
    struct value list =
        ask_api(client, arena_printf(a, "$JS.API.CONSUMER.LIST.%s", c->words[2]).ptr, "{}", a);
    assert_true(VALUE_GET(list, "consumers").len > 0);
}

/* ---- services ------------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    struct str x = value_as_str(VALUE_GET(*(const struct value *)a, "name"));
    struct str y = value_as_str(VALUE_GET(*(const struct value *)b, "name"));
    return str_compare(x, y);
}

/* All answers, sorted by their names, as a list. */
static struct value ask_services(const char *subject, size_t services, struct plain_client *client,
                                 struct arena *a)
{
    struct value *all = ARENA_ARRAY(a, struct value, services), list;
    struct error err = {0};
    plain_subscribe(client, "_INBOX.services");
    plain_publish(client, subject, "_INBOX.services", "");
    for (size_t i = 0; i < services; i++) {
        struct plain_message m;
        plain_next(client, &m);
        all[i] = parse(str_of(arena_strdup(a, str_of(m.payload))), a);
        free(m.payload);
    }
    qsort(all, services, sizeof(*all), by_name);
    struct list_builder b;
    list_begin(&b, a);
    for (size_t i = 0; i < services; i++)
        list_add(&b, all[i]);
    assert_ok(list_end(&b, &list, &err), &err);
    return list;
}

static struct value info_and_stats(const char *name, struct plain_client *client, struct arena *a)
{
    struct map_builder m;
    struct value v;
    struct error err = {0};
    struct value info = ask_services(arena_printf(a, "$SRV.INFO.%s", name).ptr, 1, client, a).u.list[0];
    struct str id = value_as_str(VALUE_GET(info, "id"));
    map_begin(&m, a);
    map_put(&m, STR("info"), info);
    map_put(&m, STR("stats"),
            parse(ask(client, arena_printf(a, "$SRV.STATS.%s.%" PRISTR, name, ARGSTR(id)).ptr, "", a), a));
    assert_ok(map_end(&m, &v, &err), &err);
    return v;
}

static void run_micro(const struct tour_command *c, struct plain_client *client, struct arena *a,
                      struct tour_output *out)
{
    enum { DAEMONS = 4 };
    if (is(c, "micro", "ls"))
        put(out, print(ask_services("$SRV.INFO", DAEMONS, client, a), a));
    else if (is(c, "micro", "stats"))
        put(out, print(ask_services(arena_printf(a, "$SRV.STATS.%s", c->words[2]).ptr, 1, client, a), a));
    else
        put(out, print(info_and_stats(c->words[2], client, a), a));
}

/* ---- all ----------------------------------------------------------------------------------------------- */

bool tour_listens(const struct tour_command *c)
{
    return is(c, "sub", NULL);
}

/* With --all by a consumer that the server pushes from. */
void tour_listen(const struct tour_command *c, struct plain_client *client, struct arena *a)
{
    if (!c->all) {
        plain_subscribe(client, c->words[1]);
        free(plain_request(client, "$SRV.PING.noetl-publisher",
                           "")); /* the server has seen the subscription */
        return;
    }
    const char *which = arena_printf(a, "{\"subject\":\"%s\"}", c->words[1]).ptr;
    struct value names = VALUE_GET(ask_api(client, "$JS.API.STREAM.NAMES", which, a), "streams");
    assert_int_equal(names.len, 1);
    const char *stream = arena_strdup(a, value_as_str(names.u.list[0]));
    plain_subscribe(client, "_INBOX.pushed");
    const char *config =
        arena_printf(
            a,
            "{\"stream_name\":\"%s\",\"config\":{\"deliver_policy\":\"all\",\"ack_policy\":\"none\",\"replay_"
            "policy\":\"instant\",\"filter_subject\":\"%s\",\"deliver_subject\":\"_INBOX.pushed\",\"flow_"
            "control\":true,\"idle_heartbeat\":5000000000}}",
            stream, c->words[1])
            .ptr;
    plain_publish(client, arena_printf(a, "$JS.API.CONSUMER.CREATE.%s", stream).ptr, "_INBOX.created",
                  config);
}

void tour_run(const struct tour_command *c, struct plain_client *client, struct arena *a,
              struct tour_output *out)
{
    out->count = 0;
    if (is(c, "req", NULL))
        put(out, ask(client, c->words[1], c->count > 2 ? c->words[2] : "", a));
    else if (is(c, "pub", NULL))
        plain_publish(client, c->words[1], NULL, c->words[2]);
    else if (is(c, "kv", NULL))
        run_kv(c, client, a, out);
    else if (is(c, "stream", NULL))
        run_stream(c, client, a, out);
    else if (is(c, "consumer", NULL))
        run_consumer(c, client, a, out);
    else if (is(c, "micro", NULL))
        run_micro(c, client, a, out);
    else
        fail_msg("nats %s is not known here", c->words[0]);
}
