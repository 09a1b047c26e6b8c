#include "postgres_connection.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/json.h"

/* ---- target --------------------------------------------------------------------------------------- */

struct field {
    const char *keyword;     /* of libpq */
    const char *const *keys; /* of a step or credential, the first that is there counts */
};

static const struct field fields[] = {
    {"host", TOOL_KEYS("db_host", "host")},
    {"port", TOOL_KEYS("db_port", "port")},
    {"dbname", TOOL_KEYS("db_name", "dbname", "database")},
    {"user", TOOL_KEYS("db_user", "user", "username")},
    {"password", TOOL_KEYS("db_password", "password")},
    {"sslmode", TOOL_KEYS("sslmode")},
};

static void add_keyword(struct postgres_target *t, size_t *count, const char *keyword, const char *text)
{
    t->keywords[*count] = keyword;
    t->values[(*count)++] = text;
}

/* The password inside a URL: postgresql://user:password@host/db */
static void add_url_secret(struct postgres_target *t, struct str url)
{
    ptrdiff_t scheme = str_find(url, STR("://")), at = -1;
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] == '@')
            at = (ptrdiff_t)i;
    if (scheme < 0 || at < scheme)
        return;
    struct str user = {url.ptr + scheme + 3, (size_t)(at - scheme - 3)};
    str_split(&user, ':');
    secrets_add(&t->secrets, user);
}

static enum status field_text(struct arena *a, struct value from, const struct field *f, const char **out,
                              struct error *err)
{
    struct value v = tool_config(from, f->keys);
    if (v.type == VALUE_LIST || v.type == VALUE_MAP)
        return error_set(err, STATUS_INVALID, "\"%s\" must be text or a number, not a %s", f->keys[0],
                         value_type_name(v));
    *out = NULL;
    if (!value_is_absent(v) && v.type == VALUE_STRING)
        *out = arena_strdup(a, value_as_str(v));
    else if (!value_is_absent(v)) {
        struct str text;
        TRY(json_text(a, v, &text, err));
        *out = text.ptr;
    }
    return STATUS_OK;
}

static enum status make_key(struct postgres_target *t, struct arena *a, struct error *err)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; t->keywords[i]; i++)
        buf_printf(&b, "%s=%s\x1f", t->keywords[i], t->values[i]);
    char *copy = arena_strdup(a, buf_str(&b));
    t->key = (struct str){copy, copy ? b.len : 0};
    buf_free(&b);
    return copy ? STATUS_OK : arena_error(a, err, "the connection");
}

enum status postgres_target_read(struct postgres_target *t, struct credentials *credentials,
                                 struct value config, struct arena *a, struct error *err)
{
    *t = (struct postgres_target){0};
    struct value auth, own;
    struct str url;
    TRY(credentials_resolve(credentials, config, a, &auth, &t->secrets, err));
    secrets_add(&t->secrets, value_as_str(tool_config(config, TOOL_KEYS("db_password", "password"))));
    TRY(value_merge(a, auth.type == VALUE_MAP ? auth : VALUE_EMPTY_MAP, config, &own, err));
    TRY(tool_config_text(own, TOOL_KEYS("url", "dsn", "connection_string"), &url, err));
    size_t count = 0;
    add_keyword(t, &count, "application_name", "noetl");
    add_keyword(t, &count, "client_encoding", "UTF8");
    if (url.len > 0) {
        add_url_secret(t, url);
        char *text = arena_strdup(a, url);
        if (!text)
            return arena_error(a, err, "the connection");
        add_keyword(t, &count, "dbname", text);
    }
    size_t before = count;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *text = NULL;
        TRY(field_text(a, own, &fields[i], &text, err));
        /* A name without "=" in a URL's place would take the URL's away. */
        if (text && text[0] && !(url.len > 0 && strcmp(fields[i].keyword, "dbname") == 0))
            add_keyword(t, &count, fields[i].keyword, text);
    }
    if (count == before && url.len == 0) {
        error_set(err, STATUS_INVALID, "the step names no database");
        return error_hint(
            err,
            "Give \"auth\" the name of a credential, or db_host, db_port, db_name, db_user, db_password.");
    }
    return make_key(t, a, err);
}

/* ---- waiting -------------------------------------------------------------------------------------- */

enum status postgres_connection_error(PGconn *conn, struct error *err)
{
    char line[512];
    size_t len = 0;
    for (const char *c = PQerrorMessage(conn); *c && len < sizeof(line) - 1; c++)
        line[len++] = *c == '\n' || *c == '\t' ? ' ' : *c;
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len] = 0;
    bool denied = strstr(line, "authentication failed") || strstr(line, "no password supplied");
    return error_set(err, denied ? STATUS_DENIED : STATUS_UNAVAILABLE, "%s",
                     len > 0 ? line : "the connection was lost");
}

