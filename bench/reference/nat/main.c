/*
 * nat FIRST ANSWERS TRAFFIC FLOWS: the least that a NAT44 must do with frames of known flows, for
 * comparison: what is asked of each header, the flow found, its stamp and counters kept, all
 * rewritten and listed for transmission. No bridge, no routes, no neighbours, one worker, and flows
 * that only begin: what the module looks up or asks again for each packet is found once here, and
 * written beside the flow.
 *
 * The arguments are streams of bench/lib/pipeline/stream.js: the first frames of FLOWS flows from
 * inside (port 0), the answers to what they left as (port 1) in the same order, and what is
 * measured. Commands come by standard input, one a line:
 *
 *   run FIRST COUNT   handles that many bursts of the traffic (which is a ring) and prints
 * nanoseconds spent on it, and how many transmit entries came out dump PATH         writes the
 * first octets of each frame of the last burst, as they leave
 */
#define _GNU_SOURCE
#include "../host.h"

#include "../pipeline/counter.h"
#include "../pipeline/stream.h"
#include "../pipeline/transmit.h"
#include "../pipeline/unsupported.h"
#include "flows.h"
#include "packet.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>

/* Frames whose lines are read ahead at once. */
enum { AHEAD = 64 };
enum { MACS_SIZE = 12, PORTS_MAX = 2, TICK_MS = 125 };
/* What the module has here too, in the same order: the directory, the worker's block, the arena. */
enum { BLOCK = DIRECTORY + 4096, IDENTITY = BLOCK + WORKER_SIZE, COUNTERS = IDENTITY + 64 };
enum { ARENA = COUNTERS + PORTS_MAX * COUNTERS_SIZE, LINES = ARENA + (4 << 20) };

struct nat {
    struct flows flows;
    /* What frames are sent to that come by each port. */
    uint64_t macs[PORTS_MAX];
};

/* The first frame of a direction of flow `number`, from its Ethernet header on. */
static const uint8_t *frame_of(const struct stream *stream, uint64_t number) {
    return stream->records + number * stream->record_size + 4 + STREAM_VIRTIO;
}

