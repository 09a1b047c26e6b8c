/* docs/NATS_CLI.md is true: each of its commands is done as the nats CLI does it, and its output compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "daemons.h"
#include "page.h"
#include "runtime/clock.h"
#include "tour.h"

enum { PATIENCE_MS = 30000, LOOK_US = 20000, MOST = 32 };

/* Ids are other ones each time: those of the page, and what they are now. */
struct renaming {
    const char *shown, *made;
};
struct named_file {
    struct str name, text;
};
struct reader {
    struct daemons *daemons;
    struct arena *arena;
    struct renaming ids[MOST];
    size_t id_count;
    struct named_file files[MOST];
    size_t file_count;
    struct tour_command command; /* the newest */
    const char *line;
    /* A subscription, and what the page shows of it. */
    struct plain_client listener;
    bool listens;
    struct str awaited;
    int commands, compared;
};

static struct str file_of(void *context, struct str name)
{
    struct reader *r = context;
    for (size_t i = 0; i < r->file_count; i++) {
        if (str_equal(r->files[i].name, name))
            return r->files[i].text;
    }
    fail_msg("the page shows no %.*s", ARGSTR(name));
    return STR("");
}

/* The text with the ids of now. */
static const char *renamed(struct reader *r, struct str text)
{
    const char *now = arena_strdup(r->arena, text);
    for (size_t i = 0; i < r->id_count; i++) {
        for (char *at = strstr(now, r->ids[i].shown); at; at = strstr(now, r->ids[i].shown))
            now = arena_printf(r->arena, "%.*s%s%s", (int)(at - now), now, r->ids[i].made,
                               at + strlen(r->ids[i].shown))
                      .ptr;
    }
    return now;
}

static struct value parse(struct reader *r, const char *text)
{
    struct value v;
    struct error err = {0};
    if (json_read(r->arena, str_of(text), NULL, &v, &err) != STATUS_OK)
        fail_msg("%s: %s: %s", r->line, err.message, text);
    return v;
}

static void learn_id(struct reader *r, struct value shown, struct value made)
{
    struct str old = value_as_str(VALUE_GET(shown, "execution_id"));
    struct str new = value_as_str(VALUE_GET(made, "execution_id"));
    if (r->command.count < 2 || strcmp(r->command.words[1], "noetl.api.run") != 0 || str_equal(old, new))
        return;
    assert_true(r->id_count < MOST && old.len > 0 && new.len > 0);
    r->ids[r->id_count++] = (struct renaming){arena_strdup(r->arena, old), arena_strdup(r->arena, new)};
}

