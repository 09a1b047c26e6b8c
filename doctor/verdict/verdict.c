#include "verdict.h"

static const struct {
    const char *name;
    enum gravity gravity;
    enum verdict_repair repair;
    const char *doc;
} VERDICTS[] = {
#define V(id, name, gravity, repair, doc) {name, GRAVITY_##gravity, VERDICT_REPAIR_##repair, doc},
#include "verdict.def"
#undef V
};

const char *verdict_name(enum verdict v)
{
    return VERDICTS[v].name;
}

enum gravity verdict_gravity(enum verdict v)
{
    return VERDICTS[v].gravity;
}

enum verdict_repair verdict_repair(enum verdict v)
{
    return VERDICTS[v].repair;
}

const char *verdict_doc(enum verdict v)
{
    return VERDICTS[v].doc;
}

const char *gravity_name(enum gravity s)
{
    static const char *const NAMES[] = {
        [GRAVITY_WELL] = "well", [GRAVITY_WAITS] = "waits", [GRAVITY_TROUBLE] = "trouble"};
    return NAMES[s];
}
