#include "answer.h"

#include <stdio.h>

enum status answer_error(struct value answer, struct error *err)
{
    struct value error = VALUE_GET(answer, "error");
    if (answer.len != 1 || error.type != VALUE_MAP)
        return STATUS_OK;
    char kind[64];
    (void)snprintf(kind, sizeof(kind), "%" PRISTR, ARGSTR(value_as_str(VALUE_GET(error, "kind"))));
    struct str message = value_as_str(VALUE_GET(error, "message"));
    struct str place = value_as_str(VALUE_GET(error, "place")), hint = value_as_str(VALUE_GET(error, "hint"));
    enum status status = status_from_name(kind);
    (void)error_set(err, status, "%" PRISTR, ARGSTR(message));
    if (place.len > 0)
        (void)error_place(err, "%" PRISTR, ARGSTR(place));
    if (hint.len > 0)
        (void)error_hint(err, "%" PRISTR, ARGSTR(hint));
    return status;
}
