// SPDX-License-Identifier: Apache-2.0
#include "wire/sbatch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "wire/records.hpp"
#include "wire/sbatch_options.hpp"
#include "wire/sbatch_shape.hpp"
#include "wire/sbatch_values.hpp"

namespace ampacity {
namespace {

constexpr std::string_view magic = "#SBATCH";

struct Word {
  std::string text;
  Position at;
};

int characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// The words of one #SBATCH line by sbatch's own rules: both kinds of quotes, backslash, '#' ends
// it. None if a quote stays open.
std::optional<std::vector<Word>> words_of(std::string_view line, int number) {
  std::vector<Word> words;
  std::size_t i = magic.size();
  for (;;) {
    while (i < line.size() && is_space(line[i])) ++i;
    if (i == line.size() || line[i] == '#') return words;
    Word word{"", {number, characters(line.substr(0, i)) + 1}};
    char quote = 0;
    for (; i < line.size() && (quote != 0 || !is_space(line[i])); ++i) {
      if (line[i] == '\\' && i + 1 < line.size()) {
        word.text += line[++i];
      } else if (quote != 0 ? line[i] == quote : line[i] == '"' || line[i] == '\'') {
        quote = quote != 0 ? '\0' : line[i];
      } else {
        word.text += line[i];
      }
    }
    if (quote != 0) return std::nullopt;
    words.push_back(std::move(word));
  }
}

std::string shown(const SbatchOption& option) {
  return fmt::format("--{}", option.name);
}

std::string base_name(const std::string& file) {
  const auto slash = file.rfind('/');
  auto name = slash == std::string::npos ? file : file.substr(slash + 1);
  if (name.size() > limits::job_name_length) name.resize(limits::job_name_length);
  return name.empty() ? "sbatch" : name;
}

class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file), problems_(file) {}

  Loaded<SbatchScript> run(std::string_view text) {
    if (!is_script(text)) return problems_.take();
    script_.spec.name = base_name(file_);
    script_.spec.launch = Launch::Script;
    script_.spec.script = text;
    lines(text);
    shape();
    if (problems_.empty()) finish();
    if (!problems_.empty()) return problems_.take();
    return std::move(script_);
  }

 private:
  bool is_script(std::string_view text) {
    if (!check_text(text, problems_)) return false;
    if (text.size() > limits::script_bytes) {
      problems_.say(
          {}, "",
          fmt::format("{} bytes; a script has at most {}", text.size(), limits::script_bytes));
    } else if (!looks_like_script(text)) {
      problems_.say({1, 1}, "",
                    "a batch script starts with '#!' and its interpreter, such as #!/bin/bash");
    } else if (const auto at = text.find("\r\n"); at != std::string_view::npos) {
      const auto line =
          std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      problems_.say({static_cast<int>(line) + 1, 1}, "",
                    "DOS line breaks; convert the script (dos2unix), sbatch refuses them too");
    }
    return problems_.empty();
  }

  // #SBATCH counts until the first line that is neither empty nor a comment.
  void lines(std::string_view text) {
    bool commands = false;
    for (int number = 1; !text.empty(); ++number) {
      const auto end = std::min(text.find('\n'), text.size());
      const auto text_line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const auto first = text_line.find_first_not_of(" \t");
      if (text_line.substr(0, magic.size()) != magic) {
        commands = commands || (first != std::string_view::npos && text_line[first] != '#');
      } else if (commands) {
        note({number, 1}, "", "an #SBATCH line after the first command is not read, as in sbatch");
      } else {
        directive(text_line, number);
      }
    }
  }

  void directive(std::string_view line, int number) {
    const auto words = words_of(line, number);
    if (!words) return problems_.say({number, 1}, "", "a quote is not closed");
    for (std::size_t i = 0; i < words->size(); ++i) {
      const auto& word = (*words)[i];
      const bool last = i + 1 == words->size();
      const auto* next = last ? nullptr : &(*words)[i + 1];
      const bool used_next =
          word.text.rfind("--", 0) == 0 ? long_option(word, next) : short_options(word, next);
      if (used_next) ++i;
    }
  }

  // Returns whether the next word was the value.
  bool long_option(const Word& word, const Word* next) {
    const auto equals = word.text.find('=');
    const auto name = word.text.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto* option = find_sbatch_option(name);
    if (option == nullptr) {
      std::vector<std::string> known;
      for (const auto& o : sbatch_options()) known.push_back(shown(o));
      problems_.say(word.at, "",
                    fmt::format("unknown option '--{}'{}", name, did_you_mean("--" + name, known)));
      return false;
    }
    if (equals != std::string::npos) {
      if (option->takes == Takes::Nothing) {
        problems_.say(word.at, shown(*option), "takes no value");
      } else {
        apply(*option, word.text.substr(equals + 1), word.at);
      }
      return false;
    }
    return with_next(*option, word, next);
  }

