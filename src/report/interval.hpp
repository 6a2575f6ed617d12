// SPDX-License-Identifier: Apache-2.0
// 95 % confidence intervals of a difference of means, by Student's t (quantiles: Boost.Math). Used
// by compare.cpp. Nothing where there are too few values to say: that is no error.
#pragma once

#include <optional>
#include <vector>

namespace ampacity::report {

double mean_of(const std::vector<double>& values);  // 0 of none

// Half the width of the interval around the mean of `differences` of pairs (one a seed):
// t(0.975, n - 1) * s / sqrt(n). Nothing for fewer than two pairs.
std::optional<double> paired_half_width(const std::vector<double>& differences);

// Around mean(b) - mean(a) of independent samples of different variance: Welch's t with the degrees
// of freedom of Welch and Satterthwaite. Nothing if either has fewer than two values.
std::optional<double> welch_half_width(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace ampacity::report