/* The next document of a block, each of which begins at the beginning of a line. */
static bool next_document(struct str *block, struct str *out)
{
    size_t end = 1;
    if (block->len == 0)
        return false;
    while (end < block->len &&
           !(block->ptr[end - 1] == '\n' && (block->ptr[end] == '{' || block->ptr[end] == '[')))
        end++;
    *out = (struct str){block->ptr, end};
    *block = (struct str){block->ptr + end, block->len - end};
    return true;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

/* The documents that are shown are among those that were printed, in this order. */
static const char *compare_documents(struct reader *r, struct str block, const struct tour_output *printed)
{
    const char *difference = "nothing was printed";
    struct str document;
    size_t at = 0;
    while (next_document(&block, &document)) {
        bool found = false;
        for (; at < printed->count && !found; at++) {
            struct value shown = parse(r, renamed(r, document));
            struct value made = parse(r, arena_strdup(r->arena, printed->texts[at]));
            learn_id(r, shown, made);
            difference = page_difference(parse(r, renamed(r, document)), made);
            found = difference == NULL;
        }
        if (!found)
            return difference;
    }
    return NULL;
}

/* What asks changes nothing, and is done again until what was asked for has come about. */
static bool may_be_repeated(const struct tour_command *c)
{
    static const char *const asking[] = {"noetl.api.status", "noetl.worker.status", "noetl.broker.status"};
    bool asks = strcmp(c->words[0], "req") != 0 && strcmp(c->words[0], "pub") != 0;
    for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
        asks = asks || strcmp(c->words[1], asking[i]) == 0;
    return asks;
}

static void run_once(struct reader *r, struct tour_output *out)
{
    struct plain_client client;
    plain_connect(&client, r->daemons->servers.nats.port);
    tour_run(&r->command, &client, r->arena, out);
    plain_close(&client);
}

static void compare_output(struct reader *r, struct str block, struct tour_output *out)
{
    struct mono_time begin = mono_now();
    const char *difference;
    while ((difference = compare_documents(r, block, out)) && may_be_repeated(&r->command) &&
           mono_ms_since(begin) < PATIENCE_MS) {
        usleep(LOOK_US);
        run_once(r, out);
    }
    if (difference)
        fail_msg("%s: %s: %.*s", r->line, difference, out->count ? (int)out->texts[0].len : 0,
                 out->count ? out->texts[0].ptr : "");
}

/* Messages come until the last that is shown is there. */
static void compare_heard(struct reader *r)
{
    struct str block = r->awaited, document;
    while (next_document(&block, &document)) {
        struct value shown = parse(r, renamed(r, document));
        bool found = false;
        while (!found) {
            struct plain_message m;
            plain_next(&r->listener, &m);
            if (m.len > 0)
                found = page_difference(shown, parse(r, arena_strdup(r->arena, str_of(m.payload)))) == NULL;
            free(m.payload);
        }
    }
    plain_close(&r->listener);
    r->listens = false;
    r->compared++;
}

/* ---- reading the page ---------------------------------------------------------------------------------- */

static void listen(struct reader *r)
{
    assert_false(r->listens);
    plain_connect(&r->listener, r->daemons->servers.nats.port);
    tour_listen(&r->command, &r->listener, r->arena);
    r->listens = true;
    r->awaited = STR("");
}

/* Each line is a command; the output of the last is compared. */
static void take_commands(struct reader *r, struct str block, struct tour_output *out)
{
    while (block.len > 0) {
        r->line = renamed(r, str_split(&block, '\n'));
        assert_true(tour_parse(r->line, file_of, r, r->arena, &r->command));
        r->commands++;
        if (tour_listens(&r->command))
            listen(r);
        else
            run_once(r, out);
    }
}

static void take_file(struct reader *r, const struct page_block *block)
{
    struct str name = page_between(block->before, "in `", '`');
    assert_true(r->file_count < MOST);
    r->files[r->file_count++] = (struct named_file){name, block->text};
}

static void take_output(struct reader *r, const struct page_block *block, struct tour_output *out)
{
    bool is_own = tour_listens(&r->command);
    if (is_own)
        r->awaited = block->text;
    else if (str_is(block->language, "json"))
        compare_output(r, block->text, out);
    else
        assert_true(out->count == 1 && str_equal(out->texts[0], block->text));
    r->compared += !is_own;
    if (r->listens && (!is_own || r->command.all))
        compare_heard(r);
}

static void the_commands_of_the_tour_answer_as_shown(void **state)
{
    struct daemons *d = *state;
    struct reader r = {.daemons = d, .arena = &d->arena};
    struct str page = page_read("docs/NATS_CLI.md", &d->arena);
    struct page_block block;
    static struct tour_output out;
    while (page_next(&page, &block)) {
        if (str_is(block.language, "sh"))
            take_commands(&r, block.text, &out);
        else if (str_is(block.language, "yaml") && str_find(block.before, STR("With this in")) >= 0)
            take_file(&r, &block);
        else
            take_output(&r, &block, &out);
    }
    assert_false(r.listens);
    assert_true(r.commands >= 30 && r.compared >= 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_commands_of_the_tour_answer_as_shown)};
    return cmocka_run_group_tests(tests, daemons_start_all, daemons_stop);
}
