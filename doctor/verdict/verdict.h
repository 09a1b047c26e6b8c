/* The kinds of findings, from verdict.def: what `noetl doctor` may say of a thing. */
#ifndef VERDICT_VERDICT_H
#define VERDICT_VERDICT_H

enum gravity { GRAVITY_WELL, GRAVITY_WAITS, GRAVITY_TROUBLE };
enum verdict_repair {
    VERDICT_REPAIR_NONE,
    VERDICT_REPAIR_SETUP,
    VERDICT_REPAIR_LOOK,
    VERDICT_REPAIR_STRANDED
};

enum verdict {
#define V(id, name, gravity, repair, doc) VERDICT_##id,
#include "verdict.def"
#undef V
    VERDICT_COUNT
};

/* "no_worker": it does not change, and scripts may rely on it. */
const char *verdict_name(enum verdict v);
/* "well", "waits", "trouble" */
const char *gravity_name(enum gravity s);
enum gravity verdict_gravity(enum verdict v);
/* What --fix does about it. */
enum verdict_repair verdict_repair(enum verdict v);
/* What it means, as one sentence without its full stop. */
const char *verdict_doc(enum verdict v);

#endif
