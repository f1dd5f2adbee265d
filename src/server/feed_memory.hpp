// FeedMemory: what a feed gave last, so that the same answer is not kept again, whenever the server was started since.
// A small file for each feed in DATA/feeds, written after an answer is kept. A crash between the two does no harm: the
// Idempotency-Key of an answer has its number and its hash, so that the collection itself knows what was kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "server/feed_source.hpp"
#include "service/collection/collection.hpp"

namespace canvasback {

struct FeedMemory {
  std::uint64_t answers = 0;  // that were kept
  std::string sha256;         // of the last of them; empty: none
  std::string etag;           // its validators
  std::string last_modified;
  std::string url_sha256;            // of the address that they are of, behind redirects
  std::vector<std::string> rejects;  // hashes of its bad records (server/feed_rejects.hpp)
};

// The name of a feed's memory: that of what is asked, where it goes and how it is read. Other settings may change.
std::string feed_id(const FeedSource& source);

// The file's. Blocking. Errors: those of a file that is there and cannot be read, or is none of these.
Result<FeedMemory> read_feed_memory(const std::string& path);
Status write_feed_memory(const std::string& path, const FeedMemory& memory);

// The Idempotency-Key of a feed's answer, by its number and hash.
std::string feed_key(const std::string& id, std::uint64_t number, const std::string& sha256);
// Of two memories the later: the file's, or what the collection says was kept. A collection that is not there any more
// has nothing of it.
FeedMemory recall(FeedMemory memory, const std::string& id, const Collection* collection);

}  // namespace canvasback
