#include "commands.h"

#include "completion_scripts.h"

static const struct example EXAMPLES[] = {
    {"source <(noetl completion bash)", "in ~/.bashrc"},
    {"noetl completion zsh > ~/.zfunc/_noetl", "with ~/.zfunc in $fpath"},
    {"noetl completion fish > ~/.config/fish/completions/noetl.fish", "for the next fish"},
    {0},
};
const struct command_details details_completion = {
    .text = "Tab then completes commands, flags, their values, files, paths of the catalog and ids of\n"
            "executions. The installation has these scripts where the shells look for them.",
    .examples = EXAMPLES,
};

enum status command_completion(struct invocation *in, struct error *err)
{
    struct str names[COMPLETION_SCRIPT_COUNT];
    const char *shell = in->args.positional[0];
    for (size_t i = 0; i < COMPLETION_SCRIPT_COUNT; i++) {
        names[i] = str_of(COMPLETION_SCRIPTS[i].shell);
        if (strcmp(COMPLETION_SCRIPTS[i].shell, shell) == 0)
            return output_text(&in->out, str_of(COMPLETION_SCRIPTS[i].text), err);
    }
    struct str near = str_nearest(str_of(shell), names, COMPLETION_SCRIPT_COUNT);
    (void)error_set(err, STATUS_INVALID, "there is no completion for \"%s\"", shell);
    if (near.len > 0)
        return error_hint(err, "Did you mean \"%" PRISTR "\"?", ARGSTR(near));
    return error_hint(err, "It is for bash, zsh or fish.");
}
