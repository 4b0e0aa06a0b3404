/* What both directions of vxlan-relay know. */
#ifndef BENCH_VXLAN_RELAY_H
#define BENCH_VXLAN_RELAY_H

#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>

#define VXLAN_HEADER 8
#define ETHERNET_HEADER 14
/* Where the TCP header is in a frame that is cut or coalesced: there are no IP options. */
#define TCP_AT (ETHERNET_HEADER + 20)
#define VNET_HEADER sizeof(struct virtio_net_hdr_v1)
/* The longest super-frame and its virtio-net header. */
#define FRAME_ROOM (65536 + 64)
/* Datagrams and octets that the kernel takes with UDP_SEGMENT (one message). */
#define RUN_DATAGRAMS 64
#define RUN_OCTETS 65507

struct relay {
    int tap;
    int udp; /* connected to the peer */
    /* All of the VXLAN header, as it lies in memory. */
    uint64_t vxlan;
};

/* Reads frames from the TAP and sends them, until there are no more or a burst is full. */
void encapsulate(const struct relay *relay);

/* Receives datagrams and writes their frames to the TAP; as many as one call of the kernel gives.
 */
void decapsulate(const struct relay *relay);

/* The sum of a TCP pseudo-header: addresses, protocol, octets of header and payload. */
static inline uint32_t pseudo_sum(const struct iphdr *ip, uint32_t octets) {
    return (ip->saddr & 0xffff) + (ip->saddr >> 16) + (ip->daddr & 0xffff) + (ip->daddr >> 16) +
           __builtin_bswap16(IPPROTO_TCP) + __builtin_bswap16((uint16_t)octets);
}

#endif
