/* SPDX-License-Identifier: MIT */
#ifndef TVAE_EXPORT_H
#define TVAE_EXPORT_H

/** Marks a symbol as part of the public ABI; define TVAE_STATIC to link statically on
 * Windows. */
#if defined(TVAE_STATIC)
#define TVAE_API
#elif defined(_WIN32)
#if defined(TVAE_BUILD)
#define TVAE_API __declspec(dllexport)
#else
#define TVAE_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define TVAE_API __attribute__((visibility("default")))
#else
#define TVAE_API
#endif

#endif
