// HangupWatch: notices that a client goes away while its request is answered. One that has only ended its sending side
// still gets its answer. On the front's one thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>

#include "transport/http/connection/client_link.hpp"
#include "transport/http/connection/response_writer.hpp"

namespace canvasback::http {

class HangupWatch {
 public:
  HangupWatch(std::shared_ptr<ClientLink> link, const ResponseWriter& writer)
      : link_(std::move(link)), writer_(writer), probe_(link_->socket().get_executor()) {}

  // Another request: what was watched for the one before is not watched any more.
  void begin_request() { ++request_number_; }
  // From now on, as long as the request is answered, ClientLink::hang_up() is called where the client goes away.
  // Nothing may read from the socket meanwhile. owner: has this watch, and is kept until it ends.
  void start(std::shared_ptr<void> owner);
  void stop();

 private:
  asio::awaitable<void> watch_hangup(std::shared_ptr<void> owner, std::uint64_t request_number);
  asio::awaitable<void> watch_reset(std::shared_ptr<void> owner, std::uint64_t request_number);
  asio::awaitable<void> probe_half_closed(std::uint64_t request_number);
  bool is_watching(std::uint64_t request_number) const;
  void watch_dead_peer();

  const std::shared_ptr<ClientLink> link_;
  const ResponseWriter& writer_;
  asio::steady_timer probe_;  // see probe_half_closed
  std::uint64_t request_number_ = 0;
  bool watching_ = false;
};

}  // namespace canvasback::http
