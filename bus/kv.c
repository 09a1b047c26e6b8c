/*
 * Key-value buckets, as every NATS client lays them out: bucket B is the stream KV_B with the subjects
 * $KV.B.<key>, a revision is a stream sequence, and a deletion is an empty message with the header
 * KV-Operation.
 */
#include <inttypes.h>
#include <stdio.h>

#include "ack_subject.h"
#include "internal.h"
#include "collect.h"
#include "core/buf.h"
#include "core/json.h"
#include "header_block.h"

enum { KV_ARENA = 64 << 20, BUCKET_TEXT = 128, LIST_BATCH = 500, FIRST_PROMISE_MS = 30000 };

static bool is_of(struct str text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c && strchr(more, c))))
            return false;
    }
    return text.len > 0;
}

static enum status stream_name(const char *bucket, char out[BUCKET_TEXT], struct error *err)
{
    struct str name = str_of(bucket);
    if (!is_of(name, "_-") || snprintf(out, BUCKET_TEXT, "KV_%s", bucket) >= BUCKET_TEXT)
        return error_set(err, STATUS_INVALID,
                         "\"%.64s\" cannot be the name of a bucket: letters, digits, _ and -", bucket);
    return STATUS_OK;
}

static enum status key_subject(const char *bucket, const char *key, char out[SUBJECT_MAX], struct error *err)
{
    struct str text = str_of(key);
    bool valid = key && is_of(text, "_-/=.") && str_find(text, STR("..")) < 0 && text.ptr[0] != '.' &&
                 text.ptr[text.len - 1] != '.';
    if (!valid || snprintf(out, SUBJECT_MAX, "$KV.%s.%s", bucket, key) >= SUBJECT_MAX)
        return error_set(err, STATUS_INVALID,
                         "\"%.64s\" cannot be a key: letters, digits, and _ - / = . inside", key);
    return STATUS_OK;
}

static enum status not_there(const char *bucket, const char *key, struct error *err)
{
    error_set(err, STATUS_NOT_FOUND, "bucket %s has no key %s", bucket, key);
    return error_place(err, "%s", key);
}

enum status bus_kv_subject(const char *bucket, const char *key, char stream[BUS_SUBJECT_MAX],
                           char subject[BUS_SUBJECT_MAX], struct error *err)
{
    TRY(stream_name(bucket, stream, err));
    return key_subject(bucket, key, subject, err);
}

/* ---- the bucket -------------------------------------------------------------------------------------- */

static enum status bucket_config(struct arena *a, const char *stream, const char *bucket, uint32_t history,
                                 uint32_t replicas, struct value *out, struct error *err)
{
    struct map_builder b;
    struct list_builder subjects;
    struct value list = NO_VALUE;
    struct str subject = arena_printf(a, "$KV.%s.>", bucket);
    if (!subject.ptr)
        return arena_error(a, err, "the configuration of a bucket");
    list_begin(&subjects, a);
    list_add(&subjects, value_str(subject));
    TRY(list_end(&subjects, &list, err));
    map_begin(&b, a);
    map_put(&b, STR("name"), value_text(stream));
    map_put(&b, STR("subjects"), list);
    map_put(&b, STR("retention"), value_text("limits"));
    map_put(&b, STR("storage"), value_text("file"));
    map_put(&b, STR("discard"), value_text("new"));
    map_put(&b, STR("max_msgs_per_subject"), value_int(history > 0 ? history : 1));
    map_put(&b, STR("num_replicas"), value_int(replicas > 0 ? replicas : 1));
    map_put(&b, STR("allow_rollup_hdrs"), value_bool(true));
    map_put(&b, STR("deny_delete"), value_bool(true));
    map_put(&b, STR("allow_direct"), value_bool(true));
    return map_end(&b, out, err);
}

enum status bus_kv_ensure(struct bus *bus, const char *bucket, uint32_t history, uint32_t replicas,
                          struct error *err)
{
    char stream[BUCKET_TEXT];
    struct arena a;
    struct value wanted = NO_VALUE;
    TRY(stream_name(bucket, stream, err));
    arena_init(&a, KV_ARENA);
    enum status status = bucket_config(&a, stream, bucket, history, replicas, &wanted, err);
    if (status == STATUS_OK)
        status = stream_ensure(bus, stream, wanted, &a, err);
    arena_free(&a);
    return status;
}

