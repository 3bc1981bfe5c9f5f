/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_CPP_CHECK_HPP
#define TVAE_TESTS_CPP_CHECK_HPP

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <tvae.hpp>

/* A test program is a list of functions for run_tests(); each fails by CHECK. */
#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) {                                                         \
            std::fprintf(stderr, "%s:%d: %s; last error: %s\n", __FILE__, __LINE__, \
                         #condition, tvae_last_error());                            \
            std::exit(EXIT_FAILURE);                                                \
        }                                                                           \
    } while (0)

/* The blocks of the library's memory in use, which tests bring back to none. */
inline std::atomic<long> &live_blocks()
{
    static std::atomic<long> n{0};
    return n;
}

inline void *counting_alloc(void *, std::size_t bytes, std::size_t align)
{
    live_blocks()++;
    return std::aligned_alloc(align, (bytes + align - 1) / align * align);
}

inline void counting_release(void *, void *memory, std::size_t)
{
    live_blocks()--;
    std::free(memory);
}

template <std::size_t N> int run_tests(void (*const (&tests)[N])())
{
    const tvae_allocator counting{sizeof counting, nullptr, counting_alloc,
                                  counting_release};

    CHECK(tvae_set_allocator(&counting) == TVAE_OK);
    for (auto *test : tests) {
        const long before = live_blocks();

        test();
        CHECK(live_blocks() == before);
    }
    return EXIT_SUCCESS;
}

#endif
