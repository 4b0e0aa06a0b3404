/*
 * flood FROM TO SECONDS [SIZES]: frames through a switch, as many as can be sent.
 *
 * A packet socket sends Ethernet frames from one interface to the MAC of the other, 64 a system
 * call, past the queueing discipline. Sizes are octets without FCS, which a TAP does not carry, and
 * are taken in turn, as in 60,590,1514; left out: 60, the least. What
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
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MIN 60
#define FRAME_MAX 1514
#define SIZES_MAX 32
#define BATCH 64
#define WARM_UP_NS 300000000u

/* IEEE 802 local experimental EtherType 1: no stack handles it. */
static const uint8_t experimental[2] = {0x88, 0xb5};

struct sizes {
    unsigned count;
    uint16_t octets[SIZES_MAX];
};

/*
 * Frames that are sent are messages of a ring as long as there are sizes, which goes on in a second
 * half, so that a batch may begin with any of them: with the one at which the last batch stopped.
 */
struct batch {
    uint8_t frame[FRAME_MAX];
    unsigned sizes;
    struct iovec pieces[SIZES_MAX];
    struct mmsghdr messages[SIZES_MAX + BATCH];
};

/* False if it is no list of sizes that a frame can have. */
static bool parse_sizes(const char *text, struct sizes *sizes) {
    for (sizes->count = 0; sizes->count < SIZES_MAX; text++) {
        char *end;
        unsigned long octets = strtoul(text, &end, 10);
        if (octets < FRAME_MIN || octets > FRAME_MAX) {
            return false;
        }
        sizes->octets[sizes->count++] = (uint16_t)octets;
        if (*end != ',') {
            return *end == '\0';
        }
        text = end;
    }
    return false;
}

static void prepare(struct batch *batch, const struct sizes *sizes, const uint8_t to[6],
                    const uint8_t from[6]) {
    memset(batch, 0, sizeof *batch);
    memcpy(batch->frame, to, 6);
    memcpy(batch->frame + 6, from, 6);
    memcpy(batch->frame + 12, experimental, 2);
    batch->sizes = sizes->count;
    for (unsigned i = 0; i < sizes->count; i++) {
        batch->pieces[i] = (struct iovec){batch->frame, sizes->octets[i]};
    }
    for (unsigned i = 0; i < sizes->count + BATCH; i++) {
        struct iovec *piece = &batch->pieces[i % sizes->count];
        batch->messages[i].msg_hdr = (struct msghdr){.msg_iov = piece, .msg_iovlen = 1};
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
    struct sizes least = {.count = 1, .octets = {FRAME_MIN}};
    uint8_t broadcast[6];
    memset(broadcast, 0xff, sizeof broadcast);
    prepare(&batch, &least, broadcast, mac);
    if (send(fd, batch.frame, FRAME_MIN, 0) != FRAME_MIN) {
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
    unsigned next = 0;
    while (now_ns() < end) {
        int count = sendmmsg(fd, batch->messages + next, BATCH, 0);
        if (count > 0) {
            sent.taken += (uint64_t)count;
            next = (next + (unsigned)count) % batch->sizes;
        } else if (errno == ENOBUFS || errno == EAGAIN) {
            sent.refused++;
        } else {
            die("sendmmsg", "the sending interface");
        }
    }
    return sent;
}

int flood(int count, char **arguments) {
    struct sizes sizes;
    if (count < 3 || count > 4 || !parse_sizes(count == 4 ? arguments[3] : "60", &sizes)) {
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
    prepare(&batch, &sizes, destination, source);
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
