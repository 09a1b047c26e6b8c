#include "execution_name.h"

#include "core/id.h"

/* Ids have 18 or 19 digits: those of the first months of the epoch and of this century's end apart. */
enum { WHOLE_ID_DIGITS = 18 };

static bool is_last(struct str name)
{
    return str_is(name, "@last") || (str_starts_with(name, STR("@last:")) && name.len > strlen("@last:"));
}

enum status execution_name_check(const char *name, struct error *err)
{
    int64_t id;
    if (is_last(str_of(name)))
        return STATUS_OK;
    if (name[0] == '@') {
        (void)error_set(err, STATUS_INVALID, "\"%s\" names no execution", name);
        return error_hint(err, "@last is the newest execution, @last:PATH the newest of a playbook.");
    }
    if (id_parse(str_of(name), &id, err) == STATUS_OK)
        return STATUS_OK;
    return error_hint(err, "An ID is the number that `noetl run` prints, its beginning, or @last for the "
                           "newest; `noetl list` has them.");
}

static enum status ask_for_id(struct client *c, const char *name, struct arena *a, int64_t *id,
                              struct error *err)
{
    struct map_builder map;
    struct value request, answer;
    map_begin(&map, a);
    map_put(&map, STR("execution"), value_text(name));
    TRY(map_end(&map, &request, err));
    enum status status = client_call(c, "resolve", request, 0, a, &answer, err);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID)
        return error_place(err, "%s", ""); /* the word itself is in the message */
    TRY(status);
    if (id_parse(value_as_str(VALUE_GET(answer, "execution_id")), id, err) != STATUS_OK)
        return error_wrap(err, "the render part's answer to \"resolve\"");
    return STATUS_OK;
}

enum status execution_named(struct client *c, const char *name, struct arena *a, int64_t *id,
                            struct error *err)
{
    TRY(execution_name_check(name, err));
    if (name[0] != '@' && strlen(name) >= WHOLE_ID_DIGITS)
        return id_parse(str_of(name), id, err);
    return ask_for_id(c, name, a, id, err);
}
