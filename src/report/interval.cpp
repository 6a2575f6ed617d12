// SPDX-License-Identifier: Apache-2.0
#include "report/interval.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace ampacity::report {
namespace {

double variance_of(const std::vector<double>& values) {  // of the sample: n - 1
  const auto mean = mean_of(values);
  double sum = 0;
  for (const auto value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size() - 1);
}

double t_975(double degrees) {
  return boost::math::quantile(boost::math::students_t(degrees), 0.975);
}

}  // namespace

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const auto value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::optional<double> paired_half_width(const std::vector<double>& differences) {
  if (differences.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(differences.size());
  return t_975(n - 1) * std::sqrt(variance_of(differences) / n);
}

std::optional<double> welch_half_width(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const auto na = static_cast<double>(a.size());
  const auto nb = static_cast<double>(b.size());
  const auto va = variance_of(a) / na;
  const auto vb = variance_of(b) / nb;
  if (va + vb == 0) return 0;  // no spread at all: degrees of freedom would be 0 / 0
  const auto degrees = (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));
  return t_975(degrees) * std::sqrt(va + vb);
}

}  // namespace ampacity::report
