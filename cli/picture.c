#include "picture.h"

#include <sys/ioctl.h>

enum { USUAL_ROWS = 24, LEFT_FREE = 3 };

/* To the first line of the picture, and everything from there on away. */
static void add_erase(struct picture *p, struct buf *b)
{
    if (p->drawn > 0)
        buf_printf(b, "\r\033[%zuA\033[J", p->drawn);
    p->drawn = 0;
}

static size_t count_lines(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

enum status picture_draw(struct picture *p, struct output *o, struct str lines, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    add_erase(p, &b);
    buf_add_text(&b, "\033[?7l"); /* long lines are cut, so that there are as many as we count */
    buf_add_str(&b, lines);
    buf_add_text(&b, "\033[?7h");
    p->drawn = count_lines(lines);
    enum status status = output_buf(o, &b, err);
    buf_free(&b);
    return status;
}

enum status picture_hide(struct picture *p, struct output *o, struct error *err)
{
    struct buf b;
    if (p->drawn == 0)
        return STATUS_OK;
    buf_init(&b, 0);
    add_erase(p, &b);
    enum status status = output_buf(o, &b, err);
    buf_free(&b);
    return status;
}

size_t picture_rows(const struct output *o)
{
    struct winsize size;
    bool known = ioctl(fileno(o->file), TIOCGWINSZ, &size) == 0 && size.ws_row > LEFT_FREE + 1;
    return (known ? size.ws_row : USUAL_ROWS) - LEFT_FREE;
}

void add_bar(const struct output *o, struct buf *b, uint64_t done, uint64_t count, size_t width)
{
    size_t full = count > 0 ? (size_t)((done < count ? done : count) * width / count) : 0;
    paint(o, b, PAINT_GREEN);
    for (size_t i = 0; i < full; i++)
        buf_add_text(b, "━");
    unpaint(o, b, PAINT_GREEN);
    paint(o, b, PAINT_DIM);
    for (size_t i = full; i < width; i++)
        buf_add_text(b, "─");
    unpaint(o, b, PAINT_DIM);
}
