/* The settings that `noetl dev` gives its parts: the user's, with the private servers in place of what was
 * not named. */
#ifndef CLI_DEV_SETTINGS_H
#define CLI_DEV_SETTINGS_H

#include "config/settings.h"

/* A copy that can be changed. */
enum status dev_settings_copy(const struct settings *from, struct settings **out,
                              struct error *err) MUST_CHECK;
/* A value of ours, over whatever there was. */
enum status dev_settings_set(struct settings *s, enum setting id, const char *text,
                             struct error *err) MUST_CHECK;
/* Whether the user named this server: a context of the nats CLI that happens to be selected does not. */
bool dev_settings_names(const struct settings *s, enum setting url);
/* A private NATS asks nobody who they are: no login of the user's goes there. */
void dev_settings_drop_login(struct settings *s);

/*
 * The environment of a part: this process's without NOETL_* and NATS_*, and every setting as NOETL_NAME, so
 * that the part's own sources (the settings file, the nats CLI's context) can add nothing. Secrets go only to
 * the parts that need them. In `a`, NULL-ended.
 */
enum status dev_environment(const struct settings *s, const char *part, struct arena *a,
                            const char *const **out, struct error *err) MUST_CHECK;

#endif
