/* TAP devices: /dev/net/tun and its ioctls (linux/if_tun.h, drivers/net/tun.c). */
#include "arguments.h"
#include "error.h"
#include "functions.h"
#include "namespace.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char tun_path[] = "/dev/net/tun";

/* tapFeatures(): the IFF_* bits that the driver knows. */
napi_value tap_features(napi_env env, napi_callback_info info) {
    (void)info;
    int fd = open(tun_path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return throw_errno(env, errno, "open", tun_path);
    }
    unsigned int features = 0;
    int error = ioctl(fd, TUNGETFEATURES, &features) == 0 ? 0 : errno;
    close(fd);
    return error == 0 ? make_int(env, features)
                      : throw_errno(env, error, "ioctl(TUNGETFEATURES)", tun_path);
}

/* The socket behind the descriptor belongs to the namespace that the thread opens it in. */
static int open_tun(napi_env env, int namespace_fd) {
    int own;
    if (!namespace_enter(env, namespace_fd, &own)) {
        return -1;
    }
    int fd = open(tun_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    namespace_leave(own);
    if (fd < 0) {
        throw_errno(env, errno, "open", tun_path);
    }
    return fd;
}

/* The namespace is an argument that may be missing: our own then. */
static bool read_namespace(napi_env env, napi_value value, int *namespace_fd) {
    napi_valuetype type;
    uint32_t number = (uint32_t)-1;
    bool missing = napi_typeof(env, value, &type) == napi_ok && type == napi_undefined;
    bool valid = missing || read_numbers(env, &value, 1, &number);
    *namespace_fd = (int)number;
    return valid;
}

/* tapOpen(name, flags, namespaceFd?): { fd, name }: one queue of a device, made if not there. */
napi_value tap_open(napi_env env, napi_callback_info info) {
    napi_value arguments[3], result;
    struct ifreq request = {0};
    uint32_t flags;
    int namespace_fd;
    read_arguments(env, info, 3, arguments);
    if (!read_string(env, arguments[0], request.ifr_name, IFNAMSIZ) ||
        !read_numbers(env, arguments + 1, 1, &flags) ||
        !read_namespace(env, arguments[2], &namespace_fd)) {
        return NULL;
    }
    int fd = open_tun(env, namespace_fd);
    if (fd < 0) {
        return NULL;
    }
    request.ifr_flags = (short)flags;
    if (ioctl(fd, TUNSETIFF, &request) != 0) {
        int error = errno;
        close(fd);
        return throw_errno(env, error, "ioctl(TUNSETIFF)", request.ifr_name);
    }
    napi_create_object(env, &result);
    set_number(env, result, "fd", fd);
    set_text(env, result, "name", request.ifr_name);
    return result;
}

/* tapInfo(fd): { name, flags }: the device that a queue belongs to, by its present name. */
napi_value tap_info(napi_env env, napi_callback_info info) {
    uint32_t fd;
    napi_value result;
    struct ifreq request = {0};
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    if (ioctl((int)fd, TUNGETIFF, &request) != 0) {
        return throw_errno_fd(env, errno, "ioctl(TUNGETIFF)", (int)fd);
    }
    napi_create_object(env, &result);
    set_text(env, result, "name", request.ifr_name);
    set_number(env, result, "flags", (unsigned short)request.ifr_flags);
    return result;
}

/* A failed ioctl of a queue is told by the device's name, when it still has one. */
static napi_value throw_ioctl(napi_env env, int error, const char *call, int fd) {
    struct ifreq request = {0};
    char syscall[48];
    snprintf(syscall, sizeof syscall, "ioctl(%s)", call);
    return ioctl(fd, TUNGETIFF, &request) == 0 ? throw_errno(env, error, syscall, request.ifr_name)
                                               : throw_errno_fd(env, error, syscall, fd);
}

/* The ioctls that take their number by value. */
static napi_value set_by_value(napi_env env, napi_callback_info info, unsigned long request,
                               const char *call) {
    uint32_t numbers[2];
    if (!read_number_arguments(env, info, 2, numbers)) {
        return NULL;
    }
    int fd = (int)numbers[0];
    return ioctl(fd, request, (unsigned long)numbers[1]) == 0 ? NULL
                                                              : throw_ioctl(env, errno, call, fd);
}

/* tapSetOffload(fd, mask): what the device may hand us (TUN_F_*). Holds for all its queues. */
napi_value tap_set_offload(napi_env env, napi_callback_info info) {
    return set_by_value(env, info, TUNSETOFFLOAD, "TUNSETOFFLOAD");
}

/*
 * tapDetach(fd): takes a queue out of those that the kernel chooses from. It can still be written
 * to, which then no longer tells the kernel to send that flow's other direction to it.
 */
napi_value tap_detach(napi_env env, napi_callback_info info) {
    uint32_t fd;
    struct ifreq request = {.ifr_flags = IFF_DETACH_QUEUE};
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    return ioctl((int)fd, TUNSETQUEUE, &request) == 0
               ? NULL
               : throw_ioctl(env, errno, "TUNSETQUEUE", (int)fd);
}

/* tapSetPersist(fd, on): whether the device outlives its last queue. */
napi_value tap_set_persist(napi_env env, napi_callback_info info) {
    return set_by_value(env, info, TUNSETPERSIST, "TUNSETPERSIST");
}

/* tapSetOwner(fd, uid): who may attach without CAP_NET_ADMIN. */
napi_value tap_set_owner(napi_env env, napi_callback_info info) {
    return set_by_value(env, info, TUNSETOWNER, "TUNSETOWNER");
}

/* tapSetGroup(fd, gid). */
napi_value tap_set_group(napi_env env, napi_callback_info info) {
    return set_by_value(env, info, TUNSETGROUP, "TUNSETGROUP");
}

/* tapVnetHeaderSize(fd): bytes of the virtio header before each frame, of the whole device. */
napi_value tap_vnet_header_size(napi_env env, napi_callback_info info) {
    uint32_t fd;
    int size = 0;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    return ioctl((int)fd, TUNGETVNETHDRSZ, &size) == 0
               ? make_int(env, size)
               : throw_ioctl(env, errno, "TUNGETVNETHDRSZ", (int)fd);
}

/* tapSetVnetHeaderSize(fd, size). */
napi_value tap_set_vnet_header_size(napi_env env, napi_callback_info info) {
    uint32_t numbers[2];
    if (!read_number_arguments(env, info, 2, numbers)) {
        return NULL;
    }
    int fd = (int)numbers[0], size = (int)numbers[1];
    return ioctl(fd, TUNSETVNETHDRSZ, &size) == 0 ? NULL
                                                  : throw_ioctl(env, errno, "TUNSETVNETHDRSZ", fd);
}

/* close(fd): of any descriptor the addon gave, with what is remembered beside it. */
napi_value close_descriptor(napi_env env, napi_callback_info info) {
    uint32_t fd;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    state_drop((int)fd);
    /* Linux has closed the descriptor even when it says EINTR: trying again would hit another. */
    return close((int)fd) == 0 || errno == EINTR ? NULL
                                                 : throw_errno_fd(env, errno, "close", (int)fd);
}
