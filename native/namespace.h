/* Opening a descriptor in another network namespace: the thread goes there and comes back. */
#ifndef LINKSPAN_NAMESPACE_H
#define LINKSPAN_NAMESPACE_H

#include <node_api.h>
#include <stdbool.h>

/*
 * Enters the namespace of a descriptor; -1 stays. `own` is what namespace_leave wants. Returns
 * false having thrown, with the thread where it was. Between enter and leave nothing may return:
 * a thread left in a foreign namespace would open everything after it there.
 */
bool namespace_enter(napi_env env, int namespace_fd, int *own);

/* Comes back, leaving errno alone; a thread that cannot come back ends the process. */
void namespace_leave(int own);

#endif
