// SPDX-License-Identifier: Apache-2.0
#include "report/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "report/figures.hpp"
#include "report/interval.hpp"
#include "terminal/table.hpp"

namespace ampacity::report {
namespace {

using terminal::Colour;
using terminal::Table;

struct Group {
  Variant variant;
  std::vector<const Replica*> replicas;
};

bool same_variant(const Replica& a, const Replica& b) {
  return a.portfolio == b.portfolio && a.workloads == b.workloads && a.policy == b.policy &&
         a.scenario == b.scenario;
}

// Groups in the order in which each is first given.
Result<std::vector<Group>> grouped_by_variant(const std::vector<Replica>& replicas) {
  std::vector<Group> groups;
  for (const auto& replica : replicas) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return same_variant(*g.replicas.front(), replica);
    });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), Group{});
      group->variant.portfolio = replica.portfolio;
      group->variant.workloads = replica.workloads;
      group->variant.policy = replica.policy;
    }
    for (const auto* other : group->replicas) {
      if (other->seed != replica.seed) continue;
      return invalid(fmt::format(
          "{} and {} are of the same portfolio, workloads, policy, failures and seed {}: replicas "
          "of a variant need different seeds",
          other->file, replica.file, replica.seed));
    }
    group->replicas.push_back(&replica);
    group->variant.seeds.push_back(replica.seed);
    group->variant.files.push_back(replica.file);
    group->variant.partial += replica.partial ? 1 : 0;
  }
  return groups;
}

// A variant is called by those of its three texts in which the variants differ; where others have
// all of them too, and differ in what no text says (failures, latency, terms of leases), by its
// first file as well.
void name_variants(std::vector<Group>& groups) {
  const auto differs = [&](std::string Variant::*part) {
    return std::any_of(groups.begin(), groups.end(), [&](const Group& g) {
      return g.variant.*part != groups.front().variant.*part;
    });
  };
  const bool portfolios = differs(&Variant::portfolio);
  const bool workloads = differs(&Variant::workloads);
  const bool policies = differs(&Variant::policy) || (!portfolios && !workloads);
  for (auto& [variant, replicas] : groups) {
    std::vector<std::string> parts;
    if (portfolios) parts.push_back(variant.portfolio);
    if (workloads) parts.push_back(variant.workloads);
    if (policies) {
      parts.push_back(variant.policy.empty() ? "the portfolio's policy" : variant.policy);
    }
    variant.name = fmt::format("{}", fmt::join(parts, ", "));
  }
  std::map<std::string, int> called;
  for (const auto& group : groups) ++called[group.variant.name];
  for (auto& [variant, replicas] : groups) {
    if (called[variant.name] > 1) variant.name += fmt::format(" ({})", variant.files.front());
  }
}

std::vector<double> values_of(const Group& group, std::size_t measure) {
  std::vector<double> out;
  for (const auto* replica : group.replicas) out.push_back(replica->values[measure]);
  return out;
}

// other - first, for each seed that both have.
std::vector<double> differences(const Group& first, const Group& other, std::size_t measure) {
  std::vector<double> out;
  for (const auto* a : first.replicas) {
    for (const auto* b : other.replicas) {
      if (a->seed == b->seed) out.push_back(b->values[measure] - a->values[measure]);
    }
  }
  return out;
}

Estimate estimate(const Group& first, const Group& group, std::size_t measure) {
  const auto values = values_of(group, measure);
  Estimate out;
  out.variant = group.variant.name;
  out.mean = mean_of(values);
  if (&first == &group) return out;
  const auto base = values_of(first, measure);
  const auto pairs = differences(first, group, measure);
  std::optional<double> half;
  if (pairs.size() >= 2) {
    out.method = Method::Paired;
    out.pairs = static_cast<std::int64_t>(pairs.size());
    out.difference = mean_of(pairs);
    half = paired_half_width(pairs);
  } else {
    out.difference = out.mean - mean_of(base);
    half = welch_half_width(base, values);
    out.method = half ? Method::Welch : Method::OneReplica;
  }
  if (half) {
    out.low = *out.difference - *half;
    out.high = *out.difference + *half;
  }
  return out;
}

