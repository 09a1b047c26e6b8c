#include "commands.h"

#include "core/json.h"

#include "history.h"
#include "local_render.h"
#include "moment.h"
#include "render_cases.h"

enum { MAX_TEMPLATE = 4 << 20, MAX_CASES = 256 << 20 };

static const struct flag FLAGS[] = {
    {"template", 't', false, "TEXT|@FILE", NO_SETTING, "the template; @- is standard input"},
    {"values", 'c', false, "FILE|-|JSON", NO_SETTING, "the context: the names it sees, a JSON map"},
    {"mode", 0, false, "string|expression|object", NO_SETTING,
     "text; a bare expression; or, if not given, as in playbooks: JSON with templates in it, or one text"},
    {"undefined", 0, false, "default|strict|chainable", NO_SETTING,
     "what an undefined name is: empty (if not given), an error, or empty with all its members"},
    {"execution", 'e', false, "ID", NO_SETTING,
     "render against what this execution's steps have seen so far; @last, too"},
    {"at", 0, false, "EVENT|TIME", NO_SETTING, "with --execution: as of this event, or this time"},
    {"relaxed", 0, false, NULL, NO_SETTING,
     "with --execution: leave what cannot be resolved yet as it stands"},
    {"cases", 0, false, "FILE|-", NO_SETTING,
     "many templates: JSON lines with id, template, context, …; answers are JSON lines"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl render -t 'Hello {{ name }}!' -c '{\"name\": \"Ada\"}'", "without a server"},
    {"noetl render -t 'items | map(attribute=\"id\") | list' --mode expression -c context.json",
     "the value of an expression"},
    {"noetl render --execution 7301233456789 -t '{{ fetch.status_code }}'", "on the results of an execution"},
    {"noetl render --cases cases.jsonl", "many, for a test"},
    {0},
};
const struct command_details details_render = {
    .text = "A string that is one {{ … }} gives the expression's value with its type, as in\n"
            "playbooks, except with --mode string. Without --execution nothing is asked of any\n"
            "server.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

/* ---- input -------------------------------------------------------------------------------------------- */

static enum status read_template(struct invocation *in, const char *from, struct str *out, struct error *err)
{
    *out = str_of(from);
    return from[0] == '@' ? read_input(&in->arena, from + 1, MAX_TEMPLATE, out, err) : STATUS_OK;
}

/* JSON on the command line, or a file of it; "@" in front of a file's name is allowed. */
static enum status read_values(struct invocation *in, struct value *out, struct error *err)
{
    const char *from = args_text(&in->args, "values");
    struct str text = str_of(from);
    *out = VALUE_EMPTY_MAP;
    if (!from)
        return STATUS_OK;
    bool inline_json = str_starts_with(str_trim(text), STR("{"));
    from += from[0] == '@';
    if (!inline_json)
        TRY(read_input(&in->arena, from, MAX_TEMPLATE, &text, err));
    if (json_read_map(&in->arena, text, "the context", out, err) == STATUS_OK)
        return STATUS_OK;
    return error_place(err, "%s", inline_json ? "--values" : from);
}

/* In an object's place: JSON if it is a map or a list, else one text. */
static struct value object_or_text(struct invocation *in, struct str text)
{
    struct value v;
    struct str trimmed = str_trim(text);
    bool may_be_json =
        str_starts_with(trimmed, STR("[")) ||
        (str_starts_with(trimmed, STR("{")) && !template_is_template((struct str){trimmed.ptr, 2}));
    if (may_be_json && json_read(&in->arena, text, NULL, &v, NULL) == STATUS_OK)
        return v;
    return value_str(text);
}

static enum status read_flags(struct invocation *in, struct local_render *r, struct error *err)
{
    struct str text;
    const char *template = args_text(&in->args, "template"), *mode = args_text(&in->args, "mode"),
               *undefined = args_text(&in->args, "undefined");
    *r = (struct local_render){.mode = RENDER_OBJECT};
    if (!template) {
        (void)error_set(err, STATUS_INVALID, "there is nothing to render");
        return error_hint(err, "Give --template TEXT, --template @FILE or --cases FILE.");
    }
    if (mode && render_mode_parse(str_of(mode), &r->mode, err) != STATUS_OK)
        return error_place(err, "--mode");
    if (undefined && undefined_mode_parse(str_of(undefined), &r->undefined, err) != STATUS_OK)
        return error_place(err, "--undefined");
    TRY(read_template(in, template, &text, err));
    TRY(read_values(in, &r->context, err));
    r->template = r->mode == RENDER_OBJECT ? object_or_text(in, text) : value_str(text);
    return STATUS_OK;
}

/* ---- output ------------------------------------------------------------------------------------------- */

static enum status print_result(struct invocation *in, struct value result, struct error *err)
{
    if (in->out.format != OUTPUT_TABLE || result.type != VALUE_STRING)
        return output_value(&in->out, result, err);
    return output_text(&in->out, value_as_str(result), err);
}

/* ---- against an execution ----------------------------------------------------------------------------- */

static enum status make_request(struct invocation *in, const struct local_render *r, int64_t id,
                                struct value *out, struct error *err)
{
    struct map_builder map;
    struct moment at;
    TRY(moment_from_args(&in->args, "at", &at, err));
    TRY(execution_request(&in->arena, id, &map, err));
    map_put(&map, STR("template"), r->template);
    map_put(&map, STR("strict"), value_bool(!args_has(&in->args, "relaxed")));
    if (args_has(&in->args, "values"))
        map_put(&map, STR("extra_context"), r->context);
    if (moment_is_set(&at))
        map_put(&map, STR("at"), moment_value(&in->args, "at", &at));
    return map_end(&map, out, err);
}

static enum status render_remotely(struct invocation *in, const struct local_render *r, struct error *err)
{
    struct client c;
    struct value request = {0}, answer = {0};
    int64_t id;
    enum status status = client_open_for(in, args_text(&in->args, "execution"), &c, &id, err);
    if (status == STATUS_OK)
        status = make_request(in, r, id, &request, err);
    if (status == STATUS_OK)
        status = client_call(&c, "render", request, LARGE_WAIT_MS, &in->arena, &answer, err);
    client_close(&c);
    TRY(status);
    return in->out.format == OUTPUT_TABLE ? print_result(in, VALUE_GET(answer, "rendered"), err)
                                          : output_value(&in->out, answer, err);
}

/* ---- the command -------------------------------------------------------------------------------------- */

/* Flags that would change nothing are mistakes. */
static enum status check_flags(const struct args *args, struct error *err)
{
    static const char *const alone[] = {"template", "values", "mode", "undefined", "execution"};
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        if (args_has(args, "cases") && args_has(args, alone[i]))
            return error_set(err, STATUS_INVALID, "--cases has all that --%s would say in each of its lines",
                             alone[i]);
    }
    bool remote = args_has(args, "execution");
    if (!remote && (args_has(args, "at") || args_has(args, "relaxed")))
        return error_set(err, STATUS_INVALID, "--at and --relaxed are for --execution, which is not there");
    if (remote && (args_has(args, "mode") || args_has(args, "undefined")))
        return error_set(err, STATUS_INVALID,
                         "--mode and --undefined are not for --execution: it renders as playbooks do");
    return STATUS_OK;
}

enum status command_render(struct invocation *in, struct error *err)
{
    struct local_render r;
    struct value result = {0};
    struct str lines;
    const char *cases = args_text(&in->args, "cases");
    TRY(check_flags(&in->args, err));
    if (cases) {
        TRY(read_input(&in->arena, cases, MAX_CASES, &lines, err));
        return render_cases(lines, &in->out, err);
    }
    TRY(read_flags(in, &r, err));
    if (args_has(&in->args, "execution"))
        return render_remotely(in, &r, err);
    TRY(local_render(&r, &in->arena, &result, err));
    return print_result(in, result, err);
}
