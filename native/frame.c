/* Single frames on any descriptor: for the control side, and for tests. */
#include "arguments.h"
#include "error.h"
#include "functions.h"

#include <errno.h>
#include <unistd.h>

/* What may be over at the next try: a full queue, a link that is down. */
static bool transient(int error) {
    return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM ||
           error == ENETDOWN || error == EIO;
}

static napi_value transfer(napi_env env, napi_callback_info info, const char *call,
                           ssize_t (*move)(int, uint8_t *, size_t)) {
    napi_value arguments[2];
    uint32_t fd;
    uint8_t *bytes;
    size_t length;
    read_arguments(env, info, 2, arguments);
    if (!read_numbers(env, arguments, 1, &fd) || !read_bytes(env, arguments[1], &bytes, &length)) {
        return NULL;
    }
    ssize_t moved = move((int)fd, bytes, length);
    if (moved < 0 && !transient(errno)) {
        return throw_errno_fd(env, errno, call, (int)fd);
    }
    return make_int(env, moved < 0 ? -errno : moved);
}

static ssize_t read_bytes_of(int fd, uint8_t *bytes, size_t length) {
    return read(fd, bytes, length);
}

static ssize_t write_bytes_of(int fd, uint8_t *bytes, size_t length) {
    return write(fd, bytes, length);
}

/* readFrame(fd, view): bytes, or -errno where trying again may help. */
napi_value read_frame(napi_env env, napi_callback_info info) {
    return transfer(env, info, "read", read_bytes_of);
}

/* writeFrame(fd, view): bytes, or -errno where trying again may help. */
napi_value write_frame(napi_env env, napi_callback_info info) {
    return transfer(env, info, "write", write_bytes_of);
}
