#include "http_respond.h"

#include <stdio.h>
#include <stdlib.h>

enum { STREAM_BLOCK = 32 << 10 };

static ssize_t read_stream(void *context, uint64_t at, char *out, size_t room)
{
    const struct http_stream *stream = context;
    (void)at;
    size_t n = stream->read(stream->context, out, room);
    return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

static void close_stream(void *context)
{
    struct http_stream *stream = context;
    stream->close(stream->context);
    free(stream);
}

static struct MHD_Response *stream_response(const struct http_stream *from)
{
    struct http_stream *stream = malloc(sizeof *stream);
    struct MHD_Response *response = NULL;
    if (stream) {
        *stream = *from;
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream,
                                                     close_stream);
    }
    if (response)
        return response;
    free(stream);
    from->close(from->context);
    return NULL;
}

static struct MHD_Response *text_response(struct str body)
{
    char *copy = malloc(body.len + 1);
    if (!copy)
        return NULL;
    if (body.len > 0)
        memcpy(copy, body.ptr, body.len);
    struct MHD_Response *response = MHD_create_response_from_buffer(body.len, copy, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(copy);
    return response;
}

static bool add_headers(struct MHD_Response *response, const struct http_reply *reply, bool last)
{
    char seconds[16];
    const char *const headers[][2] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, reply->code == 204 ? NULL
                                       : reply->type      ? reply->type
                                                          : "application/json"},
        {MHD_HTTP_HEADER_ALLOW, reply->allow},
        {MHD_HTTP_HEADER_RETRY_AFTER, reply->retry_after_s > 0 ? seconds : NULL},
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {MHD_HTTP_HEADER_CONNECTION, last ? "close" : NULL},
    };
    snprintf(seconds, sizeof seconds, "%d", reply->retry_after_s);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i][1] && MHD_add_response_header(response, headers[i][0], headers[i][1]) != MHD_YES)
            return false;
    return true;
}

enum MHD_Result http_respond(struct MHD_Connection *connection, const struct http_reply *reply, bool last)
{
    struct MHD_Response *response =
        reply->stream.read ? stream_response(&reply->stream) : text_response(reply->body);
    if (!response)
        return MHD_NO;
    enum MHD_Result done = add_headers(response, reply, last)
                               ? MHD_queue_response(connection, (unsigned)reply->code, response)
                               : MHD_NO;
    MHD_destroy_response(response);
    return done;
}
