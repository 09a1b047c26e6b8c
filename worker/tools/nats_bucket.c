/* The actions of a nats step on a key-value bucket. */
#include "core/event.h"
#include "nats_call.h"

struct entry {
    const char *bucket, *key;
    char stream[BUS_SUBJECT_MAX], subject[BUS_SUBJECT_MAX];
};

static enum status need_entry(const struct nats_call *c, struct entry *e, struct error *err)
{
    TRY(nats_need_text(c, "bucket", &e->bucket, err));
    TRY(nats_need_text(c, "key", &e->key, err));
    if (c->target.is_own)
        TRY(nats_check_own(c->settings, NULL, e->bucket, err));
    return bus_kv_subject(e->bucket, e->key, e->stream, e->subject, err);
}

static enum status no_bucket(const struct entry *e, struct error *err)
{
    error_set(err, STATUS_NOT_FOUND, "there is no bucket");
    error_place(err, "%s", e->bucket);
    return error_hint(err, "\"create: true\" of a kv_put makes it, and so does `nats kv add %s`.", e->bucket);
}

static void begin_data(struct map_builder *map, const struct nats_call *c, const struct entry *e)
{
    map_begin(map, c->arena);
    map_put(map, STR("bucket"), value_text(e->bucket));
    map_put(map, STR("key"), value_text(e->key));
}

/* What is asked for where there is nothing. */
static enum status give_default(struct nats_call *c, const struct entry *e, struct value v, struct error *err)
{
    struct map_builder map;
    begin_data(&map, c, e);
    map_put(&map, STR("value"), v);
    map_put(&map, STR("revision"), value_int(0));
    map_put(&map, STR("created_at"), value_null());
    return map_end(&map, &c->out->data, err);
}

static enum status explain_get(const struct entry *e, enum status s, struct error *err)
{
    if (s != STATUS_NOT_FOUND)
        return s;
    if (str_find(str_of(err->message), STR("10059")) >= 0)
        return no_bucket(e, err);
    return error_hint(err, "With \"default\", that is the value where there is none.");
}

enum status nats_kv_get(struct nats_call *c, struct error *err)
{
    struct entry e;
    struct str bytes;
    uint64_t revision;
    int64_t time_ns;
    char time[32];
    struct map_builder map;
    struct value otherwise = VALUE_GET(c->task->config, "default");
    TRY(need_entry(c, &e, err));
    enum status s = bus_kv_get(c->target.bus, e.bucket, e.key, 0, c->arena, &bytes, &revision, &time_ns, err);
    s = explain_get(&e, s, err);
    if (s == STATUS_NOT_FOUND && !str_is(str_of(err->place), e.bucket) && !value_is_absent(otherwise))
        return give_default(c, &e, otherwise, err);
    TRY(s);
    time_format(time_ns, time);
    begin_data(&map, c, &e);
    TRY(nats_put_value(&map, c->arena, "value", bytes, err));
    map_put(&map, STR("revision"), value_int((int64_t)revision));
    map_put(&map, STR("created_at"), value_text(arena_strdup(c->arena, str_of(time))));
    return map_end(&map, &c->out->data, err);
}

static enum status publish_entry(const struct nats_call *c, const struct entry *e, const char *operation,
                                 const struct nats_message *m, struct bus_ack *ack, struct error *err)
{
    const struct bus_header header = {"KV-Operation", operation};
    const struct bus_publication p = {.subject = e->subject,
                                      .message_id = m->id,
                                      .headers = operation ? &header : NULL,
                                      .header_count = operation != NULL,
                                      .needs_stream = true,
                                      .payload = m->payload,
                                      .give_up_ms = c->timeout_ms};
    return bus_publish_wait(c->target.bus, &p, ack, err);
}

/* Whether the server knows no such bucket; not knowing whether it does is no yes. */
static bool is_missing(const struct nats_call *c, const struct entry *e)
{
    struct bus_stream_info info;
    struct error ignored;
    return bus_is_connected(c->target.bus) &&
           bus_stream_info(c->target.bus, e->stream, &info, &ignored) == STATUS_NOT_FOUND;
}

static bool wants(const struct nats_call *c, const char *key)
{
    struct value v = value_get(c->task->config, str_of(key));
    return v.type == VALUE_BOOL && v.u.b;
}

static enum status kv_write(struct nats_call *c, const char *operation, struct value v, struct error *err)
{
    struct entry e;
    struct nats_message m;
    struct bus_ack ack;
    struct map_builder map;
    TRY(need_entry(c, &e, err));
    TRY(nats_message_read(&m, c->task, v, c->arena, err));
    if (value_is_absent(v) && !operation)
        return error_set(err, STATUS_INVALID, "the action \"kv_put\" needs \"value\"");
    enum status s = publish_entry(c, &e, operation, &m, &ack, err);
    if (s == STATUS_UNAVAILABLE && is_missing(c, &e)) {
        if (operation || !wants(c, "create"))
            return no_bucket(&e, err);
        TRY(bus_kv_ensure(c->target.bus, e.bucket, 1,
                          (uint32_t)settings_int(c->settings, SETTING_NATS_REPLICAS), err));
        s = publish_entry(c, &e, operation, &m, &ack, err);
    }
    TRY(s);
    begin_data(&map, c, &e);
    map_put(&map, STR("revision"), value_int((int64_t)ack.sequence));
    return map_end(&map, &c->out->data, err);
}

enum status nats_kv_put(struct nats_call *c, struct error *err)
{
    return kv_write(c, NULL, VALUE_GET(c->task->config, "value"), err);
}

enum status nats_kv_delete(struct nats_call *c, struct error *err)
{
    return kv_write(c, "DEL", (struct value){.type = VALUE_UNDEFINED}, err);
}
