/*
 * A UDP socket's queue: a payload a message, behind headers that are written here from what the
 * kernel tells beside it. Datagrams of one flow that came together come as one message (UDP_GRO).
 *
 * recvmmsg wants room for 64 KiB each before it knows what comes. A message therefore has a place
 * for the usual MTU, one behind the other, and a room for what is beyond: if it is needed, the
 * place's content, at most 2 KiB, is moved to before the rest. So small ones lie close together,
 * and a big one is not copied.
 *
 *   | place 0 | place 1 | … | place 15 |        …        | room 15 | … | room 1 | room 0 |
 *   at                                                                                  end
 */
#include "abi.h"
#include "batch.h"
#include "queue.h"
#include "udp-header.h"
#include "udp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define LINUX_UDP_GRO 104 /* Linux 5.0 */

/* Messages a call: more gain nothing any more, and the rooms of that many stay in the cache. */
#define CALL 16u

/* Octets of a payload that are received into its place. */
#define PLACE_PAYLOAD 2048u

/*
 * Where the payload lies in its place or room. Behind headroom and the longest headers; and so that
 * the frame that begins 8 octets behind it (VXLAN) lies as frames do: its virtio header two bytes
 * into a cache line, its network header aligned to 4.
 */
#define LEAD 262u
_Static_assert(LEAD >= HEADROOM + OUTER_LENGTH(6), "headers and headroom are before the payload");
_Static_assert((LEAD + 8 - VIRTIO_HEADER) % CACHE_LINE == LINE_OFFSET, "the inner frame's place");

/* Lines of a place are odd in number, so that places fall into all sets of a cache. */
#define PLACE (37u * CACHE_LINE)
_Static_assert(PLACE >= LEAD + PLACE_PAYLOAD, "a place holds its payload");

/* Behind the place's content, what the longest payload has beyond it. */
#define PAYLOAD_MAX 65535u
#define ROOM ((LEAD + PAYLOAD_MAX + CACHE_LINE - 1) & ~(CACHE_LINE - 1))

struct beside {
    _Alignas(struct cmsghdr) char bytes[128];
};

struct call {
    uint8_t *places, *rooms_end;
    struct mmsghdr headers[CALL];
    struct iovec pieces[CALL][2];
    union address sources[CALL];
    struct beside beside[CALL];
};

static uint8_t *room_payload(const struct call *call, uint32_t i) {
    return call->rooms_end - (uint64_t)(i + 1) * ROOM + LEAD;
}

static void prepare(struct call *call, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct iovec *pieces = call->pieces[i];
        pieces[0] = (struct iovec){call->places + (uint64_t)i * PLACE + LEAD, PLACE_PAYLOAD};
        pieces[1] =
            (struct iovec){room_payload(call, i) + PLACE_PAYLOAD, PAYLOAD_MAX - PLACE_PAYLOAD};
        call->headers[i].msg_hdr = (struct msghdr){.msg_name = &call->sources[i],
                                                   .msg_namelen = sizeof call->sources[i],
                                                   .msg_iov = pieces,
                                                   .msg_iovlen = 2,
                                                   .msg_control = &call->beside[i],
                                                   .msg_controllen = sizeof call->beside[i]};
    }
}

static void read_ip4(const struct cmsghdr *control, struct arrival *arrival) {
    const uint8_t *data = CMSG_DATA(control);
    if (control->cmsg_type == IP_TOS) {
        arrival->traffic_class = data[0];
    } else if (control->cmsg_type == IP_TTL) {
        int hops;
        memcpy(&hops, data, sizeof hops);
        arrival->hops = (uint8_t)hops;
    } else if (control->cmsg_type == IP_PKTINFO) {
        arrival->destination = data + offsetof(struct in_pktinfo, ipi_addr);
    }
}

static void read_ip6(const struct cmsghdr *control, struct arrival *arrival) {
    const uint8_t *data = CMSG_DATA(control);
    int number;
    memcpy(&number, data, sizeof number);
    if (control->cmsg_type == IPV6_TCLASS) {
        arrival->traffic_class = (uint8_t)number;
    } else if (control->cmsg_type == IPV6_HOPLIMIT) {
        arrival->hops = (uint8_t)number;
    } else if (control->cmsg_type == IPV6_PKTINFO) {
        arrival->destination = data + offsetof(struct in6_pktinfo, ipi6_addr);
    }
}

