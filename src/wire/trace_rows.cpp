// SPDX-License-Identifier: Apache-2.0
// The rows of a CSV trace, as its mapping reads them: columns found once, then one pass.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "units/text.hpp"
#include "wire/cells.hpp"
#include "wire/trace_map.hpp"
#include "wire/workload_builder.hpp"

namespace ampacity {
namespace {

constexpr double most_ms = 9e15;

double ms_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::Milliseconds:
    case TimeUnit::UnixMilliseconds:
      return 1;
    case TimeUnit::Minutes:
      return 60'000;
    case TimeUnit::Hours:
      return 3'600'000;
    case TimeUnit::Seconds:
    case TimeUnit::Unix:
    case TimeUnit::Text:
      return 1'000;
  }
  return 1'000;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

using Column = std::optional<std::size_t>;

class TraceRows {
 public:
  TraceRows(const TraceMap& map, CsvReader rows)
      : map_(map),
        rows_(std::move(rows)),
        builder_(map.name, map.overrun),
        problems_(rows_.file()) {
    start_ = map.start ? *map.start : *parse_instant("2000-01-01");
  }

  Loaded<Workload> run() {
    find_columns();
    if (!problems_.empty()) return problems_.take();
    while (problems_.size() <= limits::file_problems && builder_.full().empty() && rows_.next()) {
      ++row_;
      add();
      if (!builder_.full().empty()) problems_.say(rows_.position(0), "", builder_.full());
    }
    if (rows_.problem()) return std::vector<FileProblem>{*rows_.problem()};
    if (!problems_.empty()) return problems_.take();
    return builder_.take();
  }

 private:
  Column find(const char* key, const std::string& name) {
    if (name.empty()) return std::nullopt;
    const auto column = rows_.column(name);
    if (!column) {
      problems_.say({1, 1}, "",
                    fmt::format("no column '{}' for '{}'{}; the file has {}", name, key,
                                did_you_mean(name, rows_.columns()), listed(rows_.columns())));
    }
    return column;
  }

  void find_columns() {
    submit_ = find("submit", map_.submit.column);
    begin_ = find("begin", map_.begin.column);
    runtime_ = find("runtime", map_.runtime.column);
    end_ = find("end", map_.end.column);
    walltime_ = find("walltime", map_.walltime.column);
    job_ = find("job", map_.job);
    gpus_ = find("gpus", map_.gpus);
    cpus_ = find("cpus", map_.cpus);
    gpu_share_ = find("gpu_share", map_.gpu_share);
    team_ = find("team", map_.team);
    site_ = find("site", map_.site);
    class_ = find("priority_class", map_.priority_class);
    accelerator_ = find("accelerator", map_.accelerator);
    state_ = find("state", map_.state);
    for (const auto& filter : map_.where) where_.push_back(find("where", filter.column));
  }

  void bad(std::size_t column, const std::string& what) {
    problems_.say(rows_.position(column), rows_.columns()[column],
                  fmt::format("expected {}, got {}", what, shown_cell(rows_.cell(column))));
  }

  std::optional<double> number(Column column) {
    if (!column || is_missing(rows_.cell(*column))) return std::nullopt;
    const auto value = decimal_in(rows_.cell(*column));
    if (!value) bad(*column, "a number");
    return value;
  }

  std::optional<Duration> duration(Column column, TimeUnit unit) {
    const auto value = number(column);
    if (!value) return std::nullopt;
    const auto ms = *value * ms_of(unit);
    if (std::abs(ms) < most_ms) return Duration(std::llround(ms));
    bad(*column, "a time");
    return std::nullopt;
  }

  std::optional<Instant> time(Column column, TimeUnit unit) {
    if (!column || is_missing(rows_.cell(*column))) return std::nullopt;
    if (unit == TimeUnit::Text) {
      const auto at = instant_in(rows_.cell(*column));
      if (!at) bad(*column, "a time such as '2017-10-09 07:01:55', from 2000 on");
      return at;
    }
    const auto passed = duration(column, unit);
    if (!passed) return std::nullopt;
    return (unit < TimeUnit::Unix ? start_ : Instant()) + *passed;
  }

  bool chosen() {
    for (std::size_t i = 0; i < where_.size(); ++i) {
      const auto& filter = map_.where[i];
      const auto cell = rows_.cell(*where_[i]);
      if (filter.equals && cell != *filter.equals) return false;
      if (filter.not_ && cell == *filter.not_) return false;
      if (!filter.at_least) continue;
      const auto value = number(where_[i]);
      if (!value || *value < static_cast<double>(*filter.at_least)) return false;
    }
    return true;
  }

  static std::string renamed(const std::map<std::string, std::string>& names, std::string text) {
    const auto it = names.find(text);
    return it == names.end() ? text : it->second;
  }

  std::string named(Column column, const std::map<std::string, std::string>& names) const {
    if (!column) return "";
    const auto cell = rows_.cell(*column);
    return renamed(names, is_missing(cell) ? std::string() : std::string(cell));
  }

