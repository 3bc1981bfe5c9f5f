/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_TEXT = 100000, N_ELEMENTS = 64 /* of an array at most */ };

void *keep_bytes(size_t bytes)
{
    void *memory = calloc(bytes, 1);

    if (!memory) {
        fprintf(stderr, "no memory for a test\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

static void add(choices *list, argument value, expectation expected, const char *name)
{
    if (list->n == MAX_VALUES) {
        fprintf(stderr, "more than %d values of one parameter\n", MAX_VALUES);
        exit(EXIT_FAILURE);
    }
    list->values[list->n] = value;
    list->expected[list->n] = expected;
    (void)snprintf(list->names[list->n], sizeof list->names[0], "%s", name);
    list->n++;
}

static void add_address(choices *list, void *pointer, expectation expected,
                        const char *name)
{
    add(list, (argument){.pointer = pointer}, expected, name);
}

void add_pointer(choices *list, void *valid, bool may_be_null)
{
    add_address(list, valid, MAY_PASS, "valid");
    add_address(list, NULL, may_be_null ? MAY_PASS : MUST_BE_INVALID, "NULL");
}

void add_int32(choices *list, int32_t valid)
{
    add(list, (argument){.i32 = valid}, MAY_PASS, "valid");
    add(list, (argument){.i32 = 0}, MAY_PASS, "0");
    add(list, (argument){.i32 = -1}, MAY_PASS, "-1");
    add(list, (argument){.i32 = INT32_MIN}, MAY_PASS, "INT32_MIN");
    add(list, (argument){.i32 = INT32_MAX}, MAY_PASS, "INT32_MAX");
}

void add_int64(choices *list, int64_t valid, bool is_endless)
{
    add(list, (argument){.i64 = valid}, MAY_PASS, "valid");
    add(list, (argument){.i64 = 0}, MAY_PASS, "0");
    add(list, (argument){.i64 = -1}, MAY_PASS, "-1");
    add(list, (argument){.i64 = INT64_MIN}, MAY_PASS, "INT64_MIN");
    if (!is_endless)
        add(list, (argument){.i64 = INT64_MAX}, MAY_PASS, "INT64_MAX");
}

void add_uint64(choices *list, uint64_t valid)
{
    add(list, (argument){.u64 = valid}, MAY_PASS, "valid");
    add(list, (argument){.u64 = 0}, MAY_PASS, "0");
    add(list, (argument){.u64 = UINT64_MAX}, MAY_PASS, "UINT64_MAX");
}

void add_size(choices *list, size_t valid)
{
    add(list, (argument){.size = valid}, MAY_PASS, "valid");
    add(list, (argument){.size = 0}, MAY_PASS, "0");
    add(list, (argument){.size = SIZE_MAX}, MAY_PASS, "SIZE_MAX");
    add(list, (argument){.size = SIZE_MAX / 2 + 1}, MAY_PASS, "SIZE_MAX / 2 + 1");
    add(list, (argument){.size = SIZE_MAX / 8 + 1}, MAY_PASS, "SIZE_MAX / 8 + 1");
}

static const struct {
    double value;
    const char *name;
} bad_doubles[] = {{(double)NAN, "NaN"},
                   {(double)INFINITY, "infinity"},
                   {-(double)INFINITY, "-infinity"},
                   {-1.0, "-1"},
                   {0.0, "0"},
                   {1e308, "1e308"}};

enum { N_BAD_DOUBLES = sizeof bad_doubles / sizeof bad_doubles[0] };

/* No function takes NaN for a number. */
static expectation expect_of_double(double value)
{
    return isnan(value) ? MUST_FAIL : MAY_PASS;
}

void add_double(choices *list, double valid)
{
    add(list, (argument){.number = valid}, MAY_PASS, "valid");
    for (size_t i = 0; i < N_BAD_DOUBLES; i++)
        add(list, (argument){.number = bad_doubles[i].value},
            expect_of_double(bad_doubles[i].value), bad_doubles[i].name);
}

void add_text(choices *list, const char *valid, bool may_be_null)
{
    char *endless = keep_bytes(LONGEST_TEXT + 1), *copy = NULL;
    char *empty = keep_bytes(1), *latin1 = keep_bytes(8), *formats = keep_bytes(16);

    memset(endless, 'x', LONGEST_TEXT);
    if (valid) { /* a copy of exact length, so that reads past its end are seen */
        copy = keep_bytes(strlen(valid) + 1);
        memcpy(copy, valid, strlen(valid));
    }
    memcpy(latin1, "\xff\xfe\x80", 3);
    memcpy(formats, "%s%n%s%n", 8);
    add_pointer(list, copy, may_be_null);
    add_address(list, empty, MAY_PASS, "empty");
    add_address(list, endless, MAY_PASS, "100000 bytes");
    add_address(list, latin1, MAY_PASS, "not UTF-8");
    add_address(list, formats, MAY_PASS, "%s%n");
}

/* A tensor of these extents, filled with one number. */
static tvae_tensor *filled(int32_t rank, const size_t *shape, float number)
{
    tvae_tensor *tensor = NULL;

    if (tvae_tensor_create(rank, shape, &tensor) != TVAE_OK) {
        fprintf(stderr, "no tensor for a test: %s\n", tvae_last_error());
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < tvae_tensor_count(tensor); i++)
        tvae_tensor_data(tensor)[i] = number;
    return tensor;
}

/* Tensors of the valid one's shape with other numbers, and of other shapes. */
void add_tensor(choices *list, tvae_tensor *valid, bool may_be_null)
{
    const size_t ones[TVAE_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    const size_t flat[] = {tvae_tensor_count(valid)};
    const int32_t rank = tvae_tensor_rank(valid);
    size_t shape[TVAE_MAX_RANK], larger[TVAE_MAX_RANK];

    for (int32_t i = 0; i < rank; i++) {
        shape[i] = tvae_tensor_extent(valid, i);
        larger[i] = shape[i] + 1;
    }
    add_pointer(list, valid, may_be_null);
    add_address(list, filled(0, NULL, 0.5f), MAY_PASS, "no axes");
    add_address(list, filled(TVAE_MAX_RANK, ones, 0.5f), MAY_PASS, "eight axes");
    add_address(list, filled(1, flat, 0.5f), MAY_PASS, "flat");
    add_address(list, filled(rank, larger, 0.5f), MAY_PASS, "larger");
    add_address(list, filled(rank, shape, NAN), MAY_PASS, "NaN");
    add_address(list, filled(rank, shape, -INFINITY), MAY_PASS, "-infinity");
    add_address(list, filled(rank, shape, 3e38f), MAY_PASS, "3e38");
    add_address(list, filled(rank, shape, -1e30f), MAY_PASS, "-1e30");
    add_address(list, filled(rank, shape, 1e-42f), MAY_PASS, "denormals");
}

/* One array of `n` numbers each, all alike. */
#define ADD_ARRAYS(list, type, valid, may_be_null, ...)                      \
    do {                                                                     \
        static const type bad_[] = {__VA_ARGS__};                            \
        add_pointer(list, (void *)(uintptr_t)(valid), may_be_null);          \
        for (size_t b_ = 0; b_ < sizeof bad_ / sizeof bad_[0]; b_++) {       \
            type *array_ = keep_bytes(N_ELEMENTS * sizeof *array_);          \
            char name_[32];                                                  \
                                                                             \
            for (size_t i_ = 0; i_ < N_ELEMENTS; i_++)                       \
                array_[i_] = bad_[b_];                                       \
            (void)snprintf(name_, sizeof name_, "all %g", (double)bad_[b_]); \
            add_address(list, array_, MAY_PASS, name_);                      \
        }                                                                    \
    } while (0)

void add_sizes(choices *list, const size_t *valid, bool may_be_null)
{
    ADD_ARRAYS(list, size_t, valid, may_be_null, 0, SIZE_MAX, SIZE_MAX / 2 + 1,
               (size_t)1 << 40);
}

void add_int64s(choices *list, const int64_t *valid, bool may_be_null)
{
    ADD_ARRAYS(list, int64_t, valid, may_be_null, 0, -1, INT64_MIN, INT64_MAX);
}

void add_floats(choices *list, const float *valid, bool may_be_null)
{
    ADD_ARRAYS(list, float, valid, may_be_null, NAN, INFINITY, -1.0f, 3e38f);
}

void add_doubles(choices *list, const double *valid, bool may_be_null)
{
    ADD_ARRAYS(list, double, valid, may_be_null, (double)NAN, (double)INFINITY, 1e308,
               -1e308);
}

/* A copy of the struct in room for the largest, with `bytes` bytes at `offset` replaced.
 */
static void add_changed(choices *list, const void *valid, size_t n_valid, size_t offset,
                        const void *bytes, size_t n_bytes, expectation expected,
                        const char *field, const char *value)
{
    unsigned char *copy = keep_bytes(STRUCT_BYTES);
    char name[64];

    memcpy(copy, valid, n_valid);
    memcpy(copy + offset, bytes, n_bytes);
    (void)snprintf(name, sizeof name, "%.40s = %.20s", field, value);
    add_address(list, copy, expected, name);
}

/* Of members that are required; zero may be a good number. */
static bool is_refused(const struct_field *field, const argument *value)
{
    return field->is_required && (field->kind == FIELD_POINTER || value->i32 != 0);
}

static void add_field(choices *list, const void *valid, size_t bytes,
                      const struct_field *field)
{
    choices values = {.n = 0};
    size_t n_bytes = sizeof(int64_t);

    if (field->kind == FIELD_INT32) {
        add_int32(&values, 0);
        n_bytes = sizeof(int32_t);
    } else if (field->kind == FIELD_INT64)
        add_int64(&values, 0, field->is_endless);
    else if (field->kind == FIELD_DOUBLE)
        add_double(&values, 0.0);
    else if (field->kind == FIELD_UINT64)
        add_uint64(&values, 0);
    else if (field->kind == FIELD_SIZE)
        add_size(&values, 0);
    else
        add_pointer(&values, NULL, true);
    for (size_t i = 1; i < values.n; i++)
        add_changed(list, valid, bytes, field->offset, &values.values[i], n_bytes,
                    is_refused(field, &values.values[i]) ? MUST_BE_INVALID
                                                         : values.expected[i],
                    field->name, values.names[i]);
}

void add_struct(choices *list, const void *valid, size_t bytes,
                const struct_field *fields, size_t n_fields, bool may_be_null)
{
    const size_t sizes[] = {0, 1, sizeof(size_t), STRUCT_BYTES + 1, SIZE_MAX};
    const size_t whole = STRUCT_BYTES;
    unsigned char *copy = keep_bytes(STRUCT_BYTES), *garbage = keep_bytes(STRUCT_BYTES);

    memcpy(copy, valid, bytes);
    add_pointer(list, copy, may_be_null);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        add_changed(list, valid, bytes, 0, &sizes[i], sizeof(size_t), MUST_BE_INVALID,
                    "size", i == 4 ? "SIZE_MAX" : "out of range");
    add_changed(list, valid, bytes, 0, &whole, sizeof whole, MAY_PASS, "size", "4096");
    memset(garbage, 0xa5, STRUCT_BYTES);
    memcpy(garbage, valid, bytes);
    memcpy(garbage, &whole, sizeof whole);
    add_address(list, garbage, MUST_FAIL, "a newer library's fields");
    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].kind != FIELD_USER)
            add_field(list, valid, bytes, &fields[i]);
}
