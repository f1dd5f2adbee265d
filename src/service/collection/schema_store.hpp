// SchemaStore: the schemas of collections and all their versions, one file each: DATA/schemas/NAME.json, replaced as a
// whole. What it holds in memory is what the files say. Writing blocks: callers do it on a thread that may wait.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "record/record_schema.hpp"

namespace canvasback {

class SchemaStore {
 public:
  using Versions = std::vector<RecordSchema>;  // the oldest first; never empty

  explicit SchemaStore(std::string folder) : folder_(std::move(folder)) {}

  // Reads all files. Blocking. Errors: Unavailable where the folder cannot be read.
  Status open();
  // Files that cannot be read or are no schemas, by the name of their collection, which is blocked: which versions of
  // its records count is a matter of its keys.
  const std::map<std::string, Error, std::less<>>& unreadable() const { return unreadable_; }

  // nullptr: there is none.
  const RecordSchema* find(std::string_view name) const;
  const Versions* versions(std::string_view name) const;
  const std::map<std::string, Versions, std::less<>>& all() const { return schemas_; }

  // What a file says, and how it says it. Errors: InvalidData where it is no schema of that name.
  static Result<Versions> versions_from(std::string_view text, const std::string& name);
  static std::string text_of(const Versions& versions);
  // The file as it would be, then what it says in memory once that is written. Blocking: write() and erase() alone.
  Status write(const std::string& name, const Versions& versions) const;
  Status erase(const std::string& name) const;
  void set(const std::string& name, Versions versions) { schemas_.insert_or_assign(name, std::move(versions)); }
  void forget(const std::string& name) { schemas_.erase(name); }

 private:
  std::string path_of(const std::string& name) const { return folder_ + "/" + name + ".json"; }

  std::string folder_;
  std::map<std::string, Versions, std::less<>> schemas_;
  std::map<std::string, Error, std::less<>> unreadable_;
};

}  // namespace canvasback
