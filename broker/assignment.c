#include "assignment.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

/* How much the member wants the partition; UINT32_MAX for `partition` gives a rank among the members. */
static uint64_t weight(struct str member, uint32_t partition)
{
    uint64_t state = (uint64_t)fnv1a32(member) << 32 | partition;
    return splitmix64(&state);
}

static bool wants_more(const struct str *members, size_t a, size_t b, uint32_t partition)
{
    uint64_t wa = weight(members[a], partition), wb = weight(members[b], partition);
    return wa != wb ? wa > wb : str_compare(members[a], members[b]) < 0;
}

/* The even share of each, and one more for as many as there is a rest to share out. */
static void fill_room(const struct str *members, size_t count, uint32_t partitions, uint32_t *room)
{
    size_t rest = partitions % count;
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        for (size_t other = 0; other < count; other++)
            before += other != i && wants_more(members, other, i, UINT32_MAX);
        room[i] = (uint32_t)(partitions / count) + (before < rest);
    }
}

enum status assign_partitions(const struct str *members, size_t member_count, uint32_t *owner,
                              uint32_t partitions, struct error *err)
{
    if (member_count == 0)
        return STATUS_OK;
    uint32_t *room = calloc(member_count, sizeof(*room));
    if (!room)
        return error_set(err, STATUS_NO_MEMORY, "no memory for %zu brokers", member_count);
    fill_room(members, member_count, partitions, room);
    for (uint32_t p = 0; p < partitions; p++) {
        size_t best = member_count;
        for (size_t i = 0; i < member_count; i++) {
            if (room[i] > 0 && (best == member_count || wants_more(members, i, best, p)))
                best = i;
        }
        owner[p] = (uint32_t)best;
        room[best]--;
    }
    free(room);
    return STATUS_OK;
}