static void read_beside(struct msghdr *message, struct arrival *arrival) {
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level == IPPROTO_IP) {
            read_ip4(control, arrival);
        } else if (control->cmsg_level == IPPROTO_IPV6) {
            read_ip6(control, arrival);
        } else if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == LINUX_UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(control), sizeof size);
            arrival->segment = (uint32_t)size;
        }
    }
}

static struct arrival arrival_of(const struct udp *udp, struct mmsghdr *header) {
    const union address *source = header->msg_hdr.msg_name;
    struct arrival arrival = {.version = udp->version, .length = header->msg_len};
    if (udp->version == 4) {
        arrival.source = (const uint8_t *)&source->ip4.sin_addr;
        arrival.source_port = ntohs(source->ip4.sin_port);
        arrival.destination = (const uint8_t *)&udp->local.ip4.sin_addr;
        arrival.destination_port = ntohs(udp->local.ip4.sin_port);
    } else {
        arrival.source = (const uint8_t *)&source->ip6.sin6_addr;
        arrival.source_port = ntohs(source->ip6.sin6_port);
        arrival.destination = (const uint8_t *)&udp->local.ip6.sin6_addr;
        arrival.destination_port = ntohs(udp->local.ip6.sin6_port);
    }
    read_beside(&header->msg_hdr, &arrival);
    return arrival;
}

/* Where the payload lies as one, at last. `rooms` counts those that are taken. */
static uint8_t *settle(const struct call *call, uint32_t i, uint32_t length, uint32_t *rooms) {
    uint8_t *payload = call->pieces[i][0].iov_base;
    if (length <= PLACE_PAYLOAD) {
        return payload;
    }
    *rooms = i + 1;
    return memcpy(room_payload(call, i), payload, PLACE_PAYLOAD);
}

/* Takes what came into the burst. */
static void take(const struct udp *udp, struct call *call, uint32_t count, struct burst *burst,
                 struct descriptor *descriptors) {
    uint32_t rooms = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct arrival arrival = arrival_of(udp, &call->headers[i]);
        uint8_t *payload = settle(call, i, arrival.length, &rooms);
        write_outer(payload, &arrival);
        uint32_t before = OUTER_LENGTH(udp->version) - VIRTIO_HEADER;
        descriptors[i] = (struct descriptor){(uint32_t)(payload - before - burst->base),
                                             before + arrival.length};
    }
    burst->at += (uint64_t)count * PLACE;
    burst->end -= (uint64_t)rooms * ROOM;
}

/* Messages that have room for any length. */
static uint32_t room_for(const struct burst *burst, uint32_t count) {
    uint64_t most = burst->end < burst->at ? 0 : (burst->end - burst->at) / (PLACE + ROOM);
    uint32_t wanted = burst->capacity - count;
    uint32_t fits = most < CALL ? (uint32_t)most : CALL;
    return wanted < fits ? wanted : fits;
}

static int receive(int fd, struct call *call, uint32_t count) {
    int received;
    do {
        received = recvmmsg(fd, call->headers, count, MSG_DONTWAIT, NULL);
    } while (received < 0 && errno == EINTR);
    return received;
}

static int64_t udp_burst(int fd, struct burst *burst) {
    const struct udp *udp = udp_of(fd);
    if (udp == NULL) {
        return -EBADF;
    }
    struct call call;
    uint32_t count = 0, room;
    burst->at = (burst->at + CACHE_LINE - 1) & ~(uint64_t)(CACHE_LINE - 1);
    burst->end &= ~(uint64_t)(CACHE_LINE - 1);
    while ((room = room_for(burst, count)) > 0) {
        call.places = burst->base + burst->at;
        call.rooms_end = burst->base + burst->end;
        prepare(&call, room);
        int received = receive(fd, &call, room);
        if (received < 0) {
            return count == 0 && errno != EAGAIN ? -(int64_t)errno : (int64_t)count;
        }
        take(udp, &call, (uint32_t)received, burst, burst->descriptors + count);
        count += (uint32_t)received;
        if ((uint32_t)received < room) {
            break;
        }
    }
    return count;
}

const struct queue_operations udp_queue = {.burst = udp_burst, .add = udp_add, .flush = udp_flush};
