// Feeds: addresses that are asked on a schedule, and whose answers are kept as records: the [[feed]] entries of the
// settings. Each is asked again so long after its last answer was kept; one that fails says so in the log and is asked
// again at its time. On the front's one thread; the network is waited for on threads of its own.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/feed_source.hpp"
#include "service/collection/collection_service.hpp"

namespace canvasback {

class Feeds {
 public:
  Feeds(asio::any_io_executor executor, CollectionService& collections, std::vector<FeedSource> sources);
  ~Feeds();

  void start();
  // Whether an answer is waited for: then the destructor waits, too.
  bool busy() const { return asking_ > 0; }

 private:
  asio::awaitable<void> ask(FeedSource source, std::shared_ptr<bool> alive);
  asio::awaitable<Result<IngestAnswer>> keep_one(const FeedSource& source);

  asio::any_io_executor executor_;
  CollectionService& collections_;
  std::vector<FeedSource> sources_;
  asio::thread_pool network_{2};
  int asking_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
