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
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/compress.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/url.hpp"

namespace canvasback::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kProblemBytesMax = 64 * limits::kKiB;
constexpr std::uint32_t kHeaderBytesMax = 64 * limits::kKiB;
constexpr std::chrono::milliseconds kCancelPeriod{200};

// When waiting ends: the earliest of what limits it.
struct Deadline {
  Clock::time_point at = Clock::time_point::max();

  static Deadline after(std::chrono::milliseconds limit) {
    return limit.count() > 0 ? Deadline{Clock::now() + limit} : Deadline{};
  }
  Deadline and_also(Deadline other) const { return {std::min(at, other.at)}; }
  bool passed() const { return Clock::now() >= at; }
  Clock::time_point next_look() const { return std::min(at, Clock::now() + kCancelPeriod); }
};

Error problem_of(int status, const std::string& body, const std::string& location) {
  auto json = Json::parse(body);
  if (json && json->at("code").is_string()) {
    Error error;
    error.code = error_code_from(json->at("code").as_string()).value_or(ErrorCode::DataProcessing);
    error.message = json->at("detail").as_string();
    if (json->at("position").is_integer()) error.position = static_cast<int>(json->at("position").as_int());
    if (json->at("errors").is_array()) error.detail = json->at("errors").dump();
    return error;
  }
  std::string message = fmt::format("The server responded with status {}", status);
  if (!location.empty()) message += fmt::format(" and Location {}", location.substr(0, 512));
  return Error{ErrorCode::DataProcessing, message + ".", body.substr(0, 512), {}, 0};
}

// Of this machine, or of its link: where an answer from elsewhere must not lead.
bool is_near(const asio::ip::address& given) {
  asio::ip::address address = given;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_loopback() || address.is_unspecified()) return true;
  if (address.is_v6()) return address.to_v6().is_link_local();
  return (address.to_v4().to_uint() >> 16) == 0xA9FE;  // 169.254.0.0/16
}

// The addresses of a host. The system's look-up cannot be ended, so that it has a thread of its own, which is left to
// itself when it takes too long.
Result<std::vector<tcp::endpoint>> look_up(const Url& url, const Deadline& deadline, const CancelToken& cancel) {
  beast::error_code error;
  const auto address = asio::ip::make_address(url.host, error);
  if (!error) return std::vector<tcp::endpoint>{{address, url.port}};
  struct Shared {
    std::mutex mutex;
    std::condition_variable wake;
    std::optional<std::vector<tcp::endpoint>> found;
    beast::error_code error;
  };
  auto shared = std::make_shared<Shared>();
  std::thread([shared, host = url.host, port = fmt::format("{}", url.port)] {
    asio::io_context loop;
    tcp::resolver resolver(loop);
    beast::error_code failed;
    std::vector<tcp::endpoint> found;
    for (const auto& entry : resolver.resolve(host, port, failed)) found.push_back(entry.endpoint());
    const std::scoped_lock lock(shared->mutex);
    shared->found = std::move(found);
    shared->error = failed;
    shared->wake.notify_all();
  }).detach();
  std::unique_lock lock(shared->mutex);
  while (!shared->found) {
    CANVASBACK_TRY(cancel.check());
    if (deadline.passed()) {
      return fail(ErrorCode::Unavailable, fmt::format("The lookup of the name {} timed out.", url.host));
    }
    shared->wake.wait_until(lock, deadline.next_look());
  }
  if (shared->error || shared->found->empty()) {
    return fail(ErrorCode::Unavailable, fmt::format("The server {} cannot be reached: {}.", url.authority(),
                                                    shared->error ? shared->error.message() : "it has no address"));
  }
  return std::move(*shared->found);
}

// Content-Encoding undone, in the order in which it was applied.
class Decoding {
 public:
  static Result<Decoding> open(std::string_view encodings) {
    Decoding out;
    for (const std::string& part : split(encodings, ',')) {
      std::string name = lower(trim(part));
      if (name.empty() || name == "identity") continue;
      if (name == "x-gzip") name = "gzip";
      auto decompressor = make_decompressor(name, limits::kDecompressedRatioMax);
      if (!decompressor) return fail(ErrorCode::UnsupportedMediaType, decompressor.error().message);
      out.steps_.push_back(std::move(*decompressor));
      if (out.steps_.size() > 2) {
        return fail(ErrorCode::UnsupportedMediaType, "The response has too many content encodings.");
      }
    }
    return out;
  }
  Status add(std::string_view bytes, const Decompressor::Take& take) {
    any_ = any_ || !bytes.empty();
    return add_from(steps_.size(), bytes, take);
  }
  Status end() {
    if (!any_) return {};  // of HEAD, or no content at all
    for (const auto& step : steps_) CANVASBACK_TRY(step->end());
    return {};
  }

 private:
  Status add_from(std::size_t steps, std::string_view bytes, const Decompressor::Take& take) {
    if (steps == 0) return take(bytes);
    return steps_[steps - 1]->add(bytes, [&](std::string_view decoded) { return add_from(steps - 1, decoded, take); });
  }

