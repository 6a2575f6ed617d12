// SPDX-License-Identifier: Apache-2.0
// The mapping file, described key by key; what its rows come to is in trace_rows.cpp.
#include "wire/trace_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "wire/column_forms.hpp"
#include "wire/document.hpp"
#include "wire/workload_forms.hpp"

namespace ampacity {

template <>
struct Words<TraceFormat> {
  static std::vector<std::string> all() { return {"csv", "swf"}; }
  static std::vector<std::string> later() { return {}; }
};

template <>
struct Words<Overrun> {
  static std::vector<std::string> all() { return {"extend", "cut"}; }
  static std::vector<std::string> later() { return {}; }
};

template <>
struct Words<SwfProcessors> {
  static std::vector<std::string> all() { return {"requested", "used"}; }
  static std::vector<std::string> later() { return {}; }
};

template <>
struct Form<std::map<std::string, std::int64_t>> {
  static boost::json::object schema() {
    return {{"type", "object"}, {"additionalProperties", Form<std::int64_t>::schema()}};
  }
  static boost::json::value shown(const std::map<std::string, std::int64_t>&) { return nullptr; }
  static void read(const Source& from, std::map<std::string, std::int64_t>& value) {
    if (from.node->kind != YamlNode::Kind::Mapping)
      return from.expected("a mapping (NAME: number)");
    const auto& children = from.node->children;
    for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
      const auto& key = children[i]->text;
      const auto [it, fresh] = value.try_emplace(key, 0);
      if (!fresh) {
        from.problems->say(children[i]->at, from.path, fmt::format("key '{}' is given twice", key));
      }
      Form<std::int64_t>::read(from.child(*children[i + 1], key), it->second);
    }
  }
};

namespace {

void describe_times(Fields& f, TraceMap& map) {
  f.optional("start", map.start,
             "What relative times count from; left out: 2000-01-01 (swf: UnixStartTime).");
  f.optional("submit", map.submit, "csv: when the job was submitted.");
  f.optional("runtime", map.runtime, "csv: how long it ran; or `end`.");
  f.optional("end", map.end, "csv: when it ended; it ran from `begin`.");
  f.optional("begin", map.begin, "csv: when it started; left out: when it was submitted.");
  f.optional("walltime", map.walltime, "csv: how long it asked for; left out: as long as it ran.");
  f.optional("walltime_factor", map.walltime_factor,
             "csv, without `walltime`: that times the run is what it asks for.");
  f.optional("overrun", map.overrun,
             "A job that ran for longer than its walltime: the walltime is extended, or the run "
             "cut.");
}

void describe_sizes(Fields& f, TraceMap& map) {
  f.optional("gpus", map.gpus, "csv: GPUs of the job; or `cpus`.");
  f.optional("gpu_share", map.gpu_share,
             "csv: thousandths of each GPU; less than a whole one is rounded up and counted.");
  f.optional("cpus", map.cpus, "csv: CPUs of the job, taken for GPUs by `cpus_per_gpu`.");
  f.optional("cpus_per_gpu", map.cpus_per_gpu, "So many CPUs stand for a GPU, rounded up.");
  f.optional("processors", map.processors,
             "swf: which of its two figures is meant; the other where that is missing.");
  f.optional("scale_gpus", map.scale_gpus, "Times this, rounded, at least one.");
  f.optional("most_gpus", map.most_gpus, "Jobs of more are left out.");
  f.optional("capacity", map.capacity,
             "GPUs there are of each accelerator; jobs that ask for more are left out.");
}

}  // namespace

void describe(Fields& f, TraceMap& map) {
  KindTraceMap kind{};
  f.required("kind", kind, "TraceMap: how a trace is read.");
  f.required("trace", map.name, "Name of the workload.");
  f.optional("description", map.description, "What it is, in a few words.");
  f.optional("source", map.source, "Where it comes from, and its licence.");
  f.required("file", map.file, "The trace, plain or .gz, from the folder of this file.");
  f.required("format", map.format, "csv, or swf (Standard Workload Format).");
  f.optional("job", map.job, "csv: the job's number; left out, or no number: its place.");
  describe_times(f, map);
  describe_sizes(f, map);
  f.optional("team", map.team, "csv: a column; swf: user, group, queue or partition.");
  f.optional("teams", map.teams, "Other names for teams.");
  f.optional("site", map.site, "csv: a column; swf: partition. The one site of the job.");
  f.optional("sites", map.sites, "Other names for sites.");
  f.optional("priority_class", map.priority_class, "csv: a column.");
  f.optional("priority_classes", map.priority_classes, "Other names for them.");
  f.optional("accelerator", map.accelerator, "csv: a column; empty cells: any.");
  f.optional("accelerators", map.accelerators, "Other names for them; '': any.");
  f.optional("state", map.state, "csv: how it ended.");
  f.optional("states", map.states, "What states mean: completed, failed or cancelled.");
  f.optional("where", map.where, "Only rows that all of these allow.");
}

namespace {

class MapChecker {
 public:
  explicit MapChecker(const TraceMap& map) : map_(map) {}

