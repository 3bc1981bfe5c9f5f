/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_BLAS_H
#define TVI_BASE_BLAS_H

/* Facts and settings that only OpenBLAS offers; looked up at run time, so that any BLAS
 * can be linked. */

/* OpenBLAS's kernel ("SkylakeX") and its description of itself; "unknown" elsewhere. */
const char *tvi_blas_kernel(void);
const char *tvi_blas_config(void);

/* The OPENBLAS_CORETYPE that would be faster on a machine of that kernel level; empty if
 * the one in use is as good, or if this BLAS cannot be told. */
const char *tvi_blas_advice(const char *kernel, const char *config, int machine_level);

/* Make each call of OpenBLAS compute on its calling thread alone. */
void tvi_blas_stay_single(void);

#endif
