/*
 * The connection settings of the nats CLI, so that whoever can use `nats` can use `noetl`: its variables
 * (NATS_URL, NATS_USER, NATS_PASSWORD, NATS_CREDS, NATS_NKEY, NATS_CERT, NATS_KEY, NATS_CA, NATS_TIMEOUT,
 * NATS_CONTEXT) and its contexts, <config home>/nats/context/NAME.json with the selected one's name in
 * <config home>/nats/context.txt. They become the settings nats.*; settings_load() calls all of this.
 */
#ifndef CONFIG_NATS_CONTEXT_H
#define CONFIG_NATS_CONTEXT_H

#include "settings.h"

/*
 * Reads the context `name` (or the file, if it ends in .json and exists); NULL: $NATS_CONTEXT, else the
 * selected one, else nothing. STATUS_NOT_FOUND names the contexts there are; STATUS_UNSUPPORTED names a
 * member that would make the nats CLI connect in a way that this program cannot (a SOCKS proxy, a JetStream
 * domain, …).
 */
enum status nats_load_context(struct settings *s, const char *name, const char *const *environment,
                              struct error *err) MUST_CHECK;
enum status nats_load_environment(struct settings *s, const char *const *environment,
                                  struct error *err) MUST_CHECK;

/*
 * To be called when all sources are in. As the nats CLI has it, a user from --user or NATS_USER without a
 * password is a token. And who logs in is one decision: of user and password, token, credentials and nkey
 * those from the strongest source stay, and what weaker sources said is dropped.
 */
enum status nats_settle_login(struct settings *s, struct error *err) MUST_CHECK;

#endif
