// SPDX-License-Identifier: Apache-2.0
// The JSON form: every kind of command and event survives the round trip, and bad input is refused
// by path.
#include "wire/json.hpp"

#include <doctest/doctest.h>

using namespace ampacity;

namespace {

// Fills every member of a described value with something that is not its default, so that a member
// which is not written or not read shows.
struct Filler {
  std::int64_t next = 1;

  template <class T>
  void fill(T& value) {
    using namespace json::detail;
    if constexpr (std::is_same_v<T, bool>) {
      value = !value;
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = fmt::format("té\"xt\\\n{}", next++);
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(1);
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(next++);
    } else if constexpr (std::is_same_v<T, AttemptId>) {
      value = {JobId(next++), 2};
    } else if constexpr (Counted<T>) {
      value = T::of(next++);
    } else if constexpr (IsDuration<T>::value) {
      value = T(next++);
    } else if constexpr (IsInstant<T>::value) {
      value = from_ms(next++);
    } else if constexpr (IsTagged<T>::value) {
      value = T(static_cast<typename T::rep>(next++));
    } else if constexpr (IsOptional<T>::value) {
      fill(value.emplace());
    } else if constexpr (IsShared<T>::value) {
      auto item = std::make_shared<std::remove_const_t<typename T::element_type>>();
      fill(*item);
      value = item;
    } else if constexpr (IsVector<T>::value) {
      fill(value.emplace_back());
      fill(value.emplace_back());
    } else if constexpr (IsMap<T>::value) {
      fill(value["key"]);
    } else {
      boost::mp11::mp_for_each<Members<T>>([&](auto member) { fill(value.*member.pointer); });
    }
  }
};

template <class Variant>
void round_trips() {
  boost::mp11::mp_for_each<boost::mp11::mp_iota_c<std::variant_size_v<Variant>>>([](auto index) {
    using Item = std::variant_alternative_t<index, Variant>;
    CAPTURE(json::kind_name<Item>());
    Variant value;
    Filler().fill(value.template emplace<index>());
    const auto text = json::to_json(value);
    CHECK(text.find(fmt::format("{{\"kind\":\"{}\"", json::kind_name<Item>())) == 0);
    const auto back = json::from_json<Variant>(text);
    if (!back) FAIL(back.error().message);
    CHECK(back->index() == value.index());
    CHECK(json::to_json(*back) == text);
    // What is read is what was there: a default value writes another text.
    if (boost::mp11::mp_size<json::detail::Members<Item>>::value > 0) {
      Variant empty;
      empty.template emplace<index>();
      CHECK(json::to_json(empty) != text);
    }
    // Nothing but the members of the kind is needed: older writers left members out.
    CHECK(json::from_json<Variant>(fmt::format("{{\"kind\":\"{}\"}}", json::kind_name<Item>())));
  });
}

template <class T>
std::string refusal(const std::string& text) {
  const auto value = json::from_json<T>(text);
  return value ? "read" : value.error().message;
}

}  // namespace

TEST_CASE("every command survives the round trip") {
  round_trips<Command>();
}

TEST_CASE("every event survives the round trip") {
  round_trips<EventBody>();
}

TEST_CASE("an event carries its time") {
  Event event;
  event.at = from_ms(1'830'297'600'000);
  Filler().fill(event.body.emplace<JobEnded>());
  const auto text = json::to_json(event);
  CHECK(text.find("{\"at\":1830297600000,\"body\":{\"kind\":\"JobEnded\"") == 0);
  CHECK(json::from_json<Event>(text)->at == event.at);
}

TEST_CASE("values that compare are equal after the round trip") {
  Portfolio portfolio;
  JobSpec job;
  Filler().fill(portfolio);
  Filler().fill(job);
  CHECK(*json::from_json<Portfolio>(json::to_json(portfolio)) == portfolio);
  CHECK(*json::from_json<JobSpec>(json::to_json(job)) == job);
}