enum status bus_kv_compare(struct bus *bus, const char *bucket, uint32_t history, uint32_t replicas,
                           struct arena *a, struct str *difference, struct error *err)
{
    char stream[BUCKET_TEXT];
    struct value wanted = NO_VALUE;
    TRY(stream_name(bucket, stream, err));
    TRY(bucket_config(a, stream, bucket, history, replicas, &wanted, err));
    return stream_compare(bus, stream, wanted, a, difference, err);
}

/* ---- values ------------------------------------------------------------------------------------------ */

enum status bus_kv_put(struct bus *bus, const char *bucket, const char *key, struct str value,
                       uint64_t *revision, struct error *err)
{
    char stream[BUCKET_TEXT], subject[SUBJECT_MAX], id[64];
    struct bus_ack ack;
    TRY(stream_name(bucket, stream, err));
    TRY(key_subject(bucket, key, subject, err));
    /* An id of its own makes a repeat after a lost answer the same revision. */
    snprintf(id, sizeof(id), "%s-%" PRIu64, bus->id, (uint64_t)atomic_fetch_add(&bus->ids, 1));
    struct bus_publication p = {
        .subject = subject, .message_id = id, .payload = value, .give_up_ms = 2 * bus->request_timeout_ms};
    TRY(bus_publish_wait(bus, &p, &ack, err));
    if (revision)
        *revision = ack.sequence;
    return STATUS_OK;
}

static bool is_deletion(struct str headers)
{
    struct str operation;
    return header_block_find(headers, STR("KV-Operation"), &operation);
}

static enum status get(struct bus *bus, const char *bucket, const char *key, struct str request,
                       struct arena *a, struct bus_stored *stored, struct error *err)
{
    char stream[BUCKET_TEXT], subject[SUBJECT_MAX];
    struct error local;
    TRY(stream_name(bucket, stream, err));
    TRY(key_subject(bucket, key, subject, err));
    enum status status = stream_stored(bus, stream, request, a, stored, &local);
    /* No message: no such key, or no such revision; no stream is said in the server's words. */
    if (status == STATUS_NOT_FOUND && str_find(str_of(local.message), STR("10059")) < 0)
        return not_there(bucket, key, err);
    if (status != STATUS_OK) {
        if (err)
            *err = local;
        return status;
    }
    /* A revision is a place in the whole bucket: it may be another key's. */
    if (!str_is(stored->subject, subject) || is_deletion(stored->headers))
        return not_there(bucket, key, err);
    return STATUS_OK;
}

enum status bus_kv_get(struct bus *bus, const char *bucket, const char *key, uint64_t revision,
                       struct arena *a, struct str *value, uint64_t *found, int64_t *time_ns,
                       struct error *err)
{
    char subject[SUBJECT_MAX], request[SUBJECT_MAX + 64];
    struct bus_stored stored;
    TRY(key_subject(bucket, key, subject, err)); /* of characters that JSON does not escape */
    int len = revision ? snprintf(request, sizeof(request), "{\"seq\":%" PRIu64 "}", revision)
                       : snprintf(request, sizeof(request), "{\"last_by_subj\":\"%s\"}", subject);
    TRY(get(bus, bucket, key, (struct str){request, (size_t)len}, a, &stored, err));
    *value = stored.payload;
    if (found)
        *found = stored.sequence;
    if (time_ns)
        *time_ns = stored.time_ns;
    return STATUS_OK;
}

/* ---- lists of keys and of revisions
 * -------------------------------------------------------------------------------- */

struct listing {
    struct arena *arena;
    struct list_builder keys;
    size_t prefix;  /* bytes before the key in a subject */
    uint64_t left;  /* messages that the consumer has to give */
    uint32_t batch; /* of them, asked for and not yet come */
    bool broken;    /* the consumer said that it gives no more, before its end */
};

static void add_key(struct listing *l, natsMsg *msg, const struct ack_subject *ack)
{
    struct map_builder b;
    struct value entry;
    const char *subject = natsMsg_GetSubject(msg);
    if (strlen(subject) <= l->prefix || wire_header(msg, "KV-Operation"))
        return;
    const char *key = arena_strdup(l->arena, str_of(subject + l->prefix));
    map_begin(&b, l->arena);
    map_put(&b, STR("key"), value_text(key));
    map_put(&b, STR("revision"), value_int((int64_t)ack->stream_sequence));
    map_put(&b, STR("created_ns"), value_int(ack->time_ns));
    if (key && map_end(&b, &entry, NULL) == STATUS_OK)
        list_add(&l->keys, entry);
    else
        l->keys.failed = true;
}

