#include "blob.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>

enum {
    CHUNK_BYTES = 256 << 10,
    SMALL_CHUNK_BYTES = 32 << 10, /* for servers that take no messages of the larger ones */
    HEADERS_BYTES = 2048,
    UNDERWAY_MAX = 16, /* chunks that are sent and not acknowledged: what a put takes beyond the bytes */
    GIVE_UP_MS = 10000,
};

static const struct {
    const char *word;
    enum stream_id stream;
} STORES[] = {[BLOB_RESULTS] = {"results", STREAM_RESULTS}, [BLOB_EXCHANGE] = {"exchange", STREAM_EXCHANGE}};

enum { STORES_COUNT = sizeof STORES / sizeof STORES[0] };

/* libcrypto's is several times as fast as core's, and tens of megabytes come through here. */
static enum status digest_of(struct str bytes, char out[65], struct error *err)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(bytes.ptr, bytes.len, hash, &len, EVP_sha256(), NULL) != 1 || len != 32)
        return error_set(err, STATUS_INTERNAL, "libcrypto does not compute SHA-256");
    for (unsigned i = 0; i < len; i++)
        snprintf(out + (size_t)2 * i, 3, "%02x", hash[i]);
    return STATUS_OK;
}

/* ---- putting ------------------------------------------------------------------------------------------ */

/* One put, on the stack of whoever waits for it. */
struct putting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t underway;
    struct error error; /* the first; STATUS_OK: none */
};

/* On a thread of the connection. */
static void stored(void *context, const struct bus_ack *ack, const struct error *err)
{
    (void)ack;
    struct putting *p = context;
    pthread_mutex_lock(&p->lock);
    if (err && p->error.status == STATUS_OK)
        p->error = *err;
    p->underway--;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* Waits until at most `most` chunks are underway; false when one has failed. */
static bool wait_for_room(struct putting *p, uint32_t most)
{
    pthread_mutex_lock(&p->lock);
    while (p->underway > most)
        pthread_cond_wait(&p->changed, &p->lock);
    bool good = p->error.status == STATUS_OK;
    pthread_mutex_unlock(&p->lock);
    return good;
}

static void note_start(struct putting *p, int change)
{
    pthread_mutex_lock(&p->lock);
    p->underway += (uint32_t)change;
    pthread_mutex_unlock(&p->lock);
}

static enum status send_chunk(struct bus *bus, struct putting *p, const struct blob_ref *ref, uint32_t number,
                              struct str bytes, struct error *err)
{
    char subject[SUBJECT_MAX + 16];
    snprintf(subject, sizeof subject, "%s.%" PRIu32, ref->subject, number);
    struct bus_publication chunk = {.subject = subject,
                                    .message_id = subject,
                                    .payload = bytes,
                                    .give_up_ms = GIVE_UP_MS,
                                    .done = stored,
                                    .context = p};
    note_start(p, 1);
    enum status status = bus_publish_async(bus, &chunk, err);
    if (status != STATUS_OK)
        note_start(p, -1);
    return status;
}

static enum status send_chunks(struct bus *bus, struct putting *p, const struct blob_ref *ref,
                               struct str bytes, size_t chunk_bytes, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t n = 0; n < ref->chunks && status == STATUS_OK; n++) {
        size_t at = n * chunk_bytes, left = bytes.len - at;
        struct str chunk = {bytes.ptr + at, left < chunk_bytes ? left : chunk_bytes};
        if (!wait_for_room(p, UNDERWAY_MAX - 1))
            break;
        status = send_chunk(bus, p, ref, n, chunk, err);
    }
    if (!wait_for_room(p, 0) && status == STATUS_OK) {
        *err = p->error;
        status = p->error.status;
    }
    return status;
}

/* Nobody answers on the subjects of a stream that was never made, as while the server is away. Who may not
 * ask has to trust that it is there. */
static enum status check_stream(struct bus *bus, const char *stream, struct error *err)
{
    struct bus_stream_info info;
    struct error why;
    if (bus_stream_info(bus, stream, &info, &why) != STATUS_NOT_FOUND)
        return STATUS_OK;
    error_set(err, STATUS_NOT_FOUND, "there is no stream %s, which large data go through", stream);
    return error_hint(err, "`noetl setup` makes it.");
}

static size_t chunk_size(struct bus *bus)
{
    return bus_max_payload(bus) >= CHUNK_BYTES + HEADERS_BYTES ? CHUNK_BYTES : SMALL_CHUNK_BYTES;
}

enum status blob_put(struct bus *bus, const struct subjects *s, enum blob_store store, const char *owner,
                     struct str bytes, struct blob_ref *out, struct error *err)
{
    char stream[96];
    size_t chunk_bytes = chunk_size(bus);
    struct putting p = {.error = {.status = STATUS_OK}};
    if (bytes.len > BLOB_MAX) {
        error_set(err, STATUS_LIMIT, "it has %zu bytes, and at most %d travel from one part to another",
                  bytes.len, (int)BLOB_MAX);
        return error_hint(err, "Pass less on, or keep the data elsewhere and pass its name on.");
    }
    *out = (struct blob_ref){.size = bytes.len,
                             .chunks = (uint32_t)((bytes.len + chunk_bytes - 1) / chunk_bytes)};
    TRY(digest_of(bytes, out->digest, err));
    snprintf(out->subject, sizeof out->subject, "%s.%s.%s.%s", s->prefix, STORES[store].word, owner,
             out->digest);
    stream_name(s, STORES[store].stream, stream);
    TRY(check_stream(bus, stream, err));
    pthread_mutex_init(&p.lock, NULL);
    pthread_cond_init(&p.changed, NULL);
    enum status status = send_chunks(bus, &p, out, bytes, chunk_bytes, err);
    pthread_cond_destroy(&p.changed);
    pthread_mutex_destroy(&p.lock);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_LIMIT) /* full: it may have room later */
        err->status = STATUS_UNAVAILABLE;
    return error_wrap(err, "storing %zu bytes on the stream %s", bytes.len, stream);
}