  // "-N4", "-N 4", or several without values: "-kQ".
  bool short_options(const Word& word, const Word* next) {
    if (word.text.size() < 2 || word.text[0] != '-') {
      problems_.say(word.at, "", fmt::format("'{}' is not an option", word.text));
      return false;
    }
    for (std::size_t i = 1; i < word.text.size(); ++i) {
      const auto* option = find_sbatch_option(word.text[i]);
      if (option == nullptr) {
        problems_.say(word.at, "", fmt::format("unknown option '{}'", word.text));
        return false;
      }
      const auto rest = word.text.substr(i + 1);
      if (option->takes == Takes::Nothing || (option->takes == Takes::MaybeValue && rest.empty())) {
        apply(*option, "", word.at);
      } else if (!rest.empty()) {
        apply(*option, rest, word.at);
        return false;
      } else {
        return with_next(*option, word, next);
      }
    }
    return false;
  }

  bool with_next(const SbatchOption& option, const Word& word, const Word* next) {
    if (option.takes != Takes::Value) {
      apply(option, "", word.at);
      return false;
    }
    if (next == nullptr) {
      problems_.say(word.at, shown(option), "needs a value");
      return false;
    }
    apply(option, next->text, word.at);
    return true;
  }

  void apply(const SbatchOption& option, const std::string& value, Position at) {
    at_ = at;
    option_ = shown(option);
    if (option.treatment == Treatment::Refused) return refuse(std::string(option.why));
    if (option.treatment == Treatment::Ignored) {
      return note(at, option_, fmt::format("ignored: {}", option.why));
    }
    if (!seen_.try_emplace(option.name, at).second) {
      note(at, option_, "given twice; the last one counts");
    }
    seen_[option.name] = at;
    honour(option.name, value);
  }

  void honour(std::string_view name, const std::string& value) {
    if (honour_size(name, value) || honour_gpus(name, value) || honour_text(name, value)) return;
    auto& spec = script_.spec;
    if (name == "time") {
      take(sbatch::parse_time(value), spec.walltime);
    } else if (name == "signal") {
      take(sbatch::parse_early_signal(value), spec.early_signal);
    } else if (name == "requeue") {
      // A failed gang restarts too: that is what people mean by it on machines that fail.
      spec.requeue = true;
      spec.retries = 3;
    } else if (name == "no-requeue") {
      spec.requeue = false;
      spec.retries = 0;
    } else {
      AMPACITY_ASSERT(name == "export", "no handler for --{}", name);
      exports(value);
    }
  }

