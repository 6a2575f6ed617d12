// SPDX-License-Identifier: Apache-2.0
// The OpenAPI 3.1 description of the HTTP API, made from the bodies of wire/api.hpp so that it
// cannot lag behind them. Served at /openapi.json; docs/reference/openapi.json is the same text (a
// test compares them), and tests/api/api_test.py holds it against a running server.
#pragma once

#include <string>

namespace ampacity {

const std::string& openapi_document();

}  // namespace ampacity
