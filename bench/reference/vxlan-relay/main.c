/*
 * vxlan-relay TAP VNI LOCAL REMOTE: the C program that the overlay is compared with.
 *
 * Makes the TAP, with virtio-net headers, checksum offload and TCP segmentation over IPv4, and
 * carries its frames in VXLAN (RFC 7348) to one VTEP and back, over one UDP socket on port 4789. It
 * learns nothing and knows one VNI: the cost of reading, cutting, sending, coalescing and writing,
 * and little else. All from one UDP source port, so that a burst leaves in few messages whatever
 * flows it is of.
 *
 * It says "ready" when both are there; move the TAP where it is wanted.
 */
#define _GNU_SOURCE
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define UDP_PORT 4789
#define SOCKET_BUFFER (7 << 20)

static _Noreturn void die(const char *what, const char *name) {
    fprintf(stderr, "vxlan-relay: %s: %s: %s\n", name, what, strerror(errno));
    exit(1);
}

static int open_tap(const char *name) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), size = VNET_HEADER;
    if (fd < 0) {
        die("open", "/dev/net/tun");
    }
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, TUNSETIFF, &request) != 0) {
        die("ioctl(TUNSETIFF)", name);
    }
    if (ioctl(fd, TUNSETVNETHDRSZ, &size) != 0 ||
        ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN) != 0) {
        die("ioctl(TUNSETOFFLOAD)", name);
    }
    return fd;
}

static struct sockaddr_in address_of(const char *text) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(UDP_PORT)};
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        errno = EINVAL;
        die("not an IPv4 address", text);
    }
    return address;
}

static int open_udp(const char *local, const char *remote) {
    struct sockaddr_in own = address_of(local), peer = address_of(remote);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, buffer = SOCKET_BUFFER;
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        die("bind", local);
    }
    if (connect(fd, (struct sockaddr *)&peer, sizeof peer) != 0) {
        die("connect", remote);
    }
    if (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0) {
        die("setsockopt(UDP_GRO)", local);
    }
    for (int which = 0; which < 2; which++) {
        int option = which == 0 ? SO_RCVBUFFORCE : SO_SNDBUFFORCE;
        setsockopt(fd, SOL_SOCKET, option, &buffer, sizeof buffer);
    }
    int path = IP_PMTUDISC_DO; /* a VTEP does not fragment */
    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &path, sizeof path);
    return fd;
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (argc != 5) {
        fprintf(stderr, "usage: vxlan-relay TAP VNI LOCAL REMOTE\n");
        return 2;
    }
    uint32_t words[2] = {htonl(0x08000000), htonl((uint32_t)atoi(argv[2]) << 8)};
    struct relay relay = {.tap = open_tap(argv[1]), .udp = open_udp(argv[3], argv[4])};
    memcpy(&relay.vxlan, words, sizeof words);
    struct pollfd ends[] = {{.fd = relay.tap, .events = POLLIN},
                            {.fd = relay.udp, .events = POLLIN}};
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        if (poll(ends, 2, -1) <= 0) {
            continue;
        }
        if (ends[1].revents != 0) {
            decapsulate(&relay);
        }
        if (ends[0].revents != 0) {
            encapsulate(&relay);
        }
    }
}
