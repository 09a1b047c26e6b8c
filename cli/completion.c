#include "completion.h"

#include "core/event.h"

struct finder {
    const char *const *words;
    size_t count;
    struct arena *arena;
    completion_add *add;
    void *context;
    struct completion *out;
    const struct command *command;
    size_t positional; /* how many arguments of the command stand before the last word */
    bool only_positional;
};

/* ---- candidates --------------------------------------------------------------------------------------- */

static void offer(struct finder *f, struct str word, const char *doc)
{
    if (!str_starts_with(word, f->out->rest))
        return;
    struct str whole = arena_printf(f->arena, "%" PRISTR "%" PRISTR, ARGSTR(f->out->prefix), ARGSTR(word));
    if (whole.ptr)
        f->add(f->context, whole, str_of(doc));
}

/* "table|json|jsonl": words that are meant as they stand, which those in capitals are not. */
static bool is_choice(struct str value)
{
    bool has_bar = false;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] >= 'A' && value.ptr[i] <= 'Z')
            return false;
        has_bar = has_bar || value.ptr[i] == '|';
    }
    return has_bar;
}

static void offer_choice(struct finder *f, struct str value)
{
    while (value.len > 0)
        offer(f, str_split(&value, '|'), "");
}

static void offer_settings(struct finder *f, const char *after)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        struct str name = arena_printf(f->arena, "%s%s", setting_name((enum setting)i), after);
        if (name.ptr)
            offer(f, name, setting_doc((enum setting)i));
    }
}

static void offer_commands(struct finder *f)
{
    for (const struct command *c = COMMANDS; c->name; c++) {
        struct str rest = str_of(c->name), first = str_split(&rest, ' ');
        if (!command_is_hidden(c))
            offer(f, first, c->summary);
    }
}

static void offer_flags(struct finder *f)
{
    const struct flag *tables[ARGS_TABLES];
    size_t count = args_flag_tables(f->command, tables);
    for (size_t i = 0; i < count; i++) {
        for (const struct flag *flag = tables[i]; flag->name; flag++) {
            struct str name = arena_printf(f->arena, "--%s", flag->name);
            if (name.ptr)
                offer(f, name, flag->doc);
        }
    }
}

/* ---- by what a value or an argument is called in help ---------------------------------------------------
 */

struct called {
    const char *name;
    enum completion_kind kind;
};
static const struct called CALLED[] = {
    {"ID", COMPLETE_EXECUTIONS}, {"FILE|PATH", COMPLETE_PLAYBOOKS}, {"PATH", COMPLETE_PATHS},
    {"DIR", COMPLETE_FOLDERS},   {"FILE", COMPLETE_FILES},          {"ID|FILE", COMPLETE_EXECUTIONS},
    {"FILE|-", COMPLETE_FILES},  {"FILE|-|JSON", COMPLETE_FILES},   {"TEXT|@FILE", COMPLETE_WORDS},
};

static void complete_value(struct finder *f, struct str name)
{
    if (is_choice(name))
        offer_choice(f, name);
    else if (str_is(name, "NAME=VALUE"))
        offer_settings(f, "=");
    else if (str_is(name, "TYPE,...")) {
        for (int t = 0; t < EVENT_COUNT; t++)
            offer(f, str_of(event_type_name((enum event_type)t)), event_type_doc((enum event_type)t));
    }
    for (size_t i = 0; i < sizeof(CALLED) / sizeof(CALLED[0]); i++) {
        if (str_is(name, CALLED[i].name))
            f->out->kind = CALLED[i].kind;
    }
}

/* "[ID]" and "FILE..." without brackets and dots. */
static struct str bare(struct str name)
{
    while (name.len > 0 && (name.ptr[0] == '[' || name.ptr[0] == ']'))
        name = (struct str){name.ptr + 1, name.len - 1};
    while (name.len > 0 && strchr("[].", name.ptr[name.len - 1]))
        name.len--;
    return name;
}

