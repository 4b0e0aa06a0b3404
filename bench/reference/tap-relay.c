/*
 * tap-relay [--offload] TAP TAP …: the C program that the switch is compared with.
 *
 * Makes the TAPs and carries every frame from one to all others (with two: to the other), learning
 * nothing: the cost of reading and writing and little else. A thread waits in epoll, reads a TAP
 * until it is empty (64 frames at most, so that none starves the others) and writes each frame at
 * once. With --offload frames carry virtio-net headers, and partial checksums and super-frames pass
 * from TAP to TAP as they are.
 *
 * It says "ready" when the TAPs are there; move them where they are wanted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TAPS_MAX 64
#define BURST 64
/* The longest super-frame, two tags and the virtio header. */
#define ROOM (65536 + 64)

static _Noreturn void die(const char *what, const char *name) {
    fprintf(stderr, "tap-relay: %s: %s: %s\n", name, what, strerror(errno));
    exit(1);
}

/* All that the kernel takes; the two USO bits only go together. */
static void switch_offloads_on(int fd, const char *name) {
    unsigned int base = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    unsigned int uso = 0x20 | 0x40; /* TUN_F_USO4 and TUN_F_USO6, since Linux 6.2 */
    int size = 12;
    if (ioctl(fd, TUNSETVNETHDRSZ, &size) != 0) {
        die("ioctl(TUNSETVNETHDRSZ)", name);
    }
    if (ioctl(fd, TUNSETOFFLOAD, base | TUN_F_TSO_ECN | uso) != 0 &&
        ioctl(fd, TUNSETOFFLOAD, base) != 0) {
        die("ioctl(TUNSETOFFLOAD)", name);
    }
}

static int open_tap(const char *name, bool offload) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0)};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        die("open", "/dev/net/tun");
    }
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, TUNSETIFF, &request) != 0) {
        die("ioctl(TUNSETIFF)", name);
    }
    if (offload) {
        switch_offloads_on(fd, name);
    }
    return fd;
}

/* Carries a burst from TAP `from` to all others. A TAP never pushes back: a failure is a loss. */
static void relay(const int *taps, int count, int from) {
    static uint8_t frame[ROOM];
    for (int i = 0; i < BURST; i++) {
        ssize_t length = read(taps[from], frame, sizeof frame);
        if (length <= 0) {
            return;
        }
        for (int to = 0; to < count; to++) {
            if (to != from) {
                (void)!write(taps[to], frame, (size_t)length);
            }
        }
    }
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    bool offload = argc > 1 && strcmp(argv[1], "--offload") == 0;
    char **names = argv + 1 + offload;
    int count = argc - 1 - offload, taps[TAPS_MAX];
    if (count < 2 || count > TAPS_MAX) {
        fprintf(stderr, "usage: tap-relay [--offload] TAP TAP …\n");
        return 2;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        taps[i] = open_tap(names[i], offload);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, taps[i], &event) != 0) {
            die("epoll_ctl", names[i]);
        }
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[TAPS_MAX];
        int ready = epoll_wait(epoll, events, TAPS_MAX, -1);
        for (int i = 0; i < ready; i++) {
            relay(taps, count, (int)events[i].data.u32);
        }
    }
}
