#include "transport/http/connection/hangup_watch.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/limits.hpp"

namespace canvasback::http {

void HangupWatch::start(std::shared_ptr<void> owner) {
  watching_ = true;
  asio::co_spawn(link_->socket().get_executor(), watch_hangup(std::move(owner), request_number_), asio::detached);
}

void HangupWatch::stop() {
  watching_ = false;
  link_->cancel_waits();
  probe_.cancel();
}

// Readable while a request is answered: the end of what the client sends, its reset, or the next request of one that
// pipelines (which is then left in the kernel, and the end of the connection is noticed when writing).
asio::awaitable<void> HangupWatch::watch_hangup([[maybe_unused]] std::shared_ptr<void> owner,
                                                std::uint64_t request_number) {
  auto [error] = co_await link_->socket().async_wait(asio::socket_base::wait_read, kAwait);
  if (error || !is_watching(request_number)) co_return;
  char byte = 0;
  const ssize_t got = ::recv(link_->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && errno != EAGAIN && errno != EINTR) co_return link_->hang_up();
  if (got != 0) co_return;
  watch_dead_peer();
  asio::co_spawn(link_->socket().get_executor(), watch_reset(owner, request_number), asio::detached);
  co_await probe_half_closed(request_number);
}

bool HangupWatch::is_watching(std::uint64_t request_number) const {
  return watching_ && request_number == request_number_ && !link_->aborted();
}

// The kernel asks a peer that says nothing whether it is still there: one that has left for good answers with a reset
// as soon as its own system has forgotten the connection, and one whose machine is gone answers nothing.
void HangupWatch::watch_dead_peer() {
  constexpr int kOn = 1;
  constexpr int kIdleSeconds = 10, kBetweenSeconds = 5, kTries = 4;
  const int socket = link_->socket().native_handle();
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kIdleSeconds, sizeof kIdleSeconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &kBetweenSeconds, sizeof kBetweenSeconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &kTries, sizeof kTries);
}

asio::awaitable<void> HangupWatch::watch_reset([[maybe_unused]] std::shared_ptr<void> owner,
                                               std::uint64_t request_number) {
  auto [error] = co_await link_->socket().async_wait(asio::socket_base::wait_error, kAwait);
  if (!error && is_watching(request_number)) link_->hang_up();
}

// A client that has ended its sending side waits for its answer, or has left altogether: both look alike until
// something is sent, which one that left answers with a reset. An answer that comes soon is that; where it takes
// longer, an interim response (which every client of HTTP/1.1 must skip) asks, now and then.
asio::awaitable<void> HangupWatch::probe_half_closed(std::uint64_t request_number) {
  constexpr std::string_view kStillAtIt = "HTTP/1.1 102 Processing\r\n\r\n";
  constexpr std::chrono::milliseconds kFirst{250};  // a worker is free soon after its client left
  constexpr std::chrono::seconds kLongest{16};
  std::chrono::milliseconds pause = kFirst;
  while (is_watching(request_number) && !writer_.responded() && writer_.chunked() && !link_->gone().cancelled()) {
    probe_.expires_after(pause);
    auto [error] = co_await probe_.async_wait(kAwait);
    if (error || !is_watching(request_number) || writer_.responded()) co_return;
    const ssize_t sent =
        ::send(link_->socket().native_handle(), kStillAtIt.data(), kStillAtIt.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // Nothing else of this answer is on its way: where there is no room, earlier answers are not read.
    if (sent != static_cast<ssize_t>(kStillAtIt.size())) co_return link_->hang_up();
    pause = std::clamp<std::chrono::milliseconds>(pause * 2, limits::kHalfClosedProbe, kLongest);
  }
}

}  // namespace canvasback::http
