/* The tables of commands and of the flags that they share. */
#include "commands.h"

const struct command COMMANDS[] = {
#define X(id, name, arguments, least, most, groups, summary)                                                 \
    {name, arguments, least, most, groups, summary, &details_##id, command_##id},
#include "commands.def"
#undef X
    {0},
};

#define HELP                                                                                                 \
    {                                                                                                        \
        "help", 'h', false, NULL, NO_SETTING, "explains the command, with examples"                          \
    }

#define COLOR                                                                                                \
    {                                                                                                        \
        "color", 0, false, "auto|always|never", NO_SETTING,                                                  \
            "colours on a terminal, but not with NO_COLOR set or TERM=dumb (auto); always; never"            \
    }

const struct flag COMMON_FLAGS[] = {HELP, COLOR, {0}};

const struct flag GLOBAL_FLAGS[] = {
    HELP,
    {"version", 0, false, NULL, NO_SETTING, "prints the version of noetl"},
    COLOR,
    {0},
};

const struct flag OUTPUT_FLAGS[] = {
    {"output", 'o', false, "table|json|jsonl", NO_SETTING,
     "the form of the output: for people, one JSON document, or one JSON value a line"},
    {0},
};

const struct flag CONNECTION_FLAGS[] = {
    {"server", 's', false, "URL", SETTING_NATS_URL, "NATS servers, separated by commas"},
    {"context", 0, false, "NAME", NO_SETTING, "context of the nats CLI; the selected one if none is named"},
    {"creds", 0, false, "FILE", SETTING_NATS_CREDS, "NATS credentials"},
    {"nkey", 0, false, "FILE", SETTING_NATS_NKEY, "NATS NKey seed"},
    {"user", 0, false, "USER", SETTING_NATS_USER, "NATS user; a token if there is no password"},
    {"password", 0, false, "PASSWORD", SETTING_NATS_PASSWORD,
     "NATS password; better in NATS_PASSWORD, which ps does not show"},
    {"tlscert", 0, false, "FILE", SETTING_NATS_TLS_CERT, "TLS client certificate"},
    {"tlskey", 0, false, "FILE", SETTING_NATS_TLS_KEY, "TLS client key"},
    {"tlsca", 0, false, "FILE", SETTING_NATS_TLS_CA, "TLS certificate authority"},
    {"data-dir", 0, false, "DIR", SETTING_DATA_DIR, "the `noetl dev` of this data folder"},
    {"config", 0, false, "FILE", NO_SETTING, "settings file, instead of ~/.config/noetl/config.yaml"},
    {"set-option", 0, true, "NAME=VALUE", NO_SETTING, "any setting, as `noetl config show` lists them"},
    {0},
};
