// SPDX-License-Identifier: Apache-2.0
// Events as grids' servers send them: the examples of examples/openadr, and what is refused by
// name.
#include "wire/openadr.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "units/text.hpp"
#include "wire/file_problem.hpp"

using namespace ampacity;

namespace {

const std::vector<std::string> sites{"abilene", "milam-county"};
const auto now = parse_instant("2028-07-01T15:00:00Z").value();

std::string example(const std::string& name) {
  const auto* source = std::getenv("AMPACITY_SOURCE");
  REQUIRE(source != nullptr);
  return read_text_file(fmt::format("{}/examples/openadr/{}", source, name)).value();
}

// An event of one interval with these members more, and this payload.
std::string event(
    const std::string& members, const std::string& payload,
    const std::string& period = R"({"start":"2028-07-01T16:00:00Z","duration":"PT3H"})") {
  return fmt::format(
      R"({{"programID":"p","eventName":"e","targets":[{{"type":"VEN_NAME","values":["abilene"]}}],{})"
      R"("intervalPeriod":{},"intervals":[{{"id":0,"payloads":[{}]}}]}})",
      members, period, payload);
}
std::string payload(const std::string& type, const std::string& value) {
  return fmt::format(R"({{"type":"{}","values":[{}]}})", type, value);
}

openadr::GridEvent read(const std::string& text) {
  const auto read = openadr::read_event(text, sites, now);
  REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().message));
  return *read;
}
std::string refused_event(const std::string& text) {
  const auto read = openadr::read_event(text, sites, now);
  return read ? "nothing" : read.error().message;
}

}  // namespace

TEST_CASE("intervals of 3.0 follow each other, with offsets") {
  const auto e = read(example("event-3.0.json"));
  CHECK(e.name == "Summer Peak 2028-07-01");
  REQUIRE(e.curtailments.size() == 3);
  const auto& second = e.curtailments[1];
  CHECK(second.site == "abilene");
  CHECK(second.power == Power::of(50'000'000));
  CHECK(!second.limit);
  CHECK(to_text(second.from) == "2028-07-01T22:00:00.000Z");
  CHECK(to_text(second.until) == "2028-07-01T23:00:00.000Z");
  CHECK(second.event == e.name);
  CHECK(second.name.rfind("summer-peak-2028-07-01-", 0) == 0);
  for (const auto& c : e.curtailments) CHECK(check(c).empty());
  REQUIRE(e.remarks.size() == 2);
  CHECK(e.remarks[0].rfind("reportDescriptors: no reports are sent", 0) == 0);
  CHECK(e.remarks[1].rfind("priority: ", 0) == 0);
}

TEST_CASE("a notification of 3.1: a limit from now on, without an end") {
  const auto e = read(example("notification-3.1.json"));
  REQUIRE(e.curtailments.size() == 1);
  const auto& c = e.curtailments[0];
  CHECK(e.at_once);
  CHECK(c.limit == Power::of(900'000'000));
  CHECK(c.power == Power());
  CHECK(c.from == now);
  CHECK(c.until == now + Duration(366LL * 86'400'000));
  CHECK(check(c).empty());
  auto ends = example("notification-3.1.json");
  ends.replace(ends.find("CREATE"), 6, "DELETE");
  const auto end = read(ends);
  CHECK(end.operation == openadr::Operation::End);
  CHECK(end.name == "feeder-7-overload");
}

