// UploadPlaces: large bodies on their way at once. There are limits::kIngestStreamsMax places, and a client that sends
// slowly holds its own only as long as nobody else wants it. On the front's one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "worker/pool/event.hpp"

namespace canvasback::http {

class Connection;

class UploadPlaces {
 public:
  // Held while a body comes; gives the place back.
  class Place {
   public:
    Place(UploadPlaces& places, Connection& connection) : places_(places), connection_(connection) {}
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    UploadPlaces& places_;
    Connection& connection_;
  };

  explicit UploadPlaces(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // Waits for a place of which the connection is the holder, limits::kUploadWaitMax at most; meanwhile the slowest
  // holder below the least rate gives up its own (Connection::yield_body). Errors: TooManyRequests.
  asio::awaitable<Result<std::unique_ptr<Place>>> take(Connection& connection);

 private:
  void let_one_yield();

  asio::any_io_executor executor_;
  std::vector<Connection*> holders_;  // the longest first
};

}  // namespace canvasback::http
