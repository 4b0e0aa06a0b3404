/*
 * UDP to TAP. The kernel gives runs of datagrams of one size as one (UDP_GRO). TCP segments that
 * follow each other are written as one super-frame, gathered from where they lie, at the latest
 * when all that one call received was looked at: nothing waits for a timer. Everything else is
 * written as it is; no flow is reordered.
 */
#define _GNU_SOURCE
#include "checksum.h"
#include "relay.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Messages received in one call; each may be a run of 64 KiB. */
#define BURST 8
/* Super-frames that are growing at the same time, of different flows. */
#define GROWING 8
#define SEGMENTS_MAX 128
#define PACKET_MAX 65535

static uint8_t rooms[BURST][FRAME_ROOM];

struct segment {
    uint8_t *frame;
    struct iphdr *ip;
    struct tcphdr *tcp;
    size_t headers, payload; /* octets: from the Ethernet header on, and behind */
};

/* A super-frame, or the first segment of what may become one. */
struct growing {
    struct segment first;
    size_t payload; /* of all segments */
    uint32_t next;  /* sequence number */
    bool closed;    /* nothing follows a short segment, or one that pushes */
    int count;
    struct iovec pieces[SEGMENTS_MAX + 1]; /* room for the virtio-net header, then the segments */
};

static struct growing growing[GROWING];
static int growing_count;

static void write_all(const struct relay *relay, struct iovec *pieces, int count,
                      const struct virtio_net_hdr_v1 *vnet) {
    pieces[0] = (struct iovec){(void *)vnet, sizeof *vnet};
    /* A TAP never pushes back: a failure is a loss. */
    (void)!writev(relay->tap, pieces, count + 1);
}

static void write_whole(const struct relay *relay, uint8_t *frame, size_t length) {
    static const struct virtio_net_hdr_v1 nothing;
    struct iovec pieces[2] = {[1] = {frame, length}};
    write_all(relay, pieces, 1, &nothing);
}

/* Writes what has grown and takes it from the list; those behind it move up. */
static void finish(const struct relay *relay, struct growing *one) {
    struct segment *first = &one->first;
    struct virtio_net_hdr_v1 vnet = {.flags = VIRTIO_NET_HDR_F_DATA_VALID};
    if (one->count > 1) {
        size_t tcp = first->headers - TCP_AT + one->payload;
        first->ip->tot_len = htons((uint16_t)(sizeof *first->ip + tcp));
        first->ip->check = 0;
        first->ip->check = (uint16_t)~fold(sum_of((uint8_t *)first->ip, sizeof *first->ip));
        first->tcp->check = fold(pseudo_sum(first->ip, (uint32_t)tcp));
        vnet = (struct virtio_net_hdr_v1){
            .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
            .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
            .hdr_len = (uint16_t)first->headers,
            .gso_size = (uint16_t)first->payload,
            .csum_start = TCP_AT,
            .csum_offset = offsetof(struct tcphdr, check),
        };
    }
    write_all(relay, one->pieces, one->count, &vnet);
    growing_count--;
    for (; one < growing + growing_count; one++) {
        /* The pieces are long: only those in use are moved. */
        struct growing *behind = one + 1;
        memcpy(one, behind, offsetof(struct growing, pieces));
        memcpy(one->pieces, behind->pieces, sizeof(struct iovec) * (size_t)(behind->count + 1));
    }
}

/* Whether the frame is a TCP packet over IPv4 without options and fragments, and where its parts
 * are. */
static bool parse(uint8_t *frame, size_t length, struct segment *segment) {
    uint16_t type;
    memcpy(&type, frame + 12, sizeof type);
    if (length < TCP_AT + sizeof(struct tcphdr) || type != htons(0x0800)) {
        return false;
    }
    struct iphdr *ip = (struct iphdr *)(frame + ETHERNET_HEADER);
    struct tcphdr *tcp = (struct tcphdr *)(frame + TCP_AT);
    size_t total = ntohs(ip->tot_len), headers = TCP_AT + tcp->doff * 4u;
    if (ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_TCP ||
        (ip->frag_off & htons(0x3fff)) != 0 || total > length - ETHERNET_HEADER || tcp->doff < 5 ||
        headers > ETHERNET_HEADER + total) {
        return false;
    }
    *segment = (struct segment){frame, ip, tcp, headers, ETHERNET_HEADER + total - headers};
    return true;
}

/* The word with data offset, flags and window. */
static uint32_t flags_of(const struct tcphdr *tcp) {
    uint32_t word;
    memcpy(&word, (const uint8_t *)tcp + 12, sizeof word);
    return word;
}

/* Whether the segment may be part of a super-frame at all: data, of flags ACK and PSH only, and
 * intact. */
