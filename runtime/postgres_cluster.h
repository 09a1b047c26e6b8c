/*
 * The data of a private Postgres (private_postgres.h): which programs and which user it needs; made on first
 * use.
 */
#ifndef RUNTIME_POSTGRES_CLUSTER_H
#define RUNTIME_POSTGRES_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

#include "server_folder.h"

enum { PASSWORD_TEXT = 41 };

struct postgres_cluster {
    char data[SERVER_PATH_MAX];     /* <folder>/data */
    char postgres[SERVER_PATH_MAX]; /* the programs */
    char initdb[SERVER_PATH_MAX];
    bool drop_to_user; /* run by root: as this user */
    uid_t uid;
    gid_t gid;
    char password[PASSWORD_TEXT];          /* of the user noetl */
    char playbook_password[PASSWORD_TEXT]; /* of the user playbook */
    const char *const *env;                /* for the programs */
};

/*
 * Finds the programs of the version that made the data, or of the newest. Makes the cluster if there is none:
 * with the database noetl, its superuser noetl, and the user playbook, who may make tables in its schema
 * public and cannot see the log. An interrupted making leaves nothing that a later one trips over.
 */
enum status postgres_cluster_open(const struct server_folder *folder, bool throwaway,
                                  struct postgres_cluster *out, struct error *err) MUST_CHECK;

#endif
