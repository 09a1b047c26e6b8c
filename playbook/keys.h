/* Which keys may stand where: keys.def as functions. */
#ifndef PLAYBOOK_KEYS_H
#define PLAYBOOK_KEYS_H

#include "playbook.h"
#include "ynode.h"

struct compilation;

/* Sets of keys; KEYS_TYPE + t has those of a step's type. A later set's rule wins over an earlier one's. */
enum key_set {
    KEYS_ROOT,
    KEYS_METADATA,
    KEYS_STEP,
    KEYS_ACTION,
    KEYS_TASK,
    KEYS_LOOP,
    KEYS_WORK,
    KEYS_ENTRY,
    KEYS_ON_ERROR,
    KEYS_RETRY,
    KEYS_ASSERT,
    KEYS_SAVE,
    KEYS_SAVE_ROWS,
    KEYS_TYPE,
};

enum key_kind {
    KIND_TEXT = 1,
    KIND_NUMBER = 2,
    KIND_BOOL = 4,
    KIND_MAP = 8,
    KIND_LIST = 16,
    KIND_TEMPLATE = 32,
    KIND_ANY = 64,
};

enum key_flag {
    KEY_REQUIRED = 1,
    KEY_OLDER = 2,
    KEY_BASE64 = 4,
    KEY_VERBATIM = 8,
    KEY_CONFIG = 16,
};

struct key_rule {
    uint32_t set;
    const char *name;
    const char *means; /* the key that it is a spelling of: itself, or another */
    uint32_t kinds, flags;
};

struct field {
    const struct key_rule *rule;
    const struct child *child;
    bool usable; /* its value is of a right kind; there was an error about it otherwise */
};

struct fields {
    struct field *items;
    uint32_t count;
};

/* The bit of a set, for keys_read(). */
static inline uint64_t keys_bit(unsigned set)
{
    return UINT64_C(1) << set;
}

/*
 * Looks at every key of a map: unknown ones, those of the wrong kind, two spellings of one, required ones
 * that are missing and older spellings become diagnostics. `x-` keys are passed over, and those without a
 * value. With `free_keys` every other key is welcome too. `what` names the map in messages: "step fetch".
 */
void keys_read(struct compilation *c, const struct ynode *map, uint64_t sets, bool free_keys,
               const char *what, struct fields *out);
/* The usable value of a key, under any of its spellings; NULL if there is none. */
const struct child *fields_get(const struct fields *f, const char *key);
/* Whether the key is there, usable or not. */
bool fields_has(const struct fields *f, const char *key);
/* The text of a key, or "". */
struct str fields_text(const struct fields *f, const char *key);
/* Whether the set has the key. */
bool keys_has(enum key_set set, struct str key);
/* The first type of a tool that has the key; STEP_NONE if none has. */
enum step_type keys_find_type(struct str key);
/* Checks that a value is of the kinds; false after a diagnostic, or if it had one. */
bool keys_check_kind(struct compilation *c, const struct child *child, uint32_t kinds, const char *what);

#endif
