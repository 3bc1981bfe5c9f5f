/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_SUPPORT_H
#define TVAE_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <check.h>
#include <tvae/tvae.h>

/* Fail unless the call gives that status; prints the library's sentence. */
#define ASSERT_STATUS(call, wanted)                                           \
    do {                                                                      \
        const tvae_status status_ = (call);                                   \
        ck_assert_msg(status_ == (wanted), "%s: got %s (%s), want %s", #call, \
                      tvae_status_name(status_), tvae_last_error(),           \
                      tvae_status_name(wanted));                              \
    } while (0)
#define ASSERT_OK(call) ASSERT_STATUS(call, TVAE_OK)

/* Fail unless |got[i] - want[i]| <= absolute + relative * max|want| for every i; NaN
 * fails. */
void assert_close(const char *what, const float *got, const float *want, size_t n,
                  double relative, double absolute);
void assert_near(const char *what, double got, double want, double relative,
                 double absolute);

/* Fill with uniform numbers in [low, high), the same for equal seeds. */
void fill_uniform(float *values, size_t n, double low, double high, uint64_t seed);

/* Run a suite on the code path of code_path.h; returns the exit status for main(). */
int run_suite(Suite *suite);

/* Central-difference check of a gradient, in the signed form: perturbs values[i] for each
 * i (at most `n_checks` of them, spread evenly) and compares with gradient[i]. `loss`
 * computes the scalar from the current values. */
typedef double (*loss_function)(void *context);
void assert_gradient(const char *what, float *values, const float *gradient, size_t n,
                     size_t n_checks, double step, double relative, double absolute,
                     loss_function loss, void *context);

#endif
