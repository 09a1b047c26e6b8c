/* Bytes on their way through a stream of a real server, and what becomes of them there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "core/json.h"
#include "publisher/parcel.h"
#include "publisher/topology.h"
#include "servers.h"

enum { CHUNK = 256 << 10 };

static struct servers servers;
static struct bus *bus;
static struct subjects subjects;
static struct arena memory; /* of all tests */

static void must(enum status status, const struct error *err)
{
    char text[2048];
    if (status != STATUS_OK)
        fail_msg("%s", error_text(err, text, sizeof text));
}

static void make_streams(int64_t results_max_age_ms)
{
    struct error err;
    struct topology_options options = {.replicas = 1,
                                       .duplicates_ms = 120000,
                                       .task_ack_wait_ms = 30000,
                                       .results_max_age_ms = results_max_age_ms};
    must(topology_ensure(bus, &subjects, &options, &err), &err);
}

static int start(void **state)
{
    (void)state;
    struct error err;
    arena_init(&memory, 0);
    servers_start_nats(&servers);
    bus = servers_connect(&servers, "test blob");
    must(subjects_init(&subjects, STR("noetl"), 1, &err), &err);
    make_streams(0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    bus_close(&bus);
    servers_stop(&servers);
    arena_free(&memory);
    return 0;
}

/* Bytes of which no two chunks are alike. */
static struct str some_bytes(size_t size, unsigned seed)
{
    char *bytes = arena_alloc(&memory, size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(seed + i / 3 + i % 251);
    return (struct str){bytes, size};
}

static struct blob_ref put(const char *owner, struct str bytes)
{
    struct error err;
    struct blob_ref ref;
    must(blob_put(bus, &subjects, BLOB_RESULTS, owner, bytes, &ref, &err), &err);
    return ref;
}

static enum status get(const struct blob_ref *ref, struct buf *out, struct error *err)
{
    buf_init(out, 0);
    return blob_get(bus, &subjects, ref, out, err);
}

static uint64_t chunks_stored(void)
{
    struct error err;
    struct bus_stream_info info;
    must(bus_stream_info(bus, "NOETL_RESULTS", &info, &err), &err);
    return info.messages;
}

static void bytes_of_any_size_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, 50 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct error err;
        struct buf out;
        struct str bytes = some_bytes(sizes[i], (unsigned)i);
        struct blob_ref ref = put("7", bytes);
        assert_int_equal(ref.size, sizes[i]);
        assert_int_equal(ref.chunks, (sizes[i] + CHUNK - 1) / CHUNK);
        must(get(&ref, &out, &err), &err);
        assert_true(str_equal(buf_str(&out), bytes));
        buf_free(&out);
    }
}

static void the_same_bytes_put_again_are_stored_once(void **state)
{
    (void)state;
    struct str bytes = some_bytes(3 * CHUNK, 100);
    uint64_t before = chunks_stored();
    struct blob_ref one = put("8", bytes), two = put("8", bytes);
    assert_string_equal(one.subject, two.subject);
    assert_int_equal(chunks_stored(), before + 3);
    put("9", bytes); /* another execution's */
    assert_int_equal(chunks_stored(), before + 6);
}

static void publish(const char *subject, struct str payload)
{
    struct error err;
    struct bus_ack ack;
    struct bus_publication p = {.subject = subject, .payload = payload, .give_up_ms = 10000};
    must(bus_publish_wait(bus, &p, &ack, &err), &err);
}

static void damaged_bytes_are_told_from_good_ones(void **state)
{
    (void)state;
    struct error err;
    struct buf out;
    char subject[SUBJECT_MAX + 8];
    struct str bytes = some_bytes(3 * CHUNK, 200);
    struct blob_ref ref = put("10", bytes);
    char *other = arena_alloc(&memory, CHUNK);
    assert_non_null(other);
    memcpy(other, bytes.ptr + CHUNK, CHUNK);
    other[1000] ^= 1;
    snprintf(subject, sizeof subject, "%s.1", ref.subject);
    publish(subject, (struct str){other, CHUNK});
    assert_int_equal(get(&ref, &out, &err), STATUS_INVALID);
    assert_non_null(strstr(err.message, "digest"));
    buf_free(&out);
    publish(subject, STR("short"));
    assert_int_equal(get(&ref, &out, &err), STATUS_INVALID);
    buf_free(&out);
}

static void bytes_that_are_gone_are_named(void **state)
{
    (void)state;
    struct error err;
    struct buf out;
    char subject[SUBJECT_MAX + 8];
    struct str bytes = some_bytes(3 * CHUNK, 300);
    struct blob_ref ref = put("11", bytes);
    snprintf(subject, sizeof subject, "%s.2", ref.subject);
    must(bus_stream_purge(bus, "NOETL_RESULTS", subject, NULL, &err), &err);
    assert_int_equal(get(&ref, &out, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "chunk 3 of 3"));
    assert_non_null(strstr(err.hint, "results.max_age"));
    buf_free(&out);
}

