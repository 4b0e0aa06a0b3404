/*
 * pipeline IMAGE STREAM: the packet path of assembly/ in C, for comparison.
 *
 * The same algorithm over the same bytes: IMAGE is a copy of the module's linear memory, STREAM the
 * frames. Each header here mirrors a file of assembly/. Commands come by standard input, one a
 * line:
 *
 *   run FIRST COUNT   handles that many bursts of the stream (which is a ring) and prints
 *                     nanoseconds spent in `process`, and how many transmit entries came out
 *   dump PATH         writes the memory as it is then: what the module's must be equal to
 */
#define _GNU_SOURCE
#include "../host.h"
#include "process.h"
#include "stream.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>

static void dump(const char *path, size_t length) {
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(linear, 1, length, file) != length || fclose(file) != 0) {
        die("write", path);
    }
}

/* Handles a burst, in parts if it does not fit the transmit list; returns the entries. */
static uint64_t handle_burst(uint32_t port, uint32_t frames, double now) {
    uint32_t part = process(0, port, frames, now);
    uint64_t entries = part & ~MORE;
    while ((part & MORE) != 0) {
        part = resume(0, now);
        entries += part & ~MORE;
    }
    return entries;
}

static void run(const struct stream *stream, uint64_t first, uint64_t count) {
    uint64_t spent = 0, entries = 0;
    for (uint64_t index = first; index < first + count; index++) {
        uint32_t burst = (uint32_t)(index % stream->burst_count);
        double now = stream->start + (double)index * stream->step;
        prepare(stream, burst);
        uint64_t start = now_ns();
        entries += handle_burst(stream->ports[burst], stream->burst_frames, now);
        spent += now_ns() - start;
    }
    printf("%" PRIu64 " %" PRIu64 "\n", spent - count * clock_cost(), entries);
    fflush(stdout);
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    size_t length, unused;
    char line[4200], path[4096];
    uint64_t first, count;
    if (argc != 3) {
        fprintf(stderr, "usage: pipeline IMAGE STREAM\n");
        return 2;
    }
    /* As the addon asks for the linear memory of a worker (native/memory.c). */
    linear = load_file(argv[1], &length, MADV_HUGEPAGE);
    struct stream stream = read_stream(load_file(argv[2], &unused, MADV_NORMAL));
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "run %" SCNu64 " %" SCNu64, &first, &count) == 2) {
            run(&stream, first, count);
        } else if (sscanf(line, "dump %4095[^\n]", path) == 1) {
            dump(path, length);
            printf("done\n");
            fflush(stdout);
        } else {
            fprintf(stderr, "pipeline: expected run FIRST COUNT or dump PATH\n");
            return 2;
        }
    }
    return 0;
}
