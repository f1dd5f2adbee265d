// Feeds: addresses that are asked on a schedule, and whose answers are kept as records: the [[feed]] entries of the
// settings. Each is asked again so long after its last answer. One that fails says so in the log and in its status, and
// is asked again at its time; none waits for another. The same answer is kept once (server/feed_memory.hpp). On the
// front's one thread; the network is waited for on threads of its own.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "server/feed_memory.hpp"
#include "server/feed_source.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/feed_status.hpp"
#include "service/schedule/schedule.hpp"

namespace canvasback {

class Feeds {
 public:
  // Schedule and collections outlive it.
  Feeds(asio::any_io_executor executor, Schedule& schedule, CollectionService& collections,
        std::vector<FeedSource> sources);
  // Breaks off what is under way; that takes a fraction of a second.
  ~Feeds();

  void start();
  // In the order of the settings; valid as long as this is.
  const std::vector<FeedStatus>& statuses() const { return statuses_; }

 private:
  struct Feed {
    FeedSource source;
    std::string id;
    std::string memory_path;
    FeedMemory memory;
    bool remembers = false;  // the memory is what the file says
    FeedStatus* status = nullptr;
  };
  struct Kept {
    bool changed = false;  // else it was the same answer as before
    IngestAnswer answer;
  };
  struct Fetched;

  asio::awaitable<void> run(Feed& feed, std::shared_ptr<bool> alive);
  asio::awaitable<Result<Kept>> ask(Feed& feed);
  asio::awaitable<Result<IngestAnswer>> keep(IngestRequest request, const std::string& body);
  asio::awaitable<void> note_rejects(const Feed& feed, IngestAnswer& answer, FeedMemory& memory);
  Result<IngestRequest> request_for(const Feed& feed, const Fetched& fetched) const;
  static void tell(Feed& feed, const Result<Kept>& kept);

  asio::any_io_executor executor_;
  Schedule& schedule_;
  CollectionService& collections_;
  std::vector<FeedStatus> statuses_;
  std::vector<Feed> feeds_;
  CancelToken stopping_;
  asio::thread_pool network_;  // a thread for each feed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
