/*
 * Pairs of sockets: one end is a queue of the switch, the other is read and written by this very
 * program. A message is a frame behind its virtio header of 12 bytes.
 */
#include "arguments.h"
#include "buffer.h"
#include "error.h"
#include "functions.h"

#include <errno.h>
#include <sys/socket.h>

/* pairCreate(): { switch, program }. Closing one hangs up the other. */
napi_value pair_create(napi_env env, napi_callback_info info) {
    (void)info;
    int ends[2];
    napi_value result;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        return throw_errno(env, errno, "socketpair", "pair");
    }
    widen_buffers(ends[0]);
    widen_buffers(ends[1]);
    napi_create_object(env, &result);
    set_number(env, result, "switch", ends[0]);
    set_number(env, result, "program", ends[1]);
    return result;
}
