/* Words that mean something: names in templates, and the values that a key takes. */
#include "compile.h"

#include "core/utf8.h"

enum { MOST_WORDS = 16 };

static bool is_in(struct str word, const char *words)
{
    struct str rest = str_of(words);
    while (rest.len) {
        if (str_equal(str_split(&rest, ' '), word))
            return true;
    }
    return false;
}

bool is_template_name(struct str s)
{
    for (size_t at = 0; at < s.len;) {
        bool first = at == 0;
        int32_t c = utf8_next(s, &at);
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (!letter && (first || c < '0' || c > '9'))
            return false;
    }
    return s.len > 0 && !is_in(s, "true false none True False None and or not in is if else");
}

bool reserved_check(struct compilation *c, struct str name, struct position at, const char *wanted)
{
    if (!is_in(name,
               "workload work context results execution_id job env result this data error success status "
               "attempt _loop"))
        return false;
    diagnostics_add(c->diagnostics, DIAGNOSTIC_RESERVED_NAME, at,
                    "\"%" PRISTR "\" means something else in templates, where %s is wanted", ARGSTR(name),
                    wanted);
    return true;
}

/* ---- names that hide each other ---------------------------------------------------------------
 * From the innermost: an item's names, steps, saved names, the workload's keys.
 */

static bool is_step(const struct compilation *c, struct str name)
{
    return playbook_find_step(c->playbook, name) >= 0;
}

static void check_saved(struct compilation *c, const struct draft_save *save)
{
    if (is_step(c, save->name))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_SHADOWED_NAME, save->name_at,
                        "the step \"%" PRISTR "\" hides the saved name in templates", ARGSTR(save->name));
    else if (!value_is_absent(value_get(c->playbook->workload, save->name)))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_SHADOWED_NAME, save->name_at,
                        "the saved name \"%" PRISTR "\" hides the workload key of that name in templates",
                        ARGSTR(save->name));
}

static void check_item_name(struct compilation *c, struct str name, struct position at)
{
    if (is_step(c, name))
        diagnostics_add(c->diagnostics, DIAGNOSTIC_SHADOWED_NAME, at,
                        "\"%" PRISTR "\" of an item hides the step of that name in the tasks of the iterator",
                        ARGSTR(name));
}

static void check_iterator(struct compilation *c, struct draft_iterator *it)
{
    check_item_name(c, it->values.element, it->element_at);
    if (it->values.enumerate)
        check_item_name(c, STR("index"), it->enumerate_at);
    if (it->has_chunk)
        check_item_name(c, STR("batch"), it->chunk_at);
    for (uint32_t i = 0; i < it->task_count; i++)
        names_check(c, &it->tasks[i]);
}

void names_check(struct compilation *c, struct draft_action *action)
{
    for (uint32_t i = 0; i < action->save_count; i++) {
        struct draft_save *save = &action->saves[i];
        if (save->target == SAVE_VARIABLE && save->name.len && !save->names_checked)
            check_saved(c, save);
        save->names_checked = true;
    }
    if (!action->iterator || action->iterator->names_checked)
        return;
    action->iterator->names_checked = true;
    check_iterator(c, action->iterator);
}

/* ---- words ------------------------------------------------------------------------------------ */

int word_read(struct compilation *c, const struct child *child, const char *const *words, const char *what)
{
    struct str text = value_as_str(child->node->value), candidates[MOST_WORDS];
    size_t count = 0;
    for (; words[count]; count++) {
        candidates[count] = str_of(words[count]);
        if (str_is(text, words[count]))
            return (int)count;
    }
    struct str near = str_nearest(text, candidates, count);
    diagnostics_add(c->diagnostics, DIAGNOSTIC_BAD_VALUE, child->node->at,
                    "\"%" PRISTR "\" of %s cannot be \"%" PRISTR "\"", ARGSTR(child->key), what,
                    ARGSTR(text));
    if (near.len)
        diagnostics_hint(c->diagnostics, "did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return -1;
}
