/*
 * flood FROM TO SECONDS: minimum frames through a switch, as many as can be sent.
 *
 * A packet socket sends Ethernet frames of 60 octets (64 with the FCS that a TAP does not carry)
 * from one interface to the MAC of the other, 64 a system call, past the queueing discipline. What
 * counts is what the kernel took from the switch on the receiving interface (its rx_packets), over
 * a window that starts once traffic flows; nobody listens there, so that receiving costs no
 * processor that the switch could have.
 */
#define _GNU_SOURCE
#include "commands.h"
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME 60
#define BATCH 64
#define WARM_UP_NS 300000000u

/* IEEE 802 local experimental EtherType 1: no stack handles it. */
static const uint8_t experimental[2] = {0x88, 0xb5};

struct batch {
    uint8_t frame[FRAME];
    struct iovec piece;
    struct mmsghdr messages[BATCH];
};

static void prepare(struct batch *batch, const uint8_t to[6], const uint8_t from[6]) {
    memset(batch, 0, sizeof *batch);
    memcpy(batch->frame, to, 6);
    memcpy(batch->frame + 6, from, 6);
    memcpy(batch->frame + 12, experimental, 2);
    batch->piece = (struct iovec){batch->frame, FRAME};
    for (int i = 0; i < BATCH; i++) {
        batch->messages[i].msg_hdr = (struct msghdr){.msg_iov = &batch->piece, .msg_iovlen = 1};
    }
}

static int must_open(struct endpoint endpoint, uint8_t mac[6]) {
    enter(endpoint.netns);
    int fd = open_packet(endpoint.ifname, 0, mac);
    if (fd < 0) {
        die("cannot open interface", endpoint.ifname);
    }
    return fd;
}

/* One frame from the far side, so that a switch that learns knows where it is. */
static void announce(int fd, const uint8_t mac[6]) {
    struct batch batch;
    uint8_t broadcast[6];
    memset(broadcast, 0xff, sizeof broadcast);
    prepare(&batch, broadcast, mac);
    if (send(fd, batch.frame, FRAME, 0) != FRAME) {
        die("send", "the receiving interface");
    }
    usleep(50000);
}

struct sent {
    uint64_t taken;   /* by the interface's queue */
    uint64_t refused; /* since the queue was full: the switch is not reading fast enough */
};

static struct sent send_until(int fd, struct batch *batch, uint64_t end) {
    struct sent sent = {0};
    while (now_ns() < end) {
        int count = sendmmsg(fd, batch->messages, BATCH, 0);
        if (count > 0) {
            sent.taken += (uint64_t)count;
        } else if (errno == ENOBUFS || errno == EAGAIN) {
            sent.refused++;
        } else {
            die("sendmmsg", "the sending interface");
        }
    }
    return sent;
}

int flood(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    struct endpoint from = parse_endpoint(arguments[0]), to = parse_endpoint(arguments[1]);
    uint64_t window = (uint64_t)(atof(arguments[2]) * 1e9);
    uint8_t source[6], destination[6];
    int receiver = must_open(to, destination), counters = open_counters();
    int sender = must_open(from, source), on = 1;
    /* Without it the frames still flow, only slower. */
    setsockopt(sender, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    announce(receiver, destination);
    struct batch batch;
    prepare(&batch, destination, source);
    send_until(sender, &batch, now_ns() + WARM_UP_NS);
    struct counters before = read_counters(counters, to.ifname);
    uint64_t start = now_ns();
    struct sent sent = send_until(sender, &batch, start + window);
    struct counters after = read_counters(counters, to.ifname);
    printf("{\"taken\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"received\": %" PRIu64
           ", \"seconds\": %.6f}\n",
           sent.taken, sent.refused, after.rx_frames - before.rx_frames,
           (double)(now_ns() - start) / 1e9);
    return 0;
}
