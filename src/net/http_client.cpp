#include "net/http_client.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "base/json.hpp"
#include "base/limits.hpp"

namespace canvasback::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr std::size_t kProblemBytesMax = 64 * limits::kKiB;

struct Address {
  std::string host;
  std::string port = "80";
};

Result<Address> address_of(std::string_view server) {
  constexpr std::string_view kScheme = "http://";
  if (!server.starts_with(kScheme)) return fail(ErrorCode::InvalidData, "--server takes http://host:port.");
  server.remove_prefix(kScheme.size());
  server = server.substr(0, server.find('/'));
  Address address;
  const std::size_t colon = server.rfind(':');
  address.host = server.substr(0, colon);
  if (colon != std::string_view::npos) address.port = server.substr(colon + 1);
  return address;
}

Error problem_of(int status, const std::string& body) {
  auto json = Json::parse(body);
  if (json && json->at("code").is_string()) {
    Error error;
    error.code = error_code_from(json->at("code").as_string()).value_or(ErrorCode::DataProcessing);
    error.message = json->at("detail").as_string();
    if (json->at("position").is_integer()) error.position = static_cast<int>(json->at("position").as_int());
    return error;
  }
  return Error{ErrorCode::DataProcessing,
               fmt::format("The server answered with status {}.", status),
               body.substr(0, 512),
               {},
               0};
}

// A server that has refused the body meanwhile says so in its answer: not being able to send on is then no error.
Status send_pieces(tcp::socket& socket, const beast::http::request<beast::http::string_body>& message,
                   const std::function<Result<std::string_view>()>& next_piece) {
  beast::error_code error;
  beast::http::request_serializer<beast::http::string_body> serializer(message);
  beast::http::write_header(socket, serializer, error);
  while (!error) {
    CANVASBACK_ASSIGN(std::string_view piece, next_piece());
    if (piece.empty()) break;
    asio::write(socket, beast::http::make_chunk(asio::buffer(piece)), error);
  }
  if (!error) asio::write(socket, beast::http::make_chunk_last(), error);
  return {};
}

}  // namespace

Status fetch(const ClientRequest& request, const std::function<Status(std::string_view)>& sink,
             const std::function<void(const FieldOf&)>& on_end) {
  CANVASBACK_ASSIGN(Address address, address_of(request.server));
  asio::io_context loop;
  tcp::resolver resolver(loop);
  tcp::socket socket(loop);
  beast::error_code error;
  const auto endpoints = resolver.resolve(address.host, address.port, error);
  if (!error) asio::connect(socket, endpoints, error);
  if (error)
    return fail(ErrorCode::Unavailable,
                fmt::format("The server {} cannot be reached: {}.", request.server, error.message()));
  beast::http::request<beast::http::string_body> message(beast::http::string_to_verb(request.method), request.target,
                                                         11);
  message.set(beast::http::field::host, address.host + ":" + address.port);
  message.set(beast::http::field::connection, "close");
  if (!request.content_type.empty()) message.set(beast::http::field::content_type, request.content_type);
  if (!request.encoding.empty()) message.set(beast::http::field::content_encoding, request.encoding);
  if (!request.idempotency_key.empty()) message.set("Idempotency-Key", request.idempotency_key);
  message.body() = request.body;
  if (request.next_piece) {
    message.chunked(true);
    CANVASBACK_TRY(send_pieces(socket, message, request.next_piece));
  } else {
    message.prepare_payload();
    beast::http::write(socket, message, error);
  }
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::buffer_body> parser;
  parser.body_limit(boost::none);
  if (!error) beast::http::read_header(socket, buffer, parser, error);
  if (error)
    return fail(ErrorCode::Unavailable,
                fmt::format("The server {} gave no answer: {}.", request.server, error.message()));
  const int status = parser.get().result_int();
  std::string problem;
  std::array<char, 65536> piece{};
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    beast::http::read(socket, buffer, parser, error);
    if (error == beast::http::error::need_buffer) error = {};
    if (error)
      return fail(ErrorCode::DataProcessing, "The answer broke off: the server could not finish it.", error.message());
    const std::string_view bytes(piece.data(), piece.size() - parser.get().body().size);
    if (status >= 200 && status < 300) {
      CANVASBACK_TRY(sink(bytes));
    } else if (problem.size() < kProblemBytesMax) {
      problem += bytes;
    }
  }
  if (status < 200 || status >= 300) return std::unexpected(problem_of(status, problem));
  if (on_end) on_end([&](std::string_view name) { return std::string(parser.get()[name]); });
  return {};
}

}  // namespace canvasback::http
