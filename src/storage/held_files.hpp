// HeldFiles: the files of a version of a dataset, kept open in the front. Whoever reads that version gets these
// descriptors, so that it can be read for as long as somebody has it, whatever becomes of the files' names: an answer
// is of one version, and a file that is renamed over another costs nobody a new sandbox. Only few files of few datasets
// are kept open (the constants below); the others are read by their names. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

inline constexpr std::size_t kHeldFilesOfDatasetMax = 16;
inline constexpr std::size_t kHeldFilesMax = 256;  // of the newest versions, together

using HeldDescriptors = std::vector<std::shared_ptr<const UniqueFd>>;  // in the order of Dataset::files

// Whether the files of such a dataset are read at positions alone (worker/child/given_files.hpp) and are few.
bool may_be_held(const Dataset& dataset);

// Opens the files of a listing. Empty where one cannot be opened (reading it will say why) or is not the one that was
// listed any more, in which case `changed` is set and it should be listed again.
HeldDescriptors open_held(const Dataset& listed, bool& changed);

class HeldFiles {
 public:
  // Whether there is room for so many of a dataset, beside those of the others.
  bool has_room_for(std::string_view name, std::size_t files) const;
  // Kept under the name and version of the dataset until another version of it is put and nobody has the old one.
  void put(const Dataset& dataset, HeldDescriptors descriptors);
  // That somebody has this version: `dataset` is shared by all who do.
  void follow(const std::shared_ptr<const Dataset>& dataset);
  // The dataset is not held any more, or is gone.
  void drop(std::string_view name);
  // Of a version; nullptr where it is not held.
  const HeldDescriptors* find(std::string_view name, std::string_view version) const;

 private:
  struct Version {
    HeldDescriptors descriptors;
    std::weak_ptr<const Dataset> used;
  };
  struct Entry {
    std::string newest;
    std::map<std::string, Version, std::less<>> versions;
  };
  static void forget_unused(Entry& entry);

  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace canvasback
