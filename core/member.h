/* Of this room only: taking the members of a JSON form, with messages that name the member. */
#ifndef CORE_MEMBER_H
#define CORE_MEMBER_H

#include "value.h"

struct member_reader {
    struct value map;
    const char *thing; /* what the map says: "event" */
    struct error *err;
};

enum status member_check_map(const struct member_reader *r) MUST_CHECK;
/* An execution's id; it has to be there. */
enum status member_id(const struct member_reader *r, const char *name, int64_t *out) MUST_CHECK;
/* Absent or null: "", unless it is required; then it may not be empty either. */
enum status member_text(const struct member_reader *r, const char *name, bool required,
                        struct str *out) MUST_CHECK;
/* From `min`; absent or null counts as 0. */
enum status member_uint32(const struct member_reader *r, const char *name, uint32_t min,
                          uint32_t *out) MUST_CHECK;
enum status member_int64(const struct member_reader *r, const char *name, int64_t min,
                         int64_t *out) MUST_CHECK;
/* Absent: an empty map. */
enum status member_map(const struct member_reader *r, const char *name, struct value *out) MUST_CHECK;
/* May be absent. */
enum status member_list(const struct member_reader *r, const char *name, struct value *out) MUST_CHECK;

#endif
