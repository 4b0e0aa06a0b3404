#define _GNU_SOURCE
#include "lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void die(const char *what, const char *where) {
    fprintf(stderr, "pump: %s: %s: %s\n", what, where, strerror(errno));
    exit(1);
}

struct endpoint parse_endpoint(char *text) {
    char *slash = strchr(text, '/');
    if (slash == NULL) {
        fprintf(stderr, "pump: %s: expected NETNS/IFNAME\n", text);
        exit(2);
    }
    *slash = '\0';
    return (struct endpoint){.netns = text, .ifname = slash + 1};
}

bool try_enter(const char *netns) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", netns);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool entered = setns(fd, CLONE_NEWNET) == 0;
    close(fd);
    return entered;
}

void enter(const char *netns) {
    if (!try_enter(netns)) {
        die("cannot enter network namespace", netns);
    }
}

int open_packet(const char *ifname, uint16_t protocol, uint8_t mac[6]) {
    struct ifreq request = {0};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die("socket(AF_PACKET)", ifname);
    }
    strncpy(request.ifr_name, ifname, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCGIFHWADDR, &request) != 0) {
        close(fd);
        return -1;
    }
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(protocol),
                                  .sll_ifindex = (int)if_nametoindex(ifname)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        /* It went, or is down, between the calls: not there yet. */
        close(fd);
        return -1;
    }
    return fd;
}

int open_counters(void) {
    int file = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        die("open", "/proc/thread-self/net/dev");
    }
    return file;
}

struct counters read_counters(int file, const char *ifname) {
    static char text[1 << 16];
    struct counters counters;
    char name[IFNAMSIZ + 2];
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    if (length < 0) {
        die("read", "/proc/net/dev");
    }
    text[length] = '\0';
    snprintf(name, sizeof name, "%s:", ifname);
    const char *line = strstr(text, name);
    /* Sixteen numbers: bytes, packets, errs, drop, … of receive, then of transmit. */
    if (line == NULL ||
        sscanf(line + strlen(name),
               "%*u %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64 " %*u %" SCNu64,
               &counters.rx_frames, &counters.tx_frames, &counters.tx_dropped) != 3) {
        errno = ENODEV;
        die("no counters of interface", ifname);
    }
    return counters;
}

uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
