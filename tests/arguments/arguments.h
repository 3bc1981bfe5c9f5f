/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_ARGUMENTS_H
#define TVAE_TESTS_ARGUMENTS_H

#include <stdbool.h>

#include <tvae/tvae.h>

/* Calls of every public function with bad arguments. generate.py writes, for each
 * function, what to `prepare` (values for each parameter, the first of which is valid)
 * and how to `call` it with a choice of them. */

enum {
    MAX_PARAMETERS = 10,
    MAX_VALUES = 200,
    ROOM_BYTES = 1 << 16, /* of each output array and text */
    STRUCT_BYTES = 4096   /* of a struct of options at most, by the library's rule */
};

typedef union argument {
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    size_t size;
    double number;
    void *pointer;
} argument;

/* What a call must return if this value is the only bad one among its arguments. */
typedef enum expectation { MAY_PASS, MUST_FAIL, MUST_BE_INVALID } expectation;

typedef struct choices {
    argument values[MAX_VALUES];
    expectation expected[MAX_VALUES];
    char names[MAX_VALUES][64];
    size_t n;
} choices;

/* What a call did. A function without a status gives a number: what it returned, or for a
 * pointer whether there is one. */
typedef struct outcome {
    bool has_status;
    tvae_status status;
    double number;
    bool output_is_wrong; /* a handle on failure, or none on success */
} outcome;

typedef struct public_function {
    const char *name; /* without tvae_ */
    void (*prepare)(choices *parameters);
    outcome (*call)(const argument *arguments);
    size_t n_parameters;
    tvae_status valid_status; /* with valid arguments alone */
    bool is_slow;             /* no two bad arguments at a time */
    bool has_output;          /* it gives a handle */
    const char *inner;        /* names of calls within that may tell a failure */
} public_function;

extern const public_function public_functions[];
extern const size_t n_public_functions;

/* The kinds of fields of a struct of options. */
typedef enum field_kind {
    FIELD_SIZE,
    FIELD_INT32,
    FIELD_INT64,
    FIELD_UINT64,
    FIELD_DOUBLE,
    FIELD_POINTER,
    FIELD_USER /* the host's own pointer, which the library passes back unseen */
} field_kind;

typedef struct struct_field {
    const char *name;
    size_t offset;
    field_kind kind;
    bool is_endless;  /* its greatest value is valid, and would be computed for ever */
    bool is_required; /* the call must refuse NULL, and numbers out of range */
} struct_field;

/* The values of one parameter. Those that take a valid value put it first. */
void add_int32(choices *list, int32_t valid);
void add_int64(choices *list, int64_t valid, bool is_endless);
void add_uint64(choices *list, uint64_t valid);
void add_size(choices *list, size_t valid);
void add_double(choices *list, double valid);
void add_pointer(choices *list, void *valid, bool may_be_null);
void add_text(choices *list, const char *valid, bool may_be_null);
void add_tensor(choices *list, tvae_tensor *valid, bool may_be_null);
void add_sizes(choices *list, const size_t *valid, bool may_be_null);
void add_int64s(choices *list, const int64_t *valid, bool may_be_null);
void add_floats(choices *list, const float *valid, bool may_be_null);
void add_doubles(choices *list, const double *valid, bool may_be_null);
void add_struct(choices *list, const void *valid, size_t bytes,
                const struct_field *fields, size_t n_fields, bool may_be_null);

/* Memory that lives until the process ends, zeroed; ends the process if there is none. */
void *keep_bytes(size_t bytes);

#endif
