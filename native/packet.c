/* AF_PACKET sockets (packet(7), linux/if_packet.h), and single frames on any descriptor. */
#include "abi.h"
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24 /* Linux 6.4 */
#endif

/* The step that failed, or NULL. Bound last, so that no frame of another interface comes in. */
static const char *configure(int fd, uint32_t interface_index, bool vnet_header) {
    const int on = 1, size = VIRTIO_HEADER;
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) {
        return "setsockopt(PACKET_IGNORE_OUTGOING)";
    }
    if (vnet_header && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR_SZ, &size, sizeof size) != 0) {
        return "setsockopt(PACKET_VNET_HDR_SZ)";
    }
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)interface_index};
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? NULL : "bind";
}

/*
 * packetOpen(namespaceFd, interfaceIndex, vnetHeader): fd. It sees what comes in at the interface,
 * not what leaves; with vnetHeader each frame has a virtio header of 12 bytes before it.
 */
napi_value packet_open(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    uint32_t numbers[2];
    bool vnet_header;
    int own;
    read_arguments(env, info, 3, arguments);
    if (!read_numbers(env, arguments, 2, numbers)) {
        return NULL;
    }
    if (napi_get_value_bool(env, arguments[2], &vnet_header) != napi_ok) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a boolean was expected");
        return NULL;
    }
    if (!namespace_enter(env, (int)numbers[0], &own)) {
        return NULL;
    }
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    namespace_leave(own);
    char device[32];
    snprintf(device, sizeof device, "interface %u", numbers[1]);
    if (fd < 0) {
        return throw_errno(env, errno, "socket", device);
    }
    const char *failed = configure(fd, numbers[1], vnet_header);
    if (failed != NULL) {
        int error = errno;
        close(fd);
        return throw_errno(env, error, failed, device);
    }
    return make_int(env, fd);
}

/* What may be over at the next try: a full queue, a link that is down. */
static bool transient(int error) {
    return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM ||
           error == ENETDOWN || error == EIO;
}

static napi_value transfer(napi_env env, napi_callback_info info, const char *call,
                           ssize_t (*move)(int, uint8_t *, size_t)) {
    napi_value arguments[2];
    uint32_t fd;
    uint8_t *bytes;
    size_t length;
    read_arguments(env, info, 2, arguments);
    if (!read_numbers(env, arguments, 1, &fd) || !read_bytes(env, arguments[1], &bytes, &length)) {
        return NULL;
    }
    ssize_t moved = move((int)fd, bytes, length);
    if (moved < 0 && !transient(errno)) {
        return throw_errno_fd(env, errno, call, (int)fd);
    }
    return make_int(env, moved < 0 ? -errno : moved);
}

static ssize_t read_bytes_of(int fd, uint8_t *bytes, size_t length) {
    return read(fd, bytes, length);
}

static ssize_t write_bytes_of(int fd, uint8_t *bytes, size_t length) {
    return write(fd, bytes, length);
}

/* readFrame(fd, view): bytes, or -errno where trying again may help. */
napi_value read_frame(napi_env env, napi_callback_info info) {
    return transfer(env, info, "read", read_bytes_of);
}

/* writeFrame(fd, view): bytes, or -errno where trying again may help. */
napi_value write_frame(napi_env env, napi_callback_info info) {
    return transfer(env, info, "write", write_bytes_of);
}