TEST_CASE("units and signs") {
  const auto mega = R"("payloadDescriptors":[{"payloadType":"DISPATCH_SETPOINT","units":"MW"}],)";
  CHECK(read(event(mega, payload("DISPATCH_SETPOINT", "1.25"))).curtailments[0].limit ==
        Power::of(1'250'000));
  const auto plain = read(event("", payload("DISPATCH_SETPOINT_RELATIVE", "-0.5")));
  CHECK(plain.curtailments[0].power == Power::of(500));
  CHECK(plain.remarks.back() == "payloadDescriptors: no units: read as KW");
  CHECK(read(event("", payload("DISPATCH_SETPOINT_RELATIVE", "0"))).curtailments.empty());
  CHECK(refused_event(event("", payload("DISPATCH_SETPOINT_RELATIVE", "5"))) ==
        "intervals[0].payloads[0].values[0]: 5 kW more: a site cannot be made to draw more");
  CHECK(
      refused_event(event("", payload("IMPORT_CAPACITY_LIMIT", "-1"))).find("less than nothing") !=
      std::string::npos);
  CHECK(refused_event(event("", payload("DISPATCH_SETPOINT", "1e30"))).find("at most 1 TW") !=
        std::string::npos);
  CHECK(refused_event(event("", payload("DISPATCH_SETPOINT", "\"5\""))).find("expected a number") !=
        std::string::npos);
}

TEST_CASE("what is not understood is refused by its name") {
  const auto types = {"SIMPLE",
                      "PRICE",
                      "CHARGE_STATE_SETPOINT",
                      "EXPORT_CAPACITY_LIMIT",
                      "ALERT_GRID_EMERGENCY",
                      "CONTROL_SETPOINT"};
  for (const std::string type : types) {
    CHECK(refused_event(event("", payload(type, "1")))
              .rfind(fmt::format("intervals[0].payloads[0]: payloads of type '{}' are not under",
                                 type),
                     0) == 0);
  }
  // Half an event is none.
  CHECK(refused_event(event("", payload("DISPATCH_SETPOINT", "1") + "," + payload("PRICE", "0.17")))
            .rfind("intervals[0].payloads[1]: payloads of type 'PRICE'", 0) == 0);
  const auto percent =
      R"("payloadDescriptors":[{"payloadType":"DISPATCH_SETPOINT","units":"PERCENT"}],)";
  CHECK(refused_event(event(percent, payload("DISPATCH_SETPOINT", "75")))
            .find("'PERCENT' is not under") != std::string::npos);
  CHECK(refused_event(event(R"("duration":"P9999Y",)", payload("DISPATCH_SETPOINT", "1")))
            .rfind("duration: P9999Y: an event that repeats", 0) == 0);
  CHECK(refused_event(event(R"("duration":"PT3H",)", payload("DISPATCH_SETPOINT", "1"))) ==
        "nothing");
}

TEST_CASE("targets are sites") {
  const auto with = [](const std::string& targets) {
    return fmt::format(R"({{"programID":"p","id":"7",{}"intervals":[{{"id":0,"payloads":[{}]}}]}})",
                       targets, payload("IMPORT_CAPACITY_LIMIT", "5"));
  };
  CHECK(refused_event(with("")).rfind("targets: which of the 2 sites?", 0) == 0);
  CHECK(refused_event(with(R"("targets":["abilen"],)")) ==
        "targets: no site is called 'abilen' (did you mean 'abilene'?)");
  CHECK(refused_event(with(R"("targets":[{"type":"GROUP","values":["g"]}],)"))
            .rfind("targets[0]: targets of type 'GROUP' are not understood", 0) == 0);
  const auto both = read(with(R"("targets":["milam-county","abilene","abilene"],)"));
  REQUIRE(both.curtailments.size() == 2);
  CHECK(both.curtailments[0].site == "milam-county");
  CHECK(both.curtailments[0].name != both.curtailments[1].name);
  // The resources of a node count, not the node.
  const auto resource = read(with(R"("targets":[{"type":"VEN_NAME","values":["ampacity"]},)"
                                  R"({"type":"RESOURCE_NAME","values":["abilene"]}],)"));
  CHECK(resource.curtailments[0].site == "abilene");
  CHECK(openadr::read_event(with(""), {"only"}, now).value().curtailments[0].site == "only");
}

