// The HTTP server: listens, accepts within limits, and runs one Connection each.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <set>
#include <string>

#include "transport/http/connection/router.hpp"

namespace canvasback::http {

class Server {
 public:
  Server(asio::any_io_executor executor, Router& router) : acceptor_(executor), router_(router) {}

  // Binds and listens. Errors: Unavailable (address in use, say). port 0 takes any; port() tells which.
  Status listen(const std::string& address, std::uint16_t port);
  std::uint16_t port() const;
  void start();
  // No new connections; those there are close after the request they are answering.
  void stop();
  std::size_t connections() const { return connections_.size(); }

 private:
  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(std::shared_ptr<Connection> connection);

  asio::ip::tcp::acceptor acceptor_;
  Router& router_;
  std::set<std::shared_ptr<Connection>> connections_;
};

}  // namespace canvasback::http
