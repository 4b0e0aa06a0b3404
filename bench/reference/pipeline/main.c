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
#include "process.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void die(const char *what, const char *path) {
    fprintf(stderr, "pipeline: %s: %s: %s\n", path, what, strerror(errno));
    exit(1);
}

static void read_all(int fd, uint8_t *to, size_t length, const char *path) {
    while (length > 0) {
        ssize_t count = read(fd, to, length);
        if (count <= 0) {
            die("read", path);
        }
        to += count;
        length -= (size_t)count;
    }
}

/* Anonymous memory that begins where a huge page can. */
static uint8_t *reserve(size_t length, const char *path) {
    size_t huge = (size_t)2 << 20;
    uint8_t *memory = mmap(NULL, length + huge, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        die("mmap", path);
    }
    return memory + (-(uintptr_t)memory & (huge - 1));
}

/* A file's content in memory. `advice` is for the kernel, before any of it is touched. */
static uint8_t *load_file(const char *path, size_t *length, int advice) {
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        die("open", path);
    }
    *length = (size_t)stat.st_size;
    uint8_t *memory = reserve(*length, path);
    (void)madvise(memory, *length, advice);
    read_all(fd, memory, *length, path);
    close(fd);
    return memory;
}

static void dump(const char *path, size_t length) {
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(linear, 1, length, file) != length || fclose(file) != 0) {
        die("write", path);
    }
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* What reading the clock twice takes: not the packet path's time. */
static uint64_t clock_cost(void) {
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 1000; i++) {
        uint64_t start = now_ns(), cost = now_ns() - start;
        least = cost < least ? cost : least;
    }
    return least;
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
