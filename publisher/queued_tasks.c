#include "queued_tasks.h"

#include <stdio.h>

enum status queued_tasks(struct bus *bus, const struct subjects *s, int64_t execution_id, struct arena *a,
                         struct value *out, struct error *err)
{
    char stream[96], verb[160], filter[SUBJECT_MAX], body[SUBJECT_MAX + 32];
    struct value answer;
    snprintf(verb, sizeof(verb), "STREAM.INFO.%s", stream_name(s, STREAM_TASKS, stream));
    int len = snprintf(body, sizeof(body), "{\"subjects_filter\":\"%s\"}",
                       subject_execution_tasks(s, execution_id, filter));
    TRY(bus_api(bus, verb, (struct str){body, (size_t)len}, a, &answer, err));
    *out = value_get_path(answer, STR("state.subjects"));
    return STATUS_OK;
}

static bool ends_with_token(struct str subject, struct str token)
{
    return subject.len > token.len && subject.ptr[subject.len - token.len - 1] == '.' &&
           str_ends_with(subject, token);
}

struct str queued_task_subject(struct value tasks, struct str task_id)
{
    for (uint32_t i = 0; tasks.type == VALUE_MAP && i < tasks.len; i++) {
        struct str subject = value_as_str(tasks.u.map->entries[i].key);
        if (ends_with_token(subject, task_id))
            return subject;
    }
    return STR("");
}
