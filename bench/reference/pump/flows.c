/*
 * flows FROM TO MAC COUNT: UDP flows through a router whose MAC is MAC, as fast as it begins them.
 *
 * A packet socket sends minimum frames, each from an endpoint of 10.55.0.0/24 that has not spoken
 * yet to somebody in 198.18.0.0/15; what a full queue refuses is sent again. It took as long as the
 * interface TO needed to receive (its rx_packets) all that arrived there.
 */
#define _GNU_SOURCE
#include "commands.h"
#include "lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME 60
#define BATCH 64
#define HOSTS 200
#define FIRST_HOST 10
#define FIRST_PORT 2048
#define QUIET_NS 100000000u

struct frame {
    struct ether_header ethernet;
    struct iphdr ip;
    struct udphdr udp;
    uint8_t
        data[FRAME - sizeof(struct ether_header) - sizeof(struct iphdr) - sizeof(struct udphdr)];
} __attribute__((packed));

static uint16_t checksum(const void *header, size_t length) {
    uint32_t sum = 0;
    for (size_t at = 0; at < length; at += 2) {
        uint16_t word;
        memcpy(&word, (const uint8_t *)header + at, 2);
        sum += word;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~(sum + (sum >> 16));
}

/* The first frame of flow `number`. Its UDP checksum is left out. */
static void fill(struct frame *frame, uint32_t number) {
    frame->ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
    frame->ip.tot_len = htons(FRAME - sizeof(struct ether_header));
    frame->ip.saddr = htonl(0x0a370000u + FIRST_HOST + number % HOSTS);
    frame->ip.daddr = htonl(0xc6120000u + ((number * 2654435761u) >> 15));
    frame->ip.check = checksum(&frame->ip, sizeof frame->ip);
    frame->udp =
        (struct udphdr){.source = htons((uint16_t)(FIRST_PORT + number / HOSTS)),
                        .dest = htons(7007),
                        .len = htons(FRAME - sizeof(struct ether_header) - sizeof(struct iphdr))};
}

static void send_all(int fd, const struct ether_header *ethernet, uint32_t count) {
    static struct frame frames[BATCH];
    static struct iovec pieces[BATCH];
    static struct mmsghdr messages[BATCH];
    for (uint32_t next = 0; next < count;) {
        uint32_t batch = count - next < BATCH ? count - next : BATCH;
        for (uint32_t i = 0; i < batch; i++) {
            frames[i].ethernet = *ethernet;
            fill(&frames[i], next + i);
            pieces[i] = (struct iovec){&frames[i], FRAME};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
        }
        int sent = sendmmsg(fd, messages, batch, 0);
        if (sent > 0) {
            next += (uint32_t)sent;
        } else if (errno != ENOBUFS && errno != EAGAIN) {
            die("sendmmsg", "the sending interface");
        }
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

int flows(int count, char **arguments) {
    struct ether_header ethernet = {.ether_type = htons(ETHERTYPE_IP)};
    uint8_t *mac = ethernet.ether_dhost, other[6];
    if (count != 4 || sscanf(arguments[2], "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1],
                             &mac[2], &mac[3], &mac[4], &mac[5]) != 6) {
        return 2;
    }
    struct endpoint from = parse_endpoint(arguments[0]), to = parse_endpoint(arguments[1]);
    uint32_t number = (uint32_t)atoi(arguments[3]);
    close(must_open(to, other));
    int counters = open_counters();
    int sender = must_open(from, ethernet.ether_shost), on = 1;
    setsockopt(sender, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    uint64_t before = read_counters(counters, to.ifname).rx_frames, received = 0;
    uint64_t start = now_ns();
    send_all(sender, &ethernet, number);
    uint64_t last = now_ns();
    while (now_ns() - last < QUIET_NS) {
        uint64_t now = read_counters(counters, to.ifname).rx_frames - before;
        if (now != received) {
            received = now;
            last = now_ns();
        }
        usleep(200);
    }
    printf("{\"received\": %" PRIu64 ", \"seconds\": %.6f}\n", received,
           (double)(last - start) / 1e9);
    return 0;
}
