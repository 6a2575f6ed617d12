// SPDX-License-Identifier: Apache-2.0
#include "client/requests.hpp"

#include <boost/describe/enum_to_string.hpp>

#include "client/command.hpp"
#include "terminal/table.hpp"
#include "units/text.hpp"
#include "wire/portfolio_file.hpp"

namespace ampacity::client {

using terminal::Table;
namespace {

std::string target_of(const std::string& name, const char* action = "") {
  return fmt::format("/v1/requests/{}{}", http::encoded(name), action);
}

// "2027-03" is the first day of that month.
Result<Instant> parse_day(const std::string& text) {
  return parse_instant(text.size() == 7 ? text + "-01" : text);
}

Result<Power> parse_megawatts(const std::string& text) {
  return parse_power(text + " MW");
}

// The words of a command as values; remembers the first that is none.
class Reader {
 public:
  template <class Parse, class Keep>
  void take(const std::string& text, const char* option, Parse parse, Keep keep) {
    if (text.empty() || wrong) return;
    const auto value = parse(text);
    if (value) {
      keep(*value);
    } else {
      wrong = value.error().within(option);
    }
  }

  std::optional<Error> wrong;
};

template <class Body>
Exit post(const Options& options, const std::string& target, const Body& body) {
  return told<api::RequestView>(options, ask(options, "POST", target, json::to_json(body)),
                                [](const api::RequestView& view) { show(view); });
}

// ---- create, list, show ----

struct CreateCall {
  CapacityRequest request;
  std::string megawatts, from, until;
};

Exit create(const Options& options, const CreateCall& call) {
  auto request = call.request;
  Reader read;
  read.take(call.megawatts, "--mw", parse_megawatts, [&](Power p) { request.power = p; });
  read.take(call.from, "--from", parse_day, [&](Instant t) { request.from = t; });
  read.take(call.until, "--until", parse_day, [&](Instant t) { request.until = t; });
  if (read.wrong) return say(*read.wrong);
  if (request.name.empty()) request.name = "from-" + to_date(request.from).substr(0, 7);
  return post(options, "/v1/requests", api::RequestBody{request, user_name()});
}

void add_create(CLI::App& group, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<CreateCall>();
  auto* sub = command(
      group, options, "create", "Ask for capacity: who has a right of first refusal comes first",
      "  ampacity request create --mw 800 --from 2027-03 --until 2042-03 --name spring");
  sub->add_option("--mw", call->megawatts, "So many megawatts of critical IT load")->required();
  sub->add_option("--from", call->from, "Month or day, such as 2027-03 or 2027-03-15")->required();
  sub->add_option("--until", call->until, "Month or day; left out: each quote says it");
  sub->add_option("--name", call->request.name, "Name; default: from- and the month");
  sub->add_option("--note", call->request.note, "Why, for the record");
  sub->callback(
      [call, options, &run] { run = [call, options] { return create(*options, *call); }; });
}

void add_looks(CLI::App& group, const OptionsPtr& options, Run& run) {
  auto* list = command(group, options, "list", "Capacity requests: stage, what is left",
                       "  ampacity request list --json");
  list->callback([options, &run] {
    run = [options] { return get<api::RequestList>(*options, "/v1/requests"); };
  });
  auto name = std::make_shared<std::string>();
  auto* one =
      command(group, options, "show",
              "A request: who was asked, and its quotes, the best first: by cost per usable "
              "MW, first day, price of energy, carbon",
              "  ampacity request show spring");
  one->add_option("name", *name, "Name of the request")->required();
  one->callback([name, options, &run] {
    run = [name, options] { return get<api::RequestView>(*options, target_of(*name)); };
  });
}

// ---- the answers of a holder ----

struct AnswerCall {
  std::string name, provider, megawatts, price;
};

Exit accept(const Options& options, const AnswerCall& call) {
  api::AcceptBody body{call.provider, {}, {}, user_name()};
  Reader read;
  read.take(call.megawatts, "--mw", parse_megawatts, [&](Power p) { body.power = p; });
  read.take(call.price, "--price", parse_lease_price, [&](const auto& p) { body.price = p; });
  if (read.wrong) return say(*read.wrong);
  return post(options, target_of(call.name, "/accept"), body);
}

void add_answers(CLI::App& group, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<AnswerCall>();
  auto* yes = command(group, options, "accept", "The holder of the right takes it, or a part",
                      "  ampacity request accept spring --mw 500 --price '550 k$/MW-month'");
  auto* no = command(group, options, "decline", "The holder of the right does not take it",
                     "  ampacity request decline spring");
  for (auto* sub : {yes, no}) {
    sub->add_option("name", call->name, "Name of the request")->required();
    sub->add_option("--provider", call->provider, "Who answers; default: the only one asked");
  }
  yes->add_option("--mw", call->megawatts, "So much of it; default: all that is left");
  yes->add_option("--price", call->price, "That it asks, as '550 k$/MW-month'");
  yes->callback(
      [call, options, &run] { run = [call, options] { return accept(*options, *call); }; });
  no->callback([call, options, &run] {
    run = [call, options] {
      return post(*options, target_of(call->name, "/decline"),
                  api::DeclineBody{call->provider, user_name()});
    };
  });
}

// ---- quotes and awards ----

struct QuoteCall {
  Quote quote;
  std::string request, megawatts, from, until, price, pue, energy_price, carbon;
};

Exit add_quote(const Options& options, const QuoteCall& call) {
  auto q = call.quote;
  Reader read;
  read.take(call.megawatts, "--mw", parse_megawatts, [&](Power p) { q.power = p; });
  read.take(call.price, "--price", parse_lease_price, [&](const auto& p) { q.price = p; });
  read.take(call.from, "--from", parse_day, [&](Instant t) { q.from = t; });
  read.take(call.until, "--until", parse_day, [&](Instant t) { q.until = t; });
  read.take(call.pue, "--pue", parse_ratio, [&](Ratio r) { q.pue = r; });
  read.take(call.energy_price, "--energy-price", parse_energy_price,
            [&](EnergyPrice p) { q.energy_price = p; });
  read.take(call.carbon, "--carbon", parse_carbon, [&](Carbon c) { q.carbon = c; });
  if (read.wrong) return say(*read.wrong);
  if (q.name.empty()) q.name = q.provider + "-" + q.site;
  return post(options, target_of(call.request, "/quotes"), api::QuoteBody{q, user_name()});
}

void add_quotes(CLI::App& group, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<QuoteCall>();
  auto& q = call->quote;
  auto* sub =
      command(group, options, "quote", "Record what a provider quotes",
              "  ampacity request quote spring --provider oracle --site abilene --mw 300 \\\n"
              "      --price '560 k$/MW-month' --from 2027-06 --energy-price '38 USD/MWh'");
  sub->add_option("name", call->request, "Name of the request")->required();
  sub->add_option("--provider", q.provider, "Who quotes")->required();
  sub->add_option("--site", q.site, "A site of the portfolio")->required();
  sub->add_option("--mw", call->megawatts, "So many megawatts of critical IT load")->required();
  sub->add_option("--price", call->price, "As '32 G$/year', '550 k$/MW-month', '2 USD/GPU-hour'")
      ->required();
  sub->add_option("--from", call->from, "Month or day from which it is there")->required();
  sub->add_option("--until", call->until, "Month or day; default: as the request has it");
  sub->add_option("--pue", call->pue, "Default: the site's");
  sub->add_option("--energy-price", call->energy_price,
                  "Energy is passed through, as '38 USD/MWh'; default: the price includes it");
  sub->add_option("--carbon", call->carbon, "As '380 g/kWh'; default: the site's");
  sub->add_option("--quote", q.name, "Its name; default: provider and site");
  sub->add_option("--note", q.note, "For the record");
  sub->callback(
      [call, options, &run] { run = [call, options] { return add_quote(*options, *call); }; });
}

void add_award(CLI::App& group, const OptionsPtr& options, Run& run) {
  struct Call {
    std::string request;
    api::AwardBody body;
  };
  auto call = std::make_shared<Call>();
  auto* sub =
      command(group, options, "award", "Make a quote a lease: signed now, from its first day",
              "  ampacity request award spring oracle-abilene --lease oracle-spring");
  sub->add_option("name", call->request, "Name of the request")->required();
  sub->add_option("quote", call->body.quote, "Name of the quote")->required();
  sub->add_option("--lease", call->body.lease, "Name of the lease; default: both names");
  sub->callback([call, options, &run] {
    run = [call, options] {
      call->body.by = user_name();
      return post(*options, target_of(call->request, "/award"), call->body);
    };
  });
}

// ---- rights ----

struct RightCall {
  std::string provider, from, ends, window, scope, why;
};

Exit amend(const Options& options, const RightCall& call) {
  RightAmendment a;
  Reader read;
  read.take(call.from, "--from", parse_day, [&](Instant t) { a.from = t; });
  read.take(call.ends, "--ends", parse_day, [&](Instant t) { a.ends = t; });
  read.take(call.window, "--window", parse_duration, [&](Duration d) { a.response_window = d; });
  if (read.wrong) return say(*read.wrong);
  if (!call.scope.empty()) a.scope = call.scope;
  a.why = call.why;
  const auto body = json::to_json(api::RightBody{a, user_name()});
  const auto target = "/v1/rights/" + http::encoded(call.provider);
  return told<api::RightList>(options, ask(options, "POST", target, body),
                              [](const api::RightList& list) { show(list); });
}

void add_rights(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* group = app.add_subcommand("right", "Rights of first refusal: list, amend");
  group->require_subcommand(1);
  auto* list = command(*group, options, "list", "Who has a right, and whether it is in force",
                       "  ampacity right list --json");
  list->callback(
      [options, &run] { run = [options] { return get<api::RightList>(*options, "/v1/rights"); }; });
  auto call = std::make_shared<RightCall>();
  auto* sub =
      command(*group, options, "amend", "Change a right from a date on: recorded, never an edit",
              "  ampacity right amend azure --ends 2026-04-27 --why 'agreement of 27 April'\n"
              "  ampacity right amend azure --window '14 d' --from 2027-01-01 --why 'addendum 2'");
  sub->add_option("provider", call->provider, "Who has the right")->required();
  sub->add_option("--from", call->from, "Holds from this day on (default: now)");
  sub->add_option("--ends", call->ends, "Day on which the right ends");
  sub->add_option("--window", call->window, "How long the holder may take to answer, as '14 d'");
  sub->add_option("--scope", call->scope, "What it covers, in words");
  sub->add_option("--why", call->why, "For the record")->required();
  sub->callback(
      [call, options, &run] { run = [call, options] { return amend(*options, *call); }; });
}

}  // namespace

void add_requests(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* group =
      app.add_subcommand("request", "Capacity that is wanted: create, answers, quotes, award");
  group->require_subcommand(1);
  add_create(*group, options, run);
  add_looks(*group, options, run);
  add_answers(*group, options, run);
  add_quotes(*group, options, run);
  add_award(*group, options, run);
  add_rights(app, options, run);
}

// ---- as text ----

namespace {

template <class E>
std::string word(E value) {
  return boost::describe::enum_to_string(value, "?");
}

void show_offers(const api::RequestView& r) {
  Table table({{"ASKED FIRST"}, {"UNTIL"}, {"ANSWER"}, {"ACCEPTED", true}, {"PRICE"}});
  for (const auto& o : r.offers) {
    table.add({{o.provider},
               {to_text(o.until)},
               {word(o.answer)},
               {to_text(o.accepted)},
               {o.price ? to_text(*o.price) : "-"}});
  }
  table.print();
}

void show_quotes(const api::RequestView& r) {
  Table table({{"QUOTE"},
               {"PROVIDER"},
               {"SITE"},
               {"POWER", true},
               {"USABLE", true},
               {"$/MW-YEAR", true},
               {"FROM"},
               {"ENERGY $/MWh", true},
               {"g/kWh", true},
               {"LEASE"}});
  for (const auto& q : r.quotes) {
    table.add({{q.quote.name},
               {q.quote.provider},
               {q.quote.site},
               {to_text(q.quote.power)},
               {to_text(q.usable)},
               {q.usable > Power() ? to_text(q.per_usable_mw_year) : "-"},
               {to_date(q.quote.from)},
               {to_text(Money::of(q.energy_price.count()))},
               {fmt::format("{}", q.carbon.count())},
               {q.lease.empty() ? "-" : q.lease}});
  }
  table.print();
}

}  // namespace

void show(const api::RequestView& r) {
  fmt::print("request {}: {} from {}, {}; {} left, {} leased\n", r.name,
             to_text(Power::of(r.power_w)), to_date(from_ms(r.from_ms)), word(r.stage),
             to_text(Power::of(r.left_w)), to_text(Power::of(r.leased_w)));
  if (!r.offers.empty()) show_offers(r);
  if (!r.quotes.empty()) show_quotes(r);
}

void show(const api::RequestList& list) {
  if (list.requests.empty()) {
    fmt::print("no capacity requests\n");
    return;
  }
  Table table({{"REQUEST"},
               {"STAGE"},
               {"POWER", true},
               {"LEFT", true},
               {"LEASED", true},
               {"FROM"},
               {"QUOTES", true}});
  for (const auto& r : list.requests) {
    table.add({{r.name},
               {word(r.stage)},
               {to_text(Power::of(r.power_w))},
               {to_text(Power::of(r.left_w))},
               {to_text(Power::of(r.leased_w))},
               {to_date(from_ms(r.from_ms))},
               {fmt::format("{}", r.quotes.size())}});
  }
  table.print();
}

void show(const api::RightList& list) {
  if (list.rights.empty()) {
    fmt::print("nobody has a right of first refusal\n");
    return;
  }
  Table table({{"PROVIDER"},
               {"IN FORCE"},
               {"FROM"},
               {"UNTIL"},
               {"WINDOW", true},
               {"AMENDED", true},
               {"SCOPE", false, true}});
  for (const auto& r : list.rights) {
    table.add({{r.provider},
               {r.in_force ? "yes" : "no"},
               {to_date(r.terms.from)},
               {r.terms.until ? to_date(*r.terms.until) : "-"},
               {to_text(r.terms.response_window)},
               {fmt::format("{}", r.amendments.size())},
               {r.terms.scope}});
  }
  table.print();
}

}  // namespace ampacity::client