TEST_CASE("times") {
  using openadr::read_duration;
  using openadr::read_instant;
  CHECK(read_duration("PT3H").value() == Duration(3 * 3'600'000));
  CHECK(read_duration("P1DT2H30M5S").value() == Duration(95'405'000));
  CHECK(read_duration("P2W").value() == Duration(14 * 86'400'000LL));
  CHECK(read_duration("PT0S").value() == Duration(0));
  CHECK(read_duration("P9999Y").value() == Duration(0));
  for (const auto* bad : {"", "P", "PT", "3H", "PT3", "P1M", "P1Y", "PT1D", "-PT1H", "PT1.5H",
                          "P1DT", "PT99999999999H", "PT1HT1H"}) {
    CAPTURE(bad);
    CHECK(!read_duration(bad));
  }
  const auto text = [](const char* instant) { return to_text(read_instant(instant).value()); };
  CHECK(text("2028-07-01T16:00:00Z") == "2028-07-01T16:00:00.000Z");
  CHECK(text("2028-07-01T16:00:00-07:00") == "2028-07-01T23:00:00.000Z");
  CHECK(text("2028-07-01T01:00:00.5+05:30") == "2028-06-30T19:30:00.500Z");
  CHECK(text("2028-07-01T16:00:00.123456Z") == "2028-07-01T16:00:00.123Z");
  for (const auto* bad :
       {"2028-07-01", "2028-07-01T16:00:00", "2028-07-01T16:00:00+7:00", "2028-07-01T16:00:00.Z",
        "2028-13-01T16:00:00Z", "2028-07-01 16:00:00Z"}) {
    CAPTURE(bad);
    CHECK(!read_instant(bad));
  }
}

TEST_CASE("an interval says when it begins, or follows the one before") {
  const auto two = [](const std::string& first, const std::string& second) {
    return fmt::format(R"({{"programID":"p","eventName":"e","targets":["abilene"],"intervals":[)"
                       R"({{"id":0,{}"payloads":[{}]}},{{"id":1,{}"payloads":[{}]}}]}})",
                       first, payload("DISPATCH_SETPOINT", "9"), second,
                       payload("DISPATCH_SETPOINT", "8"));
  };
  const auto at = [](const char* start, const char* lasts) {
    return fmt::format(R"("intervalPeriod":{{"start":"{}","duration":"{}"}},)", start, lasts);
  };
  const auto apart =
      read(two(at("2028-07-01T16:00:00Z", "PT1H"), at("2028-07-01T20:00:00Z", "PT2H")));
  CHECK(to_text(apart.curtailments[1].from) == "2028-07-01T20:00:00.000Z");
  CHECK(!apart.at_once);
  CHECK(refused_event(two("", "")) == "intervals[1]: it follows one that has no end");
  CHECK(refused_event(two("", at("2028-07-01T16:00:00Z", "P400D")))
            .rfind("intervals[1].payloads[0]: a curtailment lasts a year", 0) == 0);
  const auto after =
      read(two(at("2028-07-01T16:00:00Z", "PT1H"), R"("intervalPeriod":{"duration":"PT15M"},)"));
  CHECK(after.curtailments[1].from == after.curtailments[0].until);
}

TEST_CASE("what is no event") {
  CHECK(refused_event("[]").rfind("(top): expected an object", 0) == 0);
  CHECK(refused_event(event("", payload("PR\\u0007ICE", "1"))).find("'PR?ICE'") !=
        std::string::npos);
  CHECK(refused_event(R"({"programID":"p\u001b","id":"1"})").find("a control character") !=
        std::string::npos);
  CHECK(refused_event("{}") == "programID: is missing");
  CHECK(refused_event(R"({"programID":"p"})") == "eventName: neither it nor an id is given");
  CHECK(refused_event(R"({"programID":"p","id":"1","objectType":"PROGRAM"})") ==
        "objectType: expected EVENT, got 'PROGRAM'");
  CHECK(refused_event(R"({"operation":"DELETE","object":{}})") ==
        "object.eventName: neither it nor an id is given");
  CHECK(refused_event(R"({"operation":"PUT","object":{}})").rfind("operation: 'PUT' is not", 0) ==
        0);
  CHECK(refused_event(event("", "")) == "intervals[0].payloads: there is none");
}
