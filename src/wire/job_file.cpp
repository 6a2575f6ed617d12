// SPDX-License-Identifier: Apache-2.0
#include "wire/job_file.hpp"

#include <fmt/format.h>

#include "wire/document.hpp"
#include "wire/signals.hpp"

namespace ampacity {
namespace {

// A word of a command: `10` is as good as `'10'`.
struct Argument {
  std::string text;
};

// A list of words, or one text that a shell runs.
struct CommandLine {
  std::vector<std::string>& words;
};

struct SignalNumber {
  std::int64_t& number;
};

struct Simulated {
  std::optional<Duration>& runtime;
  std::int64_t& exit_code;
};

}  // namespace

// '700 W/GPU', or a share of the TDP: '70 %'.
template <>
struct Written<PowerCap> {
  static const Wording words;
  static Result<PowerCap> parse(std::string_view text) { return parse_power_cap(text); }
};

const Wording Written<PowerCap>::words{"a power cap", "700 W/GPU",
                                       "^[0-9]+([_,][0-9]+)*(\\.[0-9]+)? ?((W|kW)/GPU|%)?$", true};

template <>
struct Words<Level> {
  static std::vector<std::string> all() { return {std::begin(level_names), std::end(level_names)}; }
  static std::vector<std::string> later() { return {}; }
};

// A name, or a name and how fast the job is there.
template <>
struct Form<Accepted> {
  static boost::json::object schema();
  static boost::json::value shown(const Accepted&) { return nullptr; }
  static void read(const Source& from, Accepted& value);
};

namespace {

struct Rated {
  Accepted& accepted;
};

void describe(Fields& f, Rated& rated) {
  f.required("name", rated.accepted.name, "A built-in accelerator or one of the portfolio.");
  f.optional("speed", rated.accepted.speed,
             "How fast the job is on it; its walltime is that at 100 %.");
}

}  // namespace

boost::json::object Form<Accepted>::schema() {
  Accepted value;
  Rated rated{value};
  boost::json::object out{{"type", "object"}};
  Fields fields(out);
  describe(fields, rated);
  fields.finish();
  return {{"oneOf", {Form<std::string>::schema(), out}}};
}

void Form<Accepted>::read(const Source& from, Accepted& value) {
  if (from.node->kind == YamlNode::Kind::Scalar) return Form<std::string>::read(from, value.name);
  if (from.node->kind != YamlNode::Kind::Mapping) {
    return from.expected("a name, or a mapping of name and speed");
  }
  Rated rated{value};
  Fields fields(from);
  describe(fields, rated);
  fields.finish();
}

template <>
struct Form<Argument> {
  static boost::json::object schema() { return {{"type", {"string", "number", "boolean"}}}; }
  static void read(const Source& from, Argument& value) {
    if (from.node->kind != YamlNode::Kind::Scalar) return from.expected("a word");
    value.text = from.node->text;
  }
};

namespace {

std::vector<std::string> texts(const std::vector<Argument>& words) {
  std::vector<std::string> out;
  out.reserve(words.size());
  for (const auto& word : words) out.push_back(word.text);
  return out;
}

}  // namespace

template <>
struct Form<CommandLine> {
  static boost::json::object schema() {
    return {{"oneOf", {Form<std::string>::schema(), Form<std::vector<Argument>>::schema()}}};
  }
  static boost::json::value shown(const CommandLine&) { return nullptr; }
  static void read(const Source& from, CommandLine& value) {
    if (from.node->kind == YamlNode::Kind::List) {
      std::vector<Argument> words;
      Form<std::vector<Argument>>::read(from, words);
      value.words = texts(words);
    } else if (from.node->kind == YamlNode::Kind::Scalar) {
      std::string line;
      Form<std::string>::read(from, line);
      value.words = {"/bin/sh", "-c", line};
    } else {
      from.expected("a list of words or text");
    }
  }
};

template <>
struct Form<SignalNumber> {
  static constexpr Wording words{"a signal", "USR1", "^([A-Za-z]+[12]?|[0-9]{1,2})$", true};
  static boost::json::object schema() { return schema_of(words); }
  static boost::json::value shown(const SignalNumber&) { return nullptr; }
  static void read(const Source& from, SignalNumber& value) {
    if (!is_scalar(from, words)) return;
    if (const auto number = parse_signal(from.node->text)) {
      value.number = *number;
    } else {
      from.expected("a signal such as 'USR1' or 10");
    }
  }
};

void describe(Fields& f, EarlySignal& signal) {
  f.required("number", SignalNumber{signal.number}, "The signal, by name or number.");
  f.optional("lead", signal.lead, "How long before the walltime ends.");
  f.optional("batch_only", signal.batch_only, "Only to the batch script, not to every rank.");
}

void describe(Fields& f, Simulated& simulated) {
  f.optional("runtime", simulated.runtime, "How long the job takes on a simulated cluster.");
  f.optional("exit_code", simulated.exit_code, "How it ends there.");
}

template <>
struct Form<Simulated> {
  static boost::json::object schema() {
    std::optional<Duration> runtime;
    std::int64_t exit_code = 0;
    Simulated value{runtime, exit_code};
    boost::json::object out{{"type", "object"}};
    Fields fields(out);
    describe(fields, value);
    fields.finish();
    return out;
  }
  static boost::json::value shown(const Simulated&) { return nullptr; }
  static void read(const Source& from, Simulated& value) {
    if (from.node->kind != YamlNode::Kind::Mapping) return from.expected("a mapping (key: value)");
    Fields fields(from);
    describe(fields, value);
    fields.finish();
  }
};

namespace {

void describe_program(Fields& f, JobSpec& job) {
  std::vector<Argument> arguments;
  f.exactly_one_of({"command", "script"});
  f.optional("command", CommandLine{job.command},
             "What every task runs: a list of words, or a text for /bin/sh -c.");
  f.optional("script", job.script,
             "A batch script, run once on the first node; srun starts its ranks.");
  f.optional("arguments", arguments, "Arguments of the script.");
  f.only_with("arguments", "script");
  if (f.has("script")) {
    job.launch = Launch::Script;
    job.command = texts(arguments);
  }
  f.optional("tasks", job.tasks, "Processes (ranks) in all.");
  f.optional("tasks_per_node", job.tasks_per_node, "Exactly so many on each node.");
  f.optional("environment", job.environment, "Variables of its processes.");
  f.optional("directory", job.directory, "Working directory; left out: the attempt's own folder.");
  f.optional("output", job.output, "File for standard output; %j is the job, %x its name.");
  f.optional("error", job.error, "File for standard error; left out: with the output.");
}

// Where check() of the model and the file have different words.
std::string path_in_file(const std::string& path) {
  if (path == "name") return "job";
  if (path == "simulated_runtime") return "simulated.runtime";
  if (path == "simulated_exit") return "simulated.exit_code";
  return path;
}

}  // namespace

void describe(Fields& f, JobSpec& job) {
  f.required("job", job.name, "Name of the job.");
  f.optional("team", job.team, "Who pays: a team of the portfolio.");
  f.optional("project", job.project, "A project of the team.");
  f.optional("priority_class", job.priority_class, "A priority class of the portfolio.");
  f.optional("gpus", job.gpus, "GPUs of the whole gang: all of them or none.");
  f.optional("gpus_min", job.gpus_min,
             "Elastic: it runs on any size from here up to gpus, and is resized as others come and "
             "go.");
  f.optional("slowest", job.slowest,
             "While its site has to draw less: how slow it may become, such as 75 %.");
  f.optional("pausable", job.pausable,
             "While its site has to draw less: it may stand still, from its checkpoint.");
  f.optional("wait_for_capacity", job.wait_for_capacity,
             "So long from its submission it rather waits for capacity that is known to come on a "
             "place that comes first for it than to spill over.");
  f.optional("power_cap", job.power_cap,
             "What one GPU may draw at most, or a share of its TDP; it is slower by as much as the "
             "accelerator's curve says.");
  f.optional("gpus_per_node", job.gpus_per_node, "Exactly so many on each node.");
  f.optional("within", job.within, "The whole gang in one such unit, or it waits.");
  f.optional("prefer", job.prefer, "The whole gang in one such unit if possible.");
  f.optional("segment", job.segment, "GPUs: cut into such pieces, each in one rack.");
  f.optional("accelerators", job.accelerators,
             "Acceptable accelerators, by name or with the job's speed there; left out: any.");
  f.optional("mixed", job.mixed, "One gang may span several accelerators, at one site.");
  f.optional("sites", job.sites, "Sites allowed; left out: any.");
  f.optional("booking", job.booking, "The booking that it runs in.");
  f.optional("draw", job.draw, "Mean draw as a share of the span from idle to full load.");
  f.optional("walltime", job.walltime, "Longest run time; left out: the policy's default.");
  f.optional("retries", job.retries, "Restarts after the job itself failed.");
  f.optional("requeue", job.requeue, "Restart after the infrastructure failed.");
  f.optional("early_signal", job.early_signal, "A signal before the walltime ends.");
  f.optional("checkpoint_interval", job.checkpoint_interval,
             "How often it saves itself; a preemption loses what came after.");
  describe_program(f, job);
  f.optional("simulated", Simulated{job.simulated_runtime, job.simulated_exit},
             "On simulated clusters only.");
}

Result<PowerCap> parse_power_cap(std::string_view text) {
  const auto slash = text.rfind("/GPU");
  if (slash != std::string_view::npos && slash + 4 == text.size()) {
    if (const auto watts = parse_power(text.substr(0, slash))) return PowerCap{*watts, Ratio()};
  } else if (const auto share = parse_ratio(text)) {
    return PowerCap{Power(), *share};
  }
  return invalid(fmt::format("expected a power cap such as '700 W/GPU' or '70 %', got '{}'", text));
}

Loaded<JobSpec> parse_job(std::string_view text, const std::string& file) {
  if (text.size() > limits::job_file_bytes) {
    ProblemList problems(file);
    problems.say(
        {}, "",
        fmt::format("{} bytes; a job file has at most {}", text.size(), limits::job_file_bytes));
    return problems.take();
  }
  return parse_document<JobSpec>(text, file, path_in_file);
}

Loaded<JobSpec> load_job(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_job(*text, path);
}

std::string job_schema() {
  return schema_text(
      Form<JobSpec>::schema(), "Ampacity job",
      "One job: a gang of GPUs and what runs on it. Written by `ampacity schema job`; "
      "do not edit.");
}

}  // namespace ampacity
