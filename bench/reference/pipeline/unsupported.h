/* Where the module goes on and this program ends: what is measured never comes here. */
#ifndef BENCH_PIPELINE_UNSUPPORTED_H
#define BENCH_PIPELINE_UNSUPPORTED_H

#include <stdio.h>
#include <stdlib.h>

static __attribute__((noinline, cold, noreturn)) void unsupported(const char *what) {
    fprintf(stderr, "pipeline: %s: that is no part of this comparison\n", what);
    exit(1);
}

#endif
