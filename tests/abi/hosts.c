/* SPDX-License-Identifier: MIT */
#include "hosts.h"

#include <stdio.h>
#include <stdlib.h>

#include <tvae/base.h>

int report_failure(const char *file, int line, const char *condition)
{
    (void)fprintf(stderr, "%s:%d: %s; last error: %s\n", file, line, condition,
                  tvae_last_error());
    return 1;
}

int main(void)
{
    return older_host() + newer_host() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
