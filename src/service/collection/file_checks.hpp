// FileChecks: which files of collections have been read whole and compared with their checksums, by identity, and where
// they were found damaged. Kept over restarts in a small file of the data folder, so that a file is read for this once
// and then by each scrub; without that file everything is checked again. Plain state, for the front's one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

class FileChecks {
 public:
  struct Damage {
    std::string collection;
    std::string message;  // names the file
  };

  // path: of the file that it is kept in. Nothing is read yet.
  explicit FileChecks(std::string path) : path_(std::move(path)) {}

  // What an earlier server knew. A file that is missing or cannot be read says nothing.
  void load();
  // What is to be kept, of these files: its text. Writing it is the caller's.
  std::string text(const std::vector<DataFile>& files) const;
  const std::string& path() const { return path_; }

  // A file that was not written by this process: it counts as unchecked unless load() knew its identity. What this
  // process writes counts as checked: its bytes were in its hands, and what becomes of them on the disk later is for
  // the scrub to find.
  void expect(const DataFile& file);
  // The same, whatever is known: its identity changed.
  void expect_anew(const DataFile& file);
  // Checked, and right. Nothing where the file has another identity by now.
  void passed(const std::string& path, std::int64_t changed_ns);
  void found_damaged(const DataFile& file, Damage damage);
  // No longer a file of a collection.
  void forget(const std::string& path);

  bool all_checked() const { return unchecked_.empty(); }
  bool is_unchecked(const std::string& path) const { return unchecked_.contains(path); }
  // Those of these datasets that are unchecked (or damaged: whoever reads them is to find that out).
  std::vector<std::string> unchecked_of(const std::vector<std::shared_ptr<const Dataset>>& datasets) const;
  // Unchecked ones that are not known to be damaged.
  std::vector<std::string> waiting() const;
  const std::map<std::string, Damage>& damaged() const { return damaged_; }

  // When the last whole scrub ended, in microseconds since 1970; 0: none has.
  std::int64_t scrubbed_us() const { return scrubbed_us_; }
  void set_scrubbed(std::int64_t now_us) { scrubbed_us_ = now_us; }

 private:
  const std::string path_;
  std::map<std::string, DataFile> remembered_;  // by path, from load()
  std::map<std::string, DataFile> unchecked_;
  std::map<std::string, Damage> damaged_;  // all of them are unchecked, too
  std::int64_t scrubbed_us_ = 0;
};

}  // namespace canvasback
