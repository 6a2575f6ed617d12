// SPDX-License-Identifier: Apache-2.0
#include "finance/source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "wire/portfolio_file.hpp"
#include "wire/zones.hpp"

namespace ampacity::finance {
namespace {

template <class T>
Got<T> asked(const Source& source, const std::string& target) {
  auto answer = client::fetch<T>(source.options, target);
  if (!answer) return Trouble(answer.error());
  return std::move(*answer);
}

struct Reckoned {
  Portfolio portfolio;
  AllInvoices invoices;
};

// From the file alone: what contracts owe when nobody uses anything.
Got<Reckoned> reckoned(const Source& source, std::optional<Month> until) {
  auto loaded = load_portfolio(source.portfolio);
  if (!loaded) return Trouble(loaded.error());
  const auto calendars = load_calendars(*loaded);
  if (!calendars) return Trouble(calendars.error());
  Reckoned r{std::move(*loaded), {}};
  const auto last = until ? until : last_month(r.portfolio.programmes);
  if (last) r.invoices = all_invoices(r.portfolio, *calendars, {}, *last, Instant());
  return r;
}

std::optional<Invoice> of_month(const std::vector<Invoice>& invoices, Month month) {
  const auto it = std::find_if(invoices.begin(), invoices.end(),
                               [&](const Invoice& i) { return i.month == to_text(month); });
  return it == invoices.end() ? std::nullopt : std::optional(*it);
}

}  // namespace

Got<Portfolio> portfolio_of(const Source& source) {
  if (source.portfolio.empty()) return asked<Portfolio>(source, "/v1/portfolio");
  auto loaded = load_portfolio(source.portfolio);
  if (!loaded) return Trouble(loaded.error());
  return std::move(*loaded);
}

Got<Invoice> invoice_of(const Source& source, const std::string& lease, Month month) {
  if (source.portfolio.empty()) {
    return asked<Invoice>(
        source, fmt::format("/v1/leases/{}/invoices/{}", http::encoded(lease), to_text(month)));
  }
  auto got = reckoned(source, month);
  if (auto* trouble = std::get_if<Trouble>(&got)) return std::move(*trouble);
  const auto& r = std::get<Reckoned>(got);
  for (std::size_t i = 0; i < r.invoices.size(); ++i) {
    if (r.portfolio.leases[i].name != lease) continue;
    if (auto found = of_month(r.invoices[i], month)) return std::move(*found);
    return Trouble(Error{
        ErrorCode::NotFound,
        fmt::format("lease {} has no invoice of {}: it does not run then", lease, to_text(month))});
  }
  return Trouble(
      Error{ErrorCode::NotFound, unknown_name("lease", lease, names_of(r.portfolio.leases))});
}

Got<Billing> billing_of(const Source& source, Month month) {
  if (source.portfolio.empty()) return asked<Billing>(source, "/v1/billing/" + to_text(month));
  auto got = reckoned(source, month);
  if (auto* trouble = std::get_if<Trouble>(&got)) return std::move(*trouble);
  Billing billing{to_text(month), {}};
  for (const auto& invoices : std::get<Reckoned>(got).invoices) {
    if (auto found = of_month(invoices, month)) billing.invoices.push_back(std::move(*found));
  }
  return billing;
}

Got<Chargeback> chargeback_of(const Source& source, Month month, const std::string& by) {
  if (source.portfolio.empty()) {
    return asked<Chargeback>(source, fmt::format("/v1/chargeback/{}?by={}", to_text(month), by));
  }
  auto got = reckoned(source, month);
  if (auto* trouble = std::get_if<Trouble>(&got)) return std::move(*trouble);
  const auto& r = std::get<Reckoned>(got);
  return chargeback(r.portfolio, r.invoices, month, by == "project");
}

Got<EnergyAccount> energy_of(const client::Options& options, Month month) {
  return asked<EnergyAccount>({options, ""}, "/v1/energy/" + to_text(month));
}

Got<ProgrammeList> programmes_of(const Source& source) {
  if (source.portfolio.empty()) return asked<ProgrammeList>(source, "/v1/programmes");
  auto got = reckoned(source, std::nullopt);
  if (auto* trouble = std::get_if<Trouble>(&got)) return std::move(*trouble);
  const auto& r = std::get<Reckoned>(got);
  return programmes(r.portfolio, r.invoices);
}

}  // namespace ampacity::finance
