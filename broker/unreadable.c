#include "unreadable.h"

#include "core/error_value.h"
#include "core/event.h"
#include "core/json.h"

static enum status fail_outcome(struct arena *a, struct event *e, struct value error, struct error *err)
{
    struct map_builder m;
    e->type = EVENT_ACTION_ERROR;
    map_begin(&m, a);
    map_put(&m, STR("status"), value_text("error"));
    map_put(&m, STR("data"), value_null());
    map_put(&m, STR("error"), error);
    return map_end(&m, &e->result, err);
}

static enum status fail_child(struct arena *a, struct event *e, struct value error, struct error *err)
{
    struct map_builder m;
    e->type = EVENT_CHILD_FAILED;
    e->result = (struct value){0};
    map_begin(&m, a);
    map_put_all(&m, e->context);
    map_put(&m, STR("error"), error);
    return map_end(&m, &e->context, err);
}

/* Of the request, what its execution needs in order to say that it failed, and to whom. */
static enum status fail_request(struct arena *a, struct event *e, struct value error, struct error *err)
{
    static const struct str kept[] = {STR("path"), STR("version"), STR("digest"), STR("requested_by"),
                                      STR("parent")};
    struct map_builder m;
    map_begin(&m, a);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        struct value v = value_get(e->context, kept[i]);
        if (!value_is_absent(v))
            map_put(&m, kept[i], v);
    }
    map_put(&m, STR("unreadable"), error);
    return map_end(&m, &e->context, err);
}

/* False: a fact of that type has no failure. */
static bool has_failure(enum event_type type)
{
    return type == EVENT_ACTION_COMPLETED || type == EVENT_ACTION_ERROR || type == EVENT_CHILD_COMPLETED ||
           type == EVENT_CHILD_FAILED || type == EVENT_EXECUTION_REQUESTED;
}

static enum status fail(struct arena *a, struct event *e, struct value error, struct error *err)
{
    if (e->type == EVENT_EXECUTION_REQUESTED)
        return fail_request(a, e, error, err);
    if (e->type == EVENT_CHILD_COMPLETED || e->type == EVENT_CHILD_FAILED)
        return fail_child(a, e, error, err);
    return fail_outcome(a, e, error, err);
}

/* The subject, a zero byte, the event; `*at`: where the event begins. */
static enum status write_unreadable(const struct subjects *s, struct arena *a, struct str summary,
                                    const struct error *why, struct buf *text, size_t *at, struct error *err)
{
    struct value v, error;
    struct event e;
    char subject[SUBJECT_MAX];
    *at = 0;
    TRY(json_read(a, summary, NULL, &v, err));
    TRY(event_from_value(v, &e, err));
    if (!has_failure(e.type))
        return STATUS_OK;
    TRY(error_value(a, why, &error, err));
    TRY(fail(a, &e, error, err));
    e.error = e.type == EVENT_EXECUTION_REQUESTED ? STR("") : str_of(why->message);
    subject_event(s, e.execution_id, e.type, subject);
    buf_add(text, subject, strlen(subject) + 1);
    *at = text->len;
    TRY(event_to_value(a, &e, &v, err));
    TRY(json_write(text, v, JSON_COMPACT, err));
    return buf_status(text, err);
}

enum status unreadable_fact(const struct subjects *s, struct bus_delivery *d, const struct error *why,
                            struct buf *text, struct error *err)
{
    struct arena a;
    size_t at;
    arena_init(&a, 0);
    enum status status = write_unreadable(s, &a, d->payload, why, text, &at, err);
    arena_free(&a);
    if (status == STATUS_NO_MEMORY)
        return status;
    d->payload = (struct str){"", 0};
    if (status == STATUS_OK && at > 0) {
        d->subject = text->data;
        d->payload = (struct str){text->data + at, text->len - at};
    }
    return STATUS_OK;
}
