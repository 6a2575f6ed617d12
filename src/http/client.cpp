// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace ampacity::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

Error unreachable(const Endpoint& endpoint, const error_code& error) {
  return {ErrorCode::Unavailable,
          fmt::format(
              "no answer from http://{}:{}: {}; is 'ampacity serve' running? (--server says where)",
              endpoint.host, endpoint.port, error.message())};
}

class Connection {
 public:
  explicit Connection(const Endpoint& endpoint) : endpoint_(endpoint), socket_(io_) {}

  Status open() {
    error_code error;
    asio::ip::tcp::resolver resolver(io_);
    const auto found = resolver.resolve(endpoint_.host, endpoint_.port, error);
    if (!error) asio::connect(socket_, found, error);
    if (error) return unreachable(endpoint_, error);
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
    return {};
  }

  Status send(const std::string& method, const std::string& target, const std::string& body,
              const std::map<std::string, std::string>& headers = {}) {
    bhttp::request<bhttp::string_body> request;
    request.version(11);
    request.method_string(method);
    request.target(target);
    request.set(bhttp::field::host, endpoint_.host);
    request.keep_alive(false);
    if (!endpoint_.token.empty()) {
      request.set(bhttp::field::authorization, "Bearer " + endpoint_.token);
    }
    for (const auto& [name, value] : headers) request.set(name, value);
    if (!body.empty()) request.set(bhttp::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    error_code error;
    bhttp::write(socket_, request, error);
    if (error) return unreachable(endpoint_, error);
    return {};
  }

  Result<Response> receive() {
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(256U << 20U);
    error_code error;
    bhttp::read(socket_, buffer_, parser, error);
    if (error) return unreachable(endpoint_, error);
    auto message = parser.release();
    return Response{static_cast<int>(message.result_int()), std::move(message.body())};
  }

  Result<Response> receive_chunks(const std::function<bool(std::string_view)>& chunk) {
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(boost::none);
    error_code error;
    bhttp::read_header(socket_, buffer_, parser, error);
    if (error) return unreachable(endpoint_, error);
    const auto status = static_cast<int>(parser.get().result_int());
    if (status != 200) {
      bhttp::read(socket_, buffer_, parser, error);
      return Response{status, parser.get().body()};
    }
    while (!parser.is_done()) {
      bhttp::read_some(socket_, buffer_, parser, error);
      auto& body = parser.get().body();
      if (!body.empty() && !chunk(body)) return Response{200, ""};
      body.clear();
      if (error == bhttp::error::end_of_stream) break;
      if (error) return unreachable(endpoint_, error);
    }
    return Response{200, ""};
  }

 private:
  const Endpoint& endpoint_;
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
  beast::flat_buffer buffer_;
};

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view url) {
  const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) {
    return invalid(fmt::format("expected a server such as 'http://127.0.0.1:7070', got '{}'", url));
  }
  Endpoint endpoint;
  endpoint.host = parsed->host();
  endpoint.port = parsed->has_port() ? std::string(parsed->port()) : "80";
  return endpoint;
}

Result<Response> call(const Endpoint& endpoint, const std::string& method,
                      const std::string& target, const std::string& body) {
  Connection connection(endpoint);
  if (auto status = connection.open(); !status) return status.error();
  if (auto status = connection.send(method, target, body); !status) return status.error();
  return connection.receive();
}

Result<Response> follow(const Endpoint& endpoint, const std::string& target,
                        const std::function<bool(std::string_view)>& chunk,
                        const std::map<std::string, std::string>& headers) {
  Connection connection(endpoint);
  if (auto status = connection.open(); !status) return status.error();
  if (auto status = connection.send("GET", target, "", headers); !status) return status.error();
  return connection.receive_chunks(chunk);
}

std::string encoded(std::string_view text) {
  return boost::urls::encode(boost::core::string_view(text.data(), text.size()),
                             boost::urls::unreserved_chars);
}

}  // namespace ampacity::http
