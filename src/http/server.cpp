// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <set>

namespace ampacity::http {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

std::optional<Request> translate(const bhttp::request<bhttp::string_body>& from) {
  const auto url = boost::urls::parse_origin_form(from.target());
  if (!url) return std::nullopt;
  Request to;
  to.method = std::string(from.method_string());
  for (const auto& segment : url->segments()) to.path.push_back(segment);
  for (const auto& param : url->params()) to.query[param.key] = param.value;
  for (const auto* name : {"authorization", "content-type", "last-event-id", "host", "origin"}) {
    if (const auto it = from.find(name); it != from.end())
      to.headers[name] = std::string(it->value());
  }
  return to;
}

class ChunkedStream : public Stream {
 public:
  ChunkedStream(beast::tcp_stream& peer, unsigned version) : peer_(peer), version_(version) {}
  bool begun() const { return begun_; }

  asio::awaitable<bool> begin(const std::string& type) override {
    begun_ = true;
    bhttp::response<bhttp::empty_body> head(bhttp::status::ok, version_);
    head.set(bhttp::field::content_type, type);
    head.set(bhttp::field::cache_control, "no-store");
    head.chunked(true);
    bhttp::response_serializer<bhttp::empty_body> serializer(head);
    peer_.expires_after(std::chrono::seconds(limits::idle_seconds));
    error_code error;
    co_await bhttp::async_write_header(peer_, serializer,
                                       asio::redirect_error(asio::use_awaitable, error));
    alive_ = !error;
    co_return alive_;
  }

  asio::awaitable<bool> send(std::string_view text) override {
    if (!alive_) co_return false;
    if (text.empty()) co_return true;
    peer_.expires_after(std::chrono::seconds(limits::idle_seconds));
    error_code error;
    co_await asio::async_write(peer_, bhttp::make_chunk(asio::buffer(text.data(), text.size())),
                               asio::redirect_error(asio::use_awaitable, error));
    alive_ = !error;
    co_return alive_;
  }

  asio::awaitable<void> end() {
    if (!alive_) co_return;
    error_code error;
    co_await asio::async_write(peer_, bhttp::make_chunk_last(),
                               asio::redirect_error(asio::use_awaitable, error));
  }

 private:
  beast::tcp_stream& peer_;
  unsigned version_;
  bool begun_ = false;
  bool alive_ = true;
};

Response problem(int status, const std::string& message, const std::string& reason) {
  return {status, fmt::format(R"({{"error":"{}","reason":"{}"}})", message, reason)};
}

class BeastServer : public Server {
 public:
  BeastServer(asio::io_context& io, Handler handler)
      : io_(io), acceptor_(io), handler_(std::move(handler)) {}

  Status open(const std::string& address, int port) {
    error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) return invalid(fmt::format("'{}' is not an IP address to listen on", address));
    const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(port));
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(1'024, error);
    if (error) {
      return Error{ErrorCode::Unavailable,
                   fmt::format("cannot listen on {}:{}: {}; choose another with --port", address,
                               port, error.message())};
    }
    asio::co_spawn(io_, accept(), asio::detached);
    return {};
  }

  int port() const override {
    error_code error;
    return acceptor_.local_endpoint(error).port();
  }

  void stop() override {
    error_code error;
    acceptor_.close(error);
    for (auto* peer : peers_) peer->socket().close(error);
  }

