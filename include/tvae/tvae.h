/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TVAE_H
#define TVAE_TVAE_H

/**
 * @file
 * The whole public interface, floor by floor.
 */

#include <tvae/base.h>
#include <tvae/tensor.h>
#include <tvae/io.h>
#include <tvae/layer.h>
#include <tvae/topography.h>
#include <tvae/model.h>
#include <tvae/metric.h>
#include <tvae/data.h>
#include <tvae/train.h>
#include <tvae/experiment.h>
#include <tvae/report.h>

#endif
