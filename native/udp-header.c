#include "udp-header.h"

#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif

#define IPV4_ETHERTYPE 0x0800u
#define IPV6_ETHERTYPE 0x86ddu

static uint16_t load16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void store16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

bool read_outer(uint32_t version, const struct iovec *pieces, struct outer *outer) {
    const uint8_t *ethernet = (const uint8_t *)pieces[0].iov_base + VIRTIO_HEADER;
    const uint8_t *ip = ethernet + ETHERNET_HEADER;
    const uint8_t *udp = ip + TRANSPORT_OFFSET(version);
    if (pieces[0].iov_len < OUTER_LENGTH(version)) {
        return false;
    }
    memset(outer, 0, sizeof *outer);
    if (version == 4) {
        if (load16(ethernet + 12) != IPV4_ETHERTYPE || ip[0] != 0x45 || ip[9] != IPPROTO_UDP) {
            return false;
        }
        memcpy(outer->destination, ip + 16, 4);
        outer->traffic_class = ip[1];
        outer->hops = ip[8];
    } else {
        if (load16(ethernet + 12) != IPV6_ETHERTYPE || ip[0] >> 4 != 6 || ip[6] != IPPROTO_UDP) {
            return false;
        }
        memcpy(outer->destination, ip + 24, 16);
        outer->traffic_class = (uint8_t)(ip[0] << 4 | ip[1] >> 4);
        outer->hops = ip[7];
    }
    outer->source_port = load16(udp);
    outer->destination_port = load16(udp + 2);
    return true;
}

/* RFC 1071, over a header of 20 octets whose checksum is zero. */
static uint32_t checksum(const uint8_t *header) {
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2) {
        sum += load16(header + i);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return ~(sum + (sum >> 16)) & 0xffff;
}

/* DF is set and the ID is zero: an atomic datagram (RFC 6864 4.1), as a VTEP sends them. */
static void write_ipv4(uint8_t *ip, const struct arrival *arrival) {
    memset(ip, 0, 20);
    ip[0] = 0x45;
    ip[1] = arrival->traffic_class;
    store16(ip + 2, 20 + UDP_HEADER + arrival->length);
    ip[6] = 0x40;
    ip[8] = arrival->hops;
    ip[9] = IPPROTO_UDP;
    memcpy(ip + 12, arrival->source, 4);
    memcpy(ip + 16, arrival->destination, 4);
    store16(ip + 10, checksum(ip));
}

static void write_ipv6(uint8_t *ip, const struct arrival *arrival) {
    ip[0] = (uint8_t)(0x60 | arrival->traffic_class >> 4);
    ip[1] = (uint8_t)(arrival->traffic_class << 4);
    store16(ip + 2, 0);
    store16(ip + 4, UDP_HEADER + arrival->length);
    ip[6] = IPPROTO_UDP;
    ip[7] = arrival->hops;
    memcpy(ip + 8, arrival->source, 16);
    memcpy(ip + 24, arrival->destination, 16);
}

/* The kernel has verified the checksum, or taken that there is none: DATA_VALID says so. */
static void write_virtio(uint8_t *start, const struct arrival *arrival) {
    struct virtio_net_hdr header = {.flags = VIRTIO_NET_HDR_F_DATA_VALID};
    if (arrival->segment > 0 && arrival->segment < arrival->length) {
        header.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
        header.gso_size = (uint16_t)arrival->segment;
        header.hdr_len = (uint16_t)(OUTER_LENGTH(arrival->version) - VIRTIO_HEADER);
    }
    memset(start, 0, VIRTIO_HEADER);
    memcpy(start, &header, sizeof header);
}

void write_outer(uint8_t *payload, const struct arrival *arrival) {
    uint8_t *udp = payload - UDP_HEADER;
    uint8_t *ip = udp - TRANSPORT_OFFSET(arrival->version);
    uint8_t *ethernet = ip - ETHERNET_HEADER;
    write_virtio(ethernet - VIRTIO_HEADER, arrival);
    memset(ethernet, 0, 12);
    if (arrival->version == 4) {
        store16(ethernet + 12, IPV4_ETHERTYPE);
        write_ipv4(ip, arrival);
    } else {
        store16(ethernet + 12, IPV6_ETHERTYPE);
        write_ipv6(ip, arrival);
    }
    store16(udp, arrival->source_port);
    store16(udp + 2, arrival->destination_port);
    store16(udp + 4, UDP_HEADER + arrival->length);
    /* None: IPv4 has it so, and over IPv6 a tunnel may (RFC 6935). */
    store16(udp + 6, 0);
}
