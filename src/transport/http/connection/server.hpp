// Server: listens, and serves each connection on a coroutine. Connections are bounded by what the system has for this
// process; the one that is idle for longest gives way to a new one, so that idle clients keep nobody out. On the
// front's one thread.
#pragma once

#include <memory>
#include <set>

#include "transport/http/connection/router.hpp"

namespace canvasback::http {

class Server {
 public:
  Server(asio::any_io_executor executor, Router& router) : acceptor_(executor), router_(router), uploads_(executor) {}

  // Binds and listens. Errors: Unavailable (address in use, say). port 0 takes any; port() tells which.
  Status listen(const std::string& address, std::uint16_t port);
  std::uint16_t port() const;
  // Accepts from now on: min(limits::kConnectionsMax, RLIMIT_NOFILE less limits::kDescriptorsReserve) connections at
  // once, and limits::kConnectionsPerClientMax from one address that is no loopback address (a reverse proxy on this
  // machine is one client for all of its own).
  void start();
  // No new connections; those there are close after the request they are answering.
  void stop();
  std::size_t connections() const { return connections_.size(); }
  std::size_t connections_max() const { return connections_max_; }

 private:
  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
  bool make_room(const asio::ip::address* client);
  bool admit(const std::shared_ptr<Connection>& connection);
  void warn_now_and_then(const std::string& what);

  asio::ip::tcp::acceptor acceptor_;
  Router& router_;
  std::set<std::shared_ptr<Connection>> connections_;
  UploadPlaces uploads_;
  std::size_t connections_max_ = 0;
  std::int64_t warned_ns_ = 0;
  std::uint64_t unwarned_ = 0;
};

}  // namespace canvasback::http
