// The folder of a published site: what is in it, and a new generation beside the old one. Data files have names of
// their content and are written once; publish.json says which files are the publisher's, also of a generation that was
// never finished; index.json comes last and makes the new generation the one that readers get. Two at once are refused.
// Blocking.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "service/publish/site_index.hpp"

namespace canvasback {

// A file by its name.
struct SitePage {
  std::string name;
  std::string text;
};

class SiteFolder {
 public:
  // Creates it where there is none. Errors: InvalidData for a folder that has something else in it, Unavailable while
  // another publish writes it, or where it is not writable.
  static Result<SiteFolder> open(std::string path);

  // The generation that is there; 0: none.
  const SiteIndex& index() const { return index_; }

  // A file of a new generation under the name of its content ("data/3f….json"), which it gives. It is written by the
  // next flush() or publish(), or before, when much is waiting; not where it is there.
  Result<std::string> add(std::string content, std::string_view extension);
  // One whose name says what is in it already ("assets/app-1a2b.js").
  Status add_named(std::string name, std::string content);
  bool has(const std::string& name) const;
  Status flush();

  // Makes `next` what is published: `pages` and the index. Files that no generation needs any more are removed.
  Status publish(SiteIndex next, const std::vector<SitePage>& pages);
  // The same generation, and what it is known to be made of: writes those of `pages` that differ from what is there.
  Status keep(const Json& made_of, const std::vector<SitePage>& pages);
  // The text of a file that is there. Errors: Unavailable.
  Result<std::string> text_of(const std::string& name) const;

  std::int64_t files_written() const { return files_written_; }
  std::int64_t bytes_written() const { return bytes_written_; }
  std::int64_t files_removed() const { return files_removed_; }

 private:
  explicit SiteFolder(std::string path) : path_(std::move(path)) {}
  Status read();
  Status update(const std::vector<SitePage>& pages);
  Status write_list(const SiteIndex* next) const;
  std::string full(std::string_view name) const;

  std::string path_;
  UniqueFd lock_;
  SiteIndex index_;
  std::vector<std::string> unfinished_;  // files of generations that were begun and not published
  std::vector<SitePage> waiting_;        // files to be written
  std::size_t waiting_bytes_ = 0;
  std::int64_t files_written_ = 0;
  std::int64_t bytes_written_ = 0;
  std::int64_t files_removed_ = 0;
};

}  // namespace canvasback
