/* The files of completions/, in the program; the build makes completion_scripts.c of them. */
#ifndef CLI_COMPLETION_SCRIPTS_H
#define CLI_COMPLETION_SCRIPTS_H

enum { COMPLETION_SCRIPT_COUNT = 3 };
struct completion_script {
    const char *shell, *text;
};
extern const struct completion_script COMPLETION_SCRIPTS[COMPLETION_SCRIPT_COUNT];

#endif
