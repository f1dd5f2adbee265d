#include "transport/http/connection/client_link.hpp"

#include <sys/socket.h>

#include "base/limits.hpp"

namespace canvasback::http {

namespace beast = boost::beast;

ClientLink::ClientLink(asio::ip::tcp::socket socket)
    : stream_(std::move(socket)), buffer_(limits::kHeaderBytesMax + 64 * limits::kKiB) {
  beast::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

void ClientLink::begin_request(bool keep_alive) {
  keep_alive_ = keep_alive;
  gone_ = CancelToken();
  on_gone_ = nullptr;
}

void ClientLink::client_gone() {
  if (gone_.cancelled()) return;
  gone_.cancel(CancelReason::Client);
  keep_alive_ = false;
  if (on_gone_) on_gone_();
}

void ClientLink::hang_up() {
  client_gone();
  // A write that waits for this client ends now.
  cancel_waits();
}

void ClientLink::cancel_waits() {
  beast::error_code ignored;
  stream_.socket().cancel(ignored);
}

void ClientLink::abort() {
  aborted_ = true;
  keep_alive_ = false;
  linger hard{1, 0};
  ::setsockopt(stream_.socket().native_handle(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void ClientLink::shut_down() {
  beast::error_code ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  stream_.close();
}

void ClientLink::close() {
  beast::error_code ignored;
  stream_.socket().close(ignored);
}

Deadline::Deadline(std::shared_ptr<ClientLink> link, std::chrono::seconds time)
    : timer_(link->socket().get_executor(), time), passed_(std::make_shared<bool>(false)) {
  timer_.async_wait([link, passed = passed_](const boost::system::error_code& error) {
    if (error) return;
    *passed = true;
    link->cancel_waits();
  });
}

}  // namespace canvasback::http
