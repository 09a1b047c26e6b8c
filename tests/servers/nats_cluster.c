#include "nats_cluster.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "core/json.h"
#include "runtime/clock.h"

enum { PATIENCE_MS = 60000, PAUSE_MS = 50 };

/* ---- the servers ------------------------------------------------------------------------------------- */

static void start_node(struct nats_cluster *c, int node)
{
    char name[8], configuration[320];
    struct error err;
    snprintf(name, sizeof(name), "n%d", node);
    snprintf(configuration, sizeof(configuration),
             "cluster {\n"
             "  name: \"test\"\n"
             "  listen: \"127.0.0.1:%u\"\n"
             "  routes: [\"nats://127.0.0.1:%u\", \"nats://127.0.0.1:%u\", \"nats://127.0.0.1:%u\"]\n"
             "}\n",
             c->routes[node], c->routes[0], c->routes[1], c->routes[2]);
    struct private_nats_options o = {.folder = c->folders[node],
                                     .port = {.port = c->ports[node]},
                                     .name = name,
                                     .configuration = configuration};
    assert_ok(private_nats_start(&o, &c->nodes[node], &err), &err);
}

void nats_cluster_start(struct nats_cluster *c, const char *folder)
{
    *c = (struct nats_cluster){0};
    for (int n = 0; n < CLUSTER_NODES; n++) {
        snprintf(c->folders[n], sizeof(c->folders[n]), "%s/n%d", folder, n);
        c->ports[n] = port_find_free();
        c->routes[n] = port_find_free();
    }
    snprintf(c->url, sizeof(c->url), "nats://127.0.0.1:%u,nats://127.0.0.1:%u,nats://127.0.0.1:%u",
             c->ports[0], c->ports[1], c->ports[2]);
    for (int n = 0; n < CLUSTER_NODES; n++)
        start_node(c, n);
}

void nats_cluster_stop(struct nats_cluster *c)
{
    for (int n = 0; n < CLUSTER_NODES; n++) {
        process_signal(&c->nodes[n].process, SIGCONT);
        private_nats_stop(&c->nodes[n]);
    }
}

void nats_cluster_kill(struct nats_cluster *c, int node)
{
    int code = -1;
    struct private_nats *n = &c->nodes[node];
    process_signal(&n->process, SIGKILL);
    assert_true(process_wait(&n->process, PATIENCE_MS, &code));
    assert_int_equal(code, 128 + SIGKILL);
    private_nats_stop(n);
}

void nats_cluster_return(struct nats_cluster *c, int node)
{
    start_node(c, node);
}

/* ---- what they say of a stream ------------------------------------------------------------------------ */

/* The member "cluster" of the stream's info; undefined when nobody answers. */
static struct value cluster_info(struct bus *bus, const char *stream, struct arena *a)
{
    char verb[128];
    struct value v;
    snprintf(verb, sizeof(verb), "STREAM.INFO.%s", stream);
    if (bus_api(bus, verb, STR(""), a, &v, NULL) != STATUS_OK)
        return (struct value){.type = VALUE_UNDEFINED};
    return VALUE_GET(v, "cluster");
}

static int leader_of(struct value cluster)
{
    struct str name = value_as_str(VALUE_GET(cluster, "leader"));
    return name.len == 2 && name.ptr[0] == 'n' ? name.ptr[1] - '0' : -1;
}

static bool is_true(struct value v)
{
    return v.type == VALUE_BOOL && v.u.b;
}

static bool follows(struct value replica)
{
    return is_true(VALUE_GET(replica, "current")) && !is_true(VALUE_GET(replica, "offline"));
}

static bool is_whole(struct value cluster)
{
    struct value replicas = VALUE_GET(cluster, "replicas");
    if (leader_of(cluster) < 0 || replicas.type != VALUE_LIST || replicas.len != CLUSTER_NODES - 1)
        return false;
    for (size_t i = 0; i < replicas.len; i++)
        if (!follows(replicas.u.list[i]))
            return false;
    return true;
}

int nats_cluster_leader(struct bus *bus, const char *stream)
{
    struct mono_time start = mono_now();
    struct arena a;
    int leader = -1;
    arena_init(&a, 0);
    while (leader < 0 && mono_ms_since(start) < PATIENCE_MS) {
        arena_reset(&a);
        leader = leader_of(cluster_info(bus, stream, &a));
        if (leader < 0)
            usleep(PAUSE_MS * 1000);
    }
    arena_free(&a);
    if (leader < 0)
        fail_msg("stream %s has no leader", stream);
    return leader;
}

void nats_cluster_await(struct bus *bus, const char *stream)
{
    struct mono_time start = mono_now();
    struct arena a;
    bool whole = false;
    arena_init(&a, 0);
    while (!whole && mono_ms_since(start) < PATIENCE_MS) {
        arena_reset(&a);
        whole = is_whole(cluster_info(bus, stream, &a));
        if (!whole)
            usleep(PAUSE_MS * 1000);
    }
    arena_free(&a);
    if (!whole)
        fail_msg("stream %s does not get its three replicas together", stream);
}
