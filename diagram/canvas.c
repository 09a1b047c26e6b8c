#include "canvas.h"

#include <assert.h>

#include "outline.h"

enum status canvas_make(struct canvas *c, struct arena *a, uint32_t width, uint32_t height,
                        uint32_t text_capacity, struct error *err)
{
    *c = (struct canvas){
        .cells = ARENA_ARRAY(a, struct canvas_cell, (size_t)width * height),
        .width = width,
        .height = height,
        .texts = ARENA_ARRAY(a, struct canvas_text, text_capacity),
        .text_capacity = text_capacity,
    };
    return c->cells && c->texts ? STATUS_OK : arena_error(a, err, "the drawing");
}

static struct canvas_cell *cell_at(const struct canvas *c, uint32_t column, uint32_t row)
{
    assert(column < c->width && row < c->height);
    return &c->cells[(size_t)row * c->width + column];
}

void canvas_text(struct canvas *c, uint32_t column, uint32_t row, struct canvas_text text)
{
    assert(c->text_count < c->text_capacity);
    c->texts[c->text_count++] = text;
    cell_at(c, column, row)->text = c->text_count;
}

void canvas_join(struct canvas *c, uint32_t column, uint32_t row, unsigned lines)
{
    struct canvas_cell *cell = cell_at(c, column, row);
    cell->joined = (uint8_t)(cell->joined | lines);
}

void canvas_pass(struct canvas *c, uint32_t column, uint32_t top, uint32_t bottom)
{
    for (uint32_t row = top; row < bottom; row++)
        cell_at(c, column, row)->passing = LINE_UP | LINE_DOWN;
}

static const char *glyph(const struct canvas_cell *cell)
{
    static const char *const GLYPHS[] = {" ", "│", "│", "│", "─", "┘", "┐", "┤",
                                         "─", "└", "┌", "├", "─", "┴", "┬", "┼"};
    bool crossed = cell->passing && cell->joined == (LINE_LEFT | LINE_RIGHT);
    return GLYPHS[crossed ? cell->passing : cell->joined | cell->passing];
}

static void print_row(const struct canvas *c, const struct diagram_pen *pen, uint32_t row, struct buf *out)
{
    size_t spaces = 0;
    for (uint32_t column = 0; column < c->width;) {
        const struct canvas_cell *cell = cell_at(c, column, row);
        if (!cell->text && !cell->joined && !cell->passing) {
            spaces++;
            column++;
            continue;
        }
        buf_printf(out, "%*s", (int)spaces, "");
        spaces = 0;
        if (cell->text) {
            const struct canvas_text *t = &c->texts[cell->text - 1];
            pen_add(pen, out, t->ink, t->text, t->cut);
            column += t->width;
        } else {
            buf_add_text(out, glyph(cell));
            column++;
        }
    }
    buf_add_char(out, '\n');
}

void canvas_print(const struct canvas *c, const struct diagram_pen *pen, struct buf *out)
{
    for (uint32_t row = 0; row < c->height; row++)
        print_row(c, pen, row, out);
}
