// TableStore: the folder of one pulled table, held by the one process that may write to it. A state is committed in
// this order: parts and key maps are synced under the names of unfinished files, renamed, their folders synced; then
// the state file is replaced. Whatever a crash leaves beyond that is removed by the next who opens the folder.
//
// Blocking; one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "storage/table/pulled/pulled_table.hpp"
#include "worker/pool/role_task.hpp"

namespace canvasback {

inline constexpr int kBusySeconds = 5;

std::string tables_folder(const std::string& data_folder);
// Errors: DatasetNotFound where there is no state file, InvalidData for one that is damaged.
Result<PulledTable> read_table(const std::string& folder);

class TableStore {
 public:
  // Makes the folder where there is none. Errors: Unavailable, to be tried again after kBusySeconds, where another
  // process pulls this table.
  static Result<std::unique_ptr<TableStore>> open(const std::string& data_folder, const std::string& name);

  const std::string& folder() const { return folder_; }
  // As the state file has it; of a table that was never pulled, its name alone.
  PulledTable& table() { return table_; }
  const PulledTable& table() const { return table_; }

  // Answers what a worker asks for: new parts and key maps, and those that there are.
  OpenFile files();
  // The new files under their names and then this state. On an error the state is the one before.
  Status commit(PulledTable next);
  // Removes files that were written and not committed.
  void discard();
  // Removes files that have been gone for so long; the state is written anew where there are some.
  Status remove_gone(std::int64_t before_us);

  std::uint64_t bytes_written() const { return bytes_written_; }  // by the last commit: parts and key maps
  std::size_t files_written() const { return files_written_; }

  ~TableStore() { discard(); }
  TableStore(const TableStore&) = delete;
  TableStore& operator=(const TableStore&) = delete;

 private:
  struct Pending {
    std::string path;  // that it is going to have
    std::string unfinished;
    UniqueFd fd;
  };

  explicit TableStore(std::string folder) : folder_(std::move(folder)) {}

  Status take_lock();
  Status read();
  void remove_unknown() const;
  Result<UniqueFd> open_new(const std::string& path);
  Result<UniqueFd> open_known(std::uint64_t number, bool key_map) const;
  Status name_pending(const PulledTable& next);

  std::string folder_;
  UniqueFd lock_;
  PulledTable table_;
  std::vector<Pending> pending_;
  std::uint64_t bytes_written_ = 0;
  std::size_t files_written_ = 0;
};

}  // namespace canvasback
