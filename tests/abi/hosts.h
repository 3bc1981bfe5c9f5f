/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_ABI_HOSTS_H
#define TVAE_TESTS_ABI_HOSTS_H

/* Programs compiled against headers of another age, run on this library; each returns how
 * many of its expectations failed. */
int older_host(void);
int newer_host(void);

/* 0 if the condition holds; else 1, and a line that says where. */
#define EXPECT(condition) \
    ((condition) ? 0 : report_failure(__FILE__, __LINE__, #condition))
int report_failure(const char *file, int line, const char *condition);

#endif
