/* AF_PACKET sockets (packet(7), linux/if_packet.h). */
#include "abi.h"
#include "arguments.h"
#include "buffer.h"
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

/* The virtio header of a packet socket: none, as before Linux 6.4, or with num_buffers. */
static const char *set_header(int fd, uint32_t size) {
    const int on = 1, bytes = (int)size;
    if (size == 0) {
        return NULL;
    }
    if (size != VIRTIO_HEADER) {
        return setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) == 0
                   ? NULL
                   : "setsockopt(PACKET_VNET_HDR)";
    }
    return setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR_SZ, &bytes, sizeof bytes) == 0
               ? NULL
               : "setsockopt(PACKET_VNET_HDR_SZ)";
}

/* The step that failed, or NULL. Bound last, so that no frame of another interface comes in. */
static const char *configure(int fd, uint32_t interface_index, uint32_t header_size) {
    const int on = 1;
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) {
        return "setsockopt(PACKET_IGNORE_OUTGOING)";
    }
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0) {
        return "setsockopt(PACKET_AUXDATA)";
    }
    const char *failed = set_header(fd, header_size);
    if (failed != NULL) {
        return failed;
    }
    widen_buffers(fd);
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)interface_index};
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? NULL : "bind";
}

/* The interface of a sender. Returns the failed call, or NULL. */
static const char *configure_sender(int fd, uint32_t interface_index, uint32_t bypass) {
    const int on = bypass != 0;
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)interface_index};
    widen_send_buffer(fd, SOCKET_BUFFER);
    if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) {
        return "setsockopt(PACKET_QDISC_BYPASS)";
    }
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? NULL : "bind";
}

/* A socket of a namespace, at an interface. The arguments are those of the two below. */
static napi_value open_socket(napi_env env, napi_callback_info info,
                              const char *(*set_up)(int fd, uint32_t interface_index,
                                                    uint32_t option)) {
    uint32_t numbers[3];
    int own;
    if (!read_number_arguments(env, info, 3, numbers) ||
        !namespace_enter(env, (int)numbers[0], &own)) {
        return NULL;
    }
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    namespace_leave(own);
    char device[32];
    snprintf(device, sizeof device, "interface %u", numbers[1]);
    if (fd < 0) {
        return throw_errno(env, errno, "socket", device);
    }
    const char *failed = set_up(fd, numbers[1], numbers[2]);
    if (failed != NULL) {
        int error = errno;
        close(fd);
        return throw_errno(env, error, failed, device);
    }
    return make_int(env, fd);
}

/*
 * packetOpen(namespaceFd, interfaceIndex, headerSize): fd. It sees what comes in at the interface,
 * not what leaves. Each frame has a virtio header of that many bytes before it: 12, 10 or 0; 12
 * throws ENOPROTOOPT before Linux 6.4.
 */
napi_value packet_open(napi_env env, napi_callback_info info) {
    return open_socket(env, info, configure);
}

/*
 * packetSender(namespaceFd, interfaceIndex, bypass): fd that only sends. With `bypass` frames go to
 * the driver past the queueing discipline, which tells at once what it cannot take (ENOBUFS).
 */
napi_value packet_sender(napi_env env, napi_callback_info info) {
    return open_socket(env, info, configure_sender);
}

/*
 * packetPromiscuous(fd, interfaceIndex): the interface takes in what is for others too, for as long
 * as the socket is open.
 */
napi_value packet_promiscuous(napi_env env, napi_callback_info info) {
    uint32_t numbers[2];
    if (!read_number_arguments(env, info, 2, numbers)) {
        return NULL;
    }
    struct packet_mreq membership = {.mr_ifindex = (int)numbers[1], .mr_type = PACKET_MR_PROMISC};
    int fd = (int)numbers[0];
    return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) == 0
               ? NULL
               : throw_errno_fd(env, errno, "setsockopt(PACKET_ADD_MEMBERSHIP)", fd);
}

/* packetDrops(fd): frames that found no room in the socket since the last call. */
napi_value packet_drops(napi_env env, napi_callback_info info) {
    uint32_t fd;
    struct tpacket_stats statistics = {0};
    socklen_t length = sizeof statistics;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    return getsockopt((int)fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) == 0
               ? make_int(env, statistics.tp_drops)
               : throw_errno_fd(env, errno, "getsockopt(PACKET_STATISTICS)", (int)fd);
}

/* packetInterface(fd): the index that it is bound to; -1 when that interface has gone. */
napi_value packet_interface(napi_env env, napi_callback_info info) {
    uint32_t fd;
    struct sockaddr_ll address = {0};
    socklen_t length = sizeof address;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    return getsockname((int)fd, (struct sockaddr *)&address, &length) == 0
               ? make_int(env, address.sll_ifindex)
               : throw_errno_fd(env, errno, "getsockname", (int)fd);
}