static void chunks_leave_with_their_age(void **state)
{
    (void)state;
    struct error err;
    struct buf out;
    struct str bytes = some_bytes(2 * CHUNK, 400);
    struct blob_ref ref = put("12", bytes);
    make_streams(1000);
    while (chunks_stored() > 0) /* ctest bounds the wait */
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(get(&ref, &out, &err), STATUS_NOT_FOUND);
    buf_free(&out);
    make_streams(0);
    bytes = some_bytes(2 * CHUNK, 401); /* the stream may know the ids of the others for a while yet */
    ref = put("12", bytes);
    must(get(&ref, &out, &err), &err);
    assert_true(str_equal(buf_str(&out), bytes));
    buf_free(&out);
}

static void more_than_the_most_is_refused_at_once(void **state)
{
    (void)state;
    struct error err;
    struct blob_ref ref;
    struct str much = {"", (size_t)BLOB_MAX + 1}; /* is not looked at */
    assert_int_equal(blob_put(bus, &subjects, BLOB_RESULTS, "13", much, &ref, &err), STATUS_LIMIT);
    assert_non_null(strstr(err.message, "268435457"));
}

static void a_stream_that_was_never_made_is_named(void **state)
{
    (void)state;
    struct error err;
    struct blob_ref ref;
    struct subjects other;
    must(subjects_init(&other, STR("nowhere"), 1, &err), &err);
    assert_int_equal(blob_put(bus, &other, BLOB_RESULTS, "1", STR("x"), &ref, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.message, "NOWHERE_RESULTS"));
    assert_non_null(strstr(err.hint, "noetl setup"));
}

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void what_noetl_did_not_make_is_no_reference(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}",
        "7",
        "{\"subject\":\"noetl.results.1." DIGEST "\",\"digest\":\"" DIGEST "\",\"size\":1}",
        "{\"subject\":\"noetl.results.1." DIGEST "\",\"digest\":\"abc\",\"size\":1,\"chunks\":1}",
        "{\"subject\":\"noetl.results.1." DIGEST "\",\"digest\":\"" DIGEST "\",\"size\":0,\"chunks\":0}",
        "{\"subject\":\"noetl.results.1." DIGEST "\",\"digest\":\"" DIGEST "\",\"size\":3,\"chunks\":4}",
        "{\"subject\":\"noetl.results.1." DIGEST "\",\"digest\":\"" DIGEST
        "\",\"size\":9999999999,\"chunks\":1}",
        "{\"subject\":\"noetl.results.*." DIGEST "\",\"digest\":\"" DIGEST "\",\"size\":1,\"chunks\":1}",
        "{\"subject\":\"noetl.tasks.1." DIGEST "\",\"digest\":\"" DIGEST "\",\"size\":1,\"chunks\":1}",
        "{\"subject\":\"other.results.1." DIGEST "\",\"digest\":\"" DIGEST "\",\"size\":1,\"chunks\":1}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct arena a;
        struct error err;
        struct value v;
        struct blob_ref ref;
        struct str text;
        arena_init(&a, 0);
        must(json_read(&a, str_of(wrong[i]), NULL, &v, &err), &err);
        if (blob_ref_from_value(&subjects, v, &ref, &err) != STATUS_INVALID)
            fail_msg("%s is taken", wrong[i]);
        struct str message = arena_printf(&a, "{\"$ref\":%s}", wrong[i]);
        assert_int_equal(parcel_text(bus, &subjects, message, &a, &text, &err), STATUS_INVALID);
        arena_free(&a);
    }
}

static void a_message_that_is_no_reference_is_itself(void **state)
{
    (void)state;
    struct arena a;
    struct error err;
    struct str text, message = STR("{\"event_type\":\"action_completed\",\"$ref\":{}}");
    arena_init(&a, 0);
    must(parcel_text(bus, &subjects, message, &a, &text, &err), &err);
    assert_ptr_equal(text.ptr, message.ptr);
    assert_int_equal(text.len, message.len);
    arena_free(&a);
}

static void the_inline_limit_is_below_what_the_server_takes(void **state)
{
    (void)state;
    struct subjects s = subjects;
    assert_int_equal(parcel_inline_limit(bus, &s), 256 << 10);
    s.inline_limit = 64 << 20;
    assert_true(parcel_inline_limit(bus, &s) < (size_t)bus_max_payload(bus));
    assert_true(parcel_inline_limit(bus, &s) > (size_t)bus_max_payload(bus) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_any_size_come_back),
        cmocka_unit_test(the_same_bytes_put_again_are_stored_once),
        cmocka_unit_test(damaged_bytes_are_told_from_good_ones),
        cmocka_unit_test(bytes_that_are_gone_are_named),
        cmocka_unit_test(chunks_leave_with_their_age),
        cmocka_unit_test(more_than_the_most_is_refused_at_once),
        cmocka_unit_test(a_stream_that_was_never_made_is_named),
        cmocka_unit_test(what_noetl_did_not_make_is_no_reference),
        cmocka_unit_test(a_message_that_is_no_reference_is_itself),
        cmocka_unit_test(the_inline_limit_is_below_what_the_server_takes),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
