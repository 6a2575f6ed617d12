// SPDX-License-Identifier: Apache-2.0
#include "client/power.hpp"

#include "client/command.hpp"
#include "units/text.hpp"
#include "wire/file_problem.hpp"

namespace ampacity::client {
namespace {

// ---- what sites draw ----

struct MeasureCall {
  std::string place, megawatts, at;
  bool it = false;
};

Exit measure(const Options& options, const MeasureCall& call) {
  PowerReading reading;
  reading.place = call.place;
  const bool of_hall = call.place.find('/') != std::string::npos;
  reading.meter = call.it || of_hall ? MeterPlace::It : MeterPlace::Facility;
  const auto power = parse_power(call.megawatts + " MW");
  if (!power) return say(power.error().within("--mw"));
  reading.power = *power;
  if (!call.at.empty()) {
    const auto at = parse_instant(call.at);
    if (!at) return say(at.error().within("--at"));
    reading.at = *at;
  }
  const auto body = json::to_json(api::ReadingsBody{{reading}, user_name()});
  return told<api::PowerList>(options, ask(options, "POST", "/v1/power/readings", body),
                              [](const auto& list) { show(list); });
}

void add_measured(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* list =
      command(app, options, "power", "What each site draws, by model and meter, and what holds it",
              "  ampacity power\n"
              "  ampacity power --json");
  list->callback(
      [options, &run] { run = [options] { return get<api::PowerList>(*options, "/v1/power"); }; });
  auto call = std::make_shared<MeasureCall>();
  auto* sub = command(app, options, "measure",
                      "Say what the meter of a site or a hall shows; it counts instead of the "
                      "model for a while",
                      "  ampacity measure abilene --mw 61.2\n"
                      "  ampacity measure abilene/south1 --mw 24.8\n"
                      "  ampacity measure abilene --mw 50.1 --it --at 2028-07-01T16:00:00Z");
  sub->add_option("place", call->place, "Name of the site, or SITE/HALL")->required();
  sub->add_option("--mw", call->megawatts, "Megawatts: 61.2 or 0.004")->required();
  sub->add_flag("--it", call->it,
                "Of the IT load; default: of a site at the grid connection, of a hall IT");
  sub->add_option("--at", call->at, "When, such as 2028-07-01T16:00:00Z; default: now");
  sub->callback(
      [call, options, &run] { run = [call, options] { return measure(*options, *call); }; });
}

// ---- curtailments ----

struct CurtailCall {
  Curtailment curtailment;
  std::string megawatts;
  std::string from, lasting, notice;
  std::string openadr;  // a file
};

// A name that nobody has to think of: the site and the minute.
std::string name_for(const Curtailment& curtailment) {
  std::string digits;
  for (const char c : to_text(curtailment.from)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return fmt::format("{}-{}", curtailment.site, digits.substr(0, 12));
}

// The server adds the notice to its own clock; this one only names the call.
Result<api::CurtailmentBody> curtailment_body(const Options& options, const CurtailCall& call) {
  api::CurtailmentBody body{call.curtailment, {}, {}, user_name()};
  auto& c = body.curtailment;
  const auto power = parse_power(call.megawatts + " MW");
  if (!power) return power.error().within("--mw");
  c.power = *power;
  const auto notice = parse_duration(call.notice);
  if (!notice) return notice.error().within("--notice");
  body.notice = *notice;
  const auto lasting = parse_duration(call.lasting);
  if (!lasting) return lasting.error().within("--for");
  if (*lasting <= Duration(0)) return invalid("--for: expected more than 0 s");
  body.lasting = *lasting;
  if (!call.from.empty()) {
    const auto from = parse_instant(call.from);
    if (!from) return from.error().within("--from");
    c.from = *from;
  }
  if (!c.name.empty()) return body;
  const auto state = fetch<api::StateView>(options, "/v1/state");
  if (!state) return state.error();
  auto named = c;
  named.from = std::max(c.from, from_ms(state->now_ms) + *notice);
  c.name = name_for(named);
  return body;
}

Exit send_event(const Options& options, const std::string& path) {
  const auto event = read_text_file(path);
  if (!event) {
    fmt::print(stderr, "{}", to_text(event.error()));
    return Exit::BadFile;
  }
  auto answer = ask(options, "POST", "/v1/openadr/events", *event);
  if (!answer) return say(answer.error().within(path));
  return told<api::OpenAdrView>(options, answer, [](const auto& view) {
    fmt::print("event {}:\n", view.event);
    show(api::CurtailmentList{view.curtailments});
    for (const auto& remark : view.remarks) fmt::print("  {}\n", remark);
  });
}

Exit curtail(const Options& options, const CurtailCall& call) {
  if (!call.openadr.empty()) return send_event(options, call.openadr);
  if (call.curtailment.site.empty() || call.megawatts.empty() || call.lasting.empty()) {
    return say(invalid("a site, --mw and --for are needed, or an event by --openadr FILE"));
  }
  const auto whole = curtailment_body(options, call);
  if (!whole) return say(whole.error());
  const auto body = json::to_json(*whole);
  return told<api::CurtailmentView>(
      options, ask(options, "POST", "/v1/curtailments", body), [](const auto& view) {
        fmt::print("curtailment {}: {} less at {} from {} until {}; it draws {} now\n", view.name,
                   to_text(Power::of(view.asked_w)), view.site, to_text(from_ms(view.from_ms)),
                   to_text(from_ms(view.until_ms)), to_text(Power::of(view.drawn_w)));
      });
}

void add_curtail(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto call = std::make_shared<CurtailCall>();
  auto* sub = command(app, options, "curtail",
                      "Call a site to draw less: jobs work slower, shrink, pause or move",
                      "  ampacity curtail abilene --mw 30 --for 3h --notice 10m\n"
                      "  ampacity curtail abilene --mw 30 --from 2028-07-01T16:00:00Z --for '3 h' "
                      "--name heat-wave\n"
                      "  ampacity curtail --openadr event.json");
  auto* site = sub->add_option("site", call->curtailment.site, "Name of the site");
  auto* mw =
      sub->add_option("--mw", call->megawatts, "So many megawatts less, at the meter: 30 or 0.5");
  sub->add_option("--from", call->from, "Instant such as 2028-07-01T16:00:00Z; default: now");
  sub->add_option("--notice", call->notice, "It counts no sooner than so long from now")
      ->default_val("0 s");
  auto* lasts = sub->add_option("--for", call->lasting, "How long it lasts, such as '3 h'");
  auto* event = sub->add_option("--openadr", call->openadr,
                                "Instead: a file with an event of OpenADR 3, which says all of it");
  for (auto* option : {site, mw, lasts}) option->excludes(event);
  sub->add_option("--name", call->curtailment.name, "Name; default: the site and the minute");
  sub->add_option("--note", call->curtailment.note, "Why, for the record");
  sub->callback(
      [call, options, &run] { run = [call, options] { return curtail(*options, *call); }; });
}

void add_curtailments(CLI::App& app, const OptionsPtr& options, Run& run) {
  auto* list = command(app, options, "curtailments", "Calls to draw less: asked, and shed",
                       "  ampacity curtailments --json");
  list->callback([options, &run] {
    run = [options] { return get<api::CurtailmentList>(*options, "/v1/curtailments"); };
  });
  auto name = std::make_shared<std::string>();
  auto* end = command(app, options, "uncurtail", "Call a curtailment off; the loads return",
                      "  ampacity uncurtail heat-wave");
  end->add_option("name", *name, "Name of the curtailment")->required();
  end->callback([name, options, &run] {
    run = [name, options] {
      const auto target = fmt::format("/v1/curtailments/{}?by={}", http::encoded(*name),
                                      http::encoded(user_name()));
      return change(*options, "DELETE", target, "", fmt::format("curtailment {} is over", *name));
    };
  });
}

}  // namespace

void add_power(CLI::App& app, const OptionsPtr& options, Run& run) {
  add_measured(app, options, run);
  add_curtail(app, options, run);
  add_curtailments(app, options, run);
}

}  // namespace ampacity::client
