/*
 * TAP to UDP. A frame leaves from where it was read, a VXLAN header in place of the virtio-net
 * header. A TCP super-frame is cut: each segment gets headers of its own, its payload is gathered
 * from where it lies. Datagrams that follow each other leave as one message with UDP_SEGMENT for as
 * long as they are of one size.
 */
#define _GNU_SOURCE
#include "checksum.h"
#include "relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* A burst ends when a frame might not fit any more: what was read stays in the cache until it is
 * sent. */
#define BURST_FRAMES 64
#define BURST_OCTETS (128 << 10)
/* More than a super-frame of the smallest usual segments has. */
#define SEGMENTS_MAX 256
#define DATAGRAMS_MAX 1024
/* VXLAN, Ethernet, IP and TCP with all options. */
#define HEAD_ROOM 128

struct head {
    _Alignas(64) uint8_t octets[HEAD_ROOM];
};

static uint8_t arena[BURST_OCTETS + FRAME_ROOM];
static struct head heads[DATAGRAMS_MAX];
static struct iovec pieces[2 * DATAGRAMS_MAX];
static struct mmsghdr messages[DATAGRAMS_MAX];
static struct {
    _Alignas(struct cmsghdr) uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
} controls[DATAGRAMS_MAX];

/* What of the above the burst has used so far, and the message that still takes datagrams. */
static struct {
    size_t octets, datagrams, pieces, messages;
    size_t run_size, run_octets, run_datagrams;
    bool open;
} used;

/* False where the kernel or a device on the way refused UDP_SEGMENT. */
static bool segments = true;

static void begin_message(size_t size) {
    struct msghdr *header = &messages[used.messages++].msg_hdr;
    *header = (struct msghdr){.msg_iov = &pieces[used.pieces]};
    used.run_size = size;
    used.run_octets = used.run_datagrams = 0;
    used.open = segments;
}

/* Says how long the datagrams of the last message are, if it has several. */
static void end_message(void) {
    if (used.messages == 0 || used.run_datagrams < 2) {
        return;
    }
    struct msghdr *header = &messages[used.messages - 1].msg_hdr;
    header->msg_control = controls[used.messages - 1].octets;
    header->msg_controllen = sizeof controls[0];
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    *control = (struct cmsghdr){.cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT};
    control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    uint16_t size = (uint16_t)used.run_size;
    memcpy(CMSG_DATA(control), &size, sizeof size);
}

/* Adds a datagram in two pieces; the second may be empty. */
static void add(uint8_t *head, size_t head_length, uint8_t *body, size_t body_length) {
    size_t octets = head_length + body_length;
    if (!used.open || octets > used.run_size || used.run_datagrams == RUN_DATAGRAMS ||
        used.run_octets + octets > RUN_OCTETS) {
        end_message();
        begin_message(octets);
    }
    struct msghdr *header = &messages[used.messages - 1].msg_hdr;
    pieces[used.pieces++] = (struct iovec){head, head_length};
    if (body_length > 0) {
        pieces[used.pieces++] = (struct iovec){body, body_length};
    }
    header->msg_iovlen = (size_t)(&pieces[used.pieces] - header->msg_iov);
    used.datagrams++;
    used.run_datagrams++;
    used.run_octets += octets;
    used.open = used.open && octets == used.run_size; /* a shorter one ends a run */
}

/* Completes a partial checksum: the field holds the pseudo-header's sum. */
static void complete(uint8_t *frame, size_t length, size_t start, size_t field) {
    uint16_t sum = (uint16_t)~fold(sum_of(frame + start, length - start));
    sum = field == offsetof(struct udphdr, check) && sum == 0 ? 0xffff : sum;
    memcpy(frame + start + field, &sum, sizeof sum);
}

/*
 * Cuts a TCP super-frame of `size` octets of payload a segment. What all segments have in common is
 * summed once; each adds what is its own.
 */
