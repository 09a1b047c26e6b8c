/* A reply as libmicrohttpd sends it. */
#ifndef RUNTIME_HTTP_RESPOND_H
#define RUNTIME_HTTP_RESPOND_H

#include <microhttpd.h>

#include "http_server.h"

/* Takes the reply's stream over. `last`: the connection is closed behind it. */
enum MHD_Result http_respond(struct MHD_Connection *connection, const struct http_reply *reply, bool last);

#endif
