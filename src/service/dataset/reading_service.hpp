// ReadingService: how files of text are read, as somebody has set it while the server runs: over what the command line
// or the configuration says, and kept in the data folder (reading.json) for the next start. What was set for another
// path of the same name is not taken. On the front's one thread; writing the small file blocks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/text_reading.hpp"
#include "service/dataset/dataset_service.hpp"

namespace canvasback {

class ReadingService {
 public:
  // datasets outlives it.
  ReadingService(DatasetService& datasets, std::string path) : datasets_(datasets), path_(std::move(path)) {}

  // Reads what was kept and puts it into sources of the same name and path, before they are added. Errors:
  // InvalidData, Unavailable for a file that cannot be read.
  Status apply_to(std::vector<DatasetSource>& sources);

  // From now on and after a restart. Waits until the files are read so; where they cannot be, they are read as before.
  // Errors: DatasetNotFound, InvalidData for what is no text, those of the reading and of the disk.
  asio::awaitable<Status> set(std::string name, TextSettings settings);
  // As the command line or the configuration says. Nothing where it was not set.
  asio::awaitable<Status> reset(std::string name);
  bool is_set(const DatasetSource& source) const {
    const auto kept = kept_.find(source.name);
    return kept != kept_.end() && kept->second.pattern == source.pattern;
  }

 private:
  struct Kept {
    std::string pattern;  // of the source
    TextSettings settings;
    TextSettings told;  // what is set over
  };
  using KeptReadings = std::map<std::string, Kept, std::less<>>;

  asio::awaitable<Status> take(std::string name, TextSettings settings, std::optional<Kept> kept);
  Status write(const KeptReadings& kept) const;

  DatasetService& datasets_;
  std::string path_;
  KeptReadings kept_;  // by dataset; those of datasets that are not served now, too
};

}  // namespace canvasback
