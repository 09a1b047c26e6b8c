/* The names of attributes and methods as numbers, so that finding a method compares no strings. */
#ifndef RENDER_MEMBER_H
#define RENDER_MEMBER_H

#include "core/str.h"

enum member {
    MEMBER_NONE,
#define X(name, text) MEMBER_##name,
#include "member.def"
#undef X
    MEMBER_NAMES
};

/* MEMBER_NONE for a name that no value has. */
enum member member_find(struct str name);

#endif
