// SPDX-License-Identifier: Apache-2.0
#include "wire/faults_file.hpp"

#include "wire/document.hpp"

namespace ampacity {

template <>
struct Words<FaultUnit> {
  static std::vector<std::string> all() { return {"gpu", "node", "rack", "pod", "hall", "site"}; }
  static std::vector<std::string> later() { return {}; }
};

namespace {

enum class FaultsKind { Faults };
BOOST_DESCRIBE_ENUM(FaultsKind, Faults)

}  // namespace

template <>
struct Words<FaultsKind> {
  static std::vector<std::string> all() { return {"Faults"}; }
  static std::vector<std::string> later() { return {}; }
};

void describe(Fields& f, FaultCause& cause) {
  f.required("cause", cause.name, "What fails, in a few words.");
  f.required("unit", cause.unit, "Of what: a GPU takes its node down, a rack all of its nodes.");
  f.required("mean_between", cause.mean_between, "Mean time between failures of one such unit.");
  f.optional("mean_repair", cause.mean_repair, "Mean time until it is back.");
}

void describe(Fields& f, Outage& outage) {
  f.required("target", outage.target, "A site, site/hall, … down to a node.");
  f.required("from", outage.from, "When it goes down.");
  f.required("lasts", outage.lasts, "For how long.");
  f.optional("cause", outage.cause, "Why.");
}

void describe(Fields& f, FaultSpec& faults) {
  FaultsKind kind{};
  f.required("kind", kind, "Faults.");
  f.optional("causes", faults.causes, "Poisson processes, one for each cause.");
  f.optional("outages", faults.outages, "Outages that are known beforehand.");
  f.optional("lemon_share", faults.lemon_share, "Share of the nodes that fail more often.");
  f.optional("lemon_factor", faults.lemon_factor, "So many times as often.");
  f.optional("infant_period", faults.infant_period,
             "Nodes fail more often so long after energising.");
  f.optional("infant_factor", faults.infant_factor, "So many times as often.");
  f.optional("start_time", faults.start_time, "From the first start of a job until it works.");
  f.optional("restart_time", faults.restart_time, "The same after an interruption.");
  f.optional("checkpoint_time", faults.checkpoint_time, "That a checkpoint stops the work for.");
  f.optional("saves_on_term", faults.saves_on_term,
             "Jobs with checkpoints save themselves when they are told to stop.");
}

Loaded<FaultSpec> parse_faults(std::string_view text, const std::string& file) {
  return parse_document<FaultSpec>(text, file, [](const std::string& path) { return path; });
}

Loaded<FaultSpec> load_faults(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_faults(*text, path);
}

std::string faults_schema() {
  return schema_text(
      Form<FaultSpec>::schema(), "Ampacity faults",
      "What breaks in a simulation. Written by `ampacity schema faults`; do not edit.");
}

}  // namespace ampacity
