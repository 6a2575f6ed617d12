// SPDX-License-Identifier: Apache-2.0
// Prepared SQL with typed parameters and columns, over SOCI. Used inside the journal room only;
// whatever SOCI throws is caught by guarded() (journal/errors.hpp).
//   Statement<P...>          a write that is prepared once and run often
//   Query<Columns<C...>, P...>  a read; prepared, run to its end or dropped, in one scope: a
//   half-read one that
//                            lives on would hold back the checkpoints of the WAL
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace ampacity::sqlite {

using Whole = long long;  // what SOCI binds as 64 bits

template <class T>
struct Nullable {
  T value{};
  soci::indicator state = soci::i_null;

  std::optional<T> get() const {
    return state == soci::i_ok ? std::optional<T>(value) : std::nullopt;
  }
};

inline void assign(Whole& to, std::int64_t from) {
  to = from;
}
inline void assign(std::string& to, std::string_view from) {
  to.assign(from);
}

template <class T, class From>
void assign(Nullable<T>& to, const std::optional<From>& from) {
  to.state = from ? soci::i_ok : soci::i_null;
  if (from) assign(to.value, *from);
}

template <class T>
void bind(soci::statement& statement, T& parameter) {
  statement.exchange(soci::use(parameter));
}
template <class T>
void bind(soci::statement& statement, Nullable<T>& parameter) {
  statement.exchange(soci::use(parameter.value, parameter.state));
}
template <class T>
void define(soci::statement& statement, T& column) {
  statement.exchange(soci::into(column));
}
template <class T>
void define(soci::statement& statement, Nullable<T>& column) {
  statement.exchange(soci::into(column.value, column.state));
}

template <class... P>
class Statement {
 public:
  Statement(soci::session& session, const std::string& sql) : statement_(session) {
    std::apply([&](auto&... parameter) { (bind(statement_, parameter), ...); }, parameters_);
    statement_.alloc();
    statement_.prepare(sql);
    statement_.define_and_bind();
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // One argument for each parameter. Returns how many rows it changed.
  template <class... A>
  std::int64_t run(const A&... arguments) {
    static_assert(sizeof...(A) == sizeof...(P));
    std::apply([&](auto&... parameter) { (assign(parameter, arguments), ...); }, parameters_);
    statement_.execute(true);
    return statement_.get_affected_rows();
  }

 private:
  std::tuple<P...> parameters_;  // before the statement, which points into it
  soci::statement statement_;
};

template <class... C>
struct Columns {
  std::tuple<C...> values;
};

template <class Row, class... P>
class Query {
 public:
  template <class... A>
  Query(soci::session& session, const std::string& sql, const A&... arguments)
      : statement_(session) {
    static_assert(sizeof...(A) == sizeof...(P));
    std::apply([&](auto&... parameter) { (assign(parameter, arguments), ...); }, parameters_);
    std::apply([&](auto&... column) { (define(statement_, column), ...); }, row_.values);
    std::apply([&](auto&... parameter) { (bind(statement_, parameter), ...); }, parameters_);
    statement_.alloc();
    statement_.prepare(sql);
    statement_.define_and_bind();
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Steps to the next row; false at the end. row() is valid until the next step.
  bool next() {
    if (started_) return statement_.fetch();
    started_ = true;
    return statement_.execute(true);
  }
  auto& row() { return row_.values; }

 private:
  std::tuple<P...> parameters_;
  Row row_;
  soci::statement statement_;
  bool started_ = false;
};

// The one value of a query that must give one row.
template <class T>
std::optional<T> value_of(soci::session& session, const std::string& sql) {
  Query<Columns<T>> query(session, sql);
  if (!query.next()) return std::nullopt;
  return std::get<0>(query.row());
}

}  // namespace ampacity::sqlite
