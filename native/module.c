/* What `require` gives: one plain object of functions. No state, so any thread may load it. */
#include "functions.h"

#define PROPERTY(name, function)                                                                   \
    {#name, NULL, function, NULL, NULL, NULL, napi_default_method, NULL},

static const napi_property_descriptor properties[] = {FUNCTIONS(PROPERTY)};

NAPI_MODULE_INIT() {
    size_t count = sizeof properties / sizeof properties[0];
    napi_define_properties(env, exports, count, properties);
    return exports;
}
