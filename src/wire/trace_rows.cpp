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

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

using Column = MappedRows::Column;

class TraceRows {
 public:
  TraceRows(const TraceMap& map, CsvReader rows)
      : map_(map),
        rows_(std::move(rows), map.start ? *map.start : *parse_instant("2000-01-01")),
        builder_(map.name, map.overrun) {}

  Loaded<Workload> run() {
    find_columns();
    if (!rows_.sound()) return rows_.problems();
    while (builder_.full().empty() && rows_.next()) {
      add();
      if (!builder_.full().empty()) rows_.say(builder_.full());
    }
    if (!rows_.sound()) return rows_.problems();
    return builder_.take();
  }

 private:
  void find_columns() {
    submit_ = rows_.find("submit", map_.submit.column);
    begin_ = rows_.find("begin", map_.begin.column);
    runtime_ = rows_.find("runtime", map_.runtime.column);
    end_ = rows_.find("end", map_.end.column);
    walltime_ = rows_.find("walltime", map_.walltime.column);
    job_ = rows_.find("job", map_.job);
    gpus_ = rows_.find("gpus", map_.gpus);
    cpus_ = rows_.find("cpus", map_.cpus);
    gpu_share_ = rows_.find("gpu_share", map_.gpu_share);
    team_ = rows_.find("team", map_.team);
    site_ = rows_.find("site", map_.site);
    class_ = rows_.find("priority_class", map_.priority_class);
    accelerator_ = rows_.find("accelerator", map_.accelerator);
    state_ = rows_.find("state", map_.state);
    rows_.choose(map_.where);
  }

  // Rounded up where a GPU is shared or CPUs stand for it.
  std::optional<std::int64_t> gpus() {
    auto value = rows_.number(gpus_ ? gpus_ : cpus_);
    if (!value) return std::nullopt;
    if (!(std::abs(*value) < 1e12))
      return rows_.bad(gpus_ ? *gpus_ : *cpus_, "a count"), std::nullopt;
    if (*value <= 0) return static_cast<std::int64_t>(std::floor(*value));
    if (cpus_) value = *value / static_cast<double>(*map_.cpus_per_gpu);
    const auto share = rows_.number(gpu_share_);
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
    if (runtime_) return rows_.duration(runtime_, map_.runtime.unit);
    const auto end = rows_.time(end_, map_.end.unit);
    const auto begin = begin_ ? rows_.time(begin_, map_.begin.unit) : submit;
    if (!end || !begin) return std::nullopt;
    return *end - *begin;
  }

  std::optional<Duration> walltime(std::optional<Duration> runtime) {
    if (walltime_) {
      auto asked = rows_.duration(walltime_, map_.walltime.unit);
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
    if (!rows_.chosen()) return builder_.refuse("not chosen by 'where'");
    TraceJob job;
    job.submit = rows_.time(submit_, map_.submit.unit);
    job.runtime = runtime(job.submit);
    job.walltime = walltime(job.runtime);
    job.gpus = gpus();
    job.exit_code = exit_code();
    job.source = rows_.row();
    if (job_) {
      const auto cell = rows_.cell(*job_);
      std::from_chars(cell.data(), cell.data() + cell.size(), job.source);
    }
    TraceKind kind{rows_.named(team_, map_.teams), rows_.named(class_, map_.priority_classes),
                   rows_.named(accelerator_, map_.accelerators), rows_.named(site_, map_.sites)};
    const auto too = job.gpus ? too_large(*job.gpus, kind.accelerator) : "";
    if (!too.empty()) return builder_.refuse(too);
    builder_.add(job, kind);
  }

  const TraceMap& map_;
  MappedRows rows_;
  WorkloadBuilder builder_;
  Column submit_, begin_, runtime_, end_, walltime_, job_, gpus_, cpus_, gpu_share_;
  Column team_, site_, class_, accelerator_, state_;
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
