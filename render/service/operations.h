/* What the render service answers at <prefix>.api.*: status, show, events, tasks, context, list,
 * resolve and render. docs/API.md describes each.
 */
#ifndef RENDER_SERVICE_OPERATIONS_H
#define RENDER_SERVICE_OPERATIONS_H

#include "lookup.h"
#include "publisher/service.h"

struct operation_table render_service_operations(struct render_service *service);

/* "at_least" of a request; 0 if absent. */
enum status operation_at_least(struct value payload, uint32_t *out, struct error *err) MUST_CHECK;

/* "at": the number of an event, or a time as text; a moment of all zeros if absent. */
enum status operation_at(struct value payload, struct lookup_moment *out, struct error *err) MUST_CHECK;

/* Each in a file of its name; resolve_operation is in resolve.c, the others are in operations.c. */
operation_handler events_operation, tasks_operation, context_operation, list_operation, render_operation,
    resolve_operation;

#endif
