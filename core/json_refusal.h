/* What is said of a value that JSON cannot carry: by who writes it, and by who looks before. */
#ifndef CORE_JSON_REFUSAL_H
#define CORE_JSON_REFUSAL_H

#include "value.h"

/* Each is STATUS_INVALID, without a place. The key is no text. */
enum status json_refuse_key(struct value key, struct error *err);
/* The number is NaN or infinite. */
enum status json_refuse_number(double number, struct error *err);
/* An undefined value, or an object of the template engine. */
enum status json_refuse_other(struct value v, struct error *err);

#endif
