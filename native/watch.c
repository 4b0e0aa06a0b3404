/*
 * Calling back when a descriptor is readable, on the event loop of the calling thread: for sockets
 * of the control side. A watch does not keep its process alive.
 */
#include "arguments.h"
#include "error.h"
#include "functions.h"

#include <stdlib.h>
#include <uv.h>

static const uint64_t watch_magic = 0x6c73776174636821;

/* Held by two: the loop until its handle is closed, JavaScript until it forgets the external. */
struct watch {
    uint64_t magic;
    uv_poll_t poll;
    napi_env env;
    napi_ref callback;
    napi_async_context context;
    napi_async_cleanup_hook_handle cleanup;
    int holders;
    bool closing;
};

static void release(struct watch *watch) {
    if (--watch->holders == 0) {
        free(watch);
    }
}

static void finalize(napi_env env, void *data, void *hint) {
    (void)env, (void)hint;
    release(data);
}

static void on_closed(uv_handle_t *handle) {
    struct watch *watch = handle->data;
    napi_delete_reference(watch->env, watch->callback);
    napi_async_destroy(watch->env, watch->context);
    napi_remove_async_cleanup_hook(watch->cleanup);
    release(watch);
}

static void stop(struct watch *watch) {
    if (!watch->closing) {
        watch->closing = true;
        uv_close((uv_handle_t *)&watch->poll, on_closed);
    }
}

static void on_environment_end(napi_async_cleanup_hook_handle handle, void *data) {
    (void)handle;
    stop(data);
}

static void call(struct watch *watch) {
    napi_env env = watch->env;
    napi_value callback, global, thrown;
    if (napi_get_reference_value(env, watch->callback, &callback) != napi_ok ||
        napi_get_global(env, &global) != napi_ok) {
        return;
    }
    napi_status status = napi_make_callback(env, watch->context, global, callback, 0, NULL, NULL);
    if (status == napi_pending_exception &&
        napi_get_and_clear_last_exception(env, &thrown) == napi_ok) {
        napi_fatal_exception(env, thrown);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    (void)events;
    struct watch *watch = poll->data;
    napi_handle_scope scope;
    if (watch->closing || napi_open_handle_scope(watch->env, &scope) != napi_ok) {
        return;
    }
    call(watch);
    napi_close_handle_scope(watch->env, scope);
    /* libuv stops a poll on EPOLLERR, which is how netlink says ENOBUFS: it is readable again. */
    if (status < 0 && !watch->closing) {
        uv_poll_start(poll, UV_READABLE, on_poll);
    }
}

static void free_closed(uv_handle_t *handle) {
    free(handle->data);
}

/* Returns a libuv error, having freed what it could not start. */
static int start(struct watch *watch, uv_loop_t *loop, int fd) {
    int error = uv_poll_init(loop, &watch->poll, fd);
    if (error != 0) {
        free(watch);
        return error;
    }
    watch->poll.data = watch;
    uv_unref((uv_handle_t *)&watch->poll);
    error = uv_poll_start(&watch->poll, UV_READABLE, on_poll);
    if (error != 0) {
        uv_close((uv_handle_t *)&watch->poll, free_closed);
    }
    return error;
}

/* watch(fd, callback): handle. Stop watching before closing the descriptor. */
napi_value watch_start(napi_env env, napi_callback_info info) {
    napi_value arguments[2], name, handle;
    napi_valuetype type;
    uint32_t fd;
    uv_loop_t *loop;
    read_arguments(env, info, 2, arguments);
    if (!read_numbers(env, arguments, 1, &fd)) {
        return NULL;
    }
    if (napi_typeof(env, arguments[1], &type) != napi_ok || type != napi_function) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a function was expected");
        return NULL;
    }
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL || napi_get_uv_event_loop(env, &loop) != napi_ok) {
        free(watch);
        return throw_errno_fd(env, ENOMEM, "uv_poll_init", (int)fd);
    }
    int error = start(watch, loop, (int)fd);
    if (error != 0) {
        return throw_errno_fd(env, -error, "uv_poll_init", (int)fd);
    }
    watch->magic = watch_magic;
    watch->env = env;
    watch->holders = 2;
    napi_create_string_utf8(env, "linkspan.watch", NAPI_AUTO_LENGTH, &name);
    napi_create_reference(env, arguments[1], 1, &watch->callback);
    napi_async_init(env, NULL, name, &watch->context);
    napi_add_async_cleanup_hook(env, on_environment_end, watch, &watch->cleanup);
    napi_create_external(env, watch, finalize, NULL, &handle);
    return handle;
}

/* unwatch(handle): no callback comes after this. Again is harmless. */
napi_value watch_stop(napi_env env, napi_callback_info info) {
    napi_value argument;
    void *data;
    read_arguments(env, info, 1, &argument);
    if (napi_get_value_external(env, argument, &data) != napi_ok ||
        ((struct watch *)data)->magic != watch_magic) {
        napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "a handle of watch was expected");
        return NULL;
    }
    stop(data);
    return NULL;
}
