// TableScrub: makes sure of the bytes of pulled tables: from time to time every part and every key map is compared with
// the checksums that it was written with, one file at a time, in a worker. What is damaged is logged and listed until
// the file is another one or is gone: queries meet damage of parts by themselves, and pulls that of key maps. On the
// front's one thread.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <map>
#include <string>

#include "service/schedule/schedule.hpp"
#include "storage/dataset.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

class TableScrub {
 public:
  // merge: of the role `maintain`; it outlives this.
  TableScrub(Pool& merge, std::string data_folder, std::int64_t every_h)
      : merge_(merge), data_folder_(std::move(data_folder)), every_h_(every_h) {}

  // From now on, until the schedule is stopped; never where every_h is 0.
  void run_on(Schedule& schedule);
  // All tables now. Ends early where the program does.
  asio::awaitable<void> scrub();

  // By table: what was found, which names the file.
  const std::map<std::string, std::string>& damaged() const { return damaged_; }
  // When the last one ended, in microseconds since 1970; 0: none has.
  std::int64_t scrubbed_us() const { return scrubbed_us_; }

 private:
  asio::awaitable<void> look();
  asio::awaitable<Status> check(DataFile file);
  asio::awaitable<void> scrub_table(const std::string& name);
  std::string note_path() const;

  Pool& merge_;
  const std::string data_folder_;
  const std::int64_t every_h_;
  Schedule* schedule_ = nullptr;
  std::map<std::string, std::string> damaged_;
  std::int64_t scrubbed_us_ = 0;
  bool is_known_ = false;  // whether scrubbed_us_ was read
  asio::thread_pool io_{1};
};

}  // namespace canvasback