static bool is_candidate(const struct segment *one) {
    uint32_t flags = ntohl(flags_of(one->tcp)) >> 16 & 0xfff;
    if ((flags & ~0x008u) != 0x010 || one->payload == 0) {
        return false;
    }
    size_t octets = one->headers - TCP_AT + one->payload;
    uint64_t sum =
        (uint64_t)pseudo_sum(one->ip, (uint32_t)octets) + sum_of((uint8_t *)one->tcp, octets);
    return fold(sum) == 0xffff && fold(sum_of((uint8_t *)one->ip, sizeof *one->ip)) == 0xffff;
}

static bool is_same_flow(const struct segment *a, const struct segment *b) {
    return a->ip->saddr == b->ip->saddr && a->ip->daddr == b->ip->daddr &&
           a->tcp->source == b->tcp->source && a->tcp->dest == b->tcp->dest;
}

/* Whether a candidate of the same flow continues what has grown (as Linux' GRO does it). */
static bool continues(const struct growing *one, const struct segment *next) {
    const struct segment *first = &one->first;
    const uint32_t push = htonl(0x00080000);
    return !one->closed && ntohl(next->tcp->seq) == one->next && next->headers == first->headers &&
           next->payload <= first->payload && one->count < SEGMENTS_MAX &&
           first->headers - ETHERNET_HEADER + one->payload + next->payload <= PACKET_MAX &&
           next->tcp->ack_seq == first->tcp->ack_seq && next->ip->tos == first->ip->tos &&
           next->ip->ttl == first->ip->ttl && next->ip->frag_off == first->ip->frag_off &&
           ((flags_of(next->tcp) ^ flags_of(first->tcp)) & ~push) == 0 &&
           memcmp(next->frame, first->frame, ETHERNET_HEADER) == 0 &&
           memcmp(next->tcp + 1, first->tcp + 1, first->headers - TCP_AT - sizeof *next->tcp) == 0;
}

static void begin(struct segment segment) {
    struct growing *one = &growing[growing_count++];
    one->first = segment;
    one->payload = segment.payload;
    one->next = ntohl(segment.tcp->seq) + (uint32_t)segment.payload;
    one->closed = segment.tcp->psh;
    one->count = 1;
    one->pieces[1] = (struct iovec){segment.frame, segment.headers + segment.payload};
}

static void append(struct growing *one, const struct segment *next) {
    one->pieces[++one->count] = (struct iovec){next->frame + next->headers, next->payload};
    one->payload += next->payload;
    one->next += (uint32_t)next->payload;
    one->closed = next->payload < one->first.payload || next->tcp->psh;
    one->first.tcp->psh |= next->tcp->psh;
}

static void take(const struct relay *relay, uint8_t *frame, size_t length) {
    struct segment segment;
    if (!parse(frame, length, &segment)) {
        write_whole(relay, frame, length);
        return;
    }
    struct growing *own = growing, *end = growing + growing_count;
    while (own < end && !is_same_flow(&own->first, &segment)) {
        own++;
    }
    bool candidate = is_candidate(&segment);
    if (own < end) {
        if (candidate && continues(own, &segment)) {
            append(own, &segment);
            return;
        }
        finish(relay, own);
    }
    if (!candidate) {
        write_whole(relay, frame, length);
        return;
    }
    if (growing_count == GROWING) {
        finish(relay, growing);
    }
    begin(segment);
}

/* Octets of each datagram of a message but the last. */
static size_t size_of(struct msghdr *message, size_t length) {
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == SOL_UDP && at->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(at), sizeof size);
            return size > 0 ? (size_t)size : length;
        }
    }
    return length;
}

/* Takes the frames out of a datagram, or a run of them. */
static void unwrap(const struct relay *relay, uint8_t *run, size_t length, size_t size) {
    for (size_t at = 0; at < length; at += size) {
        size_t octets = length - at < size ? length - at : size;
        if (octets < VXLAN_HEADER + ETHERNET_HEADER) {
            return;
        }
        uint8_t *vxlan = run + at;
        /* Flags and VNI; what is reserved is not looked at. */
        const uint8_t *own = (const uint8_t *)&relay->vxlan;
        if ((vxlan[0] & own[0]) == own[0] && memcmp(vxlan + 4, own + 4, 3) == 0) {
            take(relay, vxlan + VXLAN_HEADER, octets - VXLAN_HEADER);
        }
    }
}

void decapsulate(const struct relay *relay) {
    static struct mmsghdr messages[BURST];
    static struct iovec pieces[BURST];
    static struct {
        _Alignas(struct cmsghdr) uint8_t octets[CMSG_SPACE(sizeof(int))];
    } controls[BURST];
    for (int i = 0; i < BURST; i++) {
        pieces[i] = (struct iovec){rooms[i], FRAME_ROOM};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
        messages[i].msg_hdr.msg_control = controls[i].octets;
        messages[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
    int received = recvmmsg(relay->udp, messages, BURST, MSG_DONTWAIT, NULL);
    for (int i = 0; i < received; i++) {
        size_t length = messages[i].msg_len;
        unwrap(relay, rooms[i], length, size_of(&messages[i].msg_hdr, length));
    }
    while (growing_count > 0) {
        finish(relay, growing);
    }
}
