#include "member.h"

/* Sorted by text. */
static const char *const NAMES[MEMBER_NAMES] = {
    "",
#define X(name, text) text,
#include "member.def"
#undef X
};

const char *member_name(enum member m)
{
    return NAMES[m];
}

enum member member_find(struct str name)
{
    int low = 1, high = MEMBER_NAMES;
    while (low < high) {
        int middle = (low + high) / 2;
        int c = str_compare(name, str_of(NAMES[middle]));
        if (c == 0)
            return (enum member)middle;
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return MEMBER_NONE;
}
