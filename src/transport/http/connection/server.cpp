#include "transport/http/connection/server.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/limits.hpp"
#include "base/log.hpp"

namespace canvasback::http {

using asio::ip::tcp;

Status Server::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is not an IP address.", address));
  const tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(ErrorCode::Unavailable, fmt::format("Cannot listen on {}:{}: {}.", address, port, error.message()));
  // Workers must not inherit it.
  ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
  return {};
}

std::uint16_t Server::port() const { return acceptor_.local_endpoint().port(); }

void Server::start() { asio::co_spawn(acceptor_.get_executor(), accept_all(), asio::detached); }

void Server::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& connection : connections_) connection->close_soon();
}

asio::awaitable<void> Server::serve(std::shared_ptr<Connection> connection) {
  connections_.insert(connection);
  co_await connection->serve();
  connections_.erase(connection);
}

asio::awaitable<void> Server::accept_all() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors, say: wait a little instead of spinning.
      log::warning("accept: {}", error.message());
      asio::steady_timer pause(acceptor_.get_executor(), std::chrono::milliseconds(50));
      co_await pause.async_wait(kAwait);
      continue;
    }
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    if (connections_.size() >= limits::kConnectionsMax) continue;  // closed at once
    auto connection = std::make_shared<Connection>(
        std::move(socket), [this](Connection& from, Request& request) { return router_.handle(from, request); },
        [this](const Request& request) { return router_.takes_stream(request); });
    asio::co_spawn(acceptor_.get_executor(), serve(std::move(connection)), asio::detached);
  }
}

}  // namespace canvasback::http
