/* NETLINK_ROUTE sockets (RFC 3549, linux/netlink.h). What the bytes mean is not known here. */
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "namespace.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/*
 * EXT_ACK: say why in words. CAP_ACK: do not send the request back. STRICT_CHK: refuse what is not
 * understood, and filter dumps in the kernel.
 */
static int configure(int fd, uint32_t groups) {
    static const int options[] = {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK};
    const int on = 1;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (setsockopt(fd, SOL_NETLINK, options[i], &on, sizeof on) != 0) {
            return -1;
        }
    }
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

/* netlinkOpen(namespaceFd, groups): fd. The socket keeps its namespace alive until it is closed. */
napi_value netlink_open(napi_env env, napi_callback_info info) {
    uint32_t numbers[2];
    int own;
    if (!read_number_arguments(env, info, 2, numbers) ||
        !namespace_enter(env, (int)numbers[0], &own)) {
        return NULL;
    }
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    namespace_leave(own);
    if (fd < 0) {
        return throw_errno(env, errno, "socket", "rtnetlink");
    }
    if (configure(fd, numbers[1]) != 0) {
        int error = errno;
        close(fd);
        return throw_errno(env, error, "bind", "rtnetlink");
    }
    return make_int(env, fd);
}

static bool read_buffer(napi_env env, napi_callback_info info, int *fd, uint8_t **bytes,
                        size_t *length) {
    napi_value arguments[2];
    uint32_t number;
    read_arguments(env, info, 2, arguments);
    if (!read_numbers(env, arguments, 1, &number) ||
        !read_bytes(env, arguments[1], bytes, length)) {
        return false;
    }
    *fd = (int)number;
    return true;
}

/* netlinkSend(fd, bytes): one datagram to the kernel, which has answered when this returns. */
napi_value netlink_send(napi_env env, napi_callback_info info) {
    uint8_t *bytes;
    size_t length;
    int fd;
    if (!read_buffer(env, info, &fd, &bytes, &length)) {
        return NULL;
    }
    return send(fd, bytes, length, 0) >= 0 ? NULL : throw_errno(env, errno, "send", "rtnetlink");
}

/*
 * netlinkReceive(fd, buffer): the bytes of one datagram, or -EAGAIN when there is none, or
 * -ENOBUFS when the kernel has had to drop some. One that does not fit throws EMSGSIZE.
 */
napi_value netlink_receive(napi_env env, napi_callback_info info) {
    uint8_t *bytes;
    size_t length;
    int fd;
    if (!read_buffer(env, info, &fd, &bytes, &length)) {
        return NULL;
    }
    ssize_t received;
    do {
        received = recv(fd, bytes, length, MSG_TRUNC);
    } while (received < 0 && errno == EINTR);
    if (received < 0 && errno != EAGAIN && errno != ENOBUFS) {
        return throw_errno(env, errno, "recv", "rtnetlink");
    }
    if (received > (ssize_t)length) {
        return throw_errno(env, EMSGSIZE, "recv", "rtnetlink");
    }
    return make_int(env, received < 0 ? -errno : received);
}