static uint64_t word_at(const uint8_t *from) {
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

/* Notes what becomes of packets like `came`, the answers to which are like `answer`. */
static void note(struct flows flows, const uint8_t *came, const uint8_t *answer, uint32_t egress) {
    uint64_t addresses = word_at(came + L3 + 12), turned = word_at(answer + L3 + 12);
    uint32_t ports = (uint32_t)word_at(came + L4), back = (uint32_t)word_at(answer + L4);
    uint64_t to = turned << 32 | turned >> 32;
    uint32_t to_ports = back << 16 | back >> 16;
    size_t line = add(flows, addresses, ports, UDP);
    store64(line + ADDRESSES, to);
    store32(line + PORTS, to_ports);
    /* To whom the answer comes from, from whom it is sent to. */
    memcpy(linear + line + MACS, answer + 6, 6);
    memcpy(linear + line + MACS + 6, answer, 6);
    store32(line + EGRESS, egress);
    uint32_t change = difference(sum_of(addresses), sum_of(to));
    store16(line + IP_CHANGE, (uint16_t)fold(change + AGED));
    store16(line + DATAGRAM_CHANGE, (uint16_t)fold(change + difference(ports, to_ports)));
}

static struct nat create(const struct stream *first, const struct stream *answers, uint64_t flows) {
    struct nat nat = {{LINES, lines_for(flows) - 1}, {0}};
    size_t length = LINES + (nat.flows.mask + 1) * LINE_SIZE;
    linear = reserve(length, "memory");
    (void)madvise(linear, length, MADV_HUGEPAGE);
    store32(DIRECTORY + DIRECTORY_WORKERS, BLOCK);
    store32(DIRECTORY + DIRECTORY_ARENAS, ARENA);
    store32(DIRECTORY + DIRECTORY_IDENTITY, IDENTITY);
    for (uint32_t port = 0; port < PORTS_MAX; port++) {
        store32(only(port), port);
    }
    for (uint64_t flow = 0; flow < flows; flow++) {
        const uint8_t *called = frame_of(first, flow), *answer = frame_of(answers, flow);
        note(nat.flows, called, answer, 1);
        note(nat.flows, answer, called, 0);
    }
    nat.macs[0] = word_at(frame_of(first, 0)) & 0xffffffffffff;
    nat.macs[1] = word_at(frame_of(answers, 0)) & 0xffffffffffff;
    return nat;
}

/* Reads the lines ahead that packets of frames `from` to `to` of a burst have. */
static inline void approach(const struct nat *nat, uint64_t mac, uint32_t from, uint32_t to,
                            size_t *lines) {
    for (uint32_t frame = from; frame < to; frame++) {
        uint64_t received = load64(BLOCK + WORKER_RECEIVED + frame * 8);
        size_t address = (uint32_t)received;
        if (load16(address - STREAM_VIRTIO) != 0 || !is_sound(address, received >> 32, mac)) {
            unsupported("a frame that is no usual datagram");
        }
        uint64_t hash = hash_of(load64(address + L3 + 12), load32(address + L4), UDP);
        lines[frame - from] = line_at(nat->flows, hash);
        __builtin_prefetch(linear + lines[frame - from], 1);
    }
}

/* Handles a burst that was read from `port`; returns the number of transmit entries. */
static __attribute__((noinline)) uint32_t process(const struct nat *nat, uint32_t port,
                                                  uint32_t count, double now) {
    uint32_t tick = (uint32_t)(now / TICK_MS);
    uint32_t frames[PORTS_MAX] = {0}, octets[PORTS_MAX] = {0};
    size_t lines[AHEAD];
    for (uint32_t from = 0; from < count; from += AHEAD) {
        uint32_t to = from + AHEAD < count ? from + AHEAD : count;
        approach(nat, nat->macs[port], from, to, lines);
        for (uint32_t frame = from; frame < to; frame++) {
            uint64_t received = load64(BLOCK + WORKER_RECEIVED + frame * 8);
            size_t address = (uint32_t)received;
            uint64_t addresses = load64(address + L3 + 12);
            size_t line =
                find(nat->flows, lines[frame - from], addresses, load32(address + L4), UDP);
            if (line == 0) {
                unsupported("a flow that is not known");
            }
            uint32_t length = (uint32_t)(received >> 32), egress = load32(line + EGRESS);
            if (load32(line + SEEN) != tick) {
                store32(line + SEEN, tick);
            }
            store32(line + FRAMES, load32(line + FRAMES) + 1);
            store64(line + OCTETS, load64(line + OCTETS) + length);
            translate(address, line);
            store64(address - STREAM_VIRTIO, 0);
            store32(address - STREAM_VIRTIO + 8, 0);
            put(BLOCK, frame, address - STREAM_VIRTIO, length + STREAM_VIRTIO, only(egress), 1,
                NO_PORT);
            frames[egress]++;
            octets[egress] += length;
        }
    }
    for (uint32_t to = 0; to < PORTS_MAX; to++) {
        count_transmitted(COUNTERS + to * COUNTERS_SIZE, frames[to], octets[to]);
    }
    return count;
}

static void run(const struct nat *nat, const struct stream *stream, uint64_t first,
                uint64_t count) {
    uint64_t spent = 0, entries = 0;
    for (uint64_t index = first; index < first + count; index++) {
        uint32_t burst = (uint32_t)(index % stream->burst_count);
        double now = stream->start + (double)index * stream->step;
        prepare(stream, burst);
        uint64_t start = now_ns();
        entries += process(nat, stream->ports[burst], stream->burst_frames, now);
        spent += now_ns() - start;
    }
    printf("%" PRIu64 " %" PRIu64 "\n", spent - count * clock_cost(), entries);
    fflush(stdout);
}

static void dump(const struct stream *stream, const char *path) {
    FILE *file = fopen(path, "w");
    size_t octets = stream->record_size - 4;
    for (uint32_t frame = 0; file != NULL && frame < stream->burst_frames; frame++) {
        size_t address = load32(BLOCK + WORKER_TRANSMIT + frame * TRANSMIT_SIZE);
        if (fwrite(linear + address, 1, octets, file) != octets) {
            die("write", path);
        }
    }
    if (file == NULL || fclose(file) != 0) {
        die("write", path);
    }
    printf("done\n");
    fflush(stdout);
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct stream streams[3];
    char line[4200], path[4096];
    uint64_t first, count;
    if (argc != 5) {
        fprintf(stderr, "usage: nat FIRST ANSWERS TRAFFIC FLOWS\n");
        return 2;
    }
    for (int which = 0; which < 3; which++) {
        size_t unused;
        streams[which] = read_stream(load_file(argv[1 + which], &unused, MADV_NORMAL));
    }
    struct nat nat = create(&streams[0], &streams[1], strtoull(argv[4], NULL, 10));
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "run %" SCNu64 " %" SCNu64, &first, &count) == 2) {
            run(&nat, &streams[2], first, count);
        } else if (sscanf(line, "dump %4095[^\n]", path) == 1) {
            dump(&streams[2], path);
        } else {
            fprintf(stderr, "nat: expected run FIRST COUNT or dump PATH\n");
            return 2;
        }
    }
    return 0;
}
