/*
 * The layouts that the addon shares with TypeScript and the dataplane. All numbers are u32 in the
 * byte order of WebAssembly memory (little-endian), all addresses are offsets in that memory.
 */
#ifndef LINKSPAN_ABI_H
#define LINKSPAN_ABI_H

#include <stdint.h>

/* Which entry of a poller is its own eventfd. */
#define WAKE_TOKEN 0xffffffffu

/* Entries that one call of `wait` takes from the kernel at most: they stand on the stack. */
#define READY_CAPACITY 1024u

/* struct virtio_net_hdr_v1 (linux/virtio_net.h): what travels before every frame. */
#define VIRTIO_HEADER 12u

/* Free bytes before a frame's virtio header, for tags and encapsulations. */
#define HEADROOM 128u

/*
 * A virtio header starts two bytes into a cache line. It, Ethernet and the start of the network
 * header then share that line, and the network header is aligned to 4 (nextFrame in
 * src/device/io.ts says the same).
 */
#define CACHE_LINE 64u
#define LINE_OFFSET 2u

/*
 * What a read must have room for, its virtio header included. The largest frame of a TAP is an IP
 * packet of 65,535 bytes behind 14 bytes of Ethernet and 4 of VLAN; a read that is too short for
 * its frame is cut without a word (drivers/net/tun.c, tun_put_user).
 */
#define FRAME_ROOM 65664u

/*
 * Octets of the longest frame that a stream may carry: the largest IP packet behind Ethernet, and
 * room for tags and whatever else a virtual machine puts before it. A length beyond is none.
 */
#define STREAM_FRAME_MAX 65607u

/* Names the port in a failure whose port list could not be read. */
#define NO_PORT 0xffffffffu

/* One token of a poller that has something to say; the bits are those of epoll_event.events. */
struct ready {
    uint32_t token;
    uint32_t events;
};

/* What a queue is, and so how a frame is read from it and written to it. */
enum queue_kind {
    QUEUE_TAP = 0, /* a frame a read or write, behind a virtio header of 12 bytes */
    QUEUE_PACKET =
        1, /* AF_PACKET: as a TAP, but that the outermost VLAN tag comes beside the frame */
    QUEUE_MESSAGE = 2, /* a datagram or seqpacket socket: a frame a message, no virtio header */
    QUEUE_STREAM = 3,  /* a stream socket: frames behind their lengths, u32 big-endian (QEMU) */
    QUEUE_PAIR = 4,    /* of pairCreate: a frame a message, behind a virtio header of 12 bytes */
    QUEUE_PACKET_SHORT = 5, /* as PACKET, with a virtio header of 10 bytes: Linux before 6.4 */
    QUEUE_UDP = 6 /* a UDP socket: a payload a message, behind headers that are made here */
};

/* Where frames are written to or read from; a negative descriptor is none. */
struct queue {
    int32_t fd;
    uint32_t kind;
};

/*
 * In a worker's table: where it writes a port's frames; and who reads the queue that has the number
 * of that worker, which is of the same kind.
 */
struct port_queue {
    struct queue written;
    int32_t read;
    uint32_t reader;
};

/* A frame that was read: where its Ethernet header is, and its length from there. */
struct descriptor {
    uint32_t address;
    uint32_t length;
};

/*
 * A frame to write to a list of ports. `head` starts with the virtio header. The frame is one
 * piece when there is no body or the body follows the head. If `body` is BARE, the header is zeros
 * that are not there yet: the entry before may end where they belong.
 */
#define BARE 1
struct transmit {
    uint32_t head;
    uint32_t head_length;
    uint32_t body;
    uint32_t body_length;
    uint32_t ports; /* address of u32 port numbers */
    uint32_t port_count;
    uint32_t except; /* the one port of the list that is left out: where the frame came from */
    uint32_t reserved;
};

/* Writes that failed alike. `bytes` are those handed to the kernel, virtio headers included. */
struct failure {
    uint32_t port;
    uint32_t error; /* errno */
    uint32_t frames;
    uint32_t bytes;
};

/* Frames of one call of `sendFrames` at most: their headers stand on the stack. */
#define OUTBOUND_MAX 256u

/* A frame of a load generator to be sent, in one or two pieces. */
struct outbound {
    uint32_t head;
    uint32_t head_length;
    uint32_t body;
    uint32_t body_length; /* 0: there is no second piece */
};

/* A frame that was read out of a ring. */
struct inbound {
    uint32_t address;
    uint32_t length;
    double time; /* at which it came, nanoseconds of CLOCK_MONOTONIC */
};

_Static_assert(VIRTIO_HEADER + STREAM_FRAME_MAX <= FRAME_ROOM, "a frame of a stream has room");
_Static_assert(sizeof(struct ready) == 8, "a ready entry is 8 bytes");
_Static_assert(sizeof(struct port_queue) == 16, "an entry of the queue table is 16 bytes");
_Static_assert(sizeof(struct descriptor) == 8, "a descriptor is 8 bytes");
_Static_assert(sizeof(struct transmit) == 32, "a transmit entry is 32 bytes");
_Static_assert(sizeof(struct outbound) == 16, "an outbound frame is 16 bytes");
_Static_assert(sizeof(struct inbound) == 16, "a record of an inbound frame is 16 bytes");
_Static_assert(sizeof(struct failure) == 16, "a failure record is 16 bytes");

#endif
