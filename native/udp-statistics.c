/* What the kernel dropped before a queue could be read (X5). */
#include "udp.h"

#include "arguments.h"
#include "error.h"
#include "functions.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A namespace's counters as text: some 2 KiB for IPv4, 6 KiB for IPv6. */
struct counters {
    char text[32 * 1024];
};

/* The file says how things are at each reading from its start. */
static bool read_counters(int fd, struct counters *counters) {
    size_t length = 0;
    ssize_t count;
    do {
        count =
            pread(fd, counters->text + length, sizeof counters->text - 1 - length, (off_t)length);
        length += count > 0 ? (size_t)count : 0;
    } while (count > 0 || (count < 0 && errno == EINTR));
    counters->text[length] = '\0';
    return length > 0;
}

/* /proc/net/snmp6: a line a counter, "Udp6InCsumErrors 12". */
static double counter_of_ip6(const char *text, const char *name) {
    char start[64];
    int length = snprintf(start, sizeof start, "\nUdp6%s", name);
    const char *line = strstr(text, start);
    return line == NULL ? 0 : strtod(line + length, NULL);
}

/* /proc/net/snmp: a line of names, "Udp: InDatagrams …", and a line of numbers below it. */
static double counter_of_ip4(const char *text, const char *name) {
    const char *names = strstr(text, "\nUdp: ");
    const char *numbers = names == NULL ? NULL : strstr(names + 1, "\nUdp: ");
    if (numbers == NULL) {
        return 0;
    }
    names += 6, numbers += 6;
    size_t length = strlen(name);
    while (strncmp(names, name, length) != 0 || (names[length] != ' ' && names[length] != '\n')) {
        names = strpbrk(names, " \n");
        numbers = strpbrk(numbers, " \n");
        if (names == NULL || numbers == NULL || *names == '\n' || *numbers == '\n') {
            return 0;
        }
        names++, numbers++;
    }
    return strtod(numbers, NULL);
}

/*
 * udpStatistics(fd): { drops, checksumErrors, bufferErrors }. `drops` are of this queue, for want
 * of room or for a wrong checksum; the others are of all UDP sockets of its namespace and IP
 * version (UdpInCsumErrors and UdpRcvbufErrors, RFC 4113 and beyond), 0 where it does not tell.
 */
napi_value udp_statistics(napi_env env, napi_callback_info info) {
    uint32_t fd, memory[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof memory;
    if (!read_number_arguments(env, info, 1, &fd)) {
        return NULL;
    }
    const struct udp *udp = read_udp(env, (int)fd);
    if (udp == NULL) {
        return NULL;
    }
    if (getsockopt((int)fd, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0) {
        return throw_errno_fd(env, errno, "getsockopt(SO_MEMINFO)", (int)fd);
    }
    struct counters counters = {.text = ""};
    if (udp->counters >= 0) {
        (void)read_counters(udp->counters, &counters);
    }
    double (*counter)(const char *, const char *) =
        udp->version == 4 ? counter_of_ip4 : counter_of_ip6;
    napi_value result;
    napi_create_object(env, &result);
    set_number(env, result, "drops", memory[SK_MEMINFO_DROPS]);
    set_number(env, result, "checksumErrors", counter(counters.text, "InCsumErrors"));
    set_number(env, result, "bufferErrors", counter(counters.text, "RcvbufErrors"));
    return result;
}
