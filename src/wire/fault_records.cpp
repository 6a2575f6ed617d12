// SPDX-License-Identifier: Apache-2.0
#include "wire/fault_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "units/text.hpp"
#include "wire/records.hpp"

namespace ampacity {
namespace {

constexpr std::int64_t least_failures = 10;  // of a bin: fewer say little of its hazard

Instant start_of(const std::optional<Instant>& given) {
  return given ? *given : *parse_instant("2000-01-01");
}

// From, and until when, as a row has it.
struct Span {
  std::optional<Instant> from;
  std::optional<Instant> until;
};

class SpanColumns {
 public:
  template <class Columns>
  SpanColumns(MappedRows& rows, const Columns& columns)
      : rows_(rows), units_{columns.from.unit, columns.until.unit, columns.lasts.unit} {
    from_ = rows.find("from", columns.from.column);
    until_ = rows.find("until", columns.until.column);
    lasts_ = rows.find("lasts", columns.lasts.column);
  }

  // `from`: where the file has no column for it.
  Span read(std::optional<Instant> from = {}) const {
    Span span{from, std::nullopt};
    if (from_) span.from = rows_.time(from_, units_[0]);
    if (until_) span.until = rows_.time(until_, units_[1]);
    const auto lasts = rows_.duration(lasts_, units_[2]);
    if (lasts && span.from) span.until = *span.from + *lasts;
    return span;
  }

