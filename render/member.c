#include "member.h"

/* Sorted by text. */
static const struct str NAMES[MEMBER_NAMES] = {
    {"", 0},
#define X(name, text) {text, sizeof(text) - 1},
#include "member.def"
#undef X
};

/* As str_compare(); the first byte decides most of the time. */
static int compare(struct str a, struct str b)
{
    int c = (unsigned char)a.ptr[0] - (unsigned char)b.ptr[0];
    return c ? c : str_compare(a, b);
}

enum member member_find(struct str name)
{
    int low = 1, high = name.len > 0 ? MEMBER_NAMES : 1;
    while (low < high) {
        int middle = (low + high) / 2;
        int c = compare(name, NAMES[middle]);
        if (c == 0)
            return (enum member)middle;
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return MEMBER_NONE;
}
