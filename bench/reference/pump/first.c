/*
 * first FROM TO: when the first frame crosses.
 *
 * Waits for both interfaces to appear and come up, sends a broadcast frame a millisecond from one
 * and prints the time (CLOCK_MONOTONIC, nanoseconds) at which the other received one.
 */
#define _GNU_SOURCE
#include "commands.h"
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define GIVE_UP_NS 30000000000u
#define ETHER_TYPE 0x88b5
#define FRAME 60

static void sleep_a_millisecond(void) {
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* A socket on the interface as soon as it is there. */
static int wait_for(struct endpoint endpoint, uint16_t protocol, uint8_t mac[6], uint64_t end) {
    int fd = -1;
    while (now_ns() < end) {
        if (try_enter(endpoint.netns) && (fd = open_packet(endpoint.ifname, protocol, mac)) >= 0) {
            return fd;
        }
        sleep_a_millisecond();
    }
    errno = ETIMEDOUT;
    die("did not appear within 30 s", endpoint.ifname);
}

/* True once a frame that came in (not one that we see leave) is there. */
static bool received(int fd) {
    uint8_t frame[FRAME];
    struct sockaddr_ll from;
    socklen_t length = sizeof from;
    while (recvfrom(fd, frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&from, &length) > 0) {
        if (from.sll_pkttype != PACKET_OUTGOING) {
            return true;
        }
    }
    return false;
}

int first(int count, char **arguments) {
    if (count != 2) {
        return 2;
    }
    struct endpoint from = parse_endpoint(arguments[0]), to = parse_endpoint(arguments[1]);
    uint64_t end = now_ns() + GIVE_UP_NS;
    uint8_t source[6], unused[6], frame[FRAME] = {[12] = ETHER_TYPE >> 8, [13] = ETHER_TYPE & 0xff};
    printf("waiting\n");
    fflush(stdout);
    int sender = wait_for(from, 0, source, end);
    int receiver = wait_for(to, ETHER_TYPE, unused, end);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, source, 6);
    while (now_ns() < end) {
        /* ENETDOWN until the interface is up: then the frame of a millisecond later will do. */
        (void)!send(sender, frame, sizeof frame, 0);
        poll(&(struct pollfd){.fd = receiver, .events = POLLIN}, 1, 1);
        if (received(receiver)) {
            printf("%" PRIu64 "\n", now_ns());
            return 0;
        }
    }
    errno = ETIMEDOUT;
    die("no frame crossed within 30 s", to.ifname);
}
