/* What a playbook may say of a tool, the worker's tool takes: no step fails for a key that lint was content
 * with. */
#include "check.h"
#include "playbook/playbook.h"
#include "worker/tool.h"

enum { REQUIRED = 0, OLDER = 0, BASE64 = 0, VERBATIM = 1, CONFIG = 1 };

/* The keys that are handed to tools, under the names by which they are. */
static const struct {
    const char *set, *key;
    int handed;
} KEYS[] = {
#define X(set, key, means, kinds, flags) {#set, sizeof(means) > 1 ? (means) : (key), (flags)},
#include "playbook/keys.def"
#undef X
};

static const struct {
    const char *set, *word;
} TYPES[] = {
#define X(name, word, tool, doc) {#name, word},
#include "playbook/step_type.def"
#undef X
};

static bool takes(const struct tool *tool, const char *key)
{
    for (const char *const *k = tool->keys; *k; k++) {
        if (strcmp(*k, key) == 0)
            return true;
    }
    return false;
}

static void check_tool(const char *set, const struct tool *tool)
{
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if (strcmp(KEYS[i].set, set) == 0 && KEYS[i].handed && !takes(tool, KEYS[i].key))
            fail_msg("the tool %s does not take \"%s\"", tool->name, KEYS[i].key);
    }
}

static void tools_take_the_keys_of_their_type(void **state)
{
    (void)state;
    int found = 0;
    for (size_t t = 0; t < sizeof TYPES / sizeof *TYPES; t++) {
        const struct tool *tool = TYPES[t].word[0] ? tool_find(str_of(TYPES[t].word)) : NULL;
        if (tool)
            check_tool(TYPES[t].set, tool);
        found += tool != NULL;
    }
    assert_true(found >= 5);
}

static void tools_that_log_in_take_auth(void **state)
{
    (void)state;
    assert_true(takes(tool_find(STR("http")), "auth"));
    assert_true(takes(tool_find(STR("postgres")), "auth"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tools_take_the_keys_of_their_type),
        cmocka_unit_test(tools_that_log_in_take_auth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
