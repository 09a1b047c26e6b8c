#include "postgres_save.h"

/* ---- running -------------------------------------------------------------------------------------- */

/* What to do about the errors that a save leads to most. */
static void advise(struct value failure, struct error *err)
{
    static const struct {
        const char *sqlstate, *advice;
    } known[] = {
        {"42P01", "Correct \"table\", or create the table in a step before this one."},
        {"42703", "The keys of a row are its columns: give \"data\" those that the table has."},
        {"42P10",
         "\"mode: upsert\" needs a unique index or a primary key over exactly the columns of \"key\"."},
        {"23505", "With \"mode: upsert\" and \"key\", rows that are there already are changed."},
    };
    struct str state = value_as_str(VALUE_GET(failure, "sqlstate"));
    for (size_t i = 0; !err->hint[0] && i < sizeof(known) / sizeof(known[0]); i++)
        if (str_is(state, known[i].sqlstate))
            error_hint(err, "%s", known[i].advice);
}

/* How many statements from `first` on have its text. */
static uint32_t count_alike(const struct save_rows *save, uint32_t first)
{
    uint32_t end = first + 1;
    while (end < save->count && save->statements[end].text.ptr == save->statements[first].text.ptr)
        end++;
    return end - first;
}

static enum status run_alike(struct postgres_query *q, const struct save_rows *save, uint32_t first,
                             uint32_t count, struct postgres_runs *out, struct value *failure,
                             struct error *err)
{
    const struct save_statement *s = &save->statements[first];
    const struct sql_bound bound = {.text = s->text, .count = s->count};
    const struct value **runs = ARENA_ARRAY(q->arena, const struct value *, count);
    if (!runs)
        return arena_error(q->arena, err, "the rows");
    for (uint32_t i = 0; i < count; i++)
        runs[i] = s[i].values;
    return postgres_run_each(q, &bound, runs, count, out, failure, err);
}

enum status postgres_save_run(struct postgres_query *q, const struct save_rows *save, int64_t *rowcount,
                              struct value *failure, struct error *err)
{
    *rowcount = 0;
    for (uint32_t first = 0, count; first < save->count; first += count) {
        struct postgres_runs done = {0};
        count = count_alike(save, first);
        enum status status = run_alike(q, save, first, count, &done, failure, err);
        if (status != STATUS_OK) {
            char place[32];
            uint32_t row = save->statements[first + done.failed].row;
            error_place(err, "table %" PRISTR ", %s", ARGSTR(save->table), save_rows_place(save, row, place));
            advise(*failure, err);
            return status;
        }
        *rowcount += save->statements[first].counts ? done.affected : 0;
    }
    return STATUS_OK;
}
