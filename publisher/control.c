#include "control.h"

#include <stdio.h>

#include "compiled.h"
#include "core/json.h"
#include "payload.h"

enum { PUBLISH_MS = 10000, NAME_MAX_BYTES = 256 };

enum members { CONTROL_PLAIN, CONTROL_SIGNAL, CONTROL_RETRY };

static const struct {
    const char *name;
    enum event_type fact;
    enum members members;
    const char *doc;
} CONTROLS[CONTROL_COUNT] = {
#define X(id, fact, members, doc) {#id, EVENT_##fact, members, doc},
#include "control.def"
#undef X
};

const char *control_name(enum control_id c)
{
    return CONTROLS[c].name;
}

enum event_type control_fact(enum control_id c)
{
    return CONTROLS[c].fact;
}

const char *control_doc(enum control_id c)
{
    return CONTROLS[c].doc;
}

enum control_id control_from_name(const char *name)
{
    enum control_id c = 0;
    while (c < CONTROL_COUNT && strcmp(name, CONTROLS[c].name) != 0)
        c++;
    return c;
}

/* ---- what a client asks for --------------------------------------------------------------------------- */

/* Those of every control, then those of one kind. */
static const struct str MEMBERS[][4] = {
    [CONTROL_PLAIN] = {STR("execution_id"), STR("reason")},
    [CONTROL_SIGNAL] = {STR("execution_id"), STR("reason"), STR("name"), STR("payload")},
    [CONTROL_RETRY] = {STR("execution_id"), STR("reason"), STR("from")},
};
static const size_t MEMBER_COUNTS[] = {[CONTROL_PLAIN] = 2, [CONTROL_SIGNAL] = 4, [CONTROL_RETRY] = 3};

static enum status check_members(enum members kind, struct value v, struct error *err)
{
    struct str text = {0};
    TRY(payload_text(v, STR("reason"), &text, err));
    if (kind == CONTROL_SIGNAL)
        TRY(payload_required_text(v, STR("name"), &text, err));
    if (kind == CONTROL_RETRY)
        TRY(payload_text(v, STR("from"), &text, err));
    if (kind == CONTROL_PLAIN || text.len <= NAME_MAX_BYTES)
        return STATUS_OK;
    error_set(err, STATUS_INVALID, "the name has %zu bytes, and the most is %d", text.len, NAME_MAX_BYTES);
    return error_place(err, kind == CONTROL_SIGNAL ? "name" : "from");
}

/* What was given but the id; a null is as good as absent, but for a signal's payload. */
static enum status context_of(enum members kind, struct value v, struct arena *a, struct value *out,
                              struct error *err)
{
    struct map_builder m;
    *out = (struct value){0};
    map_begin(&m, a);
    for (size_t i = 1; i < MEMBER_COUNTS[kind]; i++) {
        struct value member = value_get(v, MEMBERS[kind][i]);
        if (value_is_absent(member) || (member.type == VALUE_NULL && !str_is(MEMBERS[kind][i], "payload")))
            continue;
        map_put(&m, MEMBERS[kind][i], member);
    }
    TRY(map_end(&m, out, err));
    if (out->len == 0)
        *out = (struct value){0};
    return STATUS_OK;
}

enum status control_from_value(enum control_id c, struct value v, struct arena *a,
                               struct control_request *out, struct error *err)
{
    enum members kind = CONTROLS[c].members;
    char what[64];
    snprintf(what, sizeof what, "a request to %s", CONTROLS[c].name);
    *out = (struct control_request){.control = c};
    TRY(payload_known(v, MEMBERS[kind], MEMBER_COUNTS[kind], what, err));
    TRY(payload_execution_id(v, &out->execution_id, err));
    TRY(check_members(kind, v, err));
    return context_of(kind, v, a, &out->context, err);
}

/* ---- the fact ----------------------------------------------------------------------------------------- */

static enum status no_such_step(struct str from, struct error *err)
{
    error_set(err, STATUS_INVALID, "the playbook of the execution has no step \"%" PRISTR "\"", ARGSTR(from));
    return error_place(err, "from");
}

/* Nothing is wrong with a step that nothing is known of: the fact's folding decides. */
static enum status check_step(struct bus *bus, const struct subjects *s, const struct control_request *r,
                              struct arena *a, struct error *err)
{
    char stream[96], subject[SUBJECT_MAX];
    struct str from = value_as_str(VALUE_GET(r->context, "from"));
    struct bus_stored stored;
    struct value v;
    struct playbook *playbook = NULL;
    if (CONTROLS[r->control].members != CONTROL_RETRY || from.len == 0)
        return STATUS_OK;
    stream_name(s, STREAM_EVENTS, stream);
    subject_event(s, r->execution_id, EVENT_EXECUTION_REQUESTED, subject);
    enum status status = bus_stream_last(bus, stream, subject, a, &stored, err);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    TRY(json_read(a, stored.payload, NULL, &v, err));
    struct str text = value_as_str(value_get_path(v, STR("context.playbook")));
    if (compiled_playbook(text, "playbook", &playbook, NULL) != STATUS_OK)
        return STATUS_OK;
    bool found = playbook_find_step(playbook, from) >= 0;
    playbook_unref(playbook);
    return found ? STATUS_OK : no_such_step(from, err);
}

static enum status publish(struct bus *bus, const struct subjects *s, const struct control_request *r,
                           struct str message_id, struct arena *a, struct error *err)
{
    struct event e = {
        .execution_id = r->execution_id, .type = CONTROLS[r->control].fact, .context = r->context};
    struct value v;
    struct str text;
    char subject[SUBJECT_MAX];
    struct bus_ack ack;
    TRY(check_step(bus, s, r, a, err));
    TRY(event_to_value(a, &e, &v, err));
    TRY(json_text(a, v, &text, err));
    const char *id = arena_strdup(a, message_id);
    if (!id)
        return arena_error(a, err, "the message's id");
    struct bus_publication publication = {.subject = subject_event(s, e.execution_id, e.type, subject),
                                          .message_id = id,
                                          .payload = text,
                                          .give_up_ms = PUBLISH_MS};
    return bus_publish_wait(bus, &publication, &ack, err);
}

enum status control_publish(struct bus *bus, const struct subjects *s, const struct control_request *r,
                            struct str message_id, struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = publish(bus, s, r, message_id, &a, err);
    arena_free(&a);
    return status;
}
