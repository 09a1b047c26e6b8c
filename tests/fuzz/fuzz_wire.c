/* The parsers of ack subjects and of stored headers: any bytes, no harm; what they give lies inside the
 * input. */
#include <assert.h>

#include "bus/ack_subject.h"
#include "bus/header_block.h"

static int is_inside(struct str part, struct str whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size}, value;
    struct ack_subject ack;
    if (ack_subject_parse(text, &ack))
        assert(is_inside(ack.stream, text) && is_inside(ack.consumer, text));
    if (header_block_find(text, STR("KV-Operation"), &value))
        assert(is_inside(value, text));
    return 0;
}