static void cut(const struct relay *relay, uint8_t *frame, size_t length, size_t size) {
    struct iphdr *ip = (struct iphdr *)(frame + ETHERNET_HEADER);
    struct tcphdr *tcp = (struct tcphdr *)(frame + TCP_AT);
    size_t options = tcp->doff * 4u, headers = TCP_AT + options;
    uint32_t sequence = ntohl(tcp->seq), identification = ntohs(ip->id);
    uint16_t flags = ((uint16_t *)tcp)[6];                             /* with the data offset */
    const uint16_t closing = htons(0x0009), congested = htons(0x0080); /* FIN and PSH; CWR */
    ip->tot_len = ip->id = ip->check = 0;
    tcp->seq = tcp->check = ((uint16_t *)tcp)[6] = 0;
    uint32_t ip_sum = sum_of((uint8_t *)ip, sizeof *ip);
    uint32_t tcp_sum = sum_of((uint8_t *)tcp, options) + pseudo_sum(ip, 0);
    uint8_t *payload = frame + headers;
    for (size_t left = length - headers; left > 0;) {
        size_t octets = left < size ? left : size;
        uint8_t *head = heads[used.datagrams].octets;
        memcpy(head, &relay->vxlan, VXLAN_HEADER);
        memcpy(head + VXLAN_HEADER, frame, headers);
        struct iphdr *own_ip = (struct iphdr *)(head + VXLAN_HEADER + ETHERNET_HEADER);
        struct tcphdr *own = (struct tcphdr *)(head + VXLAN_HEADER + TCP_AT);
        own_ip->tot_len = htons((uint16_t)(headers - ETHERNET_HEADER + octets));
        own_ip->id = htons((uint16_t)identification++);
        own_ip->check = (uint16_t)~fold((uint64_t)ip_sum + own_ip->tot_len + own_ip->id);
        own->seq = htonl(sequence);
        uint16_t own_flags = octets == left ? flags : flags & (uint16_t)~closing;
        ((uint16_t *)own)[6] = own_flags;
        uint64_t sum = (uint64_t)tcp_sum + (own->seq & 0xffff) + (own->seq >> 16) + own_flags +
                       htons((uint16_t)(options + octets)) + sum_of(payload, octets);
        own->check = (uint16_t)~fold(sum);
        add(head, VXLAN_HEADER + headers, payload, octets);
        flags &= (uint16_t)~congested;
        sequence += (uint32_t)octets;
        payload += octets;
        left -= octets;
    }
}

/* Whether a super-frame is one that `cut` takes: all that the TAP was told to give. */
static bool is_cuttable(const uint8_t *frame, size_t length, size_t size) {
    const struct iphdr *ip = (const struct iphdr *)(frame + ETHERNET_HEADER);
    const struct tcphdr *tcp = (const struct tcphdr *)(frame + TCP_AT);
    return length > TCP_AT + sizeof *tcp && ip->version == 4 && ip->ihl == 5 &&
           ip->protocol == IPPROTO_TCP && length > TCP_AT + tcp->doff * 4u && size > 0 &&
           length / size < SEGMENTS_MAX;
}

/* Adds what was read: a virtio-net header and a frame. */
static void take(const struct relay *relay, uint8_t *read_at, size_t length) {
    struct virtio_net_hdr_v1 vnet;
    memcpy(&vnet, read_at, sizeof vnet);
    uint8_t *frame = read_at + VNET_HEADER;
    length -= VNET_HEADER;
    if ((vnet.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4) {
        if (is_cuttable(frame, length, vnet.gso_size)) {
            cut(relay, frame, length, vnet.gso_size);
        }
        return;
    }
    if ((vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        if ((size_t)vnet.csum_start + vnet.csum_offset + 2 > length) {
            return;
        }
        complete(frame, length, vnet.csum_start, vnet.csum_offset);
    }
    memcpy(frame - VXLAN_HEADER, &relay->vxlan, VXLAN_HEADER);
    add(frame - VXLAN_HEADER, length + VXLAN_HEADER, NULL, 0);
}

/* Sends each datagram of a message that was refused by itself. */
static void send_apart(const struct relay *relay, struct msghdr *refused) {
    size_t count = refused->msg_iovlen, size = 0;
    struct cmsghdr *control = CMSG_FIRSTHDR(refused);
    memcpy(&size, CMSG_DATA(control), sizeof(uint16_t));
    for (size_t first = 0; first < count;) {
        size_t octets = refused->msg_iov[first].iov_len, next = first + 1;
        while (next < count && octets + refused->msg_iov[next].iov_len <= size) {
            octets += refused->msg_iov[next++].iov_len;
        }
        struct msghdr one = {.msg_iov = refused->msg_iov + first, .msg_iovlen = next - first};
        (void)!sendmsg(relay->udp, &one, 0);
        first = next;
    }
}

/* A message that cannot be sent is a loss, but for one that only UDP_SEGMENT was in the way of. */
static void send_all(const struct relay *relay) {
    end_message();
    for (size_t next = 0; next < used.messages;) {
        int sent = sendmmsg(relay->udp, messages + next, (unsigned int)(used.messages - next), 0);
        if (sent > 0) {
            next += (size_t)sent;
            continue;
        }
        struct msghdr *refused = &messages[next++].msg_hdr;
        if (errno == EIO && refused->msg_controllen > 0) {
            segments = false;
            send_apart(relay, refused);
        }
    }
}

void encapsulate(const struct relay *relay) {
    memset(&used, 0, sizeof used);
    for (int i = 0; i < BURST_FRAMES; i++) {
        if (used.octets > BURST_OCTETS || used.datagrams > DATAGRAMS_MAX - SEGMENTS_MAX) {
            break;
        }
        ssize_t length = read(relay->tap, arena + used.octets, FRAME_ROOM);
        if (length < (ssize_t)(VNET_HEADER + ETHERNET_HEADER)) {
            break;
        }
        take(relay, arena + used.octets, (size_t)length);
        used.octets += ((size_t)length + 63) & ~(size_t)63;
    }
    send_all(relay);
}