  std::vector<std::unique_ptr<Decompressor>> steps_;
  bool any_ = false;
};

}  // namespace

std::string ClientAnswer::field(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const auto& [known, value] : fields_) {
    if (known == wanted) return value;
  }
  return {};
}

// One request on one connection. Each wait for the network runs the loop for as long as it may take.
class Exchange {
 public:
  using Parser = beast::http::response_parser<beast::http::buffer_body>;

  Exchange(const ClientRequest& request, const Url& url, Deadline whole)
      : request_(request), url_(url), whole_(whole), socket_(loop_) {}

  // may_be_near: whether an address of this machine is taken.
  Status connect(bool may_be_near) {
    const Deadline deadline = whole_.and_also(Deadline::after(request_.limits.connect));
    CANVASBACK_ASSIGN(std::vector<tcp::endpoint> endpoints, look_up(url_, deadline, request_.cancel));
    if (!may_be_near) {
      std::erase_if(endpoints, [](const tcp::endpoint& endpoint) { return is_near(endpoint.address()); });
      if (endpoints.empty()) {
        return fail(ErrorCode::DataProcessing,
                    fmt::format("A redirect to {} is not followed: it leads to this machine.", url_.display()));
      }
    }
    auto error = wait(deadline, [&](auto done) {
      asio::async_connect(socket_, endpoints,
                          [done](beast::error_code failed, const tcp::endpoint&) { done(failed, 0); });
    });
    if (!error) return std::unexpected(error.error());
    if (*error) {
      return fail(ErrorCode::Unavailable,
                  fmt::format("The server {} cannot be reached: {}.", url_.authority(), error->message()));
    }
    beast::error_code failed;
    near_ = is_near(socket_.remote_endpoint(failed).address());
    return {};
  }

  Status send(bool with_credentials) {
    beast::http::request<beast::http::string_body> message(beast::http::verb::get, url_.target, 11);
    message.method_string(request_.method);
    message.set(beast::http::field::host, url_.authority());
    message.set(beast::http::field::connection, "close");
    message.set(beast::http::field::user_agent, "canvasback/" CANVASBACK_VERSION);
    if (request_.takes_compressed) message.set(beast::http::field::accept_encoding, "gzip, deflate, zstd");
    if (!request_.content_type.empty()) message.set(beast::http::field::content_type, request_.content_type);
    if (!request_.encoding.empty()) message.set(beast::http::field::content_encoding, request_.encoding);
    if (!request_.idempotency_key.empty()) message.set("Idempotency-Key", request_.idempotency_key);
    if (request_.headers_of_url) {
      for (const auto& [name, value] : request_.headers_of_url(full_url())) message.set(name, value);
    }
    if (with_credentials) {
      for (const auto& [name, value] : request_.headers) message.set(name, value);
      if (!url_.credentials.empty()) {
        message.set(beast::http::field::authorization, "Basic " + base64_encode(url_.credentials));
      }
    }
    message.body() = request_.body;
    if (request_.next_piece) {
      message.chunked(true);
      return send_pieces(message);
    }
    message.prepare_payload();
    CANVASBACK_ASSIGN(send_error_, wait(idle(), [&](auto done) { beast::http::async_write(socket_, message, done); }));
    return {};
  }

