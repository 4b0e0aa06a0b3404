/* What waits in a socket for its reader. */
#include "arguments.h"
#include "error.h"
#include "functions.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

/*
 * receiveQueue(fd): { used, capacity } in octets of the kernel's memory, which a packet takes more
 * of than it is long (SO_MEMINFO, sk_rmem_alloc and sk_rcvbuf).
 */
napi_value receive_queue(napi_env env, napi_callback_info info) {
    uint32_t fd, memory[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof memory;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    if (getsockopt((int)fd, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0) {
        return throw_errno_fd(env, errno, "getsockopt(SO_MEMINFO)", (int)fd);
    }
    napi_value result;
    napi_create_object(env, &result);
    set_number(env, result, "used", memory[SK_MEMINFO_RMEM_ALLOC]);
    set_number(env, result, "capacity", memory[SK_MEMINFO_RCVBUF]);
    return result;
}
