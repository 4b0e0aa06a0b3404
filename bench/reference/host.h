/* Files in memory, and the clock, for the programs that are measured in memory. */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void die(const char *what, const char *path) {
    fprintf(stderr, "bench: %s: %s: %s\n", path, what, strerror(errno));
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

#endif
