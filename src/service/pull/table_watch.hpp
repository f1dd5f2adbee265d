// TableWatch: makes datasets of the pulled tables of a data folder, whoever pulls them: each state file that is new or
// another one is read and published as the dataset's next version. On the front's one thread; the disk is waited for on
// a thread of its own.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <map>
#include <string>

#include "service/dataset/dataset_service.hpp"
#include "service/schedule/schedule.hpp"
#include "storage/table/pulled/pulled_table.hpp"

namespace canvasback {

class TableWatch {
 public:
  // What is known of a table.
  struct Entry {
    std::string identity;  // of its state file
    PulledTable table;     // without its parts
    std::int64_t rows = 0;
    std::uint64_t bytes = 0;
    std::optional<Error> error;
  };

  TableWatch(DatasetService& datasets, std::string data_folder)
      : datasets_(datasets), data_folder_(std::move(data_folder)) {}

  // Looks at all of them now.
  asio::awaitable<void> look();
  // From now on again and again, until the schedule is stopped.
  void watch_on(Schedule& schedule);
  const std::map<std::string, Entry, std::less<>>& tables() const { return tables_; }

 private:
  struct Found {
    std::string name;
    std::string identity;
    Result<PulledTable> table;
    Result<Dataset> dataset;
  };
  std::vector<Found> list() const;
  void take(Found found);

  DatasetService& datasets_;
  const std::string data_folder_;
  std::map<std::string, Entry, std::less<>> tables_;
  bool is_granted_ = false;
  asio::thread_pool io_{1};
};

}  // namespace canvasback
