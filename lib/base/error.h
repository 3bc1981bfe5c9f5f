/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_ERROR_H
#define TVI_BASE_ERROR_H

#include <tvae/base.h>

#if defined(__GNUC__)
#define TVI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TVI_PRINTF(text, first)
#endif

/* Room for any sentence: a longer one loses its middle. */
enum { TVI_SENTENCE_BYTES = 1024 };

/* Record this thread's error sentence and return the status. The sentence begins with the
 * call ("model_create: ...") and names the argument, the value got and the value wanted.
 */
tvae_status tvi_fail(tvae_status status, const char *format, ...) TVI_PRINTF(2, 3);

/* Hand a message to the host's log hook, if there is one. */
void tvi_log(int32_t level, const char *format, ...) TVI_PRINTF(2, 3);

#endif
