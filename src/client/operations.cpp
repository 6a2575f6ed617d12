// SPDX-License-Identifier: Apache-2.0
#include "client/operations.hpp"

#include "client/command.hpp"
#include "client/show.hpp"
#include "protocol/sentences.hpp"
#include "units/text.hpp"
#include "wire/file_problem.hpp"
#include "wire/portfolio_file.hpp"

namespace ampacity::client {
namespace {

void add_drain(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto body = std::make_shared<api::TargetBody>();
  auto* drain = command(app, options, "drain",
                        "Take a site, hall, pod, rack or node out of service for new work",
                        "  ampacity drain attic/hall/p1/r1/n2 --note 'fan replaced on Monday'");
  drain->add_option("target", body->target, "site, site/hall, … site/hall/pod/rack/node")
      ->required();
  drain->add_option("--note", body->note, "Why, for the record");
  drain->callback([body, options, &run] {
    run = [body, options] {
      return change(*options, "POST", "/v1/drain", json::to_json(*body),
                    body->target + " is drained; what runs there goes on");
    };
  });
  auto* resume = command(app, options, "resume", "Put what was drained back into service",
                         "  ampacity resume attic/hall/p1/r1/n2");
  resume->add_option("target", body->target, "As it was drained")->required();
  resume->callback([body, options, &run] {
    run = [body, options] {
      return change(*options, "POST", "/v1/resume", json::to_json(*body),
                    body->target + " is in service again");
    };
  });
}

void add_node(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto body = std::make_shared<api::NodeBody>();
  auto state = std::make_shared<std::string>();
  auto* sub =
      command(app, options, "node",
              "Say that a node, rack, pod, hall or site is up or down (its gangs restart)",
              "  ampacity node down attic/hall/p1/r1/n2\n"
              "  ampacity node down attic/hall/p1 --detail 'switch'    a whole pod at once");
  sub->add_option("state", *state, "up or down")->required()->check(CLI::IsMember({"up", "down"}));
  sub->add_option("path", body->node, "site, site/hall, … site/hall/pod/rack/node")->required();
  sub->add_option("--detail", body->detail, "What happened, for the record");
  sub->callback([body, state, options, &run] {
    run = [body, state, options] {
      body->state = *state == "up" ? NodeState::Up : NodeState::Down;
      return change(*options, "POST", "/v1/nodes", json::to_json(*body),
                    body->node + " is " + *state);
    };
  });
}

// ---- bookings ----

struct BookCall {
  Booking booking;
  std::optional<std::int64_t> gpus;
  std::string within, from, until, lasting;
};

Result<Instant> begin_of(const Options& options, const BookCall& call) {
  if (!call.from.empty()) return parse_instant(call.from);
  const auto state = fetch<api::StateView>(options, "/v1/state");  // now, by the server's clock
  if (!state) return state.error();
  return from_ms(state->now_ms);
}

Status set_times(const Options& options, BookCall& call) {
  auto& booking = call.booking;
  if (call.until.empty() == call.lasting.empty()) {
    return invalid("give either --until or --for: when it ends, or how long it lasts");
  }
  const auto from = begin_of(options, call);
  if (!from) return from.error().within("--from");
  if (!call.from.empty()) booking.from = *from;  // else the server says when now is
  if (!call.until.empty()) {
    const auto until = parse_instant(call.until);
    if (!until) return until.error().within("--until");
    booking.until = *until;
    return {};
  }
  const auto lasting = parse_duration(call.lasting);
  if (!lasting) return lasting.error().within("--for");
  booking.until = *from + *lasting;
  return {};
}

Exit book(const Options& options, BookCall& call) {
  auto& booking = call.booking;
  if (call.gpus) booking.gpus = GpuCount::of(*call.gpus);
  if (!call.within.empty()) booking.within = parse_level(call.within);
  if (const auto status = set_times(options, call); !status) return say(status.error());
  const auto body = json::to_json(api::BookingBody{booking, user_name()});
  return told<api::BookingView>(options, ask(options, "POST", "/v1/bookings", body),
                                [](const auto& view) {
                                  fmt::print("booking {}: {} GPUs from {} until {} on {}\n",
                                             view.name, view.gpus, to_text(from_ms(view.from_ms)),
                                             to_text(from_ms(view.until_ms)), to_text(view.nodes));
                                });
}

void add_book(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<BookCall>();
  auto& booking = call->booking;
  auto* sub = command(
      app, options, "book",
      "Keep nodes for a maintenance, a team, or the jobs that name the booking",
      "  ampacity book spring-run --gpus 512 --within pod --from 2026-12-01 --for '7 d' --team "
      "llm\n"
      "  ampacity submit train.sh --booking spring-run\n"
      "  ampacity book fans --target attic/hall/p1 --maintenance --from 2026-12-01T06:00:00Z --for "
      "'4 h'");
  sub->add_option("name", booking.name, "Name of the booking")->required();
  sub->add_option("--target", booking.target, "All of this site, hall, pod, rack or node; or:");
  sub->add_option("--gpus", call->gpus, "So many GPUs, on whole nodes that Ampacity chooses");
  sub->add_option("--accelerator", booking.accelerators, "Of this accelerator (repeatable)")
      ->allow_extra_args(false);
  sub->add_option("--site", booking.sites, "Only at this site (repeatable)")
      ->allow_extra_args(false);
  sub->add_option("--within", call->within, "All of it in one rack, pod, hall or site")
      ->check(levels());
  sub->add_option("--segment", booking.segment, "GPUs: cut into such pieces, each in one rack");
  sub->add_option("--from", call->from,
                  "Day, or instant such as 2026-12-01T06:00:00Z; default: now");
  sub->add_option("--until", call->until, "Day or instant at which it ends");
  sub->add_option("--for", call->lasting, "How long it lasts, such as '4 h'");
  sub->add_flag("--maintenance", booking.maintenance, "Nobody runs there");
  sub->add_option("--team", booking.team, "Only jobs of this team may name it");
  sub->add_option("--note", booking.note, "Why, for the record");
  sub->callback([call, options, &run] { run = [call, options] { return book(*options, *call); }; });
}

void add_bookings(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* list = command(app, options, "bookings", "Bookings: what is kept, when, for whom",
                       "  ampacity bookings --json");
  list->callback([options, &run] {
    run = [options] { return get<api::BookingList>(*options, "/v1/bookings"); };
  });
  auto name = std::make_shared<std::string>();
  auto* end = command(app, options, "unbook", "End a booking; what runs there goes on",
                      "  ampacity unbook fans");
  end->add_option("name", *name, "Name of the booking")->required();
  end->callback([name, options, &run] {
    run = [name, options] {
      const auto target =
          fmt::format("/v1/bookings/{}?by={}", http::encoded(*name), http::encoded(user_name()));
      return change(*options, "DELETE", target, "", fmt::format("booking {} has ended", *name));
    };
  });
}

// ---- holds ----

// The same for each job; the worst exit.
Exit each_job(const Options& options, const std::vector<std::int64_t>& jobs, const char* action,
              const std::string& body, const char* done) {
  auto worst = Exit::Ok;
  for (const auto job : jobs) {
    const auto exit = change(options, "POST", fmt::format("/v1/jobs/{}/{}", job, action), body,
                             fmt::format("job {} {}", job, done));
    if (exit != Exit::Ok) worst = exit;
  }
  return worst;
}

void add_holds(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto jobs = std::make_shared<std::vector<std::int64_t>>();
  auto note = std::make_shared<std::string>();
  auto* hold = command(app, options, "hold", "Jobs do not start, or not again, until released",
                       "  ampacity hold 12 13 --note 'the data is not there yet'");
  hold->add_option("jobs", *jobs, "Job numbers")->required();
  hold->add_option("--note", *note, "Why, for the record");
  hold->callback([jobs, note, options, &run] {
    run = [jobs, note, options] {
      return each_job(*options, *jobs, "hold", json::to_json(api::HoldBody{*note, user_name()}),
                      "is held");
    };
  });
  auto* release =
      command(app, options, "release", "Held jobs may start again", "  ampacity release 12 13");
  release->add_option("jobs", *jobs, "Job numbers")->required();
  release->callback([jobs, options, &run] {
    run = [jobs, options] {
      return each_job(*options, *jobs, "release", json::to_json(api::ReleaseBody{user_name()}),
                      "is released");
    };
  });
}

// ---- the portfolio and the policy in force ----

Exit apply_portfolio(const Options& options, const std::string& file, const std::string& series) {
  const auto portfolio = load_portfolio(file, series);
  if (!portfolio) {
    fmt::print(stderr, "{}", to_text(portfolio.error()));
    return Exit::BadFile;
  }
  return told<api::Changed>(
      options, ask(options, "PUT", "/v1/portfolio", json::to_json(*portfolio)),
      [&](const auto& answer) {
        fmt::print("portfolio {} {}\n", portfolio->name,
                   answer.changed ? "is in force" : "was in force already; nothing changed");
      });
}

void add_apply(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto file = std::make_shared<std::string>();
  auto series = std::make_shared<std::string>();
  auto* sub = command(app, options, "apply", "Check a portfolio and put it in force, while serving",
                      "  ampacity apply portfolio.yaml");
  sub->add_option("portfolio", *file, "The portfolio file")->required();
  sub->add_option("--series", *series, "Folder of its hourly series; else beside it");
  sub->callback([file, series, options, &run] {
    run = [file, series, options] { return apply_portfolio(*options, *file, *series); };
  });
}

Result<Settings> settings_in(const std::vector<std::string>& words) {
  Settings settings;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid(fmt::format("expected a setting such as 'min_runtime=5 min', got '{}'", word));
    }
    const auto key = word.substr(0, equals);
    if (!settings.try_emplace(key, word.substr(equals + 1)).second) {
      return invalid(fmt::format("{} is given twice", key));
    }
  }
  return settings;
}

