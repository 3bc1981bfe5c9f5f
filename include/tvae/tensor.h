/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TENSOR_H
#define TVAE_TENSOR_H

#include <tvae/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 1: the tensor handle. Float32, row-major, contiguous; its memory is owned,
 * borrowed from the caller at no cost, or a view of another tensor.
 *
 * Threads: a tensor is plain data: reading in parallel is fine, writing is one-at-a-time.
 */
typedef struct tvae_tensor tvae_tensor; /**< Float32, row-major, contiguous. */

enum {
    TVAE_MAX_RANK = 8 /**< Most axes a tensor can have. */
};

/**
 * Create a tensor of zeros.
 *
 * @param[in]  rank   Number of axes, 0 (one element) to TVAE_MAX_RANK.
 * @param[in]  shape  [rank] extents, each at least 1; may be NULL when @p rank is 0.
 * @param[out] out    The tensor.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL argument, rank out of range.
 * @retval TVAE_E_SHAPE    An extent is 0 or the size overflows.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * Ownership: one reference for the caller; @p shape is copied.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_tensor_create(int32_t rank, const size_t *shape,
                                        tvae_tensor **out);

/**
 * Wrap memory of the caller, without copying.
 *
 * @param[in]  data   Row-major floats, as many as the extents multiply to.
 * @param[in]  rank   As tvae_tensor_create().
 * @param[in]  shape  As tvae_tensor_create().
 * @param[out] out    The tensor.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL argument, rank out of range.
 * @retval TVAE_E_SHAPE    An extent is 0 or the size overflows.
 * @retval TVAE_E_NOMEM    No memory for the handle.
 *
 * Ownership: @p data stays the caller's and is borrowed until the last reference is
 *            dropped.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_tensor_wrap(float *data, int32_t rank, const size_t *shape,
                                      tvae_tensor **out);

/**
 * View a contiguous part of a tensor under another shape, without copying.
 *
 * @param[in]  base    The tensor looked into.
 * @param[in]  offset  First element of the view, in elements of @p base.
 * @param[in]  rank    As tvae_tensor_create().
 * @param[in]  shape   As tvae_tensor_create().
 * @param[out] out     The view.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL argument, rank out of range.
 * @retval TVAE_E_SHAPE    The view reaches past the end of @p base.
 * @retval TVAE_E_NOMEM    No memory for the handle.
 *
 * Ownership: the view keeps @p base alive.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_tensor_view(tvae_tensor *base, size_t offset, int32_t rank,
                                      const size_t *shape, tvae_tensor **out);

/**
 * Add a reference.
 *
 * Ownership: the caller owns one more reference; returns @p tensor (NULL for NULL).
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_tensor *tvae_tensor_retain(tvae_tensor *tensor);

/**
 * Drop the caller's reference and null the pointer; NULL and a pointer to NULL are fine.
 *
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API void tvae_tensor_destroy(tvae_tensor **tensor);

/** Number of axes; -1 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API int32_t tvae_tensor_rank(const tvae_tensor *tensor);

/** Extent of one axis; 0 for NULL or an axis the tensor lacks. Threads: shared-read.
 * Since: 0.1 */
TVAE_API size_t tvae_tensor_extent(const tvae_tensor *tensor, int32_t axis);

/** Number of elements; 0 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_tensor_count(const tvae_tensor *tensor);

/**
 * The elements, row-major; NULL for NULL.
 *
 * Ownership: the tensor's; valid as long as the tensor, at an address that never changes.
 * Threads:   shared-read to read, one-at-a-time to write.
 * Since:     0.1
 */
TVAE_API float *tvae_tensor_data(tvae_tensor *tensor);

/** As tvae_tensor_data(), to read only. Ownership: the tensor's. Threads: shared-read.
 * Since: 0.1 */
TVAE_API const float *tvae_tensor_data_const(const tvae_tensor *tensor);

/**
 * Fill with independent draws from N(0, 1).
 *
 * Element i depends only on (@p seed, @p stream, i), not on threads or calls before.
 *
 * @param[out] tensor  Filled.
 * @param[in]  seed    The run's seed.
 * @param[in]  stream  Any number; equal numbers give equal draws.
 *
 * @retval TVAE_OK         Filled.
 * @retval TVAE_E_INVALID  NULL.
 *
 * Ownership: nothing is kept.
 * Threads:   any.
 * Numerics:  Philox 4x32-10 (Salmon et al., SC 2011) and Box-Muller.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_tensor_fill_normal(tvae_tensor *tensor, uint64_t seed,
                                             uint64_t stream);

#ifdef __cplusplus
}
#endif

#endif
