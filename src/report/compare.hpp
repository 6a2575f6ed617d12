// SPDX-License-Identifier: Apache-2.0
// `ampacity compare A.json B.json …`: what a policy, portfolio, workload or failures change, and
// whether that is more than chance. Results of the same variant (portfolio, workloads, policy text
// and scenario: SimulationResult) are its replicas, told apart by their seeds; every other variant
// is compared with the first one given.
//   paired   at least two seeds are in both: the mean of the differences seed by seed, over those
//            seeds (the same arrivals and failures met both, which takes most of the chance out)
//   welch    otherwise, if both have two replicas or more
//   none     one replica: a difference, no interval
// Says no (a Result) to: fewer than one result, the same variant and seed twice, for then two files
// of the same name differ in something that a result does not say.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "report/measures.hpp"
#include "sim/result.hpp"

namespace ampacity::report {

// What compare needs of a result: some hundred bytes, so that a thousand results may be compared.
struct Replica {
  std::string file;
  std::string portfolio, workloads, policy, scenario;  // together: the variant
  std::uint64_t seed = 0;
  bool partial = false;
  std::vector<double> values;  // as measures()
};
Replica replica_of(const std::string& file, const SimulationResult& result);

struct Variant {
  std::string name;  // what is different about it; of the first too
  std::string portfolio;
  std::string workloads;
  std::string policy;
  std::vector<std::uint64_t> seeds;
  std::vector<std::string> files;
  std::int64_t partial = 0;  // replicas that stopped before their end
};
BOOST_DESCRIBE_STRUCT(Variant, (), (name, portfolio, workloads, policy, seeds, files, partial))

enum class Method { First, Paired, Welch, OneReplica };
BOOST_DESCRIBE_ENUM(Method, First, Paired, Welch, OneReplica)

// Of one measure and one variant, in the measure's unit.
struct Estimate {
  std::string variant;
  double mean = 0;
  std::optional<double> difference;  // from the first variant
  std::optional<double> low, high;   // 95 % confidence interval of the difference
  Method method = Method::First;
  std::int64_t pairs = 0;
};
BOOST_DESCRIBE_STRUCT(Estimate, (), (variant, mean, difference, low, high, method, pairs))

struct MeasureEstimates {
  std::string measure;
  Unit unit = Unit::Count;
  std::vector<Estimate> variants;  // as Comparison::variants
};
BOOST_DESCRIBE_STRUCT(MeasureEstimates, (), (measure, unit, variants))

struct Comparison {
  std::vector<Variant> variants;
  std::vector<MeasureEstimates> measures;  // as measures()
};
BOOST_DESCRIBE_STRUCT(Comparison, (), (variants, measures))

Result<Comparison> compare(const std::vector<Replica>& replicas);

std::string comparison_text(const Comparison& comparison);

}  // namespace ampacity::report
