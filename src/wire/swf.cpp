// SPDX-License-Identifier: Apache-2.0
#include "wire/swf.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "units/text.hpp"
#include "wire/records.hpp"
#include "wire/workload_builder.hpp"

namespace ampacity {
namespace {

// The fields that are used, by their place in a line.
enum Field : std::size_t {
  Job,
  Submit,
  Wait,
  Run,
  Used,
  CpuTime,
  Memory,
  Procs,
  Estimate,
  MemoryAsked,
  Ending,
  User,
  Group,
  Application,
  Queue,
  Partition,
  Preceding,
  ThinkTime,
  fields
};

constexpr const char* field_names[fields] = {"job number",
                                             "submit time",
                                             "wait time",
                                             "run time",
                                             "allocated processors",
                                             "CPU time",
                                             "used memory",
                                             "requested processors",
                                             "requested time",
                                             "requested memory",
                                             "status",
                                             "user",
                                             "group",
                                             "application",
                                             "queue",
                                             "partition",
                                             "preceding job",
                                             "think time"};

constexpr std::int64_t unix_2000 = 946'684'800;
constexpr std::int64_t most_seconds = 10'000'000'000;  // 317 years: beyond that it is no time
constexpr std::int64_t days_of_28_years = 10'227;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Seconds in tenths and finer exist in some logs (CPU time, and run times of converters): rounded.
std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t whole = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, whole);
  if (error == std::errc() && at == end) return whole;
  double decimal = 0;
  const auto [stop, wrong] = std::from_chars(text.data(), end, decimal);
  if (wrong != std::errc() || stop != end || !(std::abs(decimal) < 9e15)) return std::nullopt;
  return std::llround(decimal);
}

std::string stem(const std::string& path) {
  auto name = path.substr(path.rfind('/') + 1);
  for (const std::string end : {".gz", ".swf"}) {
    if (name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0) {
      name.resize(name.size() - end.size());
    }
  }
  return name;
}

class SwfReader {
 public:
  SwfReader(LineReader lines, const SwfOptions& options)
      : lines_(std::move(lines)),
        options_(options),
        builder_(options.name.empty() ? stem(lines_.file()) : options.name, options.overrun),
        problems_(lines_.file()) {}

  Loaded<Workload> run(SwfHeader* header) {
    while (const auto line = lines_.next()) {
      const auto text = trimmed(*line);
      if (text.empty()) continue;
      if (text.front() == ';') {
        comment(text.substr(1));
      } else if (split(*line)) {
        add();
      }
      if (!builder_.full().empty()) problems_.say({lines_.line(), 1}, "", builder_.full());
      if (problems_.size() > limits::file_problems || !builder_.full().empty()) break;
    }
    if (header != nullptr) *header = header_;
    if (lines_.problem()) return std::vector<FileProblem>{*lines_.problem()};
    if (!problems_.empty()) return problems_.take();
    bring_into_range();
    return builder_.take();
  }

 private:
  void comment(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return;
    const std::string key(trimmed(text.substr(0, colon)));
    const auto value = trimmed(text.substr(colon + 1));
    header_.fields.try_emplace(key, value);
    if (key == "UnixStartTime") start_ = number(value);
    if (key != "Partition") return;
    const auto space = value.find(' ');
    if (space == std::string_view::npos) return;
    header_.partitions.try_emplace(std::string(value.substr(0, space)),
                                   trimmed(value.substr(space)));
  }

  bool split(std::string_view line) {
    std::size_t count = 0;
    std::size_t i = 0;
    while (true) {
      while (i < line.size() && is_space(line[i])) ++i;
      if (i >= line.size() || count == fields) break;
      const auto from = i;
      while (i < line.size() && !is_space(line[i])) ++i;
      const auto text = line.substr(from, i - from);
      const auto value = number(text);
      if (!value)
        return bad(from, fmt::format("{}: expected a number, got {}", field_names[count],
                                     shown_cell(text)));
      values_[count++] = *value;
    }
    if (count < fields) {
      return bad(line.size(), fmt::format("{} fields; a job has 18", count));
    }
    if (i < line.size()) builder_.repaired("more than 18 fields: the rest ignored");
    for (const auto field : {Submit, Run, Estimate}) {
      if (values_[field] > most_seconds || values_[field] < -most_seconds) {
        return bad(0, fmt::format("{}: {} s is no time", field_names[field], values_[field]));
      }
    }
    return true;
  }

