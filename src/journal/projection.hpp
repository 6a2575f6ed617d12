// SPDX-License-Identifier: Apache-2.0
// Folds events into the tables that people query: jobs, attempts, allocations, draws,
// bearers. Runs inside
// the transaction that stores the events, so that the tables and the events never disagree. They
// hold nothing that the events do not: rebuild() makes them again. Cost: one to three row updates
// an event, one insert for each node of an allocation.
#pragma once

#include <soci/soci.h>

#include <cstdint>

#include "base/result.hpp"
#include "journal/statement.hpp"
#include "protocol/vocabulary.hpp"

namespace ampacity::sqlite {

class Projection {
 public:
  // Prepares the statements; the session must outlive it. Throws what SOCI throws, as apply() does.
  explicit Projection(soci::session& session);

  // Corrupt if the tables lack the job or attempt that the event is about.
  Status apply(std::int64_t id, const Event& event);

 private:
  void fold(std::int64_t id, Instant at, const JobSubmitted& event);
  void fold(std::int64_t id, Instant at, const AttemptPlaced& event);
  void fold(std::int64_t id, Instant at, const AttemptStarted& event);
  void fold(std::int64_t id, Instant at, const AttemptStopping& event);
  void fold(std::int64_t id, Instant at, const AttemptEnded& event);
  void fold(std::int64_t id, Instant at, const PaceChanged& event);
  void fold(std::int64_t id, Instant at, const BearerChanged& event);
  void fold(std::int64_t id, Instant at, const JobRequeued& event);
  void fold(std::int64_t id, Instant at, const JobEnded& event);
  void fold(std::int64_t id, Instant at, const JobHeld& event);
  void fold(std::int64_t id, Instant at, const JobReleased& event);
  template <class Other>
  void fold(std::int64_t, Instant, const Other&) {}  // changes no row

  void expect_one(std::int64_t changed, const char* table);

  const char* lacking_ = nullptr;  // the table that lacked a row

  Statement<Whole, std::string, std::string, std::string, std::string, std::string, Whole, Whole,
            Whole, Whole>
      submit_;
  Statement<Whole, Whole, std::string, std::string, std::string, std::string, Whole, Whole> place_;
  Statement<Whole, Whole, Whole, std::string, Whole, Whole> allocate_;
  Statement<Whole, std::string, Whole> job_placed_;
  Statement<Whole, Whole, Whole> start_;
  Statement<Whole, Whole> job_started_;
  Statement<Whole, Whole, Whole, Whole, Whole> draw_;
  Statement<Whole, Whole, Whole, std::string, std::string, Whole> bear_;
  Statement<std::string, Whole, Whole> stop_;
  Statement<Whole> job_stopping_;
  Statement<std::string, Whole, std::string, Whole, Whole, Whole, Whole, Whole, Whole, Whole> end_;
  Statement<Nullable<Whole>, Whole, Whole, Whole, Whole, Whole, Whole> job_used_;
  Statement<std::string, Whole> job_requeued_;
  Statement<std::string, std::string, Whole, Whole> job_ended_;
  Statement<std::string, Whole> job_why_;
};

}  // namespace ampacity::sqlite
