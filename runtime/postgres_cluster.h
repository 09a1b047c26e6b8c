/* The data of a private Postgres (private_postgres.h): which programs and which user it needs, made on first
 * use. */
#ifndef RUNTIME_POSTGRES_CLUSTER_H
#define RUNTIME_POSTGRES_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

#include "server_folder.h"

struct postgres_cluster {
    char data[SERVER_PATH_MAX];     /* <folder>/data */
    char postgres[SERVER_PATH_MAX]; /* the programs */
    char initdb[SERVER_PATH_MAX];
    bool drop_to_user; /* run by root: as this user */
    uid_t uid;
    gid_t gid;
    char password[64];
    const char *const *env; /* for the programs */
};

/*
 * Finds the programs of the version that made the data, or of the newest; makes the cluster with its database
 * noetl and its user noetl if there is none. An interrupted making leaves nothing that a later one trips
 * over.
 */
enum status postgres_cluster_open(const struct server_folder *folder, bool throwaway,
                                  struct postgres_cluster *out, struct error *err) MUST_CHECK;
void postgres_cluster_url(const struct postgres_cluster *c, uint16_t port, char *out, size_t size);

#endif
