#include "net/http_probe.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>

#include "base/text.hpp"
#include "net/url.hpp"

namespace canvasback::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::size_t kPieceBytes = 65'536;

struct Target {
  Url url;
  bool secure = false;
};

Result<Target> target_of(const std::string& text) {
  constexpr std::string_view kSecure = "https://";
  Target out;
  out.secure = starts_with_ignoring_case(text, kSecure);
  CANVASBACK_ASSIGN(out.url, Url::parse(out.secure ? "http://" + text.substr(kSecure.size()) : text));
  if (out.secure && out.url.port == kHttpPort) out.url.port = kHttpsPort;
  return out;
}

template <class Stream>
asio::awaitable<ProbeAnswer> exchange(Stream& stream, const ProbeRequest& wanted, const Target& target) {
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get, target.url.target, 11);
  const bool plain_port = target.url.port == (target.secure ? kHttpsPort : kHttpPort);
  request.set(beast::http::field::host, plain_port ? target.url.host : target.url.authority());
  request.set(beast::http::field::user_agent, "canvasback");
  request.set(beast::http::field::connection, "close");
  for (const auto& [name, value] : wanted.headers) request.set(name, value);
  co_await beast::http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::buffer_body> parser;
  parser.body_limit(boost::none);
  co_await beast::http::async_read_header(stream, buffer, parser, asio::use_awaitable);
  ProbeAnswer out;
  out.status = parser.get().result_int();
  for (const auto& field : parser.get()) out.fields.emplace_back(field.name_string(), field.value());
  std::array<char, kPieceBytes> piece{};
  while (!parser.is_done() && out.body.size() <= wanted.body_bytes_max) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    beast::error_code error;
    co_await beast::http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error && error != beast::http::error::need_buffer) throw beast::system_error(error);
    out.body.append(piece.data(), piece.size() - parser.get().body().size);
  }
  out.is_whole = parser.is_done() && out.body.size() <= wanted.body_bytes_max;
  if (out.body.size() > wanted.body_bytes_max) out.body.resize(wanted.body_bytes_max);
  co_return out;
}

asio::awaitable<ProbeAnswer> ask(const ProbeRequest& wanted, const Target& target) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  const auto found =
      co_await resolver.async_resolve(target.url.host, fmt::format("{}", target.url.port), asio::use_awaitable);
  if (!target.secure) {
    beast::tcp_stream stream(executor);
    stream.expires_after(wanted.limit);
    co_await stream.async_connect(found, asio::use_awaitable);
    co_return co_await exchange(stream, wanted, target);
  }
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_default_verify_paths();
  context.set_verify_mode(asio::ssl::verify_peer);
  beast::ssl_stream<beast::tcp_stream> stream(executor, context);
  stream.set_verify_callback(asio::ssl::host_name_verification(target.url.host));
  SSL_set_tlsext_host_name(stream.native_handle(), target.url.host.c_str());
  beast::get_lowest_layer(stream).expires_after(wanted.limit);
  co_await beast::get_lowest_layer(stream).async_connect(found, asio::use_awaitable);
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
  co_return co_await exchange(stream, wanted, target);
}

}  // namespace

std::string ProbeAnswer::field(std::string_view name) const {
  for (const auto& [known, value] : fields) {
    if (lower(known) == lower(std::string(name))) return value;
  }
  return {};
}

Result<ProbeAnswer> probe(const ProbeRequest& request) {
  CANVASBACK_ASSIGN(const Target target, target_of(request.url));
  asio::io_context loop;
  std::optional<ProbeAnswer> answer;
  std::string failure;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        try {
          answer = co_await ask(request, target);
        } catch (const std::exception& error) {
          failure = error.what();
        }
      },
      asio::detached);
  loop.run();
  if (answer) return std::move(*answer);
  return fail(ErrorCode::Unavailable, fmt::format("{} gives no answer: {}", target.url.display(), failure), failure);
}

}  // namespace canvasback::http