static void cancel(PGconn *conn)
{
    char text[256];
    PGcancel *c = PQgetCancel(conn);
    if (c)
        PQcancel(c, text, sizeof(text)); /* at worst the server finishes a statement that nobody waits for */
    PQfreeCancel(c);
}

/* False when `stop` came. */
static bool wait_socket(PGconn *conn, short events, const struct task_stop *stop)
{
    struct pollfd fds[2] = {{.fd = PQsocket(conn), .events = events}, {.fd = stop->fd, .events = POLLIN}};
    poll(fds, 2, -1);
    return atomic_load(&stop->reason) == 0;
}

static enum status stopped(const struct task_stop *stop, struct error *err)
{
    return error_set(err, (enum status)atomic_load(&stop->reason), "the database was told to stop");
}

enum status postgres_wait(PGconn *conn, const struct task_stop *stop, struct error *err)
{
    for (;;) {
        int unsent = PQflush(conn);
        if (unsent < 0)
            return postgres_connection_error(conn, err);
        if (!unsent && !PQisBusy(conn))
            return STATUS_OK;
        if (!wait_socket(conn, unsent ? POLLIN | POLLOUT : POLLIN, stop)) {
            cancel(conn);
            return stopped(stop, err);
        }
        if (!PQconsumeInput(conn))
            return postgres_connection_error(conn, err);
    }
}

/* ---- pool ----------------------------------------------------------------------------------------- */

static void forget(struct postgres_kept *k)
{
    PQfinish(k->conn);
    free(k->key);
    *k = (struct postgres_kept){0};
}

void postgres_pool_close(struct postgres_pool *p)
{
    for (size_t i = 0; i < POSTGRES_KEPT; i++)
        forget(&p->kept[i]);
}

void postgres_pool_drop(struct postgres_pool *p, PGconn *conn)
{
    for (size_t i = 0; i < POSTGRES_KEPT; i++)
        if (p->kept[i].conn == conn)
            forget(&p->kept[i]);
}

static enum status connect_to(const struct postgres_target *t, const struct task_stop *stop, PGconn **out,
                              struct error *err)
{
    PGconn *conn = *out = PQconnectStartParams(t->keywords, t->values, 1);
    if (!conn)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a connection");
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(conn) != CONNECTION_BAD && state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        if (!wait_socket(conn, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, stop))
            return stopped(stop, err);
        state = PQconnectPoll(conn);
    }
    if (PQstatus(conn) != CONNECTION_OK || PQsetnonblocking(conn, 1) != 0)
        return postgres_connection_error(conn, err);
    return STATUS_OK;
}

/* One round trip that tells a dead connection and cleans a living one. */
static bool is_clean(PGconn *conn, const struct task_stop *stop)
{
    if (!PQsendQuery(conn, "DISCARD ALL"))
        return false;
    bool ok = true;
    for (;;) {
        if (postgres_wait(conn, stop, NULL) != STATUS_OK)
            return false;
        PGresult *r = PQgetResult(conn);
        if (!r)
            return ok;
        ok = ok && PQresultStatus(r) == PGRES_COMMAND_OK;
        PQclear(r);
    }
}

static struct postgres_kept *oldest(struct postgres_pool *p)
{
    struct postgres_kept *found = &p->kept[0];
    for (size_t i = 1; i < POSTGRES_KEPT; i++)
        if (p->kept[i].used < found->used)
            found = &p->kept[i];
    return found;
}

static struct postgres_kept *find(struct postgres_pool *p, struct str key)
{
    for (size_t i = 0; i < POSTGRES_KEPT; i++)
        if (p->kept[i].conn && str_is(key, p->kept[i].key))
            return &p->kept[i];
    return NULL;
}

enum status postgres_pool_get(struct postgres_pool *p, const struct postgres_target *t,
                              const struct task_stop *stop, PGconn **out, struct error *err)
{
    struct postgres_kept *k = find(p, t->key);
    if (k && !is_clean(k->conn, stop)) {
        forget(k);
        k = NULL;
    }
    if (!k) {
        k = oldest(p);
        forget(k);
        PGconn *conn;
        enum status s = connect_to(t, stop, &conn, err);
        k->key = s == STATUS_OK ? strdup(t->key.ptr) : NULL;
        if (s == STATUS_OK && !k->key)
            s = error_set(err, STATUS_NO_MEMORY, "no memory for a connection");
        if (s != STATUS_OK) {
            PQfinish(conn);
            forget(k);
            return s;
        }
        k->conn = conn;
    }
    k->used = ++p->uses;
    *out = k->conn;
    return STATUS_OK;
}
