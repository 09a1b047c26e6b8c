#include "port.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"

/* Binds a socket to the port (0: the system's choice); the port that it got, or 0. */
static uint16_t bind_and_release(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    int on = 1; /* as servers do: a port whose last connections linger in TIME_WAIT counts as free */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bool bound = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                 bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0 &&
                 getsockname(fd, (struct sockaddr *)&address, &size) == 0;
    close(fd);
    return bound ? ntohs(address.sin_port) : 0;
}

bool port_is_free(uint16_t port)
{
    return bind_and_release(port) != 0;
}

uint16_t port_find_free(void)
{
    return bind_and_release(0);
}

/* A word of a line of the tables below; words are apart by any number of spaces. */
static struct str word(struct str *line)
{
    *line = str_trim(*line);
    return str_split(line, ' ');
}

static unsigned long number(struct str s, int base)
{
    char text[32];
    snprintf(text, sizeof text, "%.*s", s.len < sizeof text ? (int)s.len : 0, s.ptr);
    return strtoul(text, NULL, base);
}

/*
 * The inode of the socket if the line of /proc/net/tcp or tcp6 is that of the port's listener, else 0:
 *   sl: local_address:port(hex) remote:port state(0A: listening) tx:rx tr:when retrnsmt uid timeout inode …
 */
static unsigned long listener_of(struct str line, uint16_t port)
{
    (void)word(&line);
    struct str local = word(&line), local_port = local;
    while (local_port.len > 0 && memchr(local_port.ptr, ':', local_port.len))
        (void)str_split(&local_port, ':');
    (void)word(&line);
    bool listens = number(word(&line), 16) == 0x0A && number(local_port, 16) == port;
    for (int i = 0; i < 5; i++)
        (void)word(&line);
    return listens ? number(word(&line), 10) : 0;
}

static unsigned long listening_inode(const char *table, uint16_t port)
{
    FILE *f = fopen(table, "re");
    if (!f)
        return 0;
    char line[512];
    unsigned long found = 0;
    while (!found && fgets(line, sizeof line, f))
        found = listener_of(str_of(line), port);
    fclose(f);
    return found;
}

/* Whether one of the process's descriptors is that socket; false too if we may not look. */
static bool process_has_socket(const char *pid, unsigned long inode)
{
    char wanted[64], folder[64];
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    snprintf(folder, sizeof folder, "/proc/%.20s/fd", pid);
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    bool found = false;
    for (struct dirent *e; !found && (e = readdir(dir));) {
        char target[64];
        ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);
        target[n < 0 ? 0 : n] = '\0';
        found = strcmp(target, wanted) == 0;
    }
    closedir(dir);
    return found;
}

static void process_command(const char *pid, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    out[0] = '\0';
    FILE *f = fopen(path, "re");
    if (!f)
        return;
    if (fgets(out, (int)size, f))
        out[strcspn(out, "\n")] = '\0';
    fclose(f);
}

const char *port_holder(uint16_t port, char *out, size_t size)
{
    snprintf(out, size, "another process");
    unsigned long inode = listening_inode("/proc/net/tcp", port);
    if (!inode)
        inode = listening_inode("/proc/net/tcp6", port);
    DIR *proc = inode ? opendir("/proc") : NULL;
    if (!proc)
        return out;
    for (struct dirent *e; (e = readdir(proc));) {
        if (!isdigit((unsigned char)e->d_name[0]) || !process_has_socket(e->d_name, inode))
            continue;
        char command[64];
        process_command(e->d_name, command, sizeof command);
        snprintf(out, size, "process %.20s (%s)", e->d_name, command);
        break;
    }
    closedir(proc);
    return out;
}

enum status port_choose(const struct port_wish *wish, uint16_t *out, struct error *err)
{
    *out = wish->port;
    if (wish->port != 0 && port_is_free(wish->port))
        return STATUS_OK;
    if (wish->port != 0 && !wish->or_other) {
        char holder[128];
        error_set(err, STATUS_CONFLICT, "port %u of 127.0.0.1 is taken by %s", wish->port,
                  port_holder(wish->port, holder, sizeof holder));
        error_place(err, "127.0.0.1:%u", wish->port);
        return wish->setting ? error_hint(err, "Stop it, or choose another port with %s.", wish->setting)
                             : STATUS_CONFLICT;
    }
    *out = port_find_free();
    return *out ? STATUS_OK : error_set(err, STATUS_UNAVAILABLE, "the system has no free port on 127.0.0.1");
}
