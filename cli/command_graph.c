#include "commands.h"

#include "diagram/diagram.h"

#include "playbook_file.h"

enum { WIDTH_OF_A_FILE = 100 };

static const struct flag FLAGS[] = {
    {"output", 'o', false, "ascii|dot|mermaid", NO_SETTING,
     "text for a terminal (if not given), DOT for graphviz, or mermaid"},
    {0},
};
static const struct example EXAMPLES[] = {
    {"noetl graph examples/control_flow.yaml", "which way it can go, at a glance"},
    {"noetl graph flow.yaml -o dot | dot -Tsvg > flow.svg", "a picture"},
    {"noetl graph flow.yaml -o mermaid", "for a page of documentation"},
    {"cat flow.yaml | noetl graph -", "draws standard input"},
    {0},
};
const struct command_details details_graph = {
    .text = "Shows the steps with their types, and what leads where under which condition: ↺ goes\n"
            "back to an earlier step, ✗ is taken on an error, ═ is `end`, to which every branch\n"
            "comes. A graph that is wider than the terminal is shown as a list. A playbook with\n"
            "errors is not drawn; they are told as `noetl lint` does.",
    .flags = FLAGS,
    .examples = EXAMPLES,
};

static void ink(const void *user, struct buf *out, enum diagram_ink ink, bool on)
{
    static const enum paint paints[] = {
        [INK_PLAIN] = PAINT_NONE,       [INK_NAME] = PAINT_BOLD, [INK_NOTE] = PAINT_DIM,
        [INK_CONDITION] = PAINT_YELLOW, [INK_LOOP] = PAINT_BLUE, [INK_ERROR] = PAINT_RED,
    };
    const struct output *o = user;
    if (on)
        paint(o, out, paints[ink]);
    else
        unpaint(o, out, paints[ink]);
}

static enum status print(struct invocation *in, const struct playbook *p, enum diagram_format format,
                         struct error *err)
{
    const struct diagram_pen pen = {
        .width = in->out.width > 0 ? (size_t)in->out.width : WIDTH_OF_A_FILE,
        .measure = display_width,
        .add = add_cut,
        .ink = ink,
        .user = &in->out,
    };
    struct buf b;
    buf_init(&b, 0);
    enum status status = diagram_draw(p, format, &pen, &b, err);
    if (status == STATUS_OK)
        status = output_buf(&in->out, &b, err);
    buf_free(&b);
    return status;
}

enum status command_graph(struct invocation *in, struct error *err)
{
    struct playbook_file f;
    const char *word = args_text(&in->args, "output");
    enum diagram_format format = DIAGRAM_ASCII;
    if (word && diagram_format_parse(str_of(word), &format, err) != STATUS_OK)
        return error_place(err, "--output");
    TRY(playbook_file_read(&in->arena, in->args.positional[0], &f, err));
    enum status status = playbook_file_report(&f, err);
    if (status == STATUS_OK)
        status = print(in, f.playbook, format, err);
    playbook_file_free(&f);
    return status;
}
