// SPDX-License-Identifier: Apache-2.0
// The HTTP API: routes to the conductor (writes), the journal's tables (jobs, events) and the
// engine (sites, leases, explanations). docs/reference/openapi.json describes it; wire/api.hpp has
// the bodies. Every answer stands on durable facts only. Writes need the bearer token.
#pragma once

#include <memory>
#include <string>

#include "http/server.hpp"
#include "journal/reader.hpp"
#include "serve/conductor.hpp"

namespace ampacity {

class Api {
 public:
  Api(asio::io_context& io, Conductor& conductor, std::unique_ptr<JournalReader> reader,
      std::string token);
  ~Api();
  http::Handler handler();

 private:
  struct Routes;
  std::shared_ptr<Routes> routes_;
};

}  // namespace ampacity
