// UploadPlaces: bounds the number of large uploads in progress to limits::kIngestStreamsMax. If all places are taken, a
// new upload waits, and the slowest sender below the minimum rate is made to give up its place, so that slow clients
// cannot lock out others. Not thread-safe: on the front's thread.
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
  // A place, held while a body arrives; the destructor returns it.
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

  // Waits for a place for this connection, which must outlive it. Meanwhile the slowest sender below the minimum rate
  // is asked to give up its own (BodyReader::yield). Errors: TooManyRequests after limits::kUploadWaitMax.
  asio::awaitable<Result<std::unique_ptr<Place>>> take(Connection& connection);

 private:
  void let_one_yield();

  asio::any_io_executor executor_;
  std::vector<Connection*> holders_;  // the longest first
};

}  // namespace canvasback::http
