// RequestReader: reads requests from a client's socket, one after the other: the head within its bounds, and the body
// whole unless its handler takes it piece by piece (BodyReader). On the front's one thread.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "transport/http/connection/body_reader.hpp"
#include "transport/http/connection/client_link.hpp"
#include "transport/http/connection/request.hpp"
#include "transport/http/connection/request_head.hpp"

namespace canvasback::http {

// Waits for a request, has some of its head, reads a streamed body, is past that, throws away what still comes.
enum class Phase { Idle, Head, Body, Request, Lingering };

// Where a connection is, and since when.
class ConnectionPhase {
 public:
  void enter(Phase phase);
  // For a while: the time is still that of the phase before.
  Phase exchange(Phase phase) { return std::exchange(phase_, phase); }
  Phase phase() const { return phase_; }
  std::int64_t since_ns() const { return since_ns_; }

 private:
  Phase phase_ = Phase::Idle;
  std::int64_t since_ns_ = 0;
};

class RequestReader {
 public:
  // Says of a request, whose headers are read, that its handler takes the body piece by piece.
  using TakesStream = std::function<bool(const Request&)>;

  RequestReader(std::shared_ptr<ClientLink> link, ConnectionPhase& phase, TakesStream takes_stream)
      : link_(std::move(link)), phase_(phase), takes_stream_(std::move(takes_stream)) {}

  // The next request; `body` is set where its handler takes it piece by piece. false: the client has gone; an error:
  // what to answer before closing (of a request whose head was read, method and version are known).
  asio::awaitable<Result<bool>> read(Request& request, std::unique_ptr<BodyReader>& body);

 private:
  using Parser = BodyReader::Parser;
  asio::awaitable<Result<std::size_t>> read_head();
  asio::awaitable<Result<bool>> read_whole_body(Request& request, const BodyFraming& framing, Parser& parser);

  const std::shared_ptr<ClientLink> link_;
  ConnectionPhase& phase_;
  const TakesStream takes_stream_;
};

// An error of Beast while reading, as what to answer before closing; false: nothing, the client has gone.
Result<bool> translate_read_error(const boost::beast::error_code& error);

}  // namespace canvasback::http
