// SPDX-License-Identifier: Apache-2.0
// Where the finance commands get their answers: a server, or a portfolio file without any use.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "client/connection.hpp"
#include "ledger/reports.hpp"
#include "wire/file_problem.hpp"

namespace ampacity::finance {

// Why there is none: problems of the file, or an error.
using Trouble = std::variant<std::vector<FileProblem>, Error>;

template <class T>
using Got = std::variant<T, Trouble>;

struct Source {
  client::Options options;
  std::string portfolio;  // a file; empty: the server
};

Got<Portfolio> portfolio_of(const Source& source);
Got<Invoice> invoice_of(const Source& source, const std::string& lease, Month month);
Got<Billing> billing_of(const Source& source, Month month);
Got<Chargeback> chargeback_of(const Source& source, Month month, const std::string& by);
Got<EnergyAccount> energy_of(const client::Options& options, Month month);  // of the server
Got<ProgrammeList> programmes_of(const Source& source);

}  // namespace ampacity::finance
