// SPDX-License-Identifier: Apache-2.0
#include "report/csv.hpp"

#include <fmt/format.h>

#include <boost/mp11.hpp>
#include <cstdlib>

#include "base/pack.hpp"

namespace ampacity::report {
namespace {

using Fields = std::vector<std::string>;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

std::string line(const Fields& fields) {
  std::string out;
  for (const auto& field : fields) {
    if (&field != &fields.front()) out += ',';
    out += csv_field(field);
  }
  return out + "\r\n";
}

// Names of the members, those of a struct within as "wait_mean_ms"; of `time` without the prefix,
// as they say themselves what they are.
template <class T>
void add_titles(Fields& out, const std::string& prefix) {
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    using Item = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
    if constexpr (is_described<Item>) {
      const std::string name = member.name;
      add_titles<Item>(out, name == "time" ? prefix : prefix + name + "_");
    } else {
      out.push_back(prefix + member.name);
    }
  });
}

template <class T>
void add_values(Fields& out, const T& row) {
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    const auto& item = row.*member.pointer;
    if constexpr (is_described<std::remove_cvref_t<decltype(item)>>) {
      add_values(out, item);
    } else {
      out.push_back(fmt::format("{}", item));
    }
  });
}

template <class T>
std::string table(const std::vector<T>& rows) {
  Fields titles;
  add_titles<T>(titles, "");
  auto out = line(titles);
  for (const auto& row : rows) {
    Fields fields;
    add_values(fields, row);
    out += line(fields);
  }
  return out;
}

Fields sample_titles(const SimulationResult& result) {
  Fields titles = {"at_ms", "waiting_jobs", "waiting_gpus", "largest_free_rack",
                   "largest_free_site"};
  for (const auto& c : result.size_classes) titles.push_back("waiting_jobs:" + c.name);
  Fields of_site;
  add_titles<SiteSample>(of_site, "");
  for (const auto& site : result.sites) {
    for (const auto& title : of_site) titles.push_back(title + ":" + site.name);
  }
  return titles;
}

// One row a sample: what is by class or by site stands in columns "used_gpus:abilene".
std::string samples(const SimulationResult& result) {
  const auto titles = sample_titles(result);
  auto out = line(titles);
  for (const auto& s : result.samples) {
    Fields fields;
    for (const auto n :
         {s.at_ms, s.waiting_jobs, s.waiting_gpus, s.largest_free_rack, s.largest_free_site}) {
      fields.push_back(fmt::format("{}", n));
    }
    for (std::size_t i = 0; i < result.size_classes.size(); ++i) {
      fields.push_back(i < s.waiting_by_class.size() ? fmt::format("{}", s.waiting_by_class[i])
                                                     : "");
    }
    for (std::size_t i = 0; i < result.sites.size() && i < s.sites.size(); ++i) {
      add_values(fields, s.sites[i]);
    }
    fields.resize(titles.size());
    out += line(fields);
  }
  return out;
}

std::string seconds(std::int64_t ms) {
  const auto text = fmt::format("{}{}", ms < 0 ? "-" : "", std::abs(ms / 1'000));
  return ms % 1'000 == 0 ? text : fmt::format("{}.{:03}", text, std::abs(ms % 1'000));
}

}  // namespace

std::string csv_field(std::string_view text) {
  const bool plain = text.find_first_of(",\"\r\n") == std::string_view::npos &&
                     (text.empty() || (text.front() != ' ' && text.back() != ' '));
  if (plain) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::vector<CsvTable> csv_tables(const SimulationResult& result) {
  return {{"sites.csv", table(result.sites)},   {"teams.csv", table(result.teams)},
          {"leases.csv", table(result.leases)}, {"classes.csv", table(result.size_classes)},
          {"series.csv", table(result.series)}, {"samples.csv", samples(result)}};
}

StartsWriter::StartsWriter(std::ostream& out, std::int64_t origin_ms)
    : out_(out), origin_ms_(origin_ms) {
  out_ << "job,source,submit_s,start_s,end_s,wait_s,gpus,attempts,team,site,state,workload\r\n";
}

void StartsWriter::add(const StartRow& row) {
  const auto at = [&](const std::optional<std::int64_t>& ms) {
    return ms ? seconds(*ms - origin_ms_) : "";
  };
  out_ << fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\r\n", row.job,
                      row.source ? std::to_string(*row.source) : "", at(row.submit_ms),
                      at(row.start_ms), at(row.end_ms),
                      row.start_ms ? seconds(*row.start_ms - row.submit_ms) : "", row.gpus,
                      row.attempts, csv_field(row.team), csv_field(row.site), csv_field(row.state),
                      csv_field(row.workload));
}

}  // namespace ampacity::report
