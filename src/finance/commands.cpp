// SPDX-License-Identifier: Apache-2.0
#include "finance/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "client/command.hpp"
#include "finance/article.hpp"
#include "finance/show.hpp"
#include "finance/source.hpp"
#include "ledger/focus.hpp"
#include "report/csv.hpp"
#include "units/text.hpp"
#include "wire/json.hpp"
#include "wire/portfolio_file.hpp"
#include "wire/zones.hpp"

namespace ampacity::finance {
namespace {

using client::command;
using client::Exit;
using client::Options;
using client::OptionsPtr;
using client::Run;

Exit say(const Trouble& trouble) {
  if (const auto* problems = std::get_if<std::vector<FileProblem>>(&trouble)) {
    fmt::print(stderr, "{}", to_text(*problems));
    return Exit::BadFile;
  }
  return client::say(std::get<Error>(trouble));
}

// What was got, shown as text or printed as JSON.
template <class T>
Exit told(const Options& options, const Got<T>& got) {
  if (const auto* trouble = std::get_if<Trouble>(&got)) return say(*trouble);
  const auto& value = std::get<T>(got);
  if (options.json) {
    fmt::print("{}\n", json::to_json(value));
  } else {
    show(value);
  }
  return Exit::Ok;
}

// What every command that looks at money takes.
struct Call {
  std::string portfolio;
  std::string month;
  std::string lease;
  std::string by = "team";
  Source source(const Options& options) const { return {options, portfolio}; }
  // The same, and says on a terminal or in a log what a file cannot know.
  Source told_source(const Options& options) const {
    if (!portfolio.empty() && !options.json) {
      fmt::print(stderr,
                 "note: reckoned from {}: what contracts owe if nobody uses anything; without a "
                 "server no month is closed and nothing is invoiced\n",
                 portfolio);
    }
    return source(options);
  }
};

void takes_portfolio(CLI::App* sub, const std::shared_ptr<Call>& call) {
  sub->add_option("--portfolio", call->portfolio,
                  "Reckon from this file instead of a server: nobody used anything");
}

void add_invoice(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<Call>();
  auto* sub = command(app, options, "invoice", "The invoice of a lease for a month, line by line",
                      "  ampacity invoice oracle-4500 2028-01\n"
                      "  ampacity invoice oracle-4500 2028-01 --portfolio "
                      "examples/stargate/portfolio.yaml --json");
  sub->add_option("lease", call->lease, "Name of the lease")->required();
  sub->add_option("month", call->month, "As 2028-01, in the contract's time zone")->required();
  takes_portfolio(sub, call);
  sub->callback([call, options, &run] {
    run = [call, options] {
      const auto month = parse_month(call->month);
      if (!month) return client::say(month.error());
      return told(*options, invoice_of(call->told_source(*options), call->lease, *month));
    };
  });
}

void add_chargeback(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<Call>();
  auto* sub = command(app, options, "chargeback", "Who bears a month: teams, projects, and idle",
                      "  ampacity chargeback 2028-01\n"
                      "  ampacity chargeback 2028-01 --by project --json");
  sub->add_option("month", call->month, "As 2028-01")->required();
  sub->add_option("--by", call->by, "team or project")
      ->check(CLI::IsMember({"team", "project"}))
      ->capture_default_str();
  takes_portfolio(sub, call);
  sub->callback([call, options, &run] {
    run = [call, options] {
      const auto month = parse_month(call->month);
      if (!month) return client::say(month.error());
      return told(*options, chargeback_of(call->told_source(*options), *month, call->by));
    };
  });
}

void add_energy(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<Call>();
  auto* sub = command(app, options, "energy",
                      "Energy and carbon of a month: by site, lease, team and project, and idle",
                      "  ampacity energy 2028-01\n"
                      "  ampacity energy 2028-01 --json");
  sub->add_option("month", call->month, "As 2028-01, in UTC")->required();
  sub->callback([call, options, &run] {
    run = [call, options] {
      const auto month = parse_month(call->month);
      if (!month) return client::say(month.error());
      return told(*options, energy_of(*options, *month));
    };
  });
}

void add_programme(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<Call>();
  auto* sub =
      command(app, options, "programme", "The programmes' budgets: committed, invoiced, forecast",
              "  ampacity programme\n"
              "  ampacity programme --portfolio examples/stargate/portfolio.yaml --json");
  takes_portfolio(sub, call);
  sub->callback([call, options, &run] {
    run = [call, options] { return told(*options, programmes_of(call->told_source(*options))); };
  });
}

void add_article(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto file = std::make_shared<std::string>();
  auto* sub = app.add_subcommand(
      "article", "The public report of July 2025, fact by fact, beside what a portfolio comes to");
  sub->footer("Examples:\n  ampacity article examples/stargate/portfolio.yaml");
  sub->add_option("portfolio", *file, "The portfolio file")->required();
  sub->add_flag("--json", options->json, "Print JSON instead of text");
  sub->callback([file, options, &run] {
    run = [file, options] {
      const auto portfolio = load_portfolio(*file);
      if (!portfolio) return say(Trouble(portfolio.error()));
      const auto article = article_of(*portfolio);
      if (!article) return client::say(article.error());
      return told<Article>(*options, *article);
    };
  });
}

// ---- export ----

std::string csv(const FocusTable& table) {
  std::string text;
  const auto line = [&](const auto& fields, auto field) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) text += ',';
      text += field(fields[i]);
    }
    text += "\r\n";
  };
  line(table.columns, [](const std::string& name) { return name; });
  for (const auto& row : table.rows) {
    line(row, [](const std::optional<std::string>& value) {
      return value ? report::csv_field(*value) : std::string();
    });
  }
  return text;
}

