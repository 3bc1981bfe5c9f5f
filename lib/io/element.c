/* SPDX-License-Identifier: MIT */
#include "io/element.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "files of arrays are little-endian and are read without swapping bytes"
#endif

enum { BUFFER_BYTES = 16384 };

size_t tvi_element_bytes(tvi_element type)
{
    switch (type) {
    case TVI_ELEMENT_BOOL:
    case TVI_ELEMENT_U8:
    case TVI_ELEMENT_I8:
        return 1;
    case TVI_ELEMENT_U16:
    case TVI_ELEMENT_I16:
    case TVI_ELEMENT_F16:
    case TVI_ELEMENT_BF16:
        return 2;
    case TVI_ELEMENT_U32:
    case TVI_ELEMENT_I32:
    case TVI_ELEMENT_F32:
        return 4;
    case TVI_ELEMENT_U64:
    case TVI_ELEMENT_I64:
    case TVI_ELEMENT_F64:
        break;
    }
    return 8;
}

static float float_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16 to binary32, exact. A subnormal half is m * 2^-24, which the
 * multiplication gives without rounding. */
static float float_of_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t exponent = (half >> 10) & 0x1fu, mantissa = half & 0x3ffu;
    float value;

    if (exponent == 0x1fu)
        return float_of_bits(sign | 0x7f800000u | mantissa << 13);
    if (exponent)
        return float_of_bits(sign | (exponent + 112u) << 23 | mantissa << 13);
    value = (float)mantissa * 0x1p-24f;
    return sign ? -value : value;
}

/* Convert a run of elements; each writes values[i] and returns how many were exact, which
 * is `count` unless an integer does not fit. */
#define CONVERT_RUN(function, type, expression)                                     \
    static size_t function(const unsigned char *bytes, size_t count, float *values) \
    {                                                                               \
        for (size_t i = 0; i < count; i++) {                                        \
            type x;                                                                 \
            memcpy(&x, bytes + i * sizeof x, sizeof x);                             \
            values[i] = (expression);                                               \
        }                                                                           \
        return count;                                                               \
    }

/* `end` is the power of two just above the type's largest number: a float that reaches it
 * cannot be converted back. */
#define CONVERT_EXACT_RUN(function, type, end)                                      \
    static size_t function(const unsigned char *bytes, size_t count, float *values) \
    {                                                                               \
        for (size_t i = 0; i < count; i++) {                                        \
            type x;                                                                 \
            memcpy(&x, bytes + i * sizeof x, sizeof x);                             \
            values[i] = (float)x;                                                   \
            if (!(values[i] < (end)) || (type)values[i] != x)                       \
                return i;                                                           \
        }                                                                           \
        return count;                                                               \
    }

CONVERT_RUN(convert_bool, uint8_t, x ? 1.0f : 0.0f)
CONVERT_RUN(convert_u8, uint8_t, (float)x)
CONVERT_RUN(convert_i8, int8_t, (float)x)
CONVERT_RUN(convert_u16, uint16_t, (float)x)
CONVERT_RUN(convert_i16, int16_t, (float)x)
CONVERT_EXACT_RUN(convert_u32, uint32_t, 0x1p32f)
CONVERT_EXACT_RUN(convert_i32, int32_t, 0x1p31f)
CONVERT_EXACT_RUN(convert_u64, uint64_t, 0x1p64f)
CONVERT_EXACT_RUN(convert_i64, int64_t, 0x1p63f)
CONVERT_RUN(convert_f16, uint16_t, float_of_half(x))
CONVERT_RUN(convert_bf16, uint16_t, float_of_bits((uint32_t)x << 16))
CONVERT_RUN(convert_f64, double, (float)x)

static size_t convert(tvi_element type, const unsigned char *bytes, size_t count,
                      float *values)
{
    switch (type) {
    case TVI_ELEMENT_BOOL:
        return convert_bool(bytes, count, values);
    case TVI_ELEMENT_U8:
        return convert_u8(bytes, count, values);
    case TVI_ELEMENT_I8:
        return convert_i8(bytes, count, values);
    case TVI_ELEMENT_U16:
        return convert_u16(bytes, count, values);
    case TVI_ELEMENT_I16:
        return convert_i16(bytes, count, values);
    case TVI_ELEMENT_U32:
        return convert_u32(bytes, count, values);
    case TVI_ELEMENT_I32:
        return convert_i32(bytes, count, values);
    case TVI_ELEMENT_U64:
        return convert_u64(bytes, count, values);
    case TVI_ELEMENT_I64:
        return convert_i64(bytes, count, values);
    case TVI_ELEMENT_F16:
        return convert_f16(bytes, count, values);
    case TVI_ELEMENT_BF16:
        return convert_bf16(bytes, count, values);
    case TVI_ELEMENT_F64:
        return convert_f64(bytes, count, values);
    case TVI_ELEMENT_F32:
        break;
    }
    memcpy(values, bytes, count * sizeof *values);
    return count;
}

tvae_status tvi_element_read(tvi_reader *reader, tvi_element type, size_t count,
                             float *values)
{
    const size_t element_bytes = tvi_element_bytes(type);
    const size_t n_most = BUFFER_BYTES / element_bytes;
    unsigned char buffer[BUFFER_BYTES];
    tvae_status st;

    if (type == TVI_ELEMENT_F32)
        return tvi_reader_read(reader, values, count * sizeof *values);
    for (size_t done = 0; done < count;) {
        const size_t n = count - done < n_most ? count - done : n_most;
        size_t n_exact;

        st = tvi_reader_read(reader, buffer, n * element_bytes);
        if (st != TVAE_OK)
            return st;
        n_exact = convert(type, buffer, n, values + done);
        if (n_exact < n)
            return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                                   "element %zu is an integer that float32 cannot hold "
                                   "exactly; store the array as a float type",
                                   done + n_exact);
        done += n;
    }
    return TVAE_OK;
}