  // Rounded up where a GPU is shared or CPUs stand for it.
  std::optional<std::int64_t> gpus() {
    auto value = number(gpus_ ? gpus_ : cpus_);
    if (!value) return std::nullopt;
    if (!(std::abs(*value) < 1e12)) return bad(gpus_ ? *gpus_ : *cpus_, "a count"), std::nullopt;
    if (*value <= 0) return static_cast<std::int64_t>(std::floor(*value));
    if (cpus_) value = *value / static_cast<double>(*map_.cpus_per_gpu);
    const auto share = number(gpu_share_);
    if (share && *share > 0 && *share < 1'000) *value *= *share / 1'000;
    const auto whole = std::ceil(*value);
    if (whole != *value) builder_.repaired("part of a GPU: rounded up");
    const auto scaled =
        std::llround(whole * static_cast<double>(map_.scale_gpus.count()) / 1'000'000);
    return std::max<std::int64_t>(scaled, 1);
  }

  std::int16_t exit_code() {
    if (!state_) return 0;
    const auto cell = std::string(rows_.cell(*state_));
    const auto given = map_.states.find(cell);
    const auto state = given == map_.states.end() ? lower(cell) : given->second;
    const auto is = [&](std::initializer_list<std::string_view> words) {
      return std::any_of(words.begin(), words.end(),
                         [&](auto word) { return state.rfind(word, 0) == 0; });
    };
    if (is({"complete", "succeeded", "pass"})) return 0;
    if (is({"fail", "timeout", "node_fail", "out_of_memory", "error"})) return 1;
    if (is({"cancel", "kill"})) return cancelled_exit;
    builder_.repaired(fmt::format("state {}: taken as completed", shown_cell(cell)));
    return 0;
  }

  std::optional<Duration> runtime(std::optional<Instant> submit) {
    if (runtime_) return duration(runtime_, map_.runtime.unit);
    const auto end = time(end_, map_.end.unit);
    const auto begin = begin_ ? time(begin_, map_.begin.unit) : submit;
    if (!end || !begin) return std::nullopt;
    return *end - *begin;
  }

  std::optional<Duration> walltime(std::optional<Duration> runtime) {
    if (walltime_) {
      auto asked = duration(walltime_, map_.walltime.unit);
      return asked && *asked > Duration(0) ? asked : std::nullopt;
    }
    if (!runtime || map_.walltime_factor == one) return runtime;
    const auto factor = static_cast<double>(map_.walltime_factor.count()) / 1'000'000;
    return Duration(std::llround(static_cast<double>(runtime->count()) * factor));
  }

  // Why a job of this size cannot be, or "".
  std::string too_large(std::int64_t gpus, const std::string& accelerator) const {
    const auto there = map_.capacity.find(accelerator);
    if (there != map_.capacity.end() && gpus > there->second) {
      return fmt::format("above the capacity of {} {}", there->second, accelerator);
    }
    if (!map_.most_gpus || gpus <= *map_.most_gpus) return "";
    return fmt::format("more than {} GPUs{}", *map_.most_gpus,
                       accelerator.empty() ? "" : " of " + accelerator);
  }

  void add() {
    if (!chosen()) return builder_.refuse("not chosen by 'where'");
    TraceJob job;
    job.submit = time(submit_, map_.submit.unit);
    job.runtime = runtime(job.submit);
    job.walltime = walltime(job.runtime);
    job.gpus = gpus();
    job.exit_code = exit_code();
    job.source = row_;
    if (job_) {
      const auto cell = rows_.cell(*job_);
      std::from_chars(cell.data(), cell.data() + cell.size(), job.source);
    }
    TraceKind kind{named(team_, map_.teams), named(class_, map_.priority_classes),
                   named(accelerator_, map_.accelerators), named(site_, map_.sites)};
    const auto too = job.gpus ? too_large(*job.gpus, kind.accelerator) : "";
    if (!too.empty()) return builder_.refuse(too);
    builder_.add(job, kind);
  }

  const TraceMap& map_;
  CsvReader rows_;
  WorkloadBuilder builder_;
  ProblemList problems_;
  Instant start_;
  std::int64_t row_ = 0;
  Column submit_, begin_, runtime_, end_, walltime_, job_, gpus_, cpus_, gpu_share_;
  Column team_, site_, class_, accelerator_, state_;
  std::vector<Column> where_;
};

SwfOptions swf_options(const TraceMap& map) {
  constexpr const char* words[] = {"none", "user", "group", "queue", "partition"};
  SwfOptions options;
  options.name = map.name;
  options.start = map.start;
  options.processors = map.processors;
  options.overrun = map.overrun;
  for (std::size_t i = 0; i < std::size(words); ++i) {
    if (map.team == words[i]) options.team = static_cast<SwfTeam>(i);
  }
  options.partition_is_site = map.site == "partition";
  options.sites = map.sites;
  options.teams = map.teams;
  return options;
}

}  // namespace

Loaded<Workload> read_trace(const TraceMap& map, LineReader lines) {
  if (map.format == TraceFormat::Swf) return read_swf(std::move(lines), swf_options(map));
  auto rows = CsvReader::begin(std::move(lines));
  if (!rows) return rows.error();
  return TraceRows(map, std::move(*rows)).run();
}

}  // namespace ampacity
