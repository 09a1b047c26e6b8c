#include "json_refusal.h"

#include <math.h>

enum status json_refuse_key(struct value key, struct error *err)
{
    if (key.type == VALUE_INT)
        error_set(err, STATUS_INVALID, "the key %lld of a map is of type integer, and a key has to be text",
                  (long long)key.u.i);
    else
        error_set(err, STATUS_INVALID, "a key of a map is of type %s, and a key has to be text",
                  value_type_name(key));
    return error_hint(err, "Turn the key into text, as in {{ {n|string: 1} }}.");
}

enum status json_refuse_number(double number, struct error *err)
{
    error_set(err, STATUS_INVALID, "JSON has no number for %s", isnan(number) ? "NaN" : "infinity");
    return error_hint(err, "Give none, or a text, in its place.");
}

enum status json_refuse_other(struct value v, struct error *err)
{
    if (v.type == VALUE_UNDEFINED)
        return error_set(err, STATUS_INVALID, "an undefined value cannot be written as JSON");
    error_set(err, STATUS_INVALID, "an object of the template engine cannot be written as JSON");
    return error_hint(err, "Use the data that it stands for, as with |list or |string.");
}