 private:
  MappedRows& rows_;
  TimeUnit units_[3];
  MappedRows::Column from_, until_, lasts_;
};

// Why such a span is of no use, or "".
const char* whats_wrong(const Span& span) {
  if (!span.from || !span.until) return "without a beginning or an end";
  if (*span.until < *span.from) return "ends before it begins";
  if (*span.until == *span.from) return "lasts no time";
  if (!in_years_of_records(*span.from) || !in_years_of_records(*span.until)) return "outside of the years 2000 to 2200";
  return "";
}

void say_spans(const auto& columns, const std::string& at, std::vector<Problem>& problems) {
  const bool until = !columns.until.column.empty();
  if (until == !columns.lasts.column.empty()) {
    problems.push_back({at, fmt::format("expected exactly one of 'until' and 'lasts', got {}",
                                        until ? "both" : "none")});
  }
  if (columns.lasts.unit >= TimeUnit::Unix) {
    problems.push_back({at + ".lasts", "is a duration: seconds, milliseconds, minutes or hours"});
  }
  if (columns.file.empty()) problems.push_back({at + ".file", "expected the name of a file"});
}

// ---- outages ----

// Overlapping ones of a place become one, so that the end of the first does not end the second.
void join(RecordedOutages& recorded) {
  auto& all = recorded.outages;
  const auto by_place = [](const Outage& a, const Outage& b) {
    return std::tie(a.target, a.from, a.lasts, a.cause) <
           std::tie(b.target, b.from, b.lasts, b.cause);
  };
  std::sort(all.begin(), all.end(), by_place);
  std::vector<Outage> joined;
  for (auto& outage : all) {
    auto* before = joined.empty() ? nullptr : &joined.back();
    if (before == nullptr || before->target != outage.target ||
        before->from + before->lasts < outage.from) {
      joined.push_back(std::move(outage));
      continue;
    }
    before->lasts = std::max(before->lasts, outage.from + outage.lasts - before->from);
    ++recorded.repairs.repaired["overlaps the one before it: joined"];
  }
  std::sort(joined.begin(), joined.end(), [](const Outage& a, const Outage& b) {
    return std::tie(a.from, a.target) < std::tie(b.from, b.target);
  });
  all = std::move(joined);
}

Loaded<RecordedOutages> outages_of(const OutageColumns& columns, CsvReader csv) {
  MappedRows rows(std::move(csv), start_of(columns.start));
  const SpanColumns spans(rows, columns);
  const auto target = rows.find("target", columns.target);
  const auto cause = rows.find("cause", columns.cause);
  rows.choose(columns.where);
  RecordedOutages recorded;
  while (rows.sound() && rows.next()) {
    ++recorded.repairs.read;
    const auto refuse = [&](const char* reason) { ++recorded.repairs.refused[reason]; };
    if (!rows.chosen()) {
      refuse("not chosen by 'where'");
      continue;
    }
    const auto span = spans.read();
    Outage outage{rows.named(target, columns.targets), {}, {}, rows.named(cause, {})};
    if (const std::string wrong = whats_wrong(span); !wrong.empty()) {
      refuse(wrong.c_str());
    } else if (outage.target.empty()) {
      refuse("without a place");
    } else if (recorded.outages.size() == limits::outages) {
      rows.say(fmt::format("more than {} outages", limits::outages));
    } else {
      outage.from = *span.from;
      outage.lasts = *span.until - *span.from;
      recorded.outages.push_back(std::move(outage));
    }
  }
  if (!rows.sound()) return rows.problems();
  join(recorded);
  return recorded;
}

// ---- lifetimes ----

struct Life {
  std::string id;
  Instant from;
  Instant until;
  bool failed = false;
};

// By unit: the age counts from its first row; a row that begins in the one before it, where that
// ends.
LifeTableBuilder aged(std::vector<Life> lives, Duration bin, WorkloadRepairs& repairs) {
  std::sort(lives.begin(), lives.end(), [](const Life& a, const Life& b) {
    return std::tie(a.id, a.from, a.until, a.failed) < std::tie(b.id, b.from, b.until, b.failed);
  });
  LifeTableBuilder builder(bin, least_failures);
  Instant born;
  const Life* before = nullptr;
  for (auto& life : lives) {
    const bool same = before != nullptr && !life.id.empty() && before->id == life.id;
    if (!same) born = life.from;
    if (same && life.from < before->until) {
      ++repairs.repaired["begins before the life in front of it ends: begins then"];
      life.from = std::min(before->until, life.until);
    }
    if (life.until - born > limits::life) {
      ++repairs.refused["older than 50 years"];
    } else {
      builder.add(life.from - born, life.until - born, life.failed);
    }
    before = &life;
  }
  return builder;
}

}  // namespace

std::vector<Problem> check(const OutageColumns& columns, const std::string& at) {
  std::vector<Problem> problems;
  say_spans(columns, at, problems);
  return problems;
}

std::vector<Problem> check(const LifetimeColumns& columns, const std::string& at) {
  std::vector<Problem> problems;
  say_spans(columns, at, problems);
  const bool from = !columns.from.column.empty();
  if (!from && (!columns.id.empty() || !columns.until.column.empty())) {
    problems.push_back({at, "'id' and 'until' need 'from'"});
  }
  if (columns.bin < Duration(3'600'000) || columns.bin > limits::life) {
    problems.push_back({at + ".bin", "expected 1 h to 50 years"});
  }
  return problems;
}

Loaded<RecordedOutages> read_outages(const OutageColumns& columns, LineReader lines) {
  auto csv = CsvReader::begin(std::move(lines));
  if (!csv) return csv.error();
  return outages_of(columns, std::move(*csv));
}

Loaded<RecordedOutages> read_plain_outages(LineReader lines) {
  auto csv = CsvReader::begin(std::move(lines));
  if (!csv) return csv.error();
  OutageColumns columns;
  columns.target = "target";
  columns.from = {"from", TimeUnit::Text};
  if (csv->column("cause")) columns.cause = "cause";
  if (csv->column("lasts")) {
    columns.lasts = {"lasts", TimeUnit::Seconds};
  } else {
    columns.until = {"until", TimeUnit::Text};
  }
  return outages_of(columns, std::move(*csv));
}

Loaded<RecordedLives> read_lives(const LifetimeColumns& columns, LineReader lines) {
  auto csv = CsvReader::begin(std::move(lines));
  if (!csv) return csv.error();
  const auto file = csv->file();
  MappedRows rows(std::move(*csv), start_of(columns.start));
  const SpanColumns spans(rows, columns);
  const auto id = rows.find("id", columns.id);
  const auto event = rows.find("event", columns.event);
  rows.choose(columns.where);
  RecordedLives recorded;
  std::vector<Life> lives;
  const auto fails = [&](const std::string& what) {
    const auto& words = columns.failures;
    if (words.empty()) return !what.empty();
    return std::find(words.begin(), words.end(), what) != words.end();
  };
  while (rows.sound() && rows.next()) {
    ++recorded.repairs.read;
    const auto span = spans.read(start_of(columns.start));
    const std::string wrong = rows.chosen() ? whats_wrong(span) : "not chosen by 'where'";
    if (!wrong.empty()) {
      ++recorded.repairs.refused[wrong];
    } else if (lives.size() == static_cast<std::size_t>(limits::lives)) {
      rows.say(fmt::format("more than {} lives", limits::lives));
    } else {
      lives.push_back({rows.named(id, {}), *span.from, *span.until, fails(rows.named(event, {}))});
    }
  }
  if (!rows.sound()) return rows.problems();
  auto table = aged(std::move(lives), columns.bin, recorded.repairs).table();
  if (!table) {
    return std::vector<FileProblem>{
        {file,
         {},
         "",
         "no row of it is a failure that can be used: there is no hazard to draw from"}};
  }
  recorded.table = std::move(*table);
  return recorded;
}

}  // namespace ampacity
