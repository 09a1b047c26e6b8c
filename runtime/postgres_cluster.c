#include "postgres_cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Versions of Postgres that are looked for: those that know all that eventlog needs, and some to come. */
enum { OLDEST_VERSION = 13, NEWEST_VERSION = 30, INITDB_MS = 120000 };

static const char *const ENVIRONMENT[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", NULL};

static enum status file_error(struct error *err, const char *path, const char *what)
{
    int e = errno;
    error_set(err, e == EACCES || e == EPERM || e == EROFS ? STATUS_DENIED : STATUS_IO, "%s: %s", what,
              strerror(e));
    return error_place(err, "%s", path);
}

/* ---- programs and user -------------------------------------------------------------------------------- */

static bool programs_in(const char *folder, struct postgres_cluster *c)
{
    return folder_join(folder, "postgres", c->postgres, NULL) == STATUS_OK &&
           folder_join(folder, "initdb", c->initdb, NULL) == STATUS_OK && access(c->postgres, X_OK) == 0 &&
           access(c->initdb, X_OK) == 0;
}

/* Where the packages of Debian and of Red Hat put them. */
static bool programs_of_version(unsigned version, struct postgres_cluster *c)
{
    char debian[64], red_hat[64];
    snprintf(debian, sizeof debian, "/usr/lib/postgresql/%u/bin", version);
    snprintf(red_hat, sizeof red_hat, "/usr/pgsql-%u/bin", version);
    return programs_in(debian, c) || programs_in(red_hat, c);
}

static bool programs_in_path(struct postgres_cluster *c)
{
    char initdb[SERVER_PATH_MAX];
    if (!process_find("initdb", NULL, initdb, sizeof initdb))
        return false;
    *strrchr(initdb, '/') = '\0';
    return programs_in(initdb, c);
}

static enum status find_programs(long data_version, struct postgres_cluster *c, struct error *err)
{
    if (data_version > 0 && programs_of_version((unsigned)data_version, c))
        return STATUS_OK;
    for (unsigned v = NEWEST_VERSION; data_version == 0 && v >= OLDEST_VERSION; v--)
        if (programs_of_version(v, c))
            return STATUS_OK;
    if (programs_in_path(c)) /* of whatever version; the server itself compares it with the data */
        return STATUS_OK;
    if (data_version > 0) {
        error_set(err, STATUS_NOT_FOUND, "the data are of PostgreSQL %ld, which is not installed",
                  data_version);
        error_place(err, "%s", c->data);
        return error_hint(err, "apt-get install postgresql-%ld, or set postgres.url to another server.",
                          data_version);
    }
    error_set(err, STATUS_NOT_FOUND, "the programs of PostgreSQL (postgres, initdb) are not installed");
    return error_hint(err, "apt-get install postgresql, or set postgres.url to a server that runs already.");
}

/* Postgres refuses to run as root. Data that are there already say who runs it. */
static enum status choose_user(struct postgres_cluster *c, struct error *err)
{
    struct stat st;
    bool there = stat(c->data, &st) == 0;
    if (geteuid() != 0) {
        if (!there || st.st_uid == geteuid())
            return STATUS_OK;
        error_set(err, STATUS_DENIED, "the data belong to another user (uid %u)", (unsigned)st.st_uid);
        error_place(err, "%s", c->data);
        return error_hint(err, "Run as that user, or choose another folder.");
    }
    c->drop_to_user = true;
    if (there && st.st_uid != 0) {
        c->uid = st.st_uid;
        c->gid = st.st_gid;
        return STATUS_OK;
    }
    const struct passwd *user = getpwnam("postgres");
    if (!user)
        user = getpwnam("nobody");
    if (!user)
        return error_set(err, STATUS_NOT_FOUND,
                         "Postgres does not run as root, and there is no user postgres or nobody");
    c->uid = user->pw_uid;
    c->gid = user->pw_gid;
    return STATUS_OK;
}

/* ---- the password ------------------------------------------------------------------------------------- */

static enum status read_password(const struct server_folder *folder, const char *name,
                                 char out[PASSWORD_TEXT], struct error *err)
{
    char path[SERVER_PATH_MAX];
    TRY(folder_join(folder->path, name, path, err));
    FILE *f = fopen(path, "re");
    if (!f || !fgets(out, PASSWORD_TEXT, f))
        out[0] = '\0';
    if (f)
        fclose(f);
    if (out[0] != '\0')
        return STATUS_OK;
    error_set(err, STATUS_NOT_FOUND, "a password of the private Postgres is missing");
    error_place(err, "%s", path);
    return error_hint(err, "Put the file back, or remove the folder to start with an empty log.");
}

static enum status make_password(const struct server_folder *folder, const char *name,
                                 char out[PASSWORD_TEXT], struct error *err)
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char random[PASSWORD_TEXT / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return error_set(err, STATUS_IO, "the system gave no random bytes for a password");
    for (size_t i = 0; i < PASSWORD_TEXT - 1; i++)
        out[i] = DIGITS[i % 2 ? random[i / 2] & 15 : random[i / 2] >> 4];
    out[PASSWORD_TEXT - 1] = '\0';
    return server_folder_write(folder, name, out, err);
}

/* ---- making the cluster ------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void remove_folder(const char *path)
{
    nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
}

/*
 * Where the cluster is made before it is moved to its place whole. A user that root drops to may be unable to
 * reach our folder by its path (initdb has no other way), so it works in /tmp.
 */
static enum status stage_open(const struct server_folder *folder, const struct postgres_cluster *c,
                              char *stage, struct error *err)
{
    if (c->drop_to_user) {
        snprintf(stage, SERVER_PATH_MAX, "/tmp/noetl-initdb-XXXXXX");
        if (!mkdtemp(stage))
            return file_error(err, "/tmp", "no temporary folder can be made");
        return chown(stage, c->uid, c->gid) == 0 ? STATUS_OK
                                                 : file_error(err, stage, "the folder cannot be given away");
    }
    TRY(folder_join(folder->path, "new", stage, err));
    remove_folder(stage);
    return mkdir(stage, 0700) == 0 ? STATUS_OK : file_error(err, stage, "the folder cannot be made");
}

static enum status write_for_user(const struct postgres_cluster *c, const char *path, const char *text,
                                  struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
                   (!c->drop_to_user || fchown(fd, c->uid, c->gid) == 0);
    enum status s = written ? STATUS_OK : file_error(err, path, "the file cannot be written");
    if (fd >= 0)
        close(fd);
    return s;
}

/* Runs a program of Postgres to its end, as its user; `input` may be NULL. */
static enum status run(const struct server_folder *folder, const struct postgres_cluster *c,
                       const char *const *argv, const char *input, struct error *err)
{
    int in = input ? open(input, O_RDONLY | O_CLOEXEC) : -1;
    if (input && in < 0)
        return file_error(err, input, "the file cannot be read");
    struct process_options o = {.argv = argv,
                                .env = ENVIRONMENT,
                                .cwd = "/",
                                .in = in,
                                .out = folder->log,
                                .error = folder->log,
                                .own_group = true,
                                .die_with_parent = true,
                                .drop_to_user = c->drop_to_user,
                                .uid = c->uid,
                                .gid = c->gid};
    struct process process;
    enum status s = process_start(&o, &process, err);
    if (in >= 0)
        close(in);
    if (s != STATUS_OK)
        return s;
    int code = 0;
    if (!process_wait(&process, INITDB_MS, &code)) {
        process_end(&process, 0, &code);
        return server_folder_error(folder, STATUS_TIMEOUT,
                                   "making the Postgres cluster took longer than 2 minutes", err);
    }
    return code == 0 ? STATUS_OK
                     : server_folder_error(folder, STATUS_IO, "the Postgres cluster could not be made", err);
}

static enum status make_in_stage(const struct server_folder *folder, const struct postgres_cluster *c,
                                 const char *stage, struct error *err)
{
    char data[SERVER_PATH_MAX], secret[SERVER_PATH_MAX], sql[SERVER_PATH_MAX], pwfile[SERVER_PATH_MAX + 16];
    char statements[256];
    TRY(folder_join(stage, "data", data, err));
    TRY(folder_join(stage, "password", secret, err));
    TRY(folder_join(stage, "sql", sql, err));
    TRY(write_for_user(c, secret, c->password, err));
    /* A statement a line, in template1, of which the database is a copy. */
    snprintf(statements, sizeof statements,
             "CREATE ROLE playbook LOGIN PASSWORD '%s';\n"
             "GRANT CREATE ON SCHEMA public TO playbook;\n"
             "CREATE DATABASE noetl OWNER noetl;\n",
             c->playbook_password);
    TRY(write_for_user(c, sql, statements, err));
    snprintf(pwfile, sizeof pwfile, "--pwfile=%s", secret);
    const char *const initdb[] = {c->initdb,
                                  "-D",
                                  data,
                                  "--username=noetl",
                                  "--auth=scram-sha-256",
                                  "--encoding=UTF8",
                                  "--locale=C",
                                  "--no-sync",
                                  "--no-instructions",
                                  pwfile,
                                  NULL};
    TRY(run(folder, c, initdb, NULL, err));
    const char *const single[] = {c->postgres, "--single", "-D", data, "-c", "fsync=off", "template1", NULL};
    return run(folder, c, single, sql, err);
}

/* Moves <stage>/data to its place; over a file system's border by way of a copy beside it. */
static enum status move_to_place(const struct server_folder *folder, const struct postgres_cluster *c,
                                 const char *stage, struct error *err)
{
    char made[SERVER_PATH_MAX], beside[SERVER_PATH_MAX];
    TRY(folder_join(stage, "data", made, err));
    if (rename(made, c->data) == 0)
        return STATUS_OK;
    if (errno != EXDEV)
        return file_error(err, c->data, "the cluster cannot be moved to its folder");
    TRY(folder_join(folder->path, "new", beside, err));
    remove_folder(beside);
    const char *const copy[] = {"cp", "-a", made, beside, NULL};
    struct postgres_cluster self = *c;
    self.drop_to_user = false;
    TRY(run(folder, &self, copy, NULL, err));
    return rename(beside, c->data) == 0
               ? STATUS_OK
               : file_error(err, c->data, "the cluster cannot be moved to its folder");
}

static enum status make_cluster(const struct server_folder *folder, struct postgres_cluster *c,
                                bool throwaway, struct error *err)
{
    TRY(make_password(folder, "password", c->password, err));
    TRY(make_password(folder, "playbook_password", c->playbook_password, err));
    char stage[SERVER_PATH_MAX];
    TRY(stage_open(folder, c, stage, err));
    enum status s = make_in_stage(folder, c, stage, err);
    if (s == STATUS_OK)
        s = move_to_place(folder, c, stage, err);
    remove_folder(stage);
    if (s == STATUS_OK && !throwaway && syncfs(folder->log) != 0)
        return file_error(err, c->data, "the cluster could not be written to the disk");
    return s;
}

enum status postgres_cluster_open(const struct server_folder *folder, bool throwaway,
                                  struct postgres_cluster *out, struct error *err)
{
    *out = (struct postgres_cluster){.env = ENVIRONMENT};
    TRY(folder_join(folder->path, "data", out->data, err));
    TRY(choose_user(out, err));
    TRY(find_programs(server_folder_number(folder, "data/PG_VERSION"), out, err));
    if (access(out->data, F_OK) != 0)
        return make_cluster(folder, out, throwaway, err);
    TRY(read_password(folder, "password", out->password, err));
    return read_password(folder, "playbook_password", out->playbook_password, err);
}
