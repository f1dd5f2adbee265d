// BlockIndex: the front's view of the cache folder. It moves offered blocks in by rename and drops the least recently
// used past its byte budget; it never reads one.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>

namespace canvasback {

// Not thread-safe; all calls are on the front's own thread.
class BlockIndex {
 public:
  // Starts empty: blocks and rollups that an earlier server left in the folder are removed, and nothing else. The
  // folder may be a link to one on another disk: an offered file is then copied, on the calling thread.
  BlockIndex(std::string folder, std::uint64_t budget_bytes);
  // Moves an offered file in, if it is a regular file of a sane size inside `spill_folder`; else removes it.
  void accept(const std::string& key, const std::string& offered_path, const std::string& spill_folder);
  // A worker used this block.
  void touch(const std::string& key);
  std::uint64_t bytes() const { return bytes_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t bytes;
    std::list<std::string>::iterator place;
  };
  void evict();

  std::string folder_;
  std::uint64_t budget_bytes_;
  std::uint64_t bytes_ = 0;
  std::map<std::string, Entry> entries_;
  std::list<std::string> order_;  // least recently used first
};

}  // namespace canvasback
