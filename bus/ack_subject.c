#include "ack_subject.h"

enum { SHORT_TOKENS = 9, LONG_TOKENS = 11, MOST_TOKENS = 16 };

static bool to_uint64(struct str s, uint64_t *out)
{
    uint64_t n = 0;
    if (s.len == 0 || s.len > 20)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(s.ptr[i] - '0'), &n))
            return false;
    }
    *out = n;
    return true;
}

static bool read_numbers(const struct str *tokens, struct ack_subject *out)
{
    return to_uint64(tokens[0], &out->deliveries) && to_uint64(tokens[1], &out->stream_sequence) &&
           to_uint64(tokens[2], &out->consumer_sequence) && str_to_int64(tokens[3], &out->time_ns) &&
           to_uint64(tokens[4], &out->pending);
}

bool ack_subject_parse(struct str subject, struct ack_subject *out)
{
    struct str tokens[MOST_TOKENS];
    size_t count = 0;
    if (!str_starts_with(subject, STR("$JS.ACK.")))
        return false;
    while (subject.len > 0 && count < MOST_TOKENS)
        tokens[count++] = str_split(&subject, '.');
    /* The long form has the domain and the account before the stream, and may grow at its end. */
    size_t stream = count == SHORT_TOKENS ? 2 : 4;
    if (count != SHORT_TOKENS && count < LONG_TOKENS)
        return false;
    out->stream = tokens[stream];
    out->consumer = tokens[stream + 1];
    return out->stream.len > 0 && out->consumer.len > 0 && read_numbers(tokens + stream + 2, out);
}
