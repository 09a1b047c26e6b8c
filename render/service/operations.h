/* What the render service answers at <prefix>.api.*: status, show, list, render. docs/API.md describes each.
 */
#ifndef RENDER_SERVICE_OPERATIONS_H
#define RENDER_SERVICE_OPERATIONS_H

#include "lookup.h"
#include "publisher/service.h"

struct operation_table render_service_operations(struct render_service *service);

/* In render_operation.c and resolve.c; the others are in operations.c. */
enum status render_operation(void *context, const struct call *call, struct answer *answer,
                             struct error *err) MUST_CHECK;
enum status resolve_operation(void *context, const struct call *call, struct answer *answer,
                              struct error *err) MUST_CHECK;

#endif
