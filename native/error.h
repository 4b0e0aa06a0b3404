/* How a failed system call becomes a JavaScript Error. */
#ifndef LINKSPAN_ERROR_H
#define LINKSPAN_ERROR_H

#include <node_api.h>

/*
 * Throws an Error of a failed call, shaped as Node's own: `code` ('EBUSY'), `errno` (negative),
 * `syscall`, and `device`: the name or path it was about. Returns NULL, to be returned in turn.
 */
napi_value throw_errno(napi_env env, int error, const char *syscall, const char *device);

/* The same for a call about a file descriptor that has no better name. */
napi_value throw_errno_fd(napi_env env, int error, const char *syscall, int fd);

/* Throws a RangeError: a number that points outside the memory it is about. */
napi_value throw_range(napi_env env, const char *what);

#endif