  bool honour_size(std::string_view name, const std::string& value) {
    if (name == "nodes") {
      take(sbatch::parse_nodes(value), request_.nodes);
    } else if (name == "ntasks") {
      take(sbatch::parse_count(value, limits::job_tasks), request_.tasks);
    } else if (name == "ntasks-per-node") {
      take(sbatch::parse_count(value, limits::job_tasks), request_.tasks_per_node);
    } else if (name == "cpus-per-task") {
      if (const auto count = sbatch::parse_count(value, 4'096)) {
        script_.spec.environment["SLURM_CPUS_PER_TASK"] = fmt::format("{}", *count);
        note(at_, option_, "SLURM_CPUS_PER_TASK is set, but no CPUs are reserved");
      } else {
        refuse(count.error().message);
      }
    } else {
      return false;
    }
    return true;
  }

  bool honour_gpus(std::string_view name, const std::string& value) {
    if (name == "gpus") {
      gpus(sbatch::parse_gpus(value), request_.gpus);
    } else if (name == "gpus-per-node") {
      gpus(sbatch::parse_gpus(value), request_.gpus_per_node);
    } else if (name == "gpus-per-task") {
      gpus(sbatch::parse_gpus(value), request_.gpus_per_task);
    } else if (name == "gres") {
      gpus(sbatch::parse_gres(value), gres_);
    } else if (name == "constraint") {
      take(sbatch::parse_constraint(value), constraint_);
    } else {
      return false;
    }
    return true;
  }

  bool honour_text(std::string_view name, const std::string& value) {
    auto& spec = script_.spec;
    if (name == "output" || name == "error") {
      auto& file = name == "output" ? spec.output : spec.error;
      take(sbatch::parse_pattern(value), file);
    } else if (name == "job-name") {
      spec.name = value;
    } else if (name == "chdir") {
      spec.directory = value;
    } else if (name == "account") {
      spec.team = value;
    } else if (name == "qos") {
      spec.priority_class = value;
    } else if (name == "reservation") {
      spec.booking = value;
    } else {
      return false;
    }
    return true;
  }

  void gpus(const Result<sbatch::GpuRequest>& parsed, std::optional<std::int64_t>& count) {
    if (!parsed) return refuse(parsed.error().message);
    count = parsed->count;
    if (parsed->type.empty()) return;
    if (!type_.empty() && type_ != parsed->type) {
      return refuse(
          fmt::format("asks for {} after {}; a gang has one kind of GPU", parsed->type, type_));
    }
    type_ = parsed->type;
  }

  void exports(const std::string& value) {
    auto parsed = sbatch::parse_export(value);
    if (!parsed) return refuse(parsed.error().message);
    script_.export_all = parsed->all;
    script_.export_names = parsed->names;
    for (auto& [key, text] : parsed->values) script_.spec.environment[key] = text;
  }

  void shape() {
    if (gres_ && request_.gpus_per_node && gres_ != request_.gpus_per_node) {
      at_ = seen_["gres"];
      option_ = "--gres";
      return refuse(fmt::format("{} GPUs a node contradict --gpus-per-node={}", *gres_,
                                *request_.gpus_per_node));
    }
    if (gres_) request_.gpus_per_node = gres_;
    const auto resolved = resolve(request_);
    if (!resolved) return problems_.say(last_size_option(), "", resolved.error().message);
    auto& spec = script_.spec;
    spec.gpus = GpuCount::of(resolved->gpus);
    spec.gpus_per_node = resolved->gpus_per_node;
    spec.tasks = resolved->tasks;
    spec.tasks_per_node = resolved->tasks_per_node;
    if (resolved->gpus_assumed) {
      note({1, 1}, "",
           fmt::format("no GPU option: taken as one GPU a task ({} in all)", resolved->gpus));
    }
    if (!type_.empty()) constraint_ = {type_};
    spec.accelerators.clear();
    for (const auto& name : constraint_) spec.accelerators.push_back({name, one});
  }

  // Contradictions come to light at the last of the options that make them.
  Position last_size_option() {
    Position last{1, 1};
    for (const auto* name :
         {"nodes", "ntasks", "ntasks-per-node", "gpus", "gpus-per-node", "gpus-per-task", "gres"}) {
      const auto it = seen_.find(name);
      if (it == seen_.end()) continue;
      if (it->second.line > last.line ||
          (it->second.line == last.line && it->second.column > last.column)) {
        last = it->second;
      }
    }
    return last;
  }

  void finish() {
    static const std::map<std::string, std::string> options = {
        {"name", "job-name"},     {"walltime", "time"}, {"gpus", "gpus"},
        {"tasks", "ntasks"},      {"output", "output"}, {"gpus_per_node", "gpus-per-node"},
        {"environment", "export"}};
    for (const auto& problem : check(script_.spec)) {
      const auto option = options.find(problem.path);
      const auto at = option == options.end() ? seen_.end() : seen_.find(option->second);
      problems_.say(at == seen_.end() ? Position{1, 1} : at->second,
                    option == options.end() ? problem.path : "--" + option->second,
                    problem.message);
    }
  }

  template <class From, class To>
  void take(const Result<From>& parsed, To& value) {
    if (parsed) {
      value = *parsed;
    } else {
      refuse(parsed.error().message);
    }
  }

  void refuse(std::string message) { problems_.say(at_, option_, std::move(message)); }

  void note(Position at, std::string option, std::string message) {
    if (script_.notes.size() >= limits::file_problems) return;
    script_.notes.push_back({file_, at, std::move(option), std::move(message)});
  }

  const std::string& file_;
  ProblemList problems_;
  SbatchScript script_;
  GangRequest request_;
  std::optional<std::int64_t> gres_;
  std::string type_;
  std::vector<std::string> constraint_;
  std::map<std::string_view, Position> seen_;
  Position at_;         // of the option at hand
  std::string option_;  // its name, with dashes
};

}  // namespace

Loaded<SbatchScript> parse_sbatch(std::string_view text, const std::string& file) {
  return Parser(file).run(text);
}

Loaded<SbatchScript> load_sbatch(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_sbatch(*text, path);
}

bool looks_like_script(std::string_view text) {
  return text.substr(0, 2) == "#!";
}

void export_environment(SbatchScript& script, const std::map<std::string, std::string>& submitter) {
  for (const auto& [key, value] : submitter) {
    const bool named = std::find(script.export_names.begin(), script.export_names.end(), key) !=
                       script.export_names.end();
    const bool ours = key.rfind("SLURM_", 0) == 0 || key.rfind("AMPACITY_", 0) == 0;
    if (named || (script.export_all && !ours)) script.spec.environment.try_emplace(key, value);
  }
}

}  // namespace ampacity
