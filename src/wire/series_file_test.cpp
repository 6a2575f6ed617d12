// SPDX-License-Identifier: Apache-2.0
// Series from CSV files: what is read, what is filled in, and the line that a person sees for each
// mistake.
#include "wire/series_file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "units/text.hpp"
#include "wire/json.hpp"
#include "wire/portfolio_file.hpp"

using namespace ampacity;
namespace fs = std::filesystem;

namespace {

const std::string head = R"(portfolio: test
providers:
  - name: first
sites:
  - name: attic
)";
const std::string tail = R"(    cluster: {kind: simulated}
    halls:
      - {name: hall, power: 100 MW, accelerator: GB200}
)";

// Files of one test, gone after it.
struct Folder {
  fs::path path;
  Folder() : path(fs::temp_directory_path() / ("ampacity-series-" + std::to_string(::getpid()))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
  }
};

std::string price_line(const std::string& more) {
  return "    energy_price: {series: prices.csv, time: utc, value: price, unit: USD/MWh" + more +
         "}\n";
}

Loaded<Portfolio> load(const Folder& folder, const std::string& series) {
  folder.write("p.yaml", head + series + tail);
  return load_portfolio((folder.path / "p.yaml").string());
}

// Problems without the folder.
std::string problems_of(const Folder& folder, const std::string& series) {
  const auto loaded = load(folder, series);
  if (loaded) return "loaded";
  auto text = to_text(loaded.error());
  const auto prefix = folder.path.string() + "/";
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
    text.erase(at, prefix.size());
  }
  return text;
}

std::string hour_text(int i) {
  return fmt::format("2024-03-{:02} {:02}:00", 1 + i / 24, i % 24);
}

// A day and a bit; `change` may spoil a line.
std::string prices(const std::function<std::string(int, std::string)>& change = {}) {
  std::string text = "utc,price\n";
  for (int i = 0; i < 30; ++i) {
    auto line = fmt::format("{},{}.5\n", hour_text(i), i);
    text += change ? change(i, line) : line;
  }
  return text;
}

}  // namespace

