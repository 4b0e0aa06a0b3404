/*
 * The headers before a UDP payload in the arena:
 *
 *   | virtio 12 | Ethernet 14 | IPv4 20 or IPv6 40 | UDP 8 | payload …
 *
 * Both MACs are zero: the kernel's routing finds them, and a UDP socket does not show them.
 */
#ifndef LINKSPAN_UDP_HEADER_H
#define LINKSPAN_UDP_HEADER_H

#include "abi.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define ETHERNET_HEADER 14u
#define UDP_HEADER 8u

/* Of IP header and UDP header; `version` is 4 or 6. */
#define TRANSPORT_OFFSET(version) ((version) == 4 ? 20u : 40u)

/* From the virtio header to the payload. */
#define OUTER_LENGTH(version)                                                                      \
    (VIRTIO_HEADER + ETHERNET_HEADER + TRANSPORT_OFFSET(version) + UDP_HEADER)

/* What headers say of a datagram that is sent. Without padding, so that two can be compared. */
struct outer {
    uint8_t destination[16]; /* 4 of them for IPv4, the rest is zero */
    uint16_t source_port;
    uint16_t destination_port;
    uint8_t traffic_class;
    uint8_t hops;
    uint8_t zero[2];
};

/* What is told of a message that was received. */
struct arrival {
    uint32_t version;
    const uint8_t *source, *destination; /* 4 or 16 octets, network byte order */
    uint16_t source_port, destination_port;
    uint8_t traffic_class, hops;
    uint32_t length;  /* of the payload */
    uint32_t segment; /* octets of each datagram that it was put together of; 0: it is one */
};

/* Takes the headers of a frame that is sent: false if they are not those of its version. */
bool read_outer(uint32_t version, const struct iovec *pieces, struct outer *outer);

/* Writes the headers before a payload; OUTER_LENGTH octets are free there. */
void write_outer(uint8_t *payload, const struct arrival *arrival);

#endif