  bool bad(std::size_t column, const std::string& message) {
    problems_.say({lines_.line(), static_cast<int>(column) + 1}, "", message);
    return false;
  }

  void add() {
    const auto& v = values_;
    TraceJob job;
    job.source = v[Job];
    if (v[Submit] >= 0) job.submit = from_ms(v[Submit] * 1'000) + offset();
    if (v[Run] != -1) job.runtime = Duration(v[Run] * 1'000);
    const bool used_first = options_.processors == SwfProcessors::Used;
    const auto first = v[used_first ? Used : Procs];
    const auto second = v[used_first ? Procs : Used];
    if (first > 0 || second > 0) job.gpus = first > 0 ? first : second;
    if (v[Estimate] > 0) job.walltime = Duration(v[Estimate] * 1'000);
    if (v[Ending] == 0) job.exit_code = 1;
    if (v[Ending] == 5) job.exit_code = cancelled_exit;
    builder_.add(job, kind());
  }

  // What field 2 counts from.
  Duration offset() {
    if (!offset_) {
      if (options_.start) {
        offset_ = options_.start->time_since_epoch();
      } else if (start_ && *start_ > 0 && *start_ < most_seconds) {
        offset_ = Duration(*start_ * 1'000);
      } else {
        offset_ = Duration(values_[Submit] >= unix_2000 ? 0 : unix_2000 * 1'000);
      }
    }
    return *offset_;
  }

  void bring_into_range() {
    const auto first = offset_.value_or(Duration(unix_2000 * 1'000));
    if (options_.start || first == Duration(0) || first >= Duration(unix_2000 * 1'000)) return;
    auto years = 0;
    auto by = Duration(0);
    for (; first + by < Duration(unix_2000 * 1'000); years += 28) {
      by += std::chrono::days(days_of_28_years);
    }
    builder_.move(by, fmt::format("from before 2000: {} years later, same weekday", years));
  }

  TraceKind kind() {
    TraceKind kind;
    kind.team = team();
    if (!options_.partition_is_site || values_[Partition] < 0) return kind;
    const auto number = std::to_string(values_[Partition]);
    const auto given = options_.sites.find(number);
    const auto known = header_.partitions.find(number);
    kind.site = given != options_.sites.end()       ? given->second
                : known != header_.partitions.end() ? slug(known->second)
                                                    : "partition-" + number;
    return kind;
  }

  std::string team() const {
    constexpr Field places[] = {Job, User, Group, Queue, Partition};
    constexpr const char* words[] = {"", "user", "group", "queue", "partition"};
    if (options_.team == SwfTeam::None) return "";
    const auto which = static_cast<std::size_t>(options_.team);
    const auto value = values_[places[which]];
    if (value < 0) return "";
    const auto given = options_.teams.find(std::to_string(value));
    return given != options_.teams.end() ? given->second
                                         : fmt::format("{}-{}", words[which], value);
  }

  LineReader lines_;
  const SwfOptions& options_;
  WorkloadBuilder builder_;
  ProblemList problems_;
  SwfHeader header_;
  std::array<std::int64_t, fields> values_{};
  std::optional<std::int64_t> start_;
  std::optional<Duration> offset_;
};

}  // namespace

Loaded<Workload> read_swf(LineReader lines, const SwfOptions& options, SwfHeader* header) {
  return SwfReader(std::move(lines), options).run(header);
}

Loaded<Workload> load_swf(const std::string& path, const SwfOptions& options) {
  auto lines = LineReader::open(path);
  if (!lines) return lines.error();
  return read_swf(std::move(*lines), options);
}

}  // namespace ampacity