Exit deliver(const std::string& text, const std::string& out) {
  if (out.empty()) {
    fmt::print("{}", text);
    return Exit::Ok;
  }
  std::ofstream file(out, std::ios::binary);
  file << text;
  file.close();
  if (file) return Exit::Ok;
  return client::say(Error{ErrorCode::Io, "cannot write " + out});
}

struct ExportCall : Call {
  std::string version;
  std::string dataset = "cost-and-usage";
  std::string out;
};

Exit export_focus(const Options& options, const ExportCall& call) {
  const bool commitments = call.dataset == "contract-commitment";
  const std::string version = commitments ? "1.3" : "1.2";
  if (!call.version.empty() && call.version != version) {
    return client::say(invalid(
        fmt::format("--version: the dataset {} is written as FOCUS {}", call.dataset, version)));
  }
  const auto portfolio = portfolio_of(call.source(options));
  if (const auto* trouble = std::get_if<Trouble>(&portfolio)) return say(*trouble);
  const auto& p = std::get<Portfolio>(portfolio);
  if (commitments) {
    const auto calendars = load_calendars(p);
    if (!calendars) return client::say(calendars.error());
    return deliver(csv(focus_contract_commitments(p, *calendars)), call.out);
  }
  const auto month = parse_month(call.month);
  if (!month) return client::say(month.error().within("--month"));
  const auto billing = billing_of(call.source(options), *month);
  if (const auto* trouble = std::get_if<Trouble>(&billing)) return say(*trouble);
  const auto& invoices = std::get<Billing>(billing).invoices;
  return deliver(csv(focus_cost_and_usage(p, invoices)), call.out);
}

void add_export(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* group = app.add_subcommand("export", "Invoices in the format of other tools");
  group->require_subcommand(1);
  auto call = std::make_shared<ExportCall>();
  auto* sub = command(*group, options, "focus",
                      "FOCUS: cost and usage of a month, or the contracts' commitments",
                      "  ampacity export focus --version 1.2 --month 2028-01 --out 2028-01.csv\n"
                      "  ampacity export focus --dataset contract-commitment > commitments.csv");
  sub->add_option("--version", call->version,
                  "1.2 for cost-and-usage, 1.3 for contract-commitment");
  sub->add_option("--month", call->month, "As 2028-01; cost-and-usage needs it");
  sub->add_option("--dataset", call->dataset, "cost-and-usage or contract-commitment")
      ->check(CLI::IsMember({"cost-and-usage", "contract-commitment"}))
      ->capture_default_str();
  sub->add_option("--out", call->out, "Write to this file instead of standard output");
  takes_portfolio(sub, call);
  sub->callback(
      [call, options, &run] { run = [call, options] { return export_focus(*options, *call); }; });
}

// ---- leases ----

struct AmendCall {
  std::string lease, from, power, price, ends, take_or_pay, minimum_bill, why;
};

