/* Finding filters, tests and functions by name. The tables are in the order of their names. */
#include "builtin.h"

#include "tables.h"

static int find(const struct builtin *table, int count, struct str name)
{
    int low = 0, high = name.len > 0 ? count : 0;
    while (low < high) {
        int middle = (low + high) / 2;
        const char *other = table[middle].name;
        int c = (unsigned char)name.ptr[0] - (unsigned char)other[0]; /* decides most of the time */
        if (c == 0)
            c = str_compare(name, str_of(other));
        if (c == 0)
            return middle;
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

int filter_find(struct str name)
{
    return find(FILTERS, FILTER_COUNT, name);
}

int test_find(struct str name)
{
    return find(TESTS, TEST_COUNT, name);
}

const struct builtin *filter_get(int number)
{
    return &FILTERS[number];
}

const struct builtin *test_get(int number)
{
    return &TESTS[number];
}

const struct builtin *global_find(struct str name)
{
    int number = find(GLOBALS, GLOBAL_COUNT, name);
    return number < 0 ? NULL : &GLOBALS[number];
}
