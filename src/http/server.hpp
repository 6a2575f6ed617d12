// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server on Boost.Beast: one coroutine a connection, all on the executor that it is
// given (serve runs it on one thread, so handlers need no locks). A handler answers once, or
// streams (SSE, logs) until it returns or the peer goes away. Limits in http/message.hpp; beyond
// them the answer is 4xx and the connection ends. Loopback by default: binding elsewhere is the
// caller's decision.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace ampacity::http {

namespace asio = boost::asio;

// A response that goes on: chunked, written as it comes.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual asio::awaitable<bool> begin(const std::string& type) = 0;  // false: the peer is gone
  virtual asio::awaitable<bool> send(std::string_view text) = 0;
};

// Returns the response, or no value after it has streamed one itself.
using Handler =
    std::function<asio::awaitable<std::optional<Response>>(const Request& request, Stream& stream)>;

class Server {
 public:
  virtual ~Server() = default;
  virtual int port() const = 0;
  virtual void stop() = 0;  // no new connections; open ones are closed
};

// Listens at once; port 0 picks a free one. Error: the address is taken or not allowed.
Result<std::unique_ptr<Server>> listen(asio::io_context& io, const std::string& address, int port,
                                       Handler handler);

}  // namespace ampacity::http
