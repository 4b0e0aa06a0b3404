/* pump COMMAND …: makes traffic for the benchmarks and measures it. See each command's file. */
#define _GNU_SOURCE
#include "commands.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const struct {
    const char *name;
    const char *usage;
    int (*run)(int count, char **arguments);
} commands[] = {
    {"flood", "flood NETNS/IFNAME NETNS/IFNAME SECONDS [SIZES]", flood},
    {"flows", "flows NETNS/IFNAME NETNS/IFNAME MAC COUNT", flows},
    {"first", "first NETNS/IFNAME NETNS/IFNAME", first},
    {"respond", "respond NETNS PORT", respond},
    {"request", "request NETNS ADDRESS PORT SECONDS", request},
};

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (argc < 2 || strcmp(argv[1], commands[i].name) != 0) {
            continue;
        }
        int status = commands[i].run(argc - 2, argv + 2);
        if (status == 2) {
            fprintf(stderr, "usage: pump %s\n", commands[i].usage);
        }
        return status;
    }
    fprintf(stderr, "pump: expected flood, flows, first, respond or request\n");
    return 2;
}
