// SPDX-License-Identifier: Apache-2.0
// The public report that the example portfolio describes (July 2025), fact by fact, beside what the
// portfolio comes to. Called by `ampacity article`; a test holds the figures of examples/stargate.
// The assumptions are in the formulas: reactors of 1 GW at 92 %, homes at 10,500 kWh a year.
#pragma once

#include <boost/describe/class.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/portfolio.hpp"

namespace ampacity::finance {

struct ArticleRow {
  std::int64_t fact = 0;
  std::string said;      // by the report
  std::string computed;  // from the portfolio
  std::string formula;
};
BOOST_DESCRIBE_STRUCT(ArticleRow, (), (fact, said, computed, formula))

struct Article {
  std::string portfolio;
  std::vector<ArticleRow> rows;
};
BOOST_DESCRIBE_STRUCT(Article, (), (portfolio, rows))

// NotFound: a portfolio without leases has nothing to set beside the report.
Result<Article> article_of(const Portfolio& portfolio);

}  // namespace ampacity::finance
