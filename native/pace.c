/* Frames of a load generator: waiting for the moment to send, and sending many in one call. */
#include "abi.h"
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "memory.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000ull

/* What a sleep may be late by: the kernel's slack of timers (50 µs), and waking up. Spun instead.
 */
#define SLEEP_MARGIN 120000ull

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* Where a clock is written: a double at an address that is a multiple of 8; NULL having thrown. */
static double *clock_at(napi_env env, const struct memory *memory, uint32_t address) {
    if (address % 8 == 0 && inside(memory, address, 1, sizeof(double))) {
        return (double *)(memory->base + address);
    }
    throw_range(env, "the clock");
    return NULL;
}

/*
 * awaitTime(memory, clock, deadline): waits until CLOCK_MONOTONIC is that many nanoseconds, asleep
 * while it is far, and writes the time that it is then as a double. 0 does not wait.
 */
napi_value await_time(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    uint32_t address;
    double deadline;
    read_arguments(env, info, 3, arguments);
    struct memory *memory = read_memory(env, arguments[0]);
    if (memory == NULL || !read_numbers(env, arguments + 1, 1, &address)) {
        return NULL;
    }
    double *clock = clock_at(env, memory, address);
    if (clock == NULL) {
        return NULL;
    }
    if (napi_get_value_double(env, arguments[2], &deadline) != napi_ok) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a number was expected");
        return NULL;
    }
    uint64_t until = deadline > 0 ? (uint64_t)deadline : 0, now = now_ns();
    if (until > now + SLEEP_MARGIN) {
        uint64_t wake = until - SLEEP_MARGIN;
        struct timespec time = {(time_t)(wake / SECOND), (long)(wake % SECOND)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        now = now_ns();
    }
    while (now < until) {
        now = now_ns();
    }
    *clock = (double)now;
    return NULL;
}

/*
 * timerSlack(nanoseconds): how much later than asked for the kernel may wake this thread, so as to
 * wake others with it; 50,000 unless told. 0 is that again.
 */
napi_value timer_slack(napi_env env, napi_callback_info info) {
    uint32_t nanoseconds;
    if (!read_number_arguments(env, info, 1, &nanoseconds)) {
        return NULL;
    }
    return prctl(PR_SET_TIMERSLACK, (unsigned long)nanoseconds, 0, 0, 0) == 0
               ? NULL
               : throw_errno(env, errno, "prctl(PR_SET_TIMERSLACK)", "thread");
}

/*
 * awaitFrames(fd, milliseconds): 1 if there is something to read or an error, 0 after the time, of
 * which fractions count. Of an epoll: if it has something to report.
 */
napi_value await_frames(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    uint32_t fd;
    double milliseconds;
    read_arguments(env, info, 2, arguments);
    if (!read_numbers(env, arguments, 1, &fd)) {
        return NULL;
    }
    if (napi_get_value_double(env, arguments[1], &milliseconds) != napi_ok) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a number was expected");
        return NULL;
    }
    uint64_t time = milliseconds > 0 ? (uint64_t)(milliseconds * 1e6) : 0;
    struct timespec most = {(time_t)(time / SECOND), (long)(time % SECOND)};
    struct pollfd entry = {.fd = (int)fd, .events = POLLIN};
    return make_int(env, ppoll(&entry, 1, &most, NULL) > 0);
}

/* The one or two pieces of a frame; 0 if they lie outside. */
static int pieces_of(const struct memory *memory, const struct outbound *frame,
                     struct iovec pieces[2]) {
    if (!inside(memory, frame->head, frame->head_length, 1) ||
        !inside(memory, frame->body, frame->body_length, 1)) {
        return 0;
    }
    pieces[0] = (struct iovec){memory->base + frame->head, frame->head_length};
    pieces[1] = (struct iovec){memory->base + frame->body, frame->body_length};
    return frame->body_length == 0 ? 1 : 2;
}

/* A call a frame: a TAP. */
static int64_t write_each(const struct memory *memory, int fd, const struct outbound *frames,
                          uint32_t count) {
    struct iovec pieces[2];
    for (uint32_t i = 0; i < count; i++) {
        int parts = pieces_of(memory, &frames[i], pieces);
        if (parts == 0 || writev(fd, pieces, parts) < 0) {
            return i > 0 ? (int64_t)i : parts == 0 ? -EFAULT : -errno;
        }
    }
    return count;
}

/* A call for all of them: a packet socket. */
static int64_t send_all(const struct memory *memory, int fd, const struct outbound *frames,
                        uint32_t count) {
    struct iovec pieces[OUTBOUND_MAX][2];
    struct mmsghdr messages[OUTBOUND_MAX];
    for (uint32_t i = 0; i < count; i++) {
        int parts = pieces_of(memory, &frames[i], pieces[i]);
        if (parts == 0) {
            return -EFAULT;
        }
        messages[i].msg_hdr = (struct msghdr){.msg_iov = pieces[i], .msg_iovlen = (size_t)parts};
    }
    int sent = sendmmsg(fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

/*
 * sendFrames(memory, fd, kind, frames, count, clock): how many of them, in order, were taken;
 * -errno if the first one was not. A packet socket takes frames, a TAP frames behind virtio
 * headers. Writes the time after that.
 */
napi_value send_frames(napi_env env, napi_callback_info info) {
    napi_value arguments[6];
    uint32_t numbers[5];
    read_arguments(env, info, 6, arguments);
    struct memory *memory = read_memory(env, arguments[0]);
    if (memory == NULL || !read_numbers(env, arguments + 1, 5, numbers)) {
        return NULL;
    }
    uint32_t kind = numbers[1], address = numbers[2], count = numbers[3];
    double *clock = clock_at(env, memory, numbers[4]);
    if (clock == NULL) {
        return NULL;
    }
    if (count > OUTBOUND_MAX || address % 4 != 0 ||
        !inside(memory, address, count, sizeof(struct outbound))) {
        return throw_range(env, "the list of frames");
    }
    const struct outbound *frames = (const struct outbound *)(memory->base + address);
    int fd = (int)numbers[0];
    int64_t taken = kind == QUEUE_TAP ? write_each(memory, fd, frames, count)
                                      : send_all(memory, fd, frames, count);
    *clock = (double)now_ns();
    return make_int(env, taken);
}
