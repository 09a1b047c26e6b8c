/* Playbooks for the tests of the daemons. */
#ifndef TESTS_DAEMONS_PLAYBOOKS_H
#define TESTS_DAEMONS_PLAYBOOKS_H

#define ONE                                                                                                  \
    "metadata: {path: test/one}\nworkload: {text: ''}\nworkflow:\n"                                          \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: noop, args: {n: 1}}\n"
/* Its task is of a pool without workers. */
#define DEAD                                                                                                 \
    "metadata: {path: test/dead}\nworkflow:\n"                                                               \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: noop, pool: dead, args: {n: 1}}\n"
#define PARENT                                                                                               \
    "metadata: {path: test/parent}\nworkflow:\n"                                                             \
    "  - {step: start, next: call}\n"                                                                        \
    "  - {step: call, type: playbook, path: test/one}\n"
#define BAD                                                                                                  \
    "metadata: {path: test/bad}\nworkflow:\n"                                                                \
    "  - {step: start, next: a}\n"                                                                           \
    "  - {step: a, type: shell, command: 'exit 3'}\n"

#endif