static void complete_argument(struct finder *f)
{
    struct str rest = str_of(f->command->arguments), name = {0};
    if (f->positional >= f->command->most)
        return;
    /* The last name is that of all that follow. */
    for (size_t i = 0; i <= f->positional && rest.len > 0; i++)
        name = str_split(&rest, ' ');
    name = bare(name);
    if (str_is(name, "COMMAND|TOPIC")) {
        offer_commands(f);
        offer(f, STR("exit-codes"), "what a script can tell from the exit code");
        offer(f, STR("settings"), "every setting, with its default");
    } else if (str_is(name, "NAME") && strcmp(f->command->name, "config show") == 0) {
        offer_settings(f, "");
    } else {
        complete_value(f, name);
    }
}

/* ---- the words before the last --------------------------------------------------------------------------
 */

static const struct flag *find_flag(const struct finder *f, struct str name, char letter)
{
    const struct flag *tables[ARGS_TABLES];
    size_t count = args_flag_tables(f->command, tables);
    for (size_t i = 0; i < count; i++) {
        for (const struct flag *flag = tables[i]; flag->name; flag++) {
            if (letter ? flag->letter == letter : str_is(name, flag->name))
                return flag;
        }
    }
    return NULL;
}

/* The flag whose value the next word is, or NULL. */
static const struct flag *awaits_value(const struct finder *f, const char *word)
{
    const struct flag *flag;
    if (word[0] != '-' || word[1] == '\0' || strchr(word, '='))
        return NULL;
    if (word[1] == '-')
        flag = find_flag(f, str_of(word + 2), 0);
    else
        flag = find_flag(f, STR(""), word[strlen(word) - 1]);
    return flag && flag->value ? flag : NULL;
}

/* "config" is a command's name only with the word behind it. */
static void take_word(struct finder *f, size_t at)
{
    const char *word = f->words[at];
    if (f->command) {
        f->positional++;
        return;
    }
    if (at > 0) {
        struct str both = arena_printf(f->arena, "%s %s", f->words[at - 1], word);
        f->command = both.ptr ? command_find(both) : NULL;
    }
    if (!f->command)
        f->command = command_find(str_of(word));
}

/* The flag that the last word is the value of, or NULL. */
static const struct flag *read_words(struct finder *f)
{
    const struct flag *flag = NULL;
    for (size_t i = 0; i + 1 < f->count; i++) {
        const char *word = f->words[i];
        if (flag) {
            flag = NULL;
            continue;
        }
        if (!f->only_positional && strcmp(word, "--") == 0)
            f->only_positional = true;
        else if (!f->only_positional && word[0] == '-' && word[1] != '\0')
            flag = awaits_value(f, word);
        else
            take_word(f, i);
    }
    return flag;
}

/* Of commands of two words, the second. */
static void offer_second_words(struct finder *f)
{
    struct str first = str_of(f->words[f->count - 2]);
    for (const struct command *c = COMMANDS; c->name; c++) {
        struct str rest = str_of(c->name), word = str_split(&rest, ' ');
        if (rest.len > 0 && str_equal(word, first))
            offer(f, rest, c->summary);
    }
}

static void complete_flag(struct finder *f, struct str word)
{
    struct str rest = word, name = str_split(&rest, '=');
    const struct flag *flag = NULL;
    if (name.len == word.len) {
        offer_flags(f);
        return;
    }
    if (name.len > 2)
        flag = find_flag(f, (struct str){name.ptr + 2, name.len - 2}, 0);
    f->out->prefix = (struct str){word.ptr, name.len + 1};
    f->out->rest = rest;
    if (flag && flag->value)
        complete_value(f, str_of(flag->value));
}

void completion_find(const char *const *words, size_t count, struct arena *a, completion_add *add,
                     void *context, struct completion *out)
{
    struct finder f = {
        .words = words, .count = count, .arena = a, .add = add, .context = context, .out = out};
    *out = (struct completion){.prefix = STR(""), .rest = STR("")};
    if (count == 0)
        return;
    const struct flag *flag = read_words(&f);
    out->rest = str_of(words[count - 1]);
    if (flag)
        complete_value(&f, str_of(flag->value));
    else if (!f.only_positional && str_starts_with(out->rest, STR("-")))
        complete_flag(&f, out->rest);
    else if (f.command)
        complete_argument(&f);
    else if (f.count == 1)
        offer_commands(&f);
    else
        offer_second_words(&f);
}
