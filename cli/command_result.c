#include "commands.h"

#include "render/context.h"

#include "history.h"

static const struct flag FLAGS[] = {
    {"step", 0, false, "STEP", NO_SETTING, "the data of this step, of its last visit, instead"},
    {"output", 'o', false, "json|jsonl|raw", NO_SETTING,
     "indented, on one line, or on one line with a text as it stands, without quotes"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl result 7301233456789", "what the execution came to"},
    {"noetl result @last --step fetch | jq '.items | length'", "what a step came to"},
    {"noetl result @last --step token -o raw > token.txt", "a text, without quotes"},
    {0},
};
const struct command_details details_result = {
    .text = "Prints JSON and nothing else. An execution that is not over has no result (exit code 4), nor\n"
            "has one that failed (1) or was cancelled (3); steps of theirs that completed have.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

enum form { FORM_JSON, FORM_JSONL, FORM_RAW };

static enum status read_form(const struct args *args, enum form *out, struct error *err)
{
    static const char *const names[] = {"json", "jsonl", "raw"};
    const char *text = args_text(args, "output");
    *out = FORM_JSON;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!text || strcmp(text, names[i]) == 0) {
            *out = text ? (enum form)i : FORM_JSON;
            return STATUS_OK;
        }
    }
    (void)error_set(err, STATUS_INVALID, "\"%s\" is no form of a result", text);
    (void)error_place(err, "--output");
    return error_hint(err, "It is one of json, jsonl, raw.");
}

static enum status print(struct invocation *in, struct value result, enum form form, struct error *err)
{
    if (form == FORM_RAW && result.type == VALUE_STRING)
        return output_text(&in->out, value_as_str(result), err);
    in->out.format = form == FORM_JSON ? OUTPUT_JSON : OUTPUT_JSONL;
    return output_value(&in->out, result, err);
}

/* ---- of the execution --------------------------------------------------------------------------------- */

static enum status no_result(struct value document, int64_t id, struct error *err)
{
    struct str status = value_as_str(VALUE_GET(document, "status")),
               why = value_as_str(value_get_path(document, STR("error.message")));
    if (str_is(status, "failed")) {
        (void)error_set(err, STATUS_FAILED, "execution %lld failed: %" PRISTR, (long long)id, ARGSTR(why));
        return error_hint(err, "`noetl show %lld` tells more.", (long long)id);
    }
    if (str_is(status, "cancelled"))
        return error_set(err, STATUS_CANCELLED, "execution %lld was cancelled", (long long)id);
    (void)error_set(err, STATUS_CONFLICT, "execution %lld has no result yet: it is %" PRISTR, (long long)id,
                    ARGSTR(status));
    return error_hint(err, "`noetl wait %lld` waits until it is over.", (long long)id);
}

static enum status result_of_execution(struct invocation *in, struct client *c, int64_t id,
                                       struct value *result, struct error *err)
{
    struct value document;
    TRY(history_document(c, id, 0, &in->arena, &document, err));
    *result = VALUE_GET(document, "result");
    return str_is(value_as_str(VALUE_GET(document, "status")), "completed") ? STATUS_OK
                                                                            : no_result(document, id, err);
}

/* ---- of a step ---------------------------------------------------------------------------------------- */

static enum status no_data(struct value document, const char *step, struct error *err)
{
    struct value steps = VALUE_GET(document, "steps");
    struct str names[64];
    size_t count = 0;
    for (uint32_t i = 0; steps.type == VALUE_LIST && i < steps.len; i++) {
        struct str name = value_as_str(VALUE_GET(steps.u.list[i], "step"));
        if (str_is(name, step)) {
            (void)error_set(err, STATUS_CONFLICT, "the step \"%s\" has no data: it is %" PRISTR, step,
                            ARGSTR(value_as_str(VALUE_GET(steps.u.list[i], "status"))));
            return STATUS_CONFLICT;
        }
        if (count < sizeof(names) / sizeof(names[0]))
            names[count++] = name;
    }
    struct str near = str_nearest(str_of(step), names, count);
    (void)error_set(err, STATUS_NOT_FOUND, "no step \"%s\" has run in that execution", step);
    (void)error_place(err, "--step");
    if (near.len > 0)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return STATUS_NOT_FOUND;
}

static enum status result_of_step(struct invocation *in, struct client *c, int64_t id, const char *step,
                                  struct value *result, struct error *err)
{
    struct value document, events;
    struct event *list;
    struct execution_context context;
    struct arena *a = &in->arena;
    TRY(history_read(c, id, a, &document, &events, err));
    TRY(history_parse(a, events, &list, err));
    TRY(fetch_execution_context(a, list, events.len, &context, err));
    *result = value_get(context.results, str_of(step));
    bool failed = !value_is_absent(value_get(context.errors, str_of(step)));
    bool has_data = !value_is_absent(*result) && !(failed && result->type == VALUE_NULL);
    return has_data ? STATUS_OK : no_data(document, step, err);
}

enum status command_result(struct invocation *in, struct error *err)
{
    struct client c;
    struct value result;
    enum form form;
    int64_t id;
    const char *step = args_text(&in->args, "step");
    TRY(read_form(&in->args, &form, err));
    enum status status = client_open_for(in, in->args.positional[0], &c, &id, err);
    if (status == STATUS_OK && step)
        status = result_of_step(in, &c, id, step, &result, err);
    else if (status == STATUS_OK)
        status = result_of_execution(in, &c, id, &result, err);
    if (status == STATUS_OK)
        status = print(in, result, form, err);
    client_close(&c);
    return status;
}
