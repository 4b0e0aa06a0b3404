/*
 * What comes in at an interface, by a ring that the kernel fills (PACKET_RX_RING, TPACKET_V3;
 * Documentation/networking/packet_mmap.rst): no call and no wake-up a frame, and each with the time
 * at which it came, not that at which somebody looked.
 *
 *   block │ header: status, count │ frame │ frame │ …    the kernel's, ours, the kernel's again
 */
#include "abi.h"
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "memory.h"
#include "namespace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A block that is not full is handed over after so many milliseconds. */
#define RETIRE_MS 4

static const uint64_t ring_magic = 0x6c7372696e672121;

struct ring {
    uint64_t magic;
    int fd;
    uint8_t *map;
    uint32_t block_size, block_count;
    uint32_t block;                    /* whose turn it is */
    uint32_t left;                     /* frames of it that were not read */
    const struct tpacket3_hdr *packet; /* the next of them */
};

static void unmake(struct ring *ring) {
    if (ring->map != NULL) {
        munmap(ring->map, (size_t)ring->block_size * ring->block_count);
    }
    if (ring->fd >= 0) {
        close(ring->fd);
    }
    ring->map = NULL;
    ring->fd = -1;
}

static void finalize(napi_env env, void *data, void *hint) {
    (void)env, (void)hint;
    unmake(data);
    free(data);
}

static struct ring *read_ring(napi_env env, napi_value handle) {
    void *data;
    if (napi_get_value_external(env, handle, &data) != napi_ok ||
        ((struct ring *)data)->magic != ring_magic) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a handle of ringOpen was expected");
        return NULL;
    }
    return data;
}

/* The step that failed, or NULL. Bound last, so that no frame of another interface comes in. */
static const char *configure(struct ring *ring, int interface_index) {
    const int on = 1, version = TPACKET_V3;
    struct tpacket_req3 request = {.tp_block_size = ring->block_size,
                                   .tp_block_nr = ring->block_count,
                                   .tp_frame_size = TPACKET_ALIGNMENT << 7,
                                   .tp_retire_blk_tov = RETIRE_MS};
    request.tp_frame_nr = ring->block_size / request.tp_frame_size * ring->block_count;
    struct packet_mreq all = {.mr_ifindex = interface_index, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface_index};
    int fd = ring->fd;
    if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0) {
        return "setsockopt(PACKET_VERSION)";
    }
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) {
        return "setsockopt(PACKET_IGNORE_OUTGOING)";
    }
    if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0) {
        return "setsockopt(PACKET_RX_RING)";
    }
    size_t size = (size_t)ring->block_size * ring->block_count;
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return "mmap";
    }
    ring->map = map;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        return "bind";
    }
    return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) == 0
               ? NULL
               : "setsockopt(PACKET_ADD_MEMBERSHIP)";
}

/*
 * ringOpen(namespaceFd, interfaceIndex, blockSize, blockCount): handle. It sees what comes in, for
 * whomever it is, not what leaves. A block is a power of two of pages.
 */
napi_value ring_open(napi_env env, napi_callback_info info) {
    uint32_t numbers[4];
    napi_value handle;
    int own;
    if (!read_number_arguments(env, info, 4, numbers) ||
        !namespace_enter(env, (int)numbers[0], &own)) {
        return NULL;
    }
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    namespace_leave(own);
    char device[32];
    snprintf(device, sizeof device, "interface %u", numbers[1]);
    struct ring *ring = fd < 0 ? NULL : calloc(1, sizeof *ring);
    if (ring == NULL) {
        return throw_errno(env, errno, "socket", device);
    }
    *ring = (struct ring){
        .magic = ring_magic, .fd = fd, .block_size = numbers[2], .block_count = numbers[3]};
    const char *failed = configure(ring, (int)numbers[1]);
    if (failed == NULL && napi_create_external(env, ring, finalize, NULL, &handle) == napi_ok) {
        return handle;
    }
    int error = errno;
    finalize(env, ring, NULL);
    return failed == NULL ? NULL : throw_errno(env, error, failed, device);
}

static struct tpacket_block_desc *current(const struct ring *ring) {
    return (struct tpacket_block_desc *)(ring->map + (size_t)ring->block * ring->block_size);
}

