#include "arguments.h"

#include <string.h>

static bool refuse(napi_env env, const char *expected) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", expected);
    return false;
}

void read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
    napi_get_cb_info(env, info, &count, values, NULL, NULL);
}

bool read_numbers(napi_env env, const napi_value *values, size_t count, uint32_t *numbers) {
    for (size_t i = 0; i < count; i++) {
        if (napi_get_value_uint32(env, values[i], &numbers[i]) != napi_ok) {
            return refuse(env, "a number was expected");
        }
    }
    return true;
}

bool read_number_arguments(napi_env env, napi_callback_info info, size_t count, uint32_t *numbers) {
    napi_value values[8];
    read_arguments(env, info, count, values);
    return read_numbers(env, values, count, numbers);
}

bool read_option(napi_env env, napi_value object, const char *key, uint32_t *number) {
    napi_value value;
    napi_valuetype type;
    if (napi_get_named_property(env, object, key, &value) != napi_ok ||
        napi_typeof(env, value, &type) != napi_ok) {
        return refuse(env, "an object was expected");
    }
    if (type == napi_undefined) {
        return true;
    }
    bool on;
    if (napi_get_value_bool(env, value, &on) == napi_ok) {
        *number = on;
        return true;
    }
    return read_numbers(env, &value, 1, number);
}

bool read_string(napi_env env, napi_value value, char *text, size_t size) {
    size_t length, copied;
    if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
        return refuse(env, "a string was expected");
    }
    if (length >= size) {
        return refuse(env, "the string is too long for what it names");
    }
    napi_get_value_string_utf8(env, value, text, size, &copied);
    return strlen(text) == copied || refuse(env, "the string contains a NUL");
}

bool read_bytes(napi_env env, napi_value value, uint8_t **bytes, size_t *length) {
    napi_typedarray_type type;
    void *data;
    if (napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok ||
        type != napi_uint8_array) {
        return refuse(env, "a Uint8Array was expected");
    }
    *bytes = data;
    return true;
}

napi_value make_int(napi_env env, int64_t number) {
    napi_value value = NULL;
    napi_create_int64(env, number, &value);
    return value;
}

void set_number(napi_env env, napi_value object, const char *key, double number) {
    napi_value value;
    napi_create_double(env, number, &value);
    napi_set_named_property(env, object, key, value);
}

void set_text(napi_env env, napi_value object, const char *key, const char *text) {
    napi_value value;
    napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
    napi_set_named_property(env, object, key, value);
}
