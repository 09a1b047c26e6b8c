#include "inquiry.h"

#include "core/json.h"

enum { ANSWER_WITHIN_MS = 1000 };

static enum status question(struct arena *a, const struct task *task, struct str *out, struct error *err)
{
    char id[ID_TEXT];
    struct map_builder m;
    struct value v;
    id_format(task->execution_id, id);
    map_begin(&m, a);
    map_put(&m, STR("execution_id"), value_text(id));
    map_put(&m, STR("task_id"), value_str(task->task_id));
    TRY(map_end(&m, &v, err));
    return json_text(a, v, out, err);
}

static enum status ask(struct bus *bus, const struct subjects *s, const struct task *task, struct arena *a,
                       bool *ended, struct error *err)
{
    char subject[SUBJECT_MAX];
    struct str text, reply;
    struct value answer;
    TRY(question(a, task, &text, err));
    subject_daemon(s, "broker", NULL, "ended", subject);
    TRY(bus_request(bus, subject, NULL, 0, text, ANSWER_WITHIN_MS, a, &reply, err));
    TRY(json_read_map(a, reply, "a broker's answer", &answer, err));
    *ended = VALUE_GET(answer, "ended").type == VALUE_BOOL && VALUE_GET(answer, "ended").u.b;
    return STATUS_OK;
}

enum status attempt_has_ended(struct bus *bus, const struct subjects *s, const struct task *task, bool *ended,
                              struct error *err)
{
    struct arena a;
    *ended = false;
    arena_init(&a, 0);
    enum status status = ask(bus, s, task, &a, ended, err);
    arena_free(&a);
    return status;
}