TEST_CASE("an accelerator by its name alone: what older journals and people write") {
  const auto job = json::from_json<JobSpec>(
      R"({"accelerators":["H200",{"name":"H100","speed":400000},{"name":"GB200"}]})");
  REQUIRE(job.has_value());
  CHECK(job->accelerators ==
        std::vector<Accepted>{{"H200", one}, {"H100", Ratio::of(400'000)}, {"GB200", one}});
  CHECK(refusal<JobSpec>("{\"accelerators\":[7]}") ==
        "accelerators[0]: expected a name, or an object of name and speed, got 7");
  CHECK(refusal<JobSpec>("{\"accelerators\":[{\"speed\":\"fast\"}]}") ==
        "accelerators[0].speed: expected an integer, got \"fast\"");
}

TEST_CASE("bad JSON is refused by path and kind") {
  CHECK(refusal<Command>("{\"kind\":\"Nonsense\"}") == ": unknown kind 'Nonsense'");
  CHECK(refusal<Command>("{}") == ": expected an object with a \"kind\"");
  CHECK(refusal<Command>("[]") == "(top): expected an object, got []");
  CHECK(refusal<Command>("{\"kind\":\"CancelJob\",\"job\":\"x\"}") ==
        "job: expected an integer, got \"x\"");
  CHECK(refusal<JobSpec>("{\"gpus\":1.5}") == "gpus: expected an integer, got 1.5E0");
  CHECK(refusal<JobSpec>("{\"launch\":\"Rocket\"}") ==
        "launch: expected one of its names, got \"Rocket\"");
  CHECK(refusal<JobSpec>("{\"sites\":[\"a\",2]}") == "sites[1]: expected a string, got 2");
  CHECK(refusal<JobSpec>("{\"gpus\":9223372036854775808}") ==
        "gpus: expected an integer, got 9223372036854775808");
  CHECK(refusal<ReportStarted>("{\"attempt\":\"12\"}") ==
        "attempt: expected an attempt such as \"12.1\", got \"12\"");
  CHECK(refusal<Lease>("{\"starts\":-1}") ==
        "starts: expected an integer from 0 to 7289654400000, got -1");
}

TEST_CASE("text that is not JSON, too long or too deep") {
  CHECK(refusal<JobSpec>("{\"gpus\":").find("JSON: ") == 0);
  CHECK(refusal<JobSpec>("{} x").find("JSON: ") == 0);
  CHECK(refusal<JobSpec>(std::string(100, '[')).find("JSON: ") == 0);
  CHECK_FALSE(json::parse("[1,2,3]", 6));
  CHECK(json::parse("[1,2,3]", 7));
}

TEST_CASE("unknown members are ignored: a newer writer") {
  CHECK(json::from_json<JobSpec>("{\"gpus\":4,\"colour\":\"red\"}")->gpus == GpuCount::of(4));
}

namespace {
struct Numbers {
  std::uint64_t seed = 0;
  double mean = 0;
  std::optional<double> low;
};
BOOST_DESCRIBE_STRUCT(Numbers, (), (seed, mean, low))
}  // namespace

TEST_CASE("integers of 64 bits without a sign, and doubles") {
  const Numbers wide{18'446'744'073'709'551'615U, 0.1, -2.5e-7};
  const auto text = json::to_json(wide);
  CHECK(text == R"({"seed":18446744073709551615,"mean":0.1,"low":-2.5e-07})");
  const auto again = json::from_json<Numbers>(text);
  REQUIRE(again.has_value());
  CHECK(again->seed == wide.seed);
  CHECK(again->mean == 0.1);
  CHECK(json::from_json<Numbers>(R"({"seed":7,"mean":3})")->mean == 3);
  CHECK(json::from_json<Numbers>(R"({"seed":-7})").error().message ==
        "seed: expected an integer from 0 to 2^64 - 1, got -7");
  CHECK(!json::from_json<Numbers>(R"({"seed":1.5})").has_value());
  CHECK(!json::from_json<Numbers>(R"({"mean":"1"})").has_value());
  CHECK(json::to_json(Numbers{.mean = std::nan("")}) == R"({"seed":0,"mean":null})");
}
