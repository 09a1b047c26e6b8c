/* Playbooks for the tests of the publisher. */
#ifndef TESTS_PUBLISHER_PLAYBOOKS_H
#define TESTS_PUBLISHER_PLAYBOOKS_H

#define HELLO_PATH "tests/hello"
#define PLAYBOOK(path, greeting)                                                                             \
    "apiVersion: noetl.io/v1\n"                                                                              \
    "kind: Playbook\n"                                                                                       \
    "metadata:\n"                                                                                            \
    "  name: hello\n"                                                                                        \
    "  path: " path "\n"                                                                                     \
    "workload:\n"                                                                                            \
    "  greeting: " greeting "\n"                                                                             \
    "  who: {name: world, title: none}\n"                                                                    \
    "workflow:\n"                                                                                            \
    "  - step: start\n"                                                                                      \
    "    next: say\n"                                                                                        \
    "  - step: say\n"                                                                                        \
    "    type: noop\n"                                                                                       \
    "    args: {text: '{{ workload.greeting }} {{ workload.who.name }}'}\n"                                  \
    "    next: end\n"                                                                                        \
    "  - step: end\n"
#define HELLO PLAYBOOK(HELLO_PATH, "hello")
/* A step that nothing has. */
#define BROKEN                                                                                               \
    "apiVersion: noetl.io/v1\n"                                                                              \
    "kind: Playbook\n"                                                                                       \
    "metadata: {name: broken, path: tests/broken}\n"                                                         \
    "workflow:\n"                                                                                            \
    "  - step: start\n"                                                                                      \
    "    next: nowhere\n"

#endif
