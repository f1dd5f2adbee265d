#include "transport/http/connection/server.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace canvasback::http {

using asio::ip::tcp;

namespace {

std::size_t connections_there_may_be() {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return limits::kConnectionsMax;
  const auto all = static_cast<std::size_t>(descriptors.rlim_cur);
  // A limit that leaves next to nothing beside the reserve is shared.
  const std::size_t ours = all > limits::kDescriptorsReserve ? all - limits::kDescriptorsReserve : 0;
  return std::min(limits::kConnectionsMax, std::max(ours, all / 4));
}

}  // namespace

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

void Server::start() {
  connections_max_ = connections_there_may_be();
  log::debug("up to {} connections", connections_max_);
  asio::co_spawn(acceptor_.get_executor(), accept_all(), asio::detached);
}

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

// Closes the most idle connection, or the most idle one of a client. False: none is idle.
bool Server::make_room(const asio::ip::address* client) {
  std::shared_ptr<Connection> found;
  std::optional<Connection::Idleness> most;
  for (const auto& connection : connections_) {
    if (client != nullptr && connection->client() != *client) continue;
    const auto idleness = connection->idleness();
    if (!idleness || (most && *most <= *idleness)) continue;
    most = idleness;
    found = connection;
  }
  if (!found) return false;
  found->give_way();
  connections_.erase(found);
  return true;
}

bool Server::admit(const std::shared_ptr<Connection>& connection) {
  const asio::ip::address& client = connection->client();
  if (!client.is_loopback()) {
    const auto same = std::ranges::count_if(connections_, [&](const auto& other) { return other->client() == client; });
    if (static_cast<std::size_t>(same) >= limits::kConnectionsPerClientMax && !make_room(&client)) return false;
  }
  return connections_.size() < connections_max_ || make_room(nullptr);
}

void Server::warn_now_and_then(const std::string& what) {
  ++unwarned_;
  const std::int64_t now_ns = monotonic_ns();
  const std::int64_t period_ns = std::chrono::nanoseconds(limits::kAcceptWarningPeriod).count();
  if (warned_ns_ != 0 && now_ns - warned_ns_ < period_ns) return;
  log::warning("{} ({} times since the last such line)", what, std::exchange(unwarned_, 0));
  warned_ns_ = now_ns;
}

asio::awaitable<void> Server::accept_all() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors, say, which others use too. Whoever waits stays in the kernel's queue meanwhile.
      warn_now_and_then("a connection could not be accepted: " + error.message());
      if (make_room(nullptr)) continue;
      asio::steady_timer pause(acceptor_.get_executor(), limits::kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    auto connection = std::make_shared<Connection>(
        std::move(socket), uploads_,
        [this](Connection& from, Request& request) { return router_.handle(from, request); },
        [this](const Request& request) { return router_.takes_stream(request); });
    if (!admit(connection)) {
      warn_now_and_then("a connection was refused: all of them are at work");
      connection->refuse_busy();
      continue;
    }
    asio::co_spawn(acceptor_.get_executor(), serve(std::move(connection)), asio::detached);
  }
}

}  // namespace canvasback::http
