// PublishedVersions: the versions of a collection that queries may hold, and the files that go once none does. A file
// is superseded when it is no longer part of the collection; it may be removed when every version that lists it is gone
// and a while later, in generations: what a file replaces or covers goes for good before the file itself does. Pure but
// for the datasets, which it watches and does not hold. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/table/file_set.hpp"

namespace canvasback {

class PublishedVersions {
 public:
  // 0: none was published yet.
  std::uint64_t current() const { return current_; }
  // The number of the version that is being published; what was superseded before is not in it.
  std::uint64_t begin() { return ++current_; }
  void published(std::shared_ptr<const Dataset> dataset);
  // What was published last, as long as somebody holds it: its files stay that long.
  std::shared_ptr<const Dataset> newest() const;

  // From the next version on these files are not in it; those of one call are one generation with those of every call
  // before that version is published.
  void supersede(const std::vector<CollectionFile>& files, std::int64_t now_ns);
  void supersede(std::string path, std::int64_t now_ns);
  // Found anew in the folder: what counts again stays, what is known already is not superseded twice.
  void keep(const std::set<std::string>& live);
  // The folder is another, which has none of them.
  void forget_superseded() { superseded_.clear(); }
  std::set<std::string> superseded() const;

  // What may go now, the older generations first. Those that are removed are forgotten by removed(): the first `count`.
  struct Removable {
    std::vector<std::vector<std::string>> generations;
    std::size_t count = 0;
  };
  Removable removable(std::int64_t grace_ns, std::int64_t now_ns);
  void removed(std::size_t count);

  // Between these two what is known is ahead of what was published: files were moved or changed by hand.
  void begin_reload() { reloading_ = true; }
  void end_reload() { reloading_ = false; }
  bool reloading() const { return reloading_; }

 private:
  struct Superseded {
    std::string path;
    std::uint64_t since = 0;  // the first published version without it
    std::int64_t since_ns = 0;
  };

  std::uint64_t current_ = 0;
  std::vector<std::pair<std::uint64_t, std::weak_ptr<const Dataset>>> held_;
  std::vector<Superseded> superseded_;  // in the order in which they go: older ones first
  bool reloading_ = false;
};

}  // namespace canvasback
