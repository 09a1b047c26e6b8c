/* The HTTP API as a document of OpenAPI 3.1, made of the routes and of api.def. */
#ifndef PUBLISHER_OPENAPI_H
#define PUBLISHER_OPENAPI_H

#include "core/value.h"

/* In `a`. STATUS_INTERNAL for a route that api.def says nothing of. */
enum status openapi_document(struct arena *a, struct value *out, struct error *err) MUST_CHECK;

#endif
