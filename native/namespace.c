#include "namespace.h"

#include "arguments.h"
#include "error.h"
#include "functions.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char own_namespace[] = "/proc/thread-self/ns/net";

bool namespace_enter(napi_env env, int namespace_fd, int *own) {
    *own = -1;
    if (namespace_fd < 0) {
        return true;
    }
    int back = open(own_namespace, O_RDONLY | O_CLOEXEC);
    if (back < 0) {
        throw_errno(env, errno, "open", own_namespace);
        return false;
    }
    if (setns(namespace_fd, CLONE_NEWNET) != 0) {
        int error = errno;
        close(back);
        throw_errno_fd(env, error, "setns", namespace_fd);
        return false;
    }
    *own = back;
    return true;
}

void namespace_leave(int own) {
    if (own < 0) {
        return;
    }
    int error = errno;
    if (setns(own, CLONE_NEWNET) != 0) {
        fprintf(stderr,
                "linkspan: a thread cannot return to its own network namespace (%s); going on "
                "would configure the wrong one\n",
                strerror(errno));
        abort();
    }
    close(own);
    errno = error;
}

/* namespaceOpen(path): { fd, inode, device }. Throws EINVAL on what is no network namespace. */
napi_value namespace_open(napi_env env, napi_callback_info info) {
    napi_value argument, result;
    char path[4096];
    read_arguments(env, info, 1, &argument);
    if (!read_string(env, argument, path, sizeof path)) {
        return NULL;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return throw_errno(env, errno, "open", path);
    }
    struct stat status;
    /* A name in /run/netns is a plain file until the namespace is mounted on it. */
    if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET || fstat(fd, &status) != 0) {
        close(fd);
        return throw_errno(env, EINVAL, "ioctl(NS_GET_NSTYPE)", path);
    }
    napi_create_object(env, &result);
    set_number(env, result, "fd", fd);
    set_number(env, result, "inode", (double)status.st_ino);
    set_number(env, result, "device", (double)status.st_dev);
    return result;
}
