/* What the network says of datagrams that were sent (ip(7), IP_RECVERR). */
#include "udp.h"

#include "arguments.h"
#include "error.h"
#include "functions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Errors a call returns at most: the rest is told at once again. */
#define ERRORS_MAX 256u

#define READY 64

struct record {
    union address destination;
    struct sock_extended_err error;
    union address offender;
};

/* An address as text; empty where there is none. */
static void write_address(const union address *address, char text[INET6_ADDRSTRLEN]) {
    text[0] = '\0';
    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->ip4.sin_addr, text, INET6_ADDRSTRLEN);
    } else if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->ip6.sin6_addr, text, INET6_ADDRSTRLEN);
    }
}

/* False where the message tells of no error of the network: of time stamps, say. */
static bool read_error(struct msghdr *message, struct record *record) {
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        bool ip4 = control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR;
        bool ip6 = control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR;
        if (!ip4 && !ip6) {
            continue;
        }
        const uint8_t *data = CMSG_DATA(control);
        memcpy(&record->error, data, sizeof record->error);
        memcpy(&record->offender, data + sizeof record->error,
               ip4 ? sizeof record->offender.ip4 : sizeof record->offender.ip6);
        return record->error.ee_origin == SO_EE_ORIGIN_LOCAL ||
               record->error.ee_origin == SO_EE_ORIGIN_ICMP ||
               record->error.ee_origin == SO_EE_ORIGIN_ICMP6;
    }
    return false;
}

/* The next error of a socket: 1, 0 for what is none of ours, -1 when there is none. */
static int next_error(int fd, struct record *record) {
    _Alignas(struct cmsghdr) char control[256];
    uint8_t start[1]; /* of the datagram, of which we need nothing */
    struct iovec piece = {start, sizeof start};
    memset(record, 0, sizeof *record);
    struct msghdr message = {.msg_name = &record->destination,
                             .msg_namelen = sizeof record->destination,
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t count;
    do {
        count = recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -1 : read_error(&message, record);
}

static napi_value describe(napi_env env, const struct record *record) {
    const struct sock_extended_err *error = &record->error;
    char destination[INET6_ADDRSTRLEN], offender[INET6_ADDRSTRLEN];
    napi_value result;
    bool ip4 = record->destination.any.sa_family == AF_INET;
    write_address(&record->destination, destination);
    write_address(&record->offender, offender);
    napi_create_object(env, &result);
    set_text(env, result, "address", destination);
    set_number(env, result, "port",
               ntohs(ip4 ? record->destination.ip4.sin_port : record->destination.ip6.sin6_port));
    set_number(env, result, "errno", error->ee_errno);
    set_number(env, result, "type", error->ee_type);
    set_number(env, result, "code", error->ee_code);
    set_number(env, result, "mtu", error->ee_errno == EMSGSIZE ? error->ee_info : 0);
    set_text(env, result, "offender", offender);
    return result;
}

/*
 * All of a socket's, as long as there is room. Then it must not be ready for an error that found no
 * room in its queue behind those of the kernel itself: that is told by its number only, which says
 * nothing of whose it is.
 */
static uint32_t drain(napi_env env, int fd, napi_value list, uint32_t count) {
    while (count < ERRORS_MAX) {
        struct record record;
        int got = next_error(fd, &record);
        if (got < 0) {
            int error;
            socklen_t length = sizeof error;
            (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
            break;
        }
        if (got > 0) {
            napi_set_element(env, list, count++, describe(env, &record));
        }
    }
    return count;
}

/*
 * udpErrors(fd): [{ address, port, errno, type, code, mtu, offender }], each told once: where a
 * datagram was sent to, what became of it, and which host says so (ICMP type and code), or nobody:
 * the kernel itself knows that it is too big for the way (type and code 0, over IPv4 port 0 too).
 * `mtu` is octets of the IP packet that there is room for, where it was too big, else 0.
 */
napi_value udp_errors(napi_env env, napi_callback_info info) {
    uint32_t fd, count = 0;
    napi_value list;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    const struct udp *udp = read_udp(env, (int)fd);
    if (udp == NULL) {
        return NULL;
    }
    struct epoll_event events[READY];
    int ready = epoll_wait(udp->senders->errors, events, READY, 0);
    napi_create_array(env, &list);
    for (int i = 0; i < ready; i++) {
        count = drain(env, events[i].data.fd, list, count);
    }
    return list;
}
