// SPDX-License-Identifier: Apache-2.0
// Invoices and what is made of them as text for people, on standard output.
#pragma once

#include "finance/article.hpp"
#include "protocol/billing.hpp"
#include "wire/api.hpp"

namespace ampacity::finance {

void show(const Invoice& invoice);
void show(const Chargeback& chargeback);
void show(const EnergyAccount& account);
void show(const ProgrammeList& list);
void show(const Article& article);
void show(const api::LeaseDetail& detail);

}  // namespace ampacity::finance
