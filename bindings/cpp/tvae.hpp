/* SPDX-License-Identifier: MIT */
#ifndef TVAE_HPP
#define TVAE_HPP

/** @file
 * libtvae for C++17, header-only: the C functions behind move-only handles. What each
 * call does, its shapes and its thread-safety stand in the C header of the same name;
 * docs/cpp.md is the guide. Link with libtvae. */

#include <tvae/status.hpp>
#include <tvae/span.hpp>
#include <tvae/handle.hpp>
#include <tvae/tensor.hpp>
#include <tvae/io.hpp>
#include <tvae/layer.hpp>
#include <tvae/topography.hpp>
#include <tvae/model.hpp>
#include <tvae/metric.hpp>
#include <tvae/data.hpp>
#include <tvae/exchange.hpp>
#include <tvae/train.hpp>
#include <tvae/experiment.hpp>
#include <tvae/report.hpp>

#endif
