// SPDX-License-Identifier: Apache-2.0
#include "wire/faults_file.hpp"

#include <filesystem>

#include "wire/column_forms.hpp"
#include "wire/document.hpp"
#include "wire/records.hpp"

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

void describe(Fields& f, GridCall& call) {
  f.required("site", call.site, "The site that has to draw less.");
  f.required("power", call.power, "So much less, at the meter.");
  f.required("from", call.from, "From when on.");
  f.required("lasts", call.lasts, "For how long.");
  f.optional("notice", call.notice, "It is told so long before.");
}

void describe(Fields& f, OutageColumns& file) {
  f.required("file", file.file, "The records, plain or .gz, from the folder of this file.");
  f.optional("start", file.start, "What relative times count from; left out: 2000-01-01.");
  f.required("target", file.target, "A column: a site, site/hall, … down to a node.");
  f.optional("targets", file.targets, "Other names for the places.");
  f.required("from", file.from, "A column: when it went down.");
  f.optional("until", file.until, "A column: when it was back; or `lasts`.");
  f.optional("lasts", file.lasts, "A column: for how long it was down.");
  f.optional("cause", file.cause, "A column: why.");
  f.optional("where", file.where, "Only rows that all of these allow.");
}

void describe(Fields& f, FaultsFile::Lives& lives) {
  auto& [lifetimes, file] = lives;
  f.required("file", file.file, "Lives of units, plain or .gz, from the folder of this file.");
  f.optional("start", file.start, "What relative times count from; left out: 2000-01-01.");
  f.optional("id", file.id,
             "A column: the unit. Its age counts from its first row; left out: each row's from 0.");
  f.optional("from", file.from, "A column: since when it was watched.");
  f.optional("until", file.until, "A column: until when; or `lasts`.");
  f.optional("lasts", file.lasts, "A column: for how long.");
  f.required("event", file.event, "A column: what ended it; empty: it was only taken away.");
  f.optional("failures", file.failures, "Events that are failures; left out: any.");
  f.optional("bin", file.bin,
             "Ages are told apart by this, or by ten failures if those are rarer.");
  f.optional("where", file.where, "Only rows that all of these allow.");
  f.optional("cause", lifetimes.cause, "What fails, in a few words.");
  f.optional("unit", lifetimes.unit, "Of what: gpu (takes its node down) or node.");
  f.optional("mean_repair", lifetimes.mean_repair, "Mean time until a new one is in its place.");
  f.optional("age", lifetimes.age,
             "At the start, in halls without a date of energising; those with one are new then.");
}

void describe(Fields& f, FaultsFile& file) {
  auto& faults = file.spec;
  FaultsKind kind{};
  f.required("kind", kind, "Faults.");
  f.optional("causes", faults.causes, "Poisson processes, one for each cause.");
  f.optional("outages", faults.outages, "Outages that are known beforehand.");
  f.optional("curtailments", faults.curtailments, "Calls of the grid to draw less.");
  f.optional("outages_file", file.outages_file, "Outages that a file records.");
  f.optional("lifetimes", file.lifetimes,
             "Units that fail at the ages at which those of a file did.");
  f.optional("lemon_share", faults.lemon_share, "Share of the nodes that fail more often.");
  f.optional("lemon_factor", faults.lemon_factor, "So many times as often.");
  f.optional("lemon_repair", faults.lemon_repair,
             "A node that was drained as a lemon (policy.lemon_failures) is back after this.");
  f.optional("infant_period", faults.infant_period,
             "Nodes fail more often so long after energising.");
  f.optional("infant_factor", faults.infant_factor, "So many times as often.");
  f.optional("start_time", faults.start_time, "From the first start of a job until it works.");
  f.optional("restart_time", faults.restart_time, "The same after an interruption.");
  f.optional("checkpoint_time", faults.checkpoint_time, "That a checkpoint stops the work for.");
  f.optional("saves_on_term", faults.saves_on_term,
             "Jobs with checkpoints save themselves when they are told to stop.");
}

std::vector<Problem> check(const FaultsFile& file) {
  auto spec = file.spec;
  if (file.lifetimes) spec.lifetimes = file.lifetimes->lifetimes;
  auto problems = check(spec);
  const auto more = [&](std::vector<Problem> found) {
    std::move(found.begin(), found.end(), std::back_inserter(problems));
  };
  if (file.outages_file) more(check(*file.outages_file, "outages_file"));
  if (file.lifetimes) more(check(file.lifetimes->columns, "lifetimes"));
  return problems;
}

Loaded<FaultsFile> parse_faults(std::string_view text, const std::string& file) {
  return parse_document<FaultsFile>(text, file, [](const std::string& path) { return path; });
}

namespace {

Loaded<FaultsInput> outages_alone(const std::string& path) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  auto read = read_plain_outages(std::move(*lines));
  if (!read) return read.error();
  FaultsInput input;
  input.recorded = std::move(read->outages);
  input.recorded_in = path;
  input.records[path] = std::move(read->repairs);
  return input;
}

Loaded<FaultsInput> with_records(FaultsFile file, const std::filesystem::path& folder) {
  const auto path_of = [&](const std::string& name) {
    return (folder / name).lexically_normal().string();
  };
  FaultsInput input;
  input.spec = std::move(file.spec);
  if (file.outages_file) {
    auto lines = LineReader::open(path_of(file.outages_file->file));
    if (!lines) return lines.error();
    auto read = read_outages(*file.outages_file, std::move(*lines));
    if (!read) return read.error();
    input.recorded = std::move(read->outages);
    input.recorded_in = file.outages_file->file;
    input.records[input.recorded_in] = std::move(read->repairs);
  }
  if (file.lifetimes) {
    auto lines = LineReader::open(path_of(file.lifetimes->columns.file));
    if (!lines) return lines.error();
    auto read = read_lives(file.lifetimes->columns, std::move(*lines));
    if (!read) return read.error();
    input.spec.lifetimes = std::move(file.lifetimes->lifetimes);
    input.spec.lifetimes->table = std::move(read->table);
    input.records[file.lifetimes->columns.file] = std::move(read->repairs);
  }
  return input;
}

}  // namespace

Loaded<FaultsInput> load_faults(const std::string& path) {
  if (is_csv(path)) return outages_alone(path);
  const auto text = read_text_file(path);
  if (!text) return text.error();
  auto file = parse_faults(*text, path);
  if (!file) return file.error();
  return with_records(std::move(*file), std::filesystem::path(path).parent_path());
}

std::string faults_schema() {
  return schema_text(
      Form<FaultsFile>::schema(), "Ampacity faults",
      "What breaks in a simulation. Written by `ampacity schema faults`; do not edit.");
}

}  // namespace ampacity