/* ---- getting ------------------------------------------------------------------------------------------ */

/* The store of a reference's subject; STORES_COUNT if it is of none. */
static size_t store_of(const struct subjects *s, const struct blob_ref *ref)
{
    char start[96];
    size_t i = 0;
    for (; i < STORES_COUNT; i++) {
        snprintf(start, sizeof start, "%s.%s.", s->prefix, STORES[i].word);
        if (str_starts_with(str_of(ref->subject), str_of(start)))
            break;
    }
    return i;
}

static enum status gone(const struct blob_ref *ref, uint32_t number, const char *stream, struct error *err)
{
    error_set(err, STATUS_NOT_FOUND,
              "chunk %" PRIu32 " of %" PRIu32 " is not on the stream %s (any more); the whole had %" PRIu64
              " bytes",
              number + 1, ref->chunks, stream, ref->size);
    error_place(err, "%s", ref->subject);
    return error_hint(err, "The stream keeps them for results.max_age: raise it if executions take longer.");
}

static enum status damaged(const struct blob_ref *ref, const char *stream, struct error *err)
{
    error_set(err, STATUS_INVALID,
              "what the stream %s has is not what was stored: its digest differs (%" PRIu64 " bytes)", stream,
              ref->size);
    return error_place(err, "%s", ref->subject);
}

static enum status get_chunk(struct bus *bus, const char *stream, const struct blob_ref *ref, uint32_t number,
                             struct arena *scratch, struct buf *out, struct error *err)
{
    char subject[SUBJECT_MAX + 16];
    struct bus_stored chunk;
    snprintf(subject, sizeof subject, "%s.%" PRIu32, ref->subject, number);
    enum status status = bus_stream_last(bus, stream, subject, scratch, &chunk, err);
    if (status == STATUS_NOT_FOUND)
        return gone(ref, number, stream, err);
    TRY(status);
    buf_add_str(out, chunk.payload);
    return buf_status(out, err);
}

enum status blob_get(struct bus *bus, const struct subjects *s, const struct blob_ref *ref, struct buf *out,
                     struct error *err)
{
    char stream[96], digest[65];
    struct arena scratch;
    size_t start = out->len;
    enum status status = STATUS_OK;
    stream_name(s, STORES[store_of(s, ref) % STORES_COUNT].stream, stream);
    /* All at once, since it is known: growing by doubling would take twice as much. */
    if (!buf_reserve(out, (size_t)ref->size))
        return buf_status(out, err);
    arena_init(&scratch, 0);
    for (uint32_t n = 0; n < ref->chunks && status == STATUS_OK; n++) {
        status = out->len - start > ref->size ? damaged(ref, stream, err)
                                              : get_chunk(bus, stream, ref, n, &scratch, out, err);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    TRY(status);
    TRY(digest_of((struct str){out->data + start, out->len - start}, digest, err));
    return strcmp(digest, ref->digest) == 0 ? STATUS_OK : damaged(ref, stream, err);
}

/* ---- references --------------------------------------------------------------------------------------- */

enum status blob_ref_to_value(struct arena *a, const struct blob_ref *ref, struct value *out,
                              struct error *err)
{
    struct map_builder m;
    const char *subject = arena_strdup(a, str_of(ref->subject)),
               *digest = arena_strdup(a, str_of(ref->digest));
    if (!subject || !digest)
        return arena_error(a, err, "a reference");
    map_begin(&m, a);
    map_put(&m, STR("subject"), value_text(subject));
    map_put(&m, STR("digest"), value_text(digest));
    map_put(&m, STR("size"), value_int((int64_t)ref->size));
    map_put(&m, STR("chunks"), value_int(ref->chunks));
    return map_end(&m, out, err);
}

static bool number_in(struct value v, int64_t least, int64_t most)
{
    return v.type == VALUE_INT && v.u.i >= least && v.u.i <= most;
}

/* No wildcards, no spaces, and the digest at its end. */
static bool is_chunk_subject(struct str subject, struct str digest)
{
    if (subject.len >= SUBJECT_MAX || digest.len != 64 || !str_ends_with(subject, digest))
        return false;
    for (size_t i = 0; i < subject.len; i++) {
        char c = subject.ptr[i];
        if (c <= ' ' || c == '*' || c == '>' || c == 127)
            return false;
    }
    return true;
}

enum status blob_ref_from_value(const struct subjects *s, struct value v, struct blob_ref *out,
                                struct error *err)
{
    struct str subject = value_as_str(VALUE_GET(v, "subject")), digest = value_as_str(VALUE_GET(v, "digest"));
    struct value size = VALUE_GET(v, "size"), chunks = VALUE_GET(v, "chunks");
    *out = (struct blob_ref){0};
    if (is_chunk_subject(subject, digest) && number_in(size, 1, BLOB_MAX) && number_in(chunks, 1, size.u.i)) {
        snprintf(out->subject, sizeof out->subject, "%" PRISTR, ARGSTR(subject));
        snprintf(out->digest, sizeof out->digest, "%" PRISTR, ARGSTR(digest));
        out->size = (uint64_t)size.u.i;
        out->chunks = (uint32_t)chunks.u.i;
        if (store_of(s, out) < STORES_COUNT)
            return STATUS_OK;
    }
    error_set(err, STATUS_INVALID, "the message's \"$ref\" is no reference to large data");
    return error_hint(err,
                      "A reference is {\"subject\", \"digest\", \"size\", \"chunks\"}, as noetl makes them.");
}
