#include "error.h"

#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

/* libuv names most errors; what a TAP or netlink says beyond that is added here. */
static const char *error_name(int error) {
    switch (error) {
    case EBADFD:
        return "EBADFD";
    case ENOPROTOOPT:
        return "ENOPROTOOPT";
    case ENODEV:
        return "ENODEV";
    case EUSERS:
        return "EUSERS";
    default: {
        const char *name = uv_err_name(-error);
        return strncmp(name, "Unknown", 7) == 0 ? "EUNKNOWN" : name;
    }
    }
}

napi_value throw_errno(napi_env env, int error, const char *syscall, const char *device) {
    /* strerror is safe here: known errors are constant strings in glibc and musl alike. */
    const char *reason = strerror(error);
    char text[512];
    snprintf(text, sizeof text, "%s on '%s': %s, %c%s", syscall, device, error_name(error),
             tolower((unsigned char)reason[0]), reason[0] == '\0' ? "" : reason + 1);

    napi_value code, message, thrown;
    if (napi_create_string_utf8(env, error_name(error), NAPI_AUTO_LENGTH, &code) != napi_ok ||
        napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message) != napi_ok ||
        napi_create_error(env, code, message, &thrown) != napi_ok) {
        return NULL;
    }
    set_number(env, thrown, "errno", -error);
    set_text(env, thrown, "syscall", syscall);
    set_text(env, thrown, "device", device);
    napi_throw(env, thrown);
    return NULL;
}

napi_value throw_errno_fd(napi_env env, int error, const char *syscall, int fd) {
    char device[32];
    snprintf(device, sizeof device, "fd %d", fd);
    return throw_errno(env, error, syscall, device);
}

napi_value throw_range(napi_env env, const char *what) {
    char text[128];
    snprintf(text, sizeof text, "%s lies outside the attached memory", what);
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", text);
    return NULL;
}