TEST_CASE("one zone of a file, in its unit, with a date to the minute or the second") {
  const Folder folder;
  std::string text = "zone,utc,price\n";
  for (int i = 0; i < 24; ++i) {
    text += fmt::format("OTHER,{},7\nMINE,{}:00Z,{}\n", hour_text(i), hour_text(i),
                        i == 3   ? "1.8e-05"
                        : i == 4 ? "-0.0434567895"
                                 : "0.05");
  }
  folder.write("prices.csv", text);
  const auto loaded =
      load(folder,
           "    energy_price: {series: prices.csv, zone: MINE, time: utc, value: price, unit: "
           "USD/kWh}\n");
  REQUIRE_MESSAGE(loaded.has_value(), to_text(loaded.error()));
  const auto& series = *loaded->sites[0].energy_price_by_hour;
  CHECK(to_text(series.from) == "2024-03-01T00:00:00.000Z");
  CHECK(series.values.size() == 24);
  CHECK(series.values[0] == 50'000'000);
  CHECK(series.values[3] == 18'000);
  CHECK(series.values[4] == -43'456'790);  // half a micro-dollar and more
  CHECK(series.repaired == 0);
  CHECK(energy_price_at(loaded->sites[0], series.from) == EnergyPrice::of(50'000'000));
}

TEST_CASE("hours that are missing or empty go on as the hour before, and are counted") {
  const Folder folder;
  folder.write("prices.csv", prices([](int i, const std::string& line) {
                 if (i == 0) return hour_text(0) + ",\n";  // begins with the next
                 if (i == 5 || i == 6) return std::string();
                 return i == 9 ? hour_text(9) + ",NaN\n" : line;
               }));
  const auto loaded = load(folder, price_line(""));
  REQUIRE_MESSAGE(loaded.has_value(), to_text(loaded.error()));
  const auto& series = *loaded->sites[0].energy_price_by_hour;
  CHECK(series.values.size() == 29);
  CHECK(series.repaired == 3);
  CHECK(series.values[3] == 4'500'000);
  CHECK(series.values[4] == 4'500'000);
  CHECK(series.values[5] == 4'500'000);
  CHECK(series.values[6] == 7'500'000);
  CHECK(series.values[8] == 8'500'000);
  CHECK(series_in_words(*loaded) == ", 1 series (3 hours repaired)");
}

TEST_CASE("carbon in pounds, from a compressed file in another folder") {
  const Folder folder;
  fs::create_directories(folder.path / "deep");
  auto* file = gzopen((folder.path / "deep/co2.csv.gz").c_str(), "wb");
  const auto text = prices();
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const auto line = "    carbon: {series: co2.csv.gz, time: utc, value: price, unit: lb/MWh}\n";
  folder.write("p.yaml", head + line + tail);
  const auto path = (folder.path / "p.yaml").string();
  CHECK_FALSE(load_portfolio(path).has_value());
  const auto loaded = load_portfolio(path, (folder.path / "deep").string());
  REQUIRE_MESSAGE(loaded.has_value(), to_text(loaded.error()));
  CHECK(carbon_mg_at(loaded->sites[0], loaded->sites[0].carbon_by_hour->from) == 227);
}

TEST_CASE("each mistake, where it is") {
  const Folder folder;
  const auto spoilt = [&](int at, const std::string& line) {
    folder.write("prices.csv",
                 prices([&](int i, const std::string& l) { return i == at ? line : l; }));
    return problems_of(folder, price_line(""));
  };
  CHECK(spoilt(3, "2024-03-01 03:00,dear\n") ==
        "prices.csv:5:18: price: expected -100000 to 100000 USD/MWh, got 'dear'\n");
  CHECK(spoilt(3, "2024-03-01 03:00,1e6\n") ==
        "prices.csv:5:18: price: expected -100000 to 100000 USD/MWh, got '1e6'\n");
  CHECK(spoilt(3, "1 March,3\n") ==
        "prices.csv:5:1: utc: expected a time such as '2024-03-01 "
        "06:00', UTC, from 2000 on, got '1 March'\n");
  CHECK(spoilt(3, "2024-03-01 02:00,3\n") ==
        "prices.csv:5:1: utc: '2024-03-01 02:00' is not after the row before it; expected "
        "2024-03-01T03:00:00.000Z or later\n");
  CHECK(spoilt(3, "2024-03-01 03:15,3\n") ==
        "prices.csv:5:1: utc: '2024-03-01 03:15' is between two hours: the series has one value an "
        "hour, from 2024-03-01T00:00:00.000Z on\n");
  CHECK(spoilt(29, "2024-04-01 03:00,3\n") ==
        "prices.csv:31:1: utc: '2024-04-01 03:00' comes after a hole of 718 hours; at most 168 are "
        "filled in\n");
  CHECK(spoilt(3, "2024-03-01 03:00,3,4\n").find("prices.csv:5:") == 0);
}

TEST_CASE("a file, a column or a zone that is not there") {
  const Folder folder;
  CHECK(problems_of(folder, price_line("")) ==
        "p.yaml:6:28: sites[0].energy_price.series: prices.csv: cannot be opened: No such file or "
        "directory\n");
  folder.write("prices.csv", "zone,utc,price\nDE-LU,2024-03-01 00:00,1\nFR,2024-03-01 00:00,1\n");
  CHECK(
      problems_of(folder, price_line(", zone: DE-LO")) ==
      "p.yaml:6:86: sites[0].energy_price.zone: prices.csv has no values of zone 'DE-LO' (did you "
      "mean 'DE-LU'?); it has DE-LU and FR\n");
  CHECK(
      problems_of(folder, price_line(", zone: FR")) ==
      "p.yaml:6:19: sites[0].energy_price: a series of 1 hours; expected 24 (a day) to 87864 (ten "
      "years)\n");
  folder.write("prices.csv", "zone,utc,prise\n");
  CHECK(problems_of(folder, price_line("")) ==
        "p.yaml:6:58: sites[0].energy_price.value: prices.csv has no column 'price' (did you mean "
        "'prise'?); it has zone, utc and prise\n");
}

TEST_CASE("the keys of a series, and its unit") {
  const Folder folder;
  folder.write("prices.csv", prices());
  CHECK(problems_of(folder,
                    "    carbon: {series: prices.csv, time: utc, value: price, unit: "
                    "USD/MWh}\n")
            .find("p.yaml:6:65: sites[0].carbon.unit: expected one of") == 0);
  CHECK(problems_of(folder, "    carbon: {series: prices.csv, time: utc, value: price}\n") ==
        "p.yaml:6:13: sites[0].carbon: 'unit' is missing\n");
  CHECK(
      problems_of(folder, "    carbon: {serie: prices.csv, time: utc, value: price, unit: g/kWh}\n")
          .find("unknown key 'serie' (did you mean 'series'?)") != std::string::npos);
  const auto text = head + price_line("") + tail;
  CHECK(
      to_text(parse_portfolio(text, "p").error()) ==
      "p:6:19: sites[0].energy_price: a series is in a file of its own; this text has no folder\n");
}

TEST_CASE("a journalled portfolio of before there were series is read as it was") {
  const auto old = json::from_json<Site>(
      R"({"name":"attic","pue":1100000,"energy_price":66300000,"carbon":333,"halls":[]})");
  REQUIRE(old.has_value());
  CHECK(old->energy_price == EnergyPrice::of(66'300'000));
  CHECK_FALSE(old->energy_price_by_hour);
  CHECK(json::to_json(*old).find("by_hour") == std::string::npos);
}

TEST_CASE("a portfolio with series comes back from its JSON and its bytes") {
  const Folder folder;
  folder.write("prices.csv", prices());
  const auto loaded = load(folder, price_line(""));
  REQUIRE(loaded.has_value());
  CHECK(*json::from_json<Portfolio>(json::to_json(*loaded)) == *loaded);
  ByteSink sink;
  pack(sink, *loaded);
  const auto bytes = sink.take();
  Unpacker from(bytes);
  Portfolio again;
  CHECK(unpack(from, again));
  CHECK(again == *loaded);
}

TEST_CASE("the public series of prices and carbon load whole") {
  const auto* given = std::getenv("AMPACITY_SHARED");
  const auto* root = std::getenv("AMPACITY_SOURCE");
  REQUIRE(root != nullptr);
  const auto shared = given != nullptr ? fs::path(given) : fs::path(root) / "../shared";
  const auto folder = shared / "traces/energy";
  if (!fs::exists(folder)) {
    MESSAGE("skipped: no " << folder.string());
    return;
  }
  const auto text =
      head +
      "    energy_price: {series: electricity-price-hourly-2020-2024.csv.gz, zone: US-TEX-ERCO, "
      "time: utc, value: price_usd_mwh, unit: USD/MWh}\n"
      "    carbon: {series: carbon-intensity-hourly-2021-2024.csv.gz, zone: US-TEX-ERCO, time: "
      "utc, "
      "value: gco2_kwh_lca, unit: g/kWh}\n" +
      tail;
  const auto loaded = parse_portfolio(text, "p.yaml", folder.string());
  REQUIRE_MESSAGE(loaded.has_value(), to_text(loaded.error()));
  const auto& price = *loaded->sites[0].energy_price_by_hour;
  CHECK(price.values.size() == 43'848);
  CHECK(to_text(price.until()) == "2025-01-01T00:00:00.000Z");
  CHECK(*std::max_element(price.values.begin(), price.values.end()) == 8'994'095'000);
  CHECK(loaded->sites[0].carbon_by_hour->values.size() == 35'064);
}