 private:
  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      error_code error;
      auto socket =
          co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
      if (error) {  // out of descriptors, say: let some close
        asio::steady_timer pause(io_, std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (peers_.size() >= static_cast<std::size_t>(limits::connections)) continue;  // closes it
      socket.set_option(tcp::no_delay(true), error);
      asio::co_spawn(io_, serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  asio::awaitable<void> serve(beast::tcp_stream peer) {
    peers_.insert(&peer);
    beast::flat_buffer buffer;
    bool more = true;
    while (more) more = co_await serve_one(peer, buffer);
    error_code error;
    peer.socket().shutdown(tcp::socket::shutdown_send, error);
    peers_.erase(&peer);
  }

  asio::awaitable<bool> serve_one(beast::tcp_stream& peer, beast::flat_buffer& buffer) {
    bhttp::request_parser<bhttp::string_body> parser;
    parser.header_limit(limits::header_bytes);
    parser.body_limit(limits::document_bytes);
    peer.expires_after(std::chrono::seconds(limits::idle_seconds));
    error_code error;
    co_await bhttp::async_read_header(peer, buffer, parser,
                                      asio::redirect_error(asio::use_awaitable, error));
    const bool document = !error && parser.get().method() == bhttp::verb::put;
    if (!document) parser.body_limit(limits::body_bytes);
    if (!error && !document && parser.content_length().value_or(0) > limits::body_bytes) {
      error = bhttp::error::body_limit;
    }
    if (!error) {
      co_await bhttp::async_read(peer, buffer, parser,
                                 asio::redirect_error(asio::use_awaitable, error));
    }
    if (error == bhttp::error::body_limit || error == bhttp::error::header_limit) {
      auto refusal = problem(
          413, document ? "the request is larger than 32 MiB" : "the request is larger than 4 MiB",
          "LimitExceeded");
      co_await reply(peer, 11, false, std::move(refusal));
      co_await discard(peer);
      co_return false;
    }
    if (error && error.category() == bhttp::make_error_code(bhttp::error::bad_method).category() &&
        error != bhttp::error::end_of_stream && error != bhttp::error::partial_message) {
      auto refusal = problem(400, "not an HTTP request", "InvalidInput");
      co_await reply(peer, 11, false, std::move(refusal));
    }
    if (error) co_return false;
    auto message = parser.release();
    const bool keep = message.keep_alive();
    auto request = translate(message);
    if (!request) {
      auto refusal = problem(400, "not a valid path", "InvalidInput");
      co_return co_await reply(peer, message.version(), false, std::move(refusal));
    }
    request->body = std::move(message.body());
    ChunkedStream stream(peer, message.version());
    peer.expires_never();  // the handler may wait for a commit, or follow a log for hours
    auto response = co_await handler_(*request, stream);
    if (stream.begun()) {
      co_await stream.end();
      co_return false;
    }
    co_return co_await reply(peer, message.version(), keep, std::move(*response));
  }

  // Reads on for a moment what nobody wants: closing at once would reset the line before the answer
  // is read.
  static asio::awaitable<void> discard(beast::tcp_stream& peer) {
    error_code error;
    std::array<char, 65'536> nobody{};
    peer.socket().shutdown(tcp::socket::shutdown_send, error);
    peer.expires_after(std::chrono::seconds(2));
    for (std::size_t total = 0; !error && total < 16 * limits::body_bytes;) {
      total += co_await peer.async_read_some(asio::buffer(nobody),
                                             asio::redirect_error(asio::use_awaitable, error));
    }
  }

  static asio::awaitable<bool> reply(beast::tcp_stream& peer, unsigned version, bool keep,
                                     Response response) {
    bhttp::response<bhttp::string_body> message(static_cast<bhttp::status>(response.status),
                                                version);
    message.set(bhttp::field::content_type, response.type);
    for (const auto& [name, value] : response.headers) message.set(name, value);
    message.keep_alive(keep);
    message.body() = std::move(response.body);
    message.prepare_payload();
    peer.expires_after(std::chrono::seconds(limits::idle_seconds));
    error_code error;
    co_await bhttp::async_write(peer, message, asio::redirect_error(asio::use_awaitable, error));
    co_return !error && keep;
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  Handler handler_;
  std::set<beast::tcp_stream*> peers_;
};

}  // namespace

Result<std::unique_ptr<Server>> listen(asio::io_context& io, const std::string& address, int port,
                                       Handler handler) {
  auto server = std::make_unique<BeastServer>(io, std::move(handler));
  if (auto status = server->open(address, port); !status) return status.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace ampacity::http
