#include "commands.h"

#include <unistd.h>

#include "ending.h"
#include "execution_name.h"
#include "follow.h"
#include "history.h"
#include "interrupt.h"
#include "runtime/clock.h"

static const struct flag FLAGS[] = {
    {"timeout", 't', false, "DURATION", NO_SETTING, "longest wait for all of them; they go on"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl wait 7301233456789", "until it is over, however it ends"},
    {"noetl wait @last --timeout 10m && notify-send done", "and then only if it completed"},
    {"noetl wait $A $B -o jsonl | jq -r .status", "several: a document a line, as each is over"},
    {0},
};
const struct command_details details_wait = {
    .text = "Prints how each ended, in the order of the IDs; one that is over already is not waited for.\n"
            "-o json has a list of their documents, as `noetl run --wait -o json` prints one. The exit\n"
            "code is 0 if all completed, 1 if one failed, else 3 if one was cancelled; 7 when --timeout\n"
            "came first.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

struct waiting {
    struct invocation *in;
    struct client client;
    struct follow_options options;
    struct mono_time since;
    int64_t timeout_ms; /* for all of them; 0: as long as it takes */
    struct list_builder documents;
    bool interrupted;
};

static bool is_over(struct value document)
{
    return VALUE_GET(document, "ended_at").type == VALUE_STRING;
}

/* What is left for the next; never 0, which would be for ever. */
static int64_t time_left(const struct waiting *w)
{
    int64_t left = w->timeout_ms - mono_ms_since(w->since);
    return w->timeout_ms == 0 ? 0 : left > 0 ? left : 1;
}

/* A failure counts more than a cancellation, and both more than success. */
static void note_exit_code(struct waiting *w, struct value document)
{
    int code = follow_exit_code(value_as_str(VALUE_GET(document, "status")));
    if (w->in->exit_code == 0 || code == status_exit_code(STATUS_FAILED))
        w->in->exit_code = code;
}

static enum status tell(struct waiting *w, struct value document, struct error *err)
{
    note_exit_code(w, document);
    if (w->in->out.format == OUTPUT_TABLE)
        return ending_print(w->in, document, err);
    list_add(&w->documents, document);
    return w->in->out.format == OUTPUT_JSONL ? output_value(&w->in->out, document, err) : STATUS_OK;
}

static enum status wait_for(struct waiting *w, int64_t id, struct error *err)
{
    struct value document;
    struct follow_end end = {.is_over = true};
    struct arena *a = &w->in->arena;
    TRY(history_document(&w->client, id, 0, a, &document, err));
    if (!is_over(document)) {
        w->options.timeout_ms = time_left(w);
        TRY(follow_until_over(w->in, &w->client, id, &w->options, &end, err));
        w->interrupted = !end.is_over;
        if (w->interrupted)
            return STATUS_OK;
        TRY(history_document(&w->client, id, end.event_id, a, &document, err));
    }
    return tell(w, document, err);
}

static enum status wait_for_all(struct waiting *w, struct error *err)
{
    const struct args *args = &w->in->args;
    int64_t *ids = ARENA_ARRAY(&w->in->arena, int64_t, args->count);
    if (!ids)
        return arena_error(&w->in->arena, err, "the executions");
    for (size_t i = 0; i < args->count; i++)
        TRY(execution_named(&w->client, args->positional[i], &w->in->arena, &ids[i], err));
    for (size_t i = 0; i < args->count && !w->interrupted; i++)
        TRY(wait_for(w, ids[i], err));
    struct value list;
    if (w->in->out.format != OUTPUT_JSON || w->interrupted)
        return STATUS_OK;
    TRY(list_end(&w->documents, &list, err));
    return output_value(&w->in->out, list, err);
}

enum status command_wait(struct invocation *in, struct error *err)
{
    struct waiting w = {.in = in, .since = mono_now(), .options = {.interrupt = -1}};
    list_begin(&w.documents, &in->arena);
    TRY(args_duration(&in->args, "timeout", 0, &w.timeout_ms, err));
    for (size_t i = 0; i < in->args.count; i++)
        TRY(execution_name_check(in->args.positional[i], err));
    TRY(interrupt_open(&w.options.interrupt, err));
    enum status status = client_open(in, &w.client, err);
    if (status == STATUS_OK)
        status = wait_for_all(&w, err);
    client_close(&w.client);
    (void)close(w.options.interrupt);
    return status;
}