static bool take_key(void *context, natsMsg *msg)
{
    struct listing *l = context;
    struct ack_subject ack;
    const char *reply = natsMsg_GetReply(msg);
    if (!reply || !ack_subject_parse(str_of(reply), &ack)) {
        l->broken = true; /* a status */
        return false;
    }
    add_key(l, msg, &ack);
    l->left = ack.pending;
    l->batch--;
    return l->batch > 0 && l->left > 0;
}

/* Which messages of a bucket are listed. */
struct choice {
    const char *policy; /* "last_per_subject", "all" */
    const char *filter; /* of their subjects */
};

/*
 * A consumer without the payloads. A server takes "last per subject" only with a filter; the verb without a
 * name does not repeat it, and the server makes the name up.
 */
static enum status make_lister(struct bus *bus, const char *stream, const struct choice *choice,
                               struct arena *a, struct listing *l, const char **name, struct error *err)
{
    char verb[SUBJECT_MAX], body[SUBJECT_MAX + 512];
    struct value v = NO_VALUE;
    snprintf(verb, sizeof(verb), "CONSUMER.CREATE.%s", stream);
    int len = snprintf(body, sizeof(body),
                       "{\"stream_name\":\"%s\",\"config\":{\"deliver_policy\":\"%s\","
                       "\"filter_subject\":\"%s\",\"ack_policy\":\"none\",\"headers_only\":true,"
                       "\"mem_storage\":true,\"num_replicas\":1,\"inactive_threshold\":%" PRId64 "}}",
                       stream, choice->policy, choice->filter, FIRST_PROMISE_MS * NS_PER_MS);
    TRY(bus_api(bus, verb, (struct str){body, (size_t)len}, a, &v, err));
    struct value pending = VALUE_GET(v, "num_pending");
    l->left = pending.type == VALUE_INT && pending.u.i > 0 ? (uint64_t)pending.u.i : 0;
    *name = arena_strdup(a, value_as_str(VALUE_GET(v, "name")));
    return *name ? STATUS_OK : arena_error(a, err, "the list of keys");
}

static enum status gather_keys(struct bus *bus, const char *stream, const char *name, struct listing *l,
                               struct error *err)
{
    char subject[SUBJECT_MAX], body[128];
    snprintf(subject, sizeof(subject), "$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, name);
    while (l->left > 0 && !l->broken) {
        l->batch = l->left < LIST_BATCH ? (uint32_t)l->left : LIST_BATCH;
        int len = snprintf(body, sizeof(body), "{\"batch\":%u,\"expires\":%" PRId64 "}", l->batch,
                           bus->request_timeout_ms * NS_PER_MS);
        TRY(collect(bus, subject, (struct str){body, (size_t)len}, bus->request_timeout_ms, take_key, l,
                    err));
    }
    return l->broken ? error_set(err, STATUS_UNAVAILABLE, "the list of keys in %s broke off", stream)
                     : STATUS_OK;
}

static enum status list(struct bus *bus, const char *bucket, const char *stream, const struct choice *choice,
                        struct arena *a, struct value *out, struct error *err)
{
    char verb[SUBJECT_MAX];
    const char *name;
    struct listing l = {.arena = a, .prefix = strlen("$KV..") + strlen(bucket)};
    struct value ignored = NO_VALUE;
    list_begin(&l.keys, a);
    TRY(make_lister(bus, stream, choice, a, &l, &name, err));
    TRY(gather_keys(bus, stream, name, &l, err));
    snprintf(verb, sizeof(verb), "CONSUMER.DELETE.%s.%s", stream, name);
    if (bus_api(bus, verb, STR(""), a, &ignored, NULL) != STATUS_OK) {
        /* It ends by itself when nobody has asked it for a while. */
    }
    return list_end(&l.keys, out, err);
}

enum status bus_kv_keys(struct bus *bus, const char *bucket, struct arena *a, struct value *out,
                        struct error *err)
{
    char stream[BUCKET_TEXT], filter[SUBJECT_MAX];
    struct choice choice = {"last_per_subject", filter};
    TRY(stream_name(bucket, stream, err));
    snprintf(filter, sizeof(filter), "$KV.%s.>", bucket);
    return list(bus, bucket, stream, &choice, a, out, err);
}

enum status bus_kv_revisions(struct bus *bus, const char *bucket, const char *key, struct arena *a,
                             struct value *out, struct error *err)
{
    char stream[BUCKET_TEXT], subject[SUBJECT_MAX];
    struct choice choice = {"all", subject};
    TRY(stream_name(bucket, stream, err));
    TRY(key_subject(bucket, key, subject, err));
    return list(bus, bucket, stream, &choice, a, out, err);
}
