// Event: something coroutines of one thread wait for. notify() wakes all that wait now.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace canvasback {

namespace asio = boost::asio;
// Operations give their error code as a value instead of throwing it.
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

class Event {
 public:
  explicit Event(asio::any_io_executor executor) : timer_(std::move(executor)) {
    timer_.expires_at(asio::steady_timer::time_point::max());
  }
  asio::awaitable<void> wait() { co_await timer_.async_wait(kAwait); }
  void notify() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

}  // namespace canvasback
