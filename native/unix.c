/* AF_UNIX sockets by path (unix(7)): who listens, who connects, who is there. */
#include "abi.h"
#include "arguments.h"
#include "buffer.h"
#include "error.h"
#include "functions.h"
#include "queue-message.h"
#include "queue-stream.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Clients that may wait while another is served. */
#define BACKLOG 4

struct unix_address {
    struct sockaddr_un name;
    socklen_t length;
};

static bool read_address(napi_env env, napi_value value, struct unix_address *address) {
    memset(address, 0, sizeof *address);
    address->name.sun_family = AF_UNIX;
    if (!read_string(env, value, address->name.sun_path, sizeof address->name.sun_path)) {
        return false;
    }
    size_t path = strlen(address->name.sun_path);
    address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path + 1);
    return true;
}

/* Sockets whose type has no state of its own need none. */
static bool keep_state(int fd, int type) {
    return type != SOCK_STREAM || keep_stream(fd);
}

static napi_value fail(napi_env env, int fd, const char *call, const struct unix_address *address) {
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return throw_errno(env, error, call, address->name.sun_path);
}

static int open_socket(int type) {
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        widen_buffers(fd);
    }
    return fd;
}

/*
 * Makes the socket at a path, for its owner only: the mode of a socket that is not bound yet
 * becomes that of its path (net/unix/af_unix.c, unix_bind_bsd), so that there is no moment in which
 * it is open to others.
 */
static int bind_owned(int fd, const struct unix_address *address) {
    return fchmod(fd, S_IRUSR | S_IWUSR) == 0
               ? bind(fd, (const struct sockaddr *)&address->name, address->length)
               : -1;
}

/*
 * unixListen(path, type): fd. The path must be free. A datagram socket is a queue at once, and
 * answers whoever sent last; of another one, clients are to be accepted.
 */
napi_value unix_listen(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct unix_address address;
    uint32_t type;
    read_arguments(env, info, 2, arguments);
    if (!read_address(env, arguments[0], &address) || !read_numbers(env, arguments + 1, 1, &type)) {
        return NULL;
    }
    int fd = open_socket((int)type);
    if (fd < 0 || bind_owned(fd, &address) != 0) {
        return fail(env, fd, fd < 0 ? "socket" : "bind", &address);
    }
    bool ready = type == SOCK_DGRAM ? keep_correspondent(fd) : listen(fd, BACKLOG) == 0;
    if (!ready) {
        (void)unlink(address.name.sun_path);
        return fail(env, fd, "listen", &address);
    }
    return make_int(env, fd);
}

/* unixAccept(fd, type): the descriptor of the next client, or -EAGAIN. */
napi_value unix_accept(napi_env env, napi_callback_info info) {
    uint32_t numbers[2];
    if (!read_number_arguments(env, info, 2, numbers)) {
        return NULL;
    }
    int fd = accept4((int)numbers[0], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) {
        return make_int(env, -EAGAIN);
    }
    if (fd < 0 || !keep_state(fd, (int)numbers[1])) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return throw_errno_fd(env, error, "accept4", (int)numbers[0]);
    }
    widen_buffers(fd);
    return make_int(env, fd);
}

/*
 * unixConnect(path, type): fd, of a stream or seqpacket socket. Throws ENOENT where there is no
 * socket, ECONNREFUSED where nobody listens, EPROTOTYPE where it is of another type.
 */
napi_value unix_connect(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct unix_address address;
    uint32_t type;
    read_arguments(env, info, 2, arguments);
    if (!read_address(env, arguments[0], &address) || !read_numbers(env, arguments + 1, 1, &type)) {
        return NULL;
    }
    int fd = open_socket((int)type);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address.name, address.length) != 0 ||
        !keep_state(fd, (int)type)) {
        return fail(env, fd, fd < 0 ? "socket" : "connect", &address);
    }
    return make_int(env, fd);
}

/*
 * unixCorrespond(local, remote): fd of a datagram socket at `local`, a path that must be free,
 * connected to `remote`. Throws as unixConnect where nobody is there.
 */
napi_value unix_correspond(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct unix_address local, remote;
    read_arguments(env, info, 2, arguments);
    if (!read_address(env, arguments[0], &local) || !read_address(env, arguments[1], &remote)) {
        return NULL;
    }
    int fd = open_socket(SOCK_DGRAM);
    if (fd < 0 || connect(fd, (struct sockaddr *)&remote.name, remote.length) != 0) {
        return fail(env, fd, fd < 0 ? "socket" : "connect", &remote);
    }
    return bind_owned(fd, &local) == 0 ? make_int(env, fd) : fail(env, fd, "bind", &local);
}

/*
 * unixReach(fd, path): connects a datagram socket to whoever is at the path now; nothing changes if
 * it is who it was before. 0, or -errno if nobody is.
 */
napi_value unix_reach(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    struct unix_address remote;
    uint32_t fd;
    read_arguments(env, info, 2, arguments);
    if (!read_numbers(env, arguments, 1, &fd) || !read_address(env, arguments[1], &remote)) {
        return NULL;
    }
    int failed = connect((int)fd, (struct sockaddr *)&remote.name, remote.length);
    return make_int(env, failed == 0 ? 0 : -errno);
}

/* unixUnread(fd): octets that came and were not read yet. */
napi_value unix_unread(napi_env env, napi_callback_info info) {
    uint32_t fd;
    int octets = 0;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    return ioctl((int)fd, FIONREAD, &octets) == 0
               ? make_int(env, octets)
               : throw_errno_fd(env, errno, "ioctl(FIONREAD)", (int)fd);
}