std::string method_text(const Estimate& e) {
  switch (e.method) {
    case Method::First:
      return "";
    case Method::Paired:
      return fmt::format("{} pairs of seeds", e.pairs);
    case Method::Welch:
      return "Welch";
    case Method::OneReplica:
      return "one replica: no interval";
  }
  return {};
}

// Green or red only for what is more than chance.
Colour colour_of(const Estimate& e, Better better) {
  if (!e.low || (*e.low <= 0 && *e.high >= 0)) return Colour::None;
  return (*e.low > 0) == (better == Better::More) ? Colour::Green : Colour::Red;
}

std::string difference_text(const Measure& measure, const Estimate& e, double base) {
  if (!e.difference) return "";
  if (*e.difference == 0) return "none";
  auto text = signed_figure(measure.unit, *e.difference);
  if (base != 0 && measure.unit != Unit::Share) {
    text += fmt::format(" ({:+.1f} %)", *e.difference / base * 100);
  }
  return text;
}

std::string interval_text(const Measure& measure, const Estimate& e) {
  if (!e.low || (*e.low == 0 && *e.high == 0)) return "";
  if (measure.unit == Unit::Share) {
    return fmt::format("{:+.2f} to {:+.2f} points", *e.low * 100, *e.high * 100);
  }
  return signed_figure(measure.unit, *e.low) + " to " + signed_figure(measure.unit, *e.high);
}

std::vector<terminal::Cell> row(const Measure& measure, const MeasureEstimates& of,
                                std::size_t index) {
  const auto& e = of.variants[index];
  const auto colour = colour_of(e, measure.better);
  return {{index == 0 ? measure.name : "", Colour::Bold},
          {shown(e.variant)},
          {figure(measure.unit, e.mean)},
          {difference_text(measure, e, of.variants.front().mean), colour},
          {interval_text(measure, e), colour},
          {method_text(e), Colour::Grey}};
}

}  // namespace

Replica replica_of(const std::string& file, const SimulationResult& result) {
  Replica out{file,
              result.portfolio,
              fmt::format("{}", fmt::join(result.workloads, " + ")),
              result.policy,
              result.scenario,
              result.seed,
              result.partial,
              {}};
  for (const auto& measure : measures()) out.values.push_back(measure.of(result));
  return out;
}

Result<Comparison> compare(const std::vector<Replica>& replicas) {
  if (replicas.empty()) return invalid("no results to compare");
  auto groups = grouped_by_variant(replicas);
  if (!groups) return groups.error();
  name_variants(*groups);
  Comparison out;
  for (const auto& group : *groups) out.variants.push_back(group.variant);
  for (std::size_t i = 0; i < measures().size(); ++i) {
    MeasureEstimates of{measures()[i].name, measures()[i].unit, {}};
    for (const auto& group : *groups) of.variants.push_back(estimate(groups->front(), group, i));
    out.measures.push_back(std::move(of));
  }
  return out;
}

std::string comparison_text(const Comparison& comparison) {
  std::string out;
  for (const auto& v : comparison.variants) {
    out += fmt::format("{}: {} {}, seed{} {}{}\n", shown(v.name), v.seeds.size(),
                       v.seeds.size() == 1 ? "replica" : "replicas", v.seeds.size() == 1 ? "" : "s",
                       fmt::join(v.seeds, ", "),
                       v.partial == 0 ? "" : fmt::format("; {} PARTIAL", v.partial));
  }
  Table table({{"MEASURE"},
               {"VARIANT", false, true},
               {"MEAN", true},
               {"DIFFERENCE", true},
               {"95 % INTERVAL", true},
               {"BY"}});
  for (std::size_t i = 0; i < comparison.measures.size(); ++i) {
    for (std::size_t k = 0; k < comparison.variants.size(); ++k) {
      table.add(row(measures()[i], comparison.measures[i], k));
    }
  }
  out += "\n" + table.text();
  if (comparison.variants.size() == 1) {
    out +=
        "one variant: nothing to compare it with; give results of another policy, portfolio, "
        "workload or failures\n";
  } else {
    out +=
        "differences from the first variant; an interval that does not hold 0 is more than chance, "
        "but of twenty such intervals one misses\n";
  }
  return out;
}

}  // namespace ampacity::report