// Each part as a portfolio file would have it.
Result<Amendment> amendment_of(const AmendCall& call, const std::string& zone) {
  const auto calendar = load_calendar(zone);
  if (!calendar) return calendar.error();
  Amendment a;
  std::optional<Error> wrong;
  const auto take = [&](const std::string& text, const char* option, auto parse, auto keep) {
    if (text.empty() || wrong) return;
    const auto value = parse(text);
    if (value) {
      keep(*value);
    } else {
      wrong = value.error().within(option);
    }
  };
  // A plain date is a midnight in the contract's zone.
  const auto date = [&](const std::string& text, Instant at) {
    return text.find('T') == std::string::npos ? calendar->start_of_day(at) : at;
  };
  take(call.from, "--from", parse_instant, [&](Instant t) { a.from = date(call.from, t); });
  take(call.power, "--power", parse_power, [&](Power p) { a.power = p; });
  take(call.price, "--price", parse_lease_price, [&](const LeasePrice& p) { a.price = p; });
  take(call.ends, "--ends", parse_instant, [&](Instant t) { a.ends = date(call.ends, t); });
  take(call.take_or_pay, "--take-or-pay", parse_ratio, [&](Ratio r) { a.take_or_pay = r; });
  take(call.minimum_bill, "--minimum-bill", parse_ratio, [&](Ratio r) { a.minimum_bill = r; });
  a.why = call.why;
  if (wrong) return *wrong;
  return a;
}

Exit amend(const Options& options, const AmendCall& call) {
  const auto target = "/v1/leases/" + http::encoded(call.lease);
  const auto detail = client::fetch<api::LeaseDetail>(options, target);
  if (!detail) return client::say(detail.error());
  auto amendment = amendment_of(call, detail->terms.time_zone);
  if (!amendment) return client::say(amendment.error());
  const api::AmendBody body{std::move(*amendment), client::user_name()};
  const auto answer = client::ask(options, "POST", target + "/amendments", json::to_json(body));
  return client::told<api::LeaseDetail>(options, answer,
                                        [](const api::LeaseDetail& d) { show(d); });
}

void add_amend(CLI::App& group, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<AmendCall>();
  auto* sub = command(
      group, options, "amend", "Change terms from a date on: recorded, never an edit",
      "  ampacity lease amend oracle-4500 --power '5 GW' --from 2029-01-01 --why 'addendum 3'\n"
      "  ampacity lease amend oracle-4500 --ends 2045-01-01 --why 'renewed for two years'");
  sub->add_option("lease", call->lease, "Name of the lease")->required();
  sub->add_option("--from", call->from, "Holds from this day on (default: now)");
  sub->add_option("--power", call->power, "Contracted power, as '5 GW'");
  sub->add_option("--price", call->price, "As '32 G$/year', '550 k$/MW-month', '2 USD/GPU-hour'");
  sub->add_option("--ends", call->ends, "Day on which the term is over");
  sub->add_option("--take-or-pay", call->take_or_pay, "Share of the commitment that is owed");
  sub->add_option("--minimum-bill", call->minimum_bill, "Share of the whole power's charge");
  sub->add_option("--why", call->why, "For the record")->required();
  sub->callback(
      [call, options, &run] { run = [call, options] { return amend(*options, *call); }; });
}

void add_lease(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* group = app.add_subcommand("lease", "Leases: list, show, amend");
  group->require_subcommand(1);
  auto* list = command(*group, options, "list", "Leases: contracted, used and unused",
                       "  ampacity lease list --json");
  list->callback([options, &run] {
    run = [options] { return client::get<api::LeaseList>(*options, "/v1/leases"); };
  });
  auto name = std::make_shared<std::string>();
  auto* one = command(*group, options, "show", "A lease: stage, terms, amendments",
                      "  ampacity lease show oracle-4500");
  one->add_option("lease", *name, "Name of the lease")->required();
  one->callback([name, options, &run] {
    run = [name, options] {
      const auto answer = client::ask(*options, "GET", "/v1/leases/" + http::encoded(*name));
      return client::told<api::LeaseDetail>(*options, answer,
                                            [](const api::LeaseDetail& d) { show(d); });
    };
  });
  add_amend(*group, options, run);
}

}  // namespace

void add_commands(CLI::App& app, const OptionsPtr& options, Run& run) {
  add_lease(app, options, run);
  add_invoice(app, options, run);
  add_chargeback(app, options, run);
  add_energy(app, options, run);
  add_programme(app, options, run);
  add_export(app, options, run);
  add_article(app, options, run);
}

}  // namespace ampacity::finance
