/*
 * Reading arguments and building results. A reader that returns false has thrown a TypeError: its
 * caller returns NULL.
 */
#ifndef LINKSPAN_ARGUMENTS_H
#define LINKSPAN_ARGUMENTS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Missing arguments become undefined, which the readers below refuse. */
void read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);

/* Numbers are taken modulo 2^32, so that -1 is an absent file descriptor. */
bool read_numbers(napi_env env, const napi_value *values, size_t count, uint32_t *numbers);

/* For functions whose arguments are numbers only. */
bool read_number_arguments(napi_env env, napi_callback_info info, size_t count, uint32_t *numbers);

/* A number or boolean of an object; left as it is where the object has none. */
bool read_option(napi_env env, napi_value object, const char *key, uint32_t *number);

/* Text that does not fit, or holds a NUL, is refused: a cut name would be another name. */
bool read_string(napi_env env, napi_value value, char *text, size_t size);

/* The bytes stay where they are, in the caller's Uint8Array, until the call returns. */
bool read_bytes(napi_env env, napi_value value, uint8_t **bytes, size_t *length);

napi_value make_int(napi_env env, int64_t number);
void set_number(napi_env env, napi_value object, const char *key, double number);
void set_text(napi_env env, napi_value object, const char *key, const char *text);

#endif
