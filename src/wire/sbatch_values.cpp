// SPDX-License-Identifier: Apache-2.0
#include "wire/sbatch_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "wire/signals.hpp"

namespace ampacity::sbatch {
namespace {

constexpr std::int64_t count_limit = limits::job_gpus;

Error expected(std::string_view what, std::string_view got) {
  return invalid(fmt::format("expected {}, got '{}'", what, got));
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || error != std::errc() ||
      end != text.data() + text.size() || value > 1'000'000'000) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

// Slurm sites write types in lower case; the catalogue has its own spelling.
std::optional<std::string> built_in(std::string_view type) {
  for (const auto& a : built_in_accelerators()) {
    if (lower(a.name) == lower(type)) return a.name;
  }
  return std::nullopt;
}

bool is_type(std::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

std::optional<std::int64_t> gpu_count(std::string_view text) {
  const auto value = whole(text);
  return value && *value >= 1 && *value <= count_limit ? value : std::nullopt;
}

// Parts after the word "gpu": none, type, n, or type and n.
std::optional<GpuRequest> gpu_parts(const std::vector<std::string_view>& parts) {
  GpuRequest request;
  if (parts.size() > 2) return std::nullopt;
  std::string_view type;
  std::optional<std::int64_t> count = 1;
  if (parts.size() == 2) {
    type = parts[0];
    count = gpu_count(parts[1]);
    if (!is_type(type)) return std::nullopt;
  } else if (parts.size() == 1 && whole(parts[0])) {
    count = gpu_count(parts[0]);
  } else if (parts.size() == 1) {
    type = parts[0];
    if (!is_type(type)) return std::nullopt;
  }
  if (!count) return std::nullopt;
  request.count = *count;
  if (!type.empty()) request.type = built_in(type).value_or(std::string(type));
  return request;
}

bool is_variable(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<Duration> parse_time(std::string_view text) {
  const auto fail = expected("a time such as '30', '01:30:00' or '2-12:00'", text);
  const auto word = lower(text);
  if (word == "unlimited" || word == "infinite") {
    return invalid(fmt::format("'{}': a job needs an end; give a time such as '2-00:00'", text));
  }
  const auto dash = text.find('-');
  const bool with_days = dash != std::string_view::npos;
  std::vector<std::int64_t> numbers;
  for (const auto part : split(with_days ? text.substr(dash + 1) : text, ':')) {
    const auto value = whole(part);
    if (!value) return fail;
    numbers.push_back(*value);
  }
  if (numbers.size() > 3) return fail;
  std::int64_t days = 0;
  if (with_days) {
    const auto value = whole(text.substr(0, dash));
    if (!value) return fail;
    days = *value;
  } else if (numbers.size() < 3) {
    numbers.insert(numbers.begin(), 0);  // minutes, or minutes:seconds
  }
  numbers.resize(3);
  const Duration time(1'000 * (((days * 24 + numbers[0]) * 60 + numbers[1]) * 60 + numbers[2]));
  if (time > Duration(0)) return time;
  return invalid(fmt::format("'{}' means no limit in Slurm; a job here needs an end", text));
}

Result<std::int64_t> parse_count(std::string_view text, std::int64_t most) {
  const auto value = whole(text);
  if (value && *value >= 1 && *value <= most) return *value;
  return expected(fmt::format("a number from 1 to {}", most), text);
}

Result<std::int64_t> parse_nodes(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return parse_count(text, limits::nodes);
  const auto least = whole(text.substr(0, dash));
  const auto most = whole(text.substr(dash + 1));
  if (least && least == most) return parse_count(text.substr(0, dash), limits::nodes);
  return expected("one number of nodes (a range is not built yet)", text);
}

Result<GpuRequest> parse_gpus(std::string_view text) {
  const auto request = gpu_parts(split(text, ':'));
  const bool has_count = !text.empty() && text.back() >= '0' && text.back() <= '9';
  if (request && (request->type.empty() || text.find(':') != std::string_view::npos) && has_count) {
    return *request;
  }
  return expected("a number of GPUs such as '8' or 'h100:8'", text);
}

Result<GpuRequest> parse_gres(std::string_view text) {
  const auto fail = expected("GPUs such as 'gpu:4' or 'gpu:h100:4' and nothing else", text);
  auto parts = split(text, ':');
  if (parts.front() != "gpu") return fail;
  parts.erase(parts.begin());
  const auto request = gpu_parts(parts);
  if (!request) return fail;
  return *request;
}

Result<std::vector<std::string>> parse_constraint(std::string_view text) {
  std::vector<std::string> names;
  for (const auto word : split(text, '|')) {
    const auto name = built_in(word);
    if (!name) {
      return invalid(
          fmt::format("'{}' is not an accelerator of the catalogue; node features are not "
                      "known here: ask for GPUs by type with --gpus=TYPE:N",
                      word));
    }
    names.push_back(*name);
  }
  return names;
}

Result<EarlySignal> parse_early_signal(std::string_view text) {
  EarlySignal signal;
  const auto fail = expected("a signal such as 'USR1@60' or 'B:TERM@120'", text);
  auto rest = text;
  if (rest.size() > 1 && rest[1] == ':') {
    if (rest[0] != 'B') return fail;
    signal.batch_only = true;
    rest.remove_prefix(2);
  }
  const auto at = rest.find('@');
  const auto number = parse_signal(rest.substr(0, at));
  if (!number) return fail;
  signal.number = *number;
  if (at == std::string_view::npos) return signal;
  const auto seconds = whole(rest.substr(at + 1));
  if (!seconds || *seconds > 65'535) return fail;
  signal.lead = Duration(*seconds * 1'000);
  return signal;
}

Result<std::string> parse_pattern(std::string_view text) {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at)) {
    const auto start = at++;
    while (at < text.size() && at < start + 3 && text[at] >= '0' && text[at] <= '9') ++at;
    if (at == text.size() || std::string_view("jxANtu%").find(text[at]) == std::string_view::npos) {
      return invalid(fmt::format("'{}' is not known in '{}'; %j, %x, %A, %N, %t, %u and %% are",
                                 text.substr(start, at + 1 - start), text));
    }
    ++at;
  }
  if (text.empty()) return expected("a file name", text);
  return std::string(text);
}

Result<Export> parse_export(std::string_view text) {
  Export out;
  const auto word = lower(text);
  if (word == "none" || word == "nil") return out;
  for (const auto part : split(text, ',')) {
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    if (part == "ALL" || part == "all") {
      out.all = true;
    } else if (!is_variable(name)) {
      return expected("NONE, ALL or names such as 'A,B=2'", text);
    } else if (equals == std::string_view::npos) {
      out.names.emplace_back(name);
    } else {
      out.values[std::string(name)] = part.substr(equals + 1);
    }
  }
  return out;
}

}  // namespace ampacity::sbatch