Exit set_policy(const Options& options, const std::vector<std::string>& words) {
  if (words.empty()) return say(invalid("nothing to set: ampacity policy set backfill=none"));
  auto settings = settings_in(words);
  if (!settings) return say(settings.error());
  const api::PolicyBody body{std::move(*settings), user_name()};
  return told<api::PolicyView>(options, ask(options, "PATCH", "/v1/policy", json::to_json(body)),
                               [&](const auto& view) {
                                 for (const auto& [key, value] : body.settings) {
                                   fmt::print("{}={}\n", key, view.settings.at(key));
                                 }
                               });
}

void add_policy(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto action = std::make_shared<std::string>();
  auto words = std::make_shared<std::vector<std::string>>();
  auto* sub = command(app, options, "policy", "The policy in force; change settings of it",
                      "  ampacity policy\n"
                      "  ampacity policy set backfill=none 'min_runtime=5 min'");
  sub->add_option("action", *action, "set; left out: print the settings")
      ->check(CLI::IsMember({"set"}));
  sub->add_option("settings", *words, "key=value, as the portfolio file has them");
  sub->callback([action, words, options, &run] {
    run = [action, words, options] {
      if (action->empty()) return get<api::PolicyView>(*options, "/v1/policy");
      return set_policy(*options, *words);
    };
  });
}

}  // namespace

void add_operations(CLI::App& app, const OptionsPtr& options, Run& run) {
  add_drain(app, options, run);
  add_node(app, options, run);
  add_book(app, options, run);
  add_bookings(app, options, run);
  add_holds(app, options, run);
  add_apply(app, options, run);
  add_policy(app, options, run);
}

}  // namespace ampacity::client
