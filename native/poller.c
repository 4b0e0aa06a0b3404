/* Waiting on many queues at once: an epoll, with an eventfd in it to be woken by. */
#include "abi.h"
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "memory.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int add(int epoll, int fd, uint32_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = token};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* pollerCreate(): { epoll, event }. */
napi_value poller_create(napi_env env, napi_callback_info info) {
    (void)info;
    napi_value result;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        return throw_errno(env, errno, "epoll_create1", "poller");
    }
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0 || add(epoll, event, WAKE_TOKEN) != 0) {
        int error = errno;
        const char *call = event < 0 ? "eventfd" : "epoll_ctl(EPOLL_CTL_ADD)";
        if (event >= 0) {
            close(event);
        }
        close(epoll);
        return throw_errno(env, error, call, "poller");
    }
    napi_create_object(env, &result);
    set_number(env, result, "epoll", epoll);
    set_number(env, result, "event", event);
    return result;
}

/* pollerAdd(epoll, fd, token): level-triggered, so that a burst cut short is reported again. */
napi_value poller_add(napi_env env, napi_callback_info info) {
    uint32_t numbers[3];
    if (!read_number_arguments(env, info, 3, numbers)) {
        return NULL;
    }
    return add((int)numbers[0], (int)numbers[1], numbers[2]) == 0
               ? NULL
               : throw_errno_fd(env, errno, "epoll_ctl(EPOLL_CTL_ADD)", (int)numbers[1]);
}

/* pollerRemove(epoll, fd). */
napi_value poller_remove(napi_env env, napi_callback_info info) {
    uint32_t numbers[2];
    if (!read_number_arguments(env, info, 2, numbers)) {
        return NULL;
    }
    return epoll_ctl((int)numbers[0], EPOLL_CTL_DEL, (int)numbers[1], NULL) == 0
               ? NULL
               : throw_errno_fd(env, errno, "epoll_ctl(EPOLL_CTL_DEL)", (int)numbers[1]);
}

/*
 * hasFailed(fd, kind): 1 if a queue reports for good that nothing comes any more, else 0. A TAP
 * that was deleted has an error without end; a socket's error is told once and is over, its end is
 * that the other side hung up.
 */
napi_value poller_has_failed(napi_env env, napi_callback_info info) {
    uint32_t numbers[2];
    if (!read_number_arguments(env, info, 2, numbers)) {
        return NULL;
    }
    bool tap = numbers[1] == QUEUE_TAP;
    struct pollfd entry = {.fd = (int)numbers[0], .events = tap ? 0 : POLLRDHUP};
    int count;
    do {
        count = poll(&entry, 1, 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return throw_errno_fd(env, errno, "poll", (int)numbers[0]);
    }
    return make_int(env, (entry.revents & (tap ? POLLERR | POLLHUP : POLLHUP | POLLRDHUP)) != 0);
}

/* wake(event): the wait that is running, or the next one, returns. */
napi_value poller_wake(napi_env env, napi_callback_info info) {
    uint32_t event;
    const uint64_t one = 1;
    if (!read_number_arguments(env, info, 1, &event)) {
        return NULL;
    }
    /* EAGAIN: the counter is full, so that the poller is awake already. */
    return write((int)event, &one, sizeof one) >= 0 || errno == EAGAIN
               ? NULL
               : throw_errno_fd(env, errno, "write", (int)event);
}

/* Writes what is ready, without the eventfd, which it empties. Returns how many. */
static uint32_t report(const struct epoll_event *events, int count, int event,
                       struct ready *ready) {
    uint32_t reported = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == WAKE_TOKEN) {
            uint64_t wakes;
            (void)!read(event, &wakes, sizeof wakes);
        } else {
            ready[reported++] = (struct ready){events[i].data.u32, events[i].events};
        }
    }
    return reported;
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Asks again and again for so long, before it sleeps: being woken takes longer than asking. */
static int wait_for(int epoll, struct epoll_event *events, int capacity, int timeout,
                    uint32_t spin_us) {
    if (spin_us > 0 && timeout != 0) {
        uint64_t until = now_ns() + (uint64_t)spin_us * 1000;
        do {
            int count = epoll_wait(epoll, events, capacity, 0);
            if (count != 0) {
                return count;
            }
            sched_yield();
        } while (now_ns() < until);
    }
    return epoll_wait(epoll, events, capacity, timeout);
}

/*
 * wait(memory, epoll, event, ready, capacity, timeoutMs, spinUs): entries written at `ready`; 0
 * after the time, a wake or a signal. It asks for `spinUs` microseconds before it sleeps. The
 * thread's JavaScript stands still meanwhile.
 */
napi_value poller_wait(napi_env env, napi_callback_info info) {
    napi_value arguments[7];
    uint32_t numbers[6];
    read_arguments(env, info, 7, arguments);
    struct memory *memory = read_memory(env, arguments[0]);
    if (memory == NULL || !read_numbers(env, arguments + 1, 6, numbers)) {
        return NULL;
    }
    uint32_t epoll = numbers[0], ready = numbers[2], capacity = numbers[3];
    if (ready % 4 != 0 || !inside(memory, ready, capacity, sizeof(struct ready))) {
        return throw_range(env, "the ready list");
    }
    struct epoll_event events[READY_CAPACITY];
    if (capacity > READY_CAPACITY) {
        capacity = READY_CAPACITY;
    }
    int count = wait_for((int)epoll, events, (int)capacity, (int)numbers[4], numbers[5]);
    if (count < 0 && errno != EINTR) {
        return throw_errno_fd(env, errno, "epoll_wait", (int)epoll);
    }
    return make_int(env,
                    report(events, count, (int)numbers[1], (struct ready *)(memory->base + ready)));
}
