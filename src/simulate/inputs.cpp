// SPDX-License-Identifier: Apache-2.0
#include "simulate/inputs.hpp"

#include <fmt/format.h>

#include <map>

#include "client/connection.hpp"
#include "http/client.hpp"
#include "sim/synthetic.hpp"
#include "units/text.hpp"
#include "wire/api.hpp"
#include "wire/faults_file.hpp"
#include "wire/json.hpp"
#include "wire/workload_file.hpp"

namespace ampacity::simulate {
namespace {

Trouble trouble(std::vector<FileProblem> problems) {
  return {std::move(problems), ""};
}
Trouble trouble(std::string message) {
  return {{}, std::move(message)};
}

struct Copy {
  Engine engine;
  Instant at;
};

// A consistent copy of a running server: a line of JSON, then the packed state.
Result<Copy> copy_of(const std::string& url, const std::string& data) {
  client::Options options;
  options.server = url;
  options.data = data;
  const auto endpoint = client::find_server(options);
  if (!endpoint) return endpoint.error();
  std::string body;
  const auto response = http::follow(*endpoint, "/v1/snapshot", [&](std::string_view chunk) {
    body += chunk;
    return true;
  });
  if (!response) return response.error().within(url);
  if (response->status != 200) return client::error_in(*response).within(url);
  const auto line = body.find('\n');
  const auto head = json::from_json<api::SnapshotHead>(body.substr(0, line));
  if (!head || line == std::string::npos) return invalid(url + ": the answer is not a snapshot");
  if (head->shape != Engine::shape()) {
    return Error{
        ErrorCode::Version,
        fmt::format("{}: the server is of another version than this program; simulate with "
                    "the server's own",
                    url)};
  }
  Copy copy{Engine(), from_ms(head->at_ms)};
  if (auto status = copy.engine.unpack_state(std::string_view(body).substr(line + 1)); !status) {
    return status.error().within(url);
  }
  AMPACITY_ASSERT(copy.engine.digest().text() == head->digest, "the copy is another engine");
  return copy;
}

bool any_lease_at(const Portfolio& portfolio, Instant at) {
  return std::any_of(portfolio.leases.begin(), portfolio.leases.end(),
                     [&](const Lease& lease) { return lease.starts <= at && at < lease.ends; });
}

// Files of workloads, each made or read.
std::optional<Trouble> read_workloads(const Call& call, std::vector<Workload>& workloads) {
  for (const auto& path : call.workloads) {
    auto source = load_workload(path);
    if (!source) return trouble(source.error());
    if (auto* spec = std::get_if<SyntheticSpec>(&*source)) {
      workloads.push_back(synthesize(*spec, call.seed));
    } else {
      workloads.push_back(std::move(std::get<Workload>(*source)));
    }
    if (workloads.back().jobs.empty()) return trouble(path + ": no job of it can be used");
  }
  return std::nullopt;
}

std::optional<Instant> first_submission(const std::vector<Workload>& workloads) {
  std::optional<Instant> first;
  for (const auto& workload : workloads) {
    const auto at = workload.jobs.front().submit;
    if (!first || at < *first) first = at;
  }
  return first;
}

template <class T>
std::optional<Trouble> read_option(const std::string& text, const char* option,
                                   Result<T> (*parse)(std::string_view), T& value) {
  if (text.empty()) return std::nullopt;
  auto parsed = parse(text);
  if (!parsed) return trouble(fmt::format("{}: {}", option, parsed.error().message));
  value = *parsed;
  return std::nullopt;
}

// `input`: what the file of faults came to.
std::optional<Trouble> read_options(const Call& call, SimulationOptions& options,
                                    FaultsInput& input) {
  options.seed = call.seed;
  if (!call.faults.empty()) {
    auto faults = load_faults(call.faults);
    if (!faults) return trouble(faults.error());
    options.faults = faults->spec;
    options.fault_records = faults->records;
    input = std::move(*faults);
  }
  Instant until;
  if (auto t = read_option(call.until, "--until", parse_instant, until)) return t;
  if (!call.until.empty()) options.until = until;
  return read_option(call.latency, "--latency", parse_duration, options.latency);
}

// The teams of a trace are not those of the portfolio, whose engine refuses strangers. A portfolio
// without teams takes all. Returns how many are new.
std::size_t add_teams(const std::vector<Workload>& workloads, Portfolio& portfolio) {
  if (portfolio.teams.empty()) return 0;
  const auto before = portfolio.teams.size();
  for (const auto& workload : workloads) {
    for (const auto& kind : workload.kinds) {
      if (kind.team.empty() || portfolio.find_team(kind.team) != nullptr) continue;
      if (portfolio.teams.size() == limits::teams) return portfolio.teams.size() - before;
      portfolio.teams.push_back({kind.team, 1, {}, "", {}});
    }
  }
  return portfolio.teams.size() - before;
}

// What was filled in is not what was measured.
void note_repairs(const std::string& file, const Portfolio& portfolio) {
  const auto series = series_in_words(portfolio);
  if (series.find("repaired") != std::string::npos) {
    fmt::print(stderr, "note: {}{}\n", file, series);
  }
}

// What the simulation begins with: the portfolio at its first instant.
std::optional<Trouble> begin_fresh(const Call& call, Inputs& inputs) {
  auto portfolio = load_portfolio(call.portfolio, call.series);
  if (!portfolio) return trouble(portfolio.error());
  note_repairs(call.portfolio, *portfolio);
  const auto first = first_submission(inputs.workloads);
  inputs.now = first.value_or(Instant());
  if (auto t = read_option(call.from, "--from", parse_instant, inputs.now)) return t;
  inputs.options.keep_time = call.from.empty();
  if (!any_lease_at(*portfolio, inputs.now)) {
    return trouble(
        fmt::format("no lease of {} is active at {}, when the first job comes: --from DATE moves "
                    "the workload to "
                    "a date when one is",
                    call.portfolio, to_text(inputs.now)));
  }
  const auto added = add_teams(inputs.workloads, *portfolio);
  if (added > 0) {
    fmt::print(stderr, "note: {} teams of the workload are added to those of {}, with weight 1\n",
               added, call.portfolio);
  }
  const auto outcome = inputs.engine.decide(Configure{std::move(*portfolio)}, inputs.now);
  if (outcome.refusal) return trouble(call.portfolio + ": " + outcome.refusal->message);
  return std::nullopt;
}

// A what-if signs nothing, so it asks nobody: in the copy, refusal rights have ended.
void end_rights(Inputs& inputs) {
  for (const auto& provider : std::vector(inputs.engine.state().portfolio->providers)) {
    const auto& right = provider.right_of_first_refusal;
    if (!right || !right->in_force_at(inputs.now) || right->from == inputs.now) continue;
    RightAmendment end;
    end.ends = inputs.now;
    inputs.engine.decide(AmendRight{provider.name, end, "a what-if"}, inputs.now);
  }
}

std::optional<Trouble> begin_with_copy(const Call& call, Inputs& inputs) {
  auto copy = copy_of(call.from, call.data);
  if (!copy) return trouble(copy.error().message);
  inputs.engine = std::move(copy->engine);
  inputs.now = copy->at;
  inputs.options.keep_time = false;
  if (call.portfolio.empty()) return std::nullopt;
  auto portfolio = load_portfolio(call.portfolio, call.series);
  if (!portfolio) return trouble(portfolio.error());
  note_repairs(call.portfolio, *portfolio);
  end_rights(inputs);
  const auto outcome = inputs.engine.decide(Configure{std::move(*portfolio)}, inputs.now);
  if (outcome.refusal) return trouble(call.portfolio + ": " + outcome.refusal->message);
  return std::nullopt;
}

// Records are of all places that somebody has; those of the portfolio count.
std::optional<Trouble> add_recorded(FaultsInput input, Inputs& inputs) {
  auto& faults = inputs.options.faults;
  const auto before = faults.outages.size();
  std::map<std::string, std::int64_t> strangers;
  for (auto& outage : input.recorded) {
    if (inputs.engine.fleet().resolve(outage.target)) {
      faults.outages.push_back(std::move(outage));
    } else {
      ++strangers[outage.target];
    }
  }
  if (strangers.empty()) return std::nullopt;
  const auto& example = strangers.begin()->first;
  if (faults.outages.size() == before) {
    return trouble(
        fmt::format("{}: none of the {} places of its records is in the portfolio, such "
                    "as '{}'; a place is site, site/hall, … down to a node: `targets` "
                    "gives them other names",
                    input.recorded_in, strangers.size(), example));
  }
  const auto left_out = input.recorded.size() - (faults.outages.size() - before);
  fmt::print(stderr, "note: {} outages of {} places that are not in the portfolio are left out\n",
             left_out, strangers.size());
  inputs.options.fault_records[input.recorded_in].refused["nowhere in the portfolio"] +=
      static_cast<std::int64_t>(left_out);
  return std::nullopt;
}

}  // namespace

std::variant<Inputs, Trouble> read_inputs(const Call& call) {
  Inputs inputs;
  const bool live = call.from.rfind("http", 0) == 0;
  if (!live && (call.portfolio.empty() || call.workloads.empty())) {
    return trouble(
        "a simulation needs a portfolio and --workload, or --from http://… of a running server");
  }
  FaultsInput faults;
  if (auto t = read_options(call, inputs.options, faults)) return *t;
  if (auto t = read_workloads(call, inputs.workloads)) return *t;
  if (auto t = live ? begin_with_copy(call, inputs) : begin_fresh(call, inputs)) return *t;
  if (inputs.options.until && *inputs.options.until <= inputs.now) {
    return trouble(
        fmt::format("--until {} is not after the beginning, {}", call.until, to_text(inputs.now)));
  }
  for (const auto& outage : inputs.options.faults.outages) {
    if (!inputs.engine.fleet().resolve(outage.target)) {
      return trouble(fmt::format("{}: an outage of '{}', which is nowhere in the portfolio",
                                 call.faults, outage.target));
    }
  }
  const auto& sites = inputs.engine.state().portfolio->sites;
  for (const auto& c : inputs.options.faults.curtailments) {
    const auto same = [&](const Site& site) { return site.name == c.site; };
    if (std::any_of(sites.begin(), sites.end(), same)) continue;
    return trouble(fmt::format("{}: a curtailment of '{}', which is no site of the portfolio",
                               call.faults, c.site));
  }
  if (auto t = add_recorded(std::move(faults), inputs)) return *t;
  return inputs;
}

std::variant<Engine, Trouble> with_policy(const Engine& engine, Instant now,
                                          const Settings& settings, const std::string& file) {
  auto copy = engine;
  if (settings.empty()) return copy;
  auto policy = with_settings(copy.state().portfolio->policy, settings, file);
  if (!policy) return trouble(policy.error());
  const auto outcome = copy.decide(SetPolicy{*policy, "simulate"}, now);
  if (outcome.refusal) return trouble(file + ": " + outcome.refusal->message);
  return copy;
}

Settings settings_from(const std::vector<std::string>& pairs, Trouble& problem) {
  Settings settings;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) {
      problem.message = fmt::format("--policy {}: expected key=value", pair);
      return {};
    }
    settings[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return settings;
}

}  // namespace ampacity::simulate