/* Whether there is a frame to read; -errno where the socket says that none will come any more. */
static int ready(struct ring *ring, int milliseconds) {
    struct tpacket_block_desc *block = current(ring);
    if (ring->left > 0) {
        return 1;
    }
    if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) {
        struct pollfd entry = {.fd = ring->fd, .events = POLLIN};
        poll(&entry, 1, milliseconds);
        if ((entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
            int error = 0;
            socklen_t length = sizeof error;
            getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &error, &length);
            return error == 0 ? 0 : -error;
        }
        if ((__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) ==
            0) {
            return 0;
        }
    }
    ring->left = block->hdr.bh1.num_pkts;
    ring->packet = (struct tpacket3_hdr *)((uint8_t *)block + block->hdr.bh1.offset_to_first_pkt);
    return 1;
}

/* Gives the block back. */
static void pass_on(struct ring *ring) {
    __atomic_store_n(&current(ring)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    ring->block = (ring->block + 1) % ring->block_count;
}

static int64_t time_of(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/*
 * Copies frames out of one block; those that find no room stay. A frame starts 2 octets behind a
 * multiple of 8, so that what is behind its Ethernet header is aligned to 4.
 */
static uint32_t copy(struct ring *ring, const struct memory *memory, struct inbound *records,
                     uint32_t capacity, uint64_t at, uint64_t end) {
    /* The kernel's stamps are of the clock that people set. */
    int64_t offset = time_of(CLOCK_MONOTONIC) - time_of(CLOCK_REALTIME);
    uint32_t count = 0;
    while (ring->left > 0 && count < capacity) {
        const struct tpacket3_hdr *packet = ring->packet;
        uint32_t length = packet->tp_snaplen;
        at = ((at + 7) & ~7ull) + LINE_OFFSET;
        if (at + length > end) {
            break;
        }
        memcpy(memory->base + at, (const uint8_t *)packet + packet->tp_mac, length);
        int64_t time = (int64_t)packet->tp_sec * 1000000000 + packet->tp_nsec + offset;
        records[count++] = (struct inbound){(uint32_t)at, length, (double)time};
        at += length;
        ring->packet =
            (const struct tpacket3_hdr *)((const uint8_t *)packet + packet->tp_next_offset);
        ring->left--;
    }
    return count;
}

/*
 * ringRead(memory, ring, records, capacity, arena, arenaSize, milliseconds): frames copied into the
 * arena; 0 after the time; -errno where none will come any more, as when the interface has gone.
 */
napi_value ring_read(napi_env env, napi_callback_info info) {
    napi_value arguments[7];
    uint32_t numbers[5];
    read_arguments(env, info, 7, arguments);
    struct memory *memory = read_memory(env, arguments[0]);
    struct ring *ring = memory == NULL ? NULL : read_ring(env, arguments[1]);
    if (ring == NULL || !read_numbers(env, arguments + 2, 5, numbers)) {
        return NULL;
    }
    uint32_t address = numbers[0], capacity = numbers[1], arena = numbers[2], size = numbers[3];
    if (address % 8 != 0 || !inside(memory, address, capacity, sizeof(struct inbound))) {
        return throw_range(env, "the list of records");
    }
    if (!inside(memory, arena, size, 1)) {
        return throw_range(env, "the arena");
    }
    int state = ring->map == NULL ? -EBADF : ready(ring, (int)numbers[4]);
    if (state <= 0) {
        return make_int(env, state);
    }
    struct inbound *records = (struct inbound *)(memory->base + address);
    uint32_t count = copy(ring, memory, records, capacity, arena, (uint64_t)arena + size);
    if (ring->left == 0) {
        pass_on(ring);
    }
    return make_int(env, count);
}

/* ringDrops(ring): frames that found no room in it since the last call. */
napi_value ring_drops(napi_env env, napi_callback_info info) {
    napi_value argument;
    struct tpacket_stats_v3 statistics = {0};
    socklen_t length = sizeof statistics;
    read_arguments(env, info, 1, &argument);
    struct ring *ring = read_ring(env, argument);
    if (ring == NULL) {
        return NULL;
    }
    return getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) == 0
               ? make_int(env, statistics.tp_drops)
               : throw_errno_fd(env, errno, "getsockopt(PACKET_STATISTICS)", ring->fd);
}

/* ringClose(ring). Again is harmless. */
napi_value ring_close(napi_env env, napi_callback_info info) {
    napi_value argument;
    read_arguments(env, info, 1, &argument);
    struct ring *ring = read_ring(env, argument);
    if (ring != NULL) {
        unmake(ring);
    }
    return NULL;
}
