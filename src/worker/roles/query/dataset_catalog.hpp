// DatasetCatalog: the datasets that this worker was told of: the newest entry of each, the files that the front opened
// for it, and what its files of text are read from. It lives as long as the worker; only the task loop uses it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/unique_fd.hpp"
#include "storage/dataset.hpp"
#include "storage/held_files.hpp"
#include "stream/part_source.hpp"

namespace canvasback {

class DatasetCatalog {
 public:
  // The newest entries of datasets. Their files are opened by their names, until hold() says otherwise.
  void update(const Json& datasets);
  // Names of datasets that are no more.
  void forget(const Json& names);
  // The files of that dataset in the version that came with this, in order (storage/held_files.hpp).
  void hold(const std::string& dataset, std::vector<UniqueFd> files);

  // Valid until the next update(). Errors: DatasetNotFound.
  Result<const Dataset*> find(std::string_view name) const;
  // As SQL finds it: names there mean the same in any case, of two that differ only by it the one spelled so. nullptr:
  // there is none.
  const Dataset* find_table(std::string_view name) const;
  // All names that SQL takes for this one.
  std::vector<std::string> names_alike(std::string_view name) const;
  std::vector<std::string> names() const;
  // nullptr: its files are read by their names.
  const HeldDescriptors* held(std::string_view dataset) const;

  // Of CSV and JSON: what pages are read from and the engine scans. The first call for a version opens its files; it is
  // kept for the version that was asked for last.
  Result<std::shared_ptr<const PartSource>> text_source(const Dataset& dataset);
  void drop_text_source(const std::string& dataset) { text_sources_.erase(dataset); }

 private:
  struct KeptSource {
    std::string version;
    std::shared_ptr<const PartSource> source;
  };
  std::map<std::string, Dataset, std::less<>> datasets_;
  std::map<std::string, HeldDescriptors, std::less<>> held_;     // by dataset
  std::map<std::string, KeptSource, std::less<>> text_sources_;  // by dataset
};

}  // namespace canvasback
