#include "id.h"

#include <inttypes.h>
#include <stdio.h>

#include "digest.h"

enum { SEQUENCE_BITS = 12, NODE_BITS = 10, TIME_SHIFT = SEQUENCE_BITS + NODE_BITS };
#define FROM_KEY     (INT64_C(1) << 62)
#define LAST_TIME_MS ((INT64_C(1) << (62 - TIME_SHIFT)) - 1)

int64_t id_from_time(int64_t now_ms, uint32_t node, uint32_t sequence)
{
    /* A clock that is wrong by years must not make an id that is not positive. */
    int64_t ms = now_ms > ID_EPOCH_MS ? now_ms - ID_EPOCH_MS : 1;
    if (ms > LAST_TIME_MS)
        ms = LAST_TIME_MS;
    int64_t node_part = node & ((1u << NODE_BITS) - 1);
    int64_t sequence_part = sequence & ((1u << SEQUENCE_BITS) - 1);
    return ms << TIME_SHIFT | node_part << SEQUENCE_BITS | sequence_part;
}

int64_t id_from_key(struct str playbook_path, struct str key)
{
    struct sha256 h;
    uint8_t digest[32];
    sha256_begin(&h);
    sha256_add(&h, playbook_path.ptr, playbook_path.len);
    sha256_add(&h, "", 1);
    sha256_add(&h, key.ptr, key.len);
    sha256_end(&h, digest);
    uint64_t first = 0;
    for (int i = 0; i < 8; i++)
        first = first << 8 | digest[i];
    return FROM_KEY | (int64_t)(first >> 2);
}

int64_t id_time_ms(int64_t id)
{
    return (id & FROM_KEY) != 0 ? 0 : (id >> TIME_SHIFT) + ID_EPOCH_MS;
}

size_t id_format(int64_t id, char out[ID_TEXT])
{
    return (size_t)snprintf(out, ID_TEXT, "%" PRId64, id);
}

enum status id_parse(struct str text, int64_t *out, struct error *err)
{
    int64_t id;
    /* No zeros in front: ids are compared as text on the wire, so each has one form. */
    if (text.len == 0 || text.ptr[0] == '0' || !str_to_int64(text, &id) || id <= 0)
        return error_set(err, STATUS_INVALID,
                         "\"%" PRISTR "\" is no execution id: it has to be a positive decimal number",
                         ARGSTR(str_head(text, 40)));
    *out = id;
    return STATUS_OK;
}

uint32_t id_partition(int64_t execution_id, uint32_t partitions)
{
    char text[ID_TEXT];
    size_t len = id_format(execution_id, text);
    return partitions > 1 ? fnv1a32((struct str){text, len}) % partitions : 0;
}

/* A letter and a number in decimal; every task has such a name, so it is written by hand. */
static char *put_number(char *to, char letter, uint32_t n)
{
    char digits[10];
    size_t len = 0;
    *to++ = letter;
    do
        digits[len++] = (char)('0' + n % 10);
    while (n /= 10);
    while (len > 0)
        *to++ = digits[--len];
    return to;
}

size_t task_id_format(const struct task_id *id, char out[TASK_ID_TEXT])
{
    char *to = put_number(put_number(out, 's', id->step), 'v', id->visit);
    to = put_number(to, 'a', id->places[0].attempt);
    for (uint32_t k = 1; k <= id->depth; k++) {
        const struct task_place *p = &id->places[k];
        to = put_number(to, 'i', p->item);
        if (p->task > 0)
            to = put_number(to, 't', p->task);
        to = put_number(to, 'a', p->attempt);
    }
    *to = '\0';
    return (size_t)(to - out);
}

/* A letter and a canonical decimal number up to `max`, cut off the front of *rest. */
static bool take_number(struct str *rest, char letter, uint32_t max, uint32_t *out)
{
    uint64_t n = 0;
    size_t i = 1;
    if (rest->len < 2 || rest->ptr[0] != letter)
        return false;
    for (; i < rest->len && rest->ptr[i] >= '0' && rest->ptr[i] <= '9' && n <= max; i++)
        n = n * 10 + (uint64_t)(rest->ptr[i] - '0');
    if (i == 1 || n > max || (rest->ptr[1] == '0' && i > 2))
        return false;
    *rest = (struct str){rest->ptr + i, rest->len - i};
    *out = (uint32_t)n;
    return true;
}

static bool take_place(struct str *rest, struct task_place *place)
{
    if (!take_number(rest, 'i', INT32_MAX, &place->item))
        return false;
    if (rest->len != 0 && rest->ptr[0] == 't' &&
        (!take_number(rest, 't', INT32_MAX, &place->task) || place->task == 0))
        return false;
    return take_number(rest, 'a', UINT32_MAX, &place->attempt) && place->attempt != 0;
}

static bool take_task_id(struct str rest, struct task_id *id)
{
    *id = (struct task_id){0};
    if (!take_number(&rest, 's', UINT32_MAX, &id->step) || !take_number(&rest, 'v', UINT32_MAX, &id->visit) ||
        !take_number(&rest, 'a', UINT32_MAX, &id->places[0].attempt))
        return false;
    while (rest.len != 0 && id->depth + 1 < TASK_ID_DEPTH) {
        if (!take_place(&rest, &id->places[++id->depth]))
            return false;
    }
    return rest.len == 0 && id->visit != 0 && id->places[0].attempt != 0;
}

enum status task_id_parse(struct str text, struct task_id *out, struct error *err)
{
    struct task_id id;
    if (!take_task_id(text, &id))
        return error_set(err, STATUS_INVALID,
                         "\"%" PRISTR "\" is no task id: it has to be like s3v1a2 or s3v1a1i17a1",
                         ARGSTR(str_head(text, TASK_ID_TEXT)));
    *out = id;
    return STATUS_OK;
}

bool is_subject_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return s.len >= 1 && s.len <= 128;
}