  std::vector<Problem> run() {
    if (map_.name.empty() || slug_is_empty())
      say("trace", "expected a name with a letter or digit");
    if (map_.file.empty()) say("file", "expected the name of a file");
    map_.format == TraceFormat::Csv ? csv() : swf();
    const auto ratio = [&](const char* path, Ratio value, std::int64_t least) {
      if (value.count() >= least && value <= Ratio::of(1'000'000'000)) return;
      say(path, fmt::format("expected {} to 1000, got {}", least == 1 ? "0.000001" : "1",
                            to_text(value)));
    };
    ratio("scale_gpus", map_.scale_gpus, 1);
    ratio("walltime_factor", map_.walltime_factor, 1'000'000);
    positive("most_gpus", map_.most_gpus);
    positive("cpus_per_gpu", map_.cpus_per_gpu);
    for (const auto& [name, gpus] : map_.capacity) positive("capacity." + name, gpus);
    return std::move(problems_);
  }

 private:
  void say(std::string path, std::string message) {
    problems_.push_back({std::move(path), std::move(message)});
  }

  bool slug_is_empty() const {
    return std::none_of(map_.name.begin(), map_.name.end(),
                        [](unsigned char c) { return std::isalnum(c) != 0; });
  }

  void positive(const std::string& path, std::optional<std::int64_t> value) {
    if (value && (*value < 1 || *value > limits::job_gpus)) {
      say(path, fmt::format("expected 1 to {}, got {}", limits::job_gpus, *value));
    }
  }

  void csv() {
    if (map_.processors != SwfProcessors::Requested) say("processors", "is for swf");
    if (map_.submit.column.empty()) say("submit", "is missing: the column of the submit time");
    one_of("runtime", map_.runtime.column, "end", map_.end.column);
    one_of("gpus", map_.gpus, "cpus", map_.cpus);
    if (!map_.cpus.empty() && !map_.cpus_per_gpu) {
      say("cpus", "needs 'cpus_per_gpu': how many CPUs stand for a GPU");
    }
    if (!map_.gpu_share.empty() && map_.gpus.empty())
      say("gpu_share", "is only allowed with 'gpus'");
    if (!map_.begin.column.empty() && map_.end.column.empty()) {
      say("begin", "is only allowed with 'end'");
    }
    for (const auto* time : {&map_.runtime, &map_.walltime}) {
      if (time->unit >= TimeUnit::Unix) {
        say(time == &map_.runtime ? "runtime" : "walltime",
            "is a duration: seconds, milliseconds, minutes or hours");
      }
    }
    for (const auto& [state, meaning] : map_.states) {
      if (meaning == "completed" || meaning == "failed" || meaning == "cancelled") continue;
      say("states." + state,
          fmt::format("expected completed, failed or cancelled, got '{}'", meaning));
    }
  }

  void one_of(const char* a, const std::string& has_a, const char* b, const std::string& has_b) {
    if (has_a.empty() != has_b.empty()) return;
    say("", fmt::format("expected exactly one of '{}' and '{}', got {}", a, b,
                        has_a.empty() ? "none" : "both"));
  }

  void swf() {
    const std::pair<const char*, bool> none[] = {{"submit", !map_.submit.column.empty()},
                                                 {"runtime", !map_.runtime.column.empty()},
                                                 {"end", !map_.end.column.empty()},
                                                 {"begin", !map_.begin.column.empty()},
                                                 {"walltime", !map_.walltime.column.empty()},
                                                 {"walltime_factor", map_.walltime_factor != one},
                                                 {"job", !map_.job.empty()},
                                                 {"gpus", !map_.gpus.empty()},
                                                 {"cpus", !map_.cpus.empty()},
                                                 {"gpu_share", !map_.gpu_share.empty()},
                                                 {"state", !map_.state.empty()},
                                                 {"where", !map_.where.empty()},
                                                 {"accelerator", !map_.accelerator.empty()},
                                                 {"priority_class", !map_.priority_class.empty()},
                                                 {"scale_gpus", map_.scale_gpus != one},
                                                 {"most_gpus", map_.most_gpus.has_value()},
                                                 {"capacity", !map_.capacity.empty()}};
    for (const auto& [key, given] : none) {
      if (given) say(key, "is for csv: the fields of an SWF log are fixed");
    }
    static const std::vector<std::string> words{"user", "group", "queue", "partition", "none"};
    if (!map_.team.empty() && std::find(words.begin(), words.end(), map_.team) == words.end()) {
      say("team", fmt::format("expected user, group, queue, partition or none, got '{}'{}",
                              map_.team, did_you_mean(map_.team, words)));
    }
    if (!map_.site.empty() && map_.site != "partition") {
      say("site", fmt::format("expected partition, got '{}'", map_.site));
    }
  }

  const TraceMap& map_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check(const TraceMap& map) {
  return MapChecker(map).run();
}

Loaded<TraceMap> parse_trace_map(std::string_view text, const std::string& file) {
  return parse_document<TraceMap>(text, file, [](const std::string& path) { return path; });
}

Loaded<TraceMap> load_trace_map(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_trace_map(*text, path);
}

std::string trace_path(const TraceMap& map, const std::string& path) {
  return (std::filesystem::path(path).parent_path() / map.file).lexically_normal().string();
}

std::string trace_map_schema() {
  return schema_text(Form<TraceMap>::schema(), "Ampacity trace map",
                     "How a published trace is read as a workload. Written by `ampacity schema "
                     "trace-map`; do not edit.");
}

}  // namespace ampacity