  // The header of the answer; an interim one (1xx) is passed over.
  Status read_header() {
    beast::error_code error = send_error_;
    do {
      parser_.emplace();
      parser_->body_limit(boost::none);
      parser_->header_limit(kHeaderBytesMax);
      parser_->skip(request_.method == "HEAD");
      // A server that has refused the body meanwhile says so in its answer: not being able to send on is then no error.
      if (!error || buffer_.size() > 0 || request_.next_piece) {
        CANVASBACK_ASSIGN(
            error, wait(idle(), [&](auto done) { beast::http::async_read_header(socket_, buffer_, *parser_, done); }));
      }
      if (error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("The server {} did not respond: {}.", url_.authority(), error.message()));
      }
    } while (status() >= 100 && status() < 200 && status() != 101);
    return {};
  }

  int status() const { return parser_->get().result_int(); }
  // Whether it was this machine that answered.
  bool peer_is_near() const { return near_; }
  std::string field(std::string_view name) const { return std::string(parser_->get()[name]); }

  Status read_body(const std::function<Status(std::string_view)>& sink) {
    CANVASBACK_ASSIGN(Decoding decoding, Decoding::open(field("Content-Encoding")));
    CANVASBACK_TRY(read_pieces([&](std::string_view bytes) { return decoding.add(bytes, sink); }));
    return decoding.end();
  }

  // As far as it is of use for a message.
  Error read_problem() {
    std::string text;
    const auto take = [&](std::string_view bytes) -> Status {
      text += bytes;
      if (text.size() < kProblemBytesMax) return {};
      return fail(ErrorCode::DataProcessing, "long enough");
    };
    static_cast<void>(read_body(take));  // what is said of it is said by the status
    return problem_of(status(), text, field("Location"));
  }

  std::string full_url() const { return fmt::format("http://{}{}", url_.authority(), url_.target); }

  ClientAnswer answer() const {
    ClientAnswer out;
    out.status = status();
    out.url = full_url();
    for (const auto& entry : parser_->get()) {
      out.fields_.emplace_back(lower(std::string_view(entry.name_string().data(), entry.name_string().size())),
                               std::string(entry.value()));
    }
    return out;
  }

 private:
  Deadline idle() const { return whole_.and_also(Deadline::after(request_.limits.idle)); }

  // Runs what `start` begins to its end. Errors: Unavailable past the deadline, Cancelled; the connection is then gone.
  template <class Start>
  Result<beast::error_code> wait(const Deadline& deadline, Start start) {
    std::optional<beast::error_code> ended;
    start([&ended](beast::error_code error, std::size_t) { ended = error; });
    loop_.restart();
    while (!ended) {
      loop_.run_until(deadline.next_look());
      const bool late = deadline.passed();
      if (ended || (!late && !request_.cancel.cancelled())) continue;
      beast::error_code ignored;
      socket_.close(ignored);
      while (!ended) loop_.run_one();
      if (!late) return std::unexpected(request_.cancel.error());
      return fail(ErrorCode::Unavailable, fmt::format("The server {} did not respond in time.", url_.authority()));
    }
    return *ended;
  }

  Status send_pieces(beast::http::request<beast::http::string_body>& message) {
    beast::http::request_serializer<beast::http::string_body> serializer(message);
    CANVASBACK_ASSIGN(send_error_,
                      wait(idle(), [&](auto done) { beast::http::async_write_header(socket_, serializer, done); }));
    while (!send_error_) {
      CANVASBACK_ASSIGN(std::string_view piece, request_.next_piece());
      if (piece.empty()) break;
      CANVASBACK_ASSIGN(send_error_, wait(idle(), [&](auto done) {
                          asio::async_write(socket_, beast::http::make_chunk(asio::buffer(piece)), done);
                        }));
    }
    if (send_error_) return {};
    CANVASBACK_ASSIGN(send_error_, wait(idle(), [&](auto done) {
                        asio::async_write(socket_, beast::http::make_chunk_last(), done);
                      }));
    return {};
  }

  Status read_pieces(const std::function<Status(std::string_view)>& take) {
    std::vector<char> piece(64 * limits::kKiB);
    while (!parser_->is_done()) {
      parser_->get().body().data = piece.data();
      parser_->get().body().size = piece.size();
      CANVASBACK_ASSIGN(beast::error_code error, wait(idle(), [&](auto done) {
                          beast::http::async_read_some(socket_, buffer_, *parser_, done);
                        }));
      if (error == beast::http::error::need_buffer) error = {};
      if (error) {
        return fail(ErrorCode::DataProcessing, "The response was cut off: the server could not finish it.",
                    error.message());
      }
      const std::string_view bytes(piece.data(), piece.size() - parser_->get().body().size);
      if (!bytes.empty()) CANVASBACK_TRY(take(bytes));
    }
    return {};
  }

  const ClientRequest& request_;
  const Url& url_;
  const Deadline whole_;
  asio::io_context loop_{1};
  tcp::socket socket_;
  beast::flat_buffer buffer_;
  beast::error_code send_error_;
  bool near_ = false;
  std::optional<Parser> parser_;
};

namespace {

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Whether the same request can be made of another address.
bool can_be_repeated(const ClientRequest& request, int status) {
  if (request.method == "GET" || request.method == "HEAD") return true;
  return (status == 307 || status == 308) && !request.next_piece;
}

}  // namespace

Result<ClientAnswer> fetch(const ClientRequest& request, const std::function<Status(std::string_view)>& sink) {
  CANVASBACK_ASSIGN(Url url, Url::parse(request.server));
  url.target = request.target;
  const Url first = url;
  const Deadline whole = Deadline::after(request.limits.whole);
  bool may_be_near = true;
  for (int redirects = 0;; ++redirects) {
    Exchange exchange(request, url, whole);
    CANVASBACK_TRY(exchange.connect(may_be_near));
    CANVASBACK_TRY(exchange.send(url.same_origin(first)));
    CANVASBACK_TRY(exchange.read_header());
    const int status = exchange.status();
    if ((status >= 200 && status < 300) || status == 304) {
      CANVASBACK_TRY(exchange.read_body(sink));
      return exchange.answer();
    }
    const std::string location = exchange.field("Location");
    if (!is_redirect(status) || location.empty() || request.redirects_max == 0 || !can_be_repeated(request, status)) {
      return std::unexpected(exchange.read_problem());
    }
    if (redirects == request.redirects_max) {
      return fail(ErrorCode::DataProcessing,
                  fmt::format("More than {} redirects, the last to {}.", redirects, location.substr(0, 512)));
    }
    auto next = url.resolve(location);
    if (!next) {
      return fail(ErrorCode::DataProcessing, fmt::format("A redirect cannot be followed: {}", next.error().message));
    }
    may_be_near = may_be_near && exchange.peer_is_near();
    if (next->same_origin(first)) next->credentials = first.credentials;
    url = std::move(*next);
  }
}

}  // namespace canvasback::http
