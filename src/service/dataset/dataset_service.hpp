// The datasets of a server: what was registered, what the files behind it are now, and what workers may read because
// of it. Files are listed on a thread of their own and looked into by inspect tasks; every
// limits::kDatasetRefreshPeriod the listing is repeated, so that new, changed and vanished files are noticed. A file
// that a worker finds to be another one is noticed at once: see look(). A dataset that cannot be read stays listed with
// its error. All calls on the front's one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "service/schedule/schedule.hpp"
#include "storage/catalog.hpp"
#include "storage/held_files.hpp"
#include "worker/pool/event.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

struct DatasetEntry {
  DatasetSource source;
  std::shared_ptr<const Dataset> dataset;  // the newest that was inspected; nullptr before the first
  std::optional<Error> error;              // why the files are not (or no longer) readable
  bool is_put = false;                     // by put()
  // Beside the error: what can be read of it, for who asks for that (on_unreadable=skip), and the names of the rest.
  std::shared_ptr<const Dataset> readable_rest = {};
  std::vector<std::string> left_out = {};
  // Of files: when the listing began that all of this is about, and whether a newer one is under way.
  std::int64_t listed_ns = 0;
  bool is_looked_at = false;
  // While its files are read for the first time, or anew: who does. And when that was begun last.
  const TaskRun* preparing = nullptr;
  std::int64_t inspected_ns = 0;

  // How much of that is done, from 0 to 1; nothing where nobody reads.
  std::optional<double> share_prepared() const;
};

// What becomes of a dataset of which some files cannot be read.
enum class OnUnreadable {
  Default,  // Fail for a collection, whose records were acknowledged; Skip for files that somebody put into a folder
  Fail,     // it is not answered from
  Skip,     // it is answered from the others, and the answer says so
};

class DatasetService {
 public:
  DatasetService(asio::any_io_executor executor, Pool& pool);
  ~DatasetService();

  // Registers paths, lists and inspects them. Errors of single paths stay with their entries; a name that is used
  // twice is InvalidData, in whatever case of the letters, because SQL would not tell the two apart.
  // Files of text that are large are read whole before they can be answered from: waits for that no longer than this.
  asio::awaitable<Status> add(std::vector<DatasetSource> sources,
                              std::chrono::milliseconds wait_max = std::chrono::hours(24));
  // Looks once more at every source now.
  asio::awaitable<void> refresh();
  // At these, where they were listed last before that time (monotonic_ns()); otherwise they are known as they were then
  // or later. For who was told that a file is not the one that was listed.
  asio::awaitable<void> look(std::vector<std::string> names, std::int64_t since_ns);
  // At one of few files, for an answer that no worker would look at them for: one that is remembered, or refused. One
  // that cannot be read is not asked for more often than every kLookAgainAfter.
  asio::awaitable<void> look_if_few(std::string name);
  // How a dataset's files of text are read from now on; waits until all of them are read so. Errors: DatasetNotFound,
  // InvalidData for files of another kind; that of the reading, after which they are read as before.
  asio::awaitable<Status> read_as(std::string name, TextSettings settings);
  // A dataset that somebody else keeps (a collection): its newest version. Its name is not listed from files.
  void put(std::shared_ptr<const Dataset> dataset);
  // Instead: files of it cannot be read. `rest` is the dataset without them.
  void put_unreadable(std::shared_ptr<const Dataset> rest, std::vector<std::string> left_out, Error error);
  // One that was put is no more.
  void drop(std::string_view name);
  // More folders beside those of the sources that workers may read.
  void grant_folders(std::vector<std::string> folders);
  // Repeats refresh() on that clock, until it is stopped, which must be before the service is destroyed.
  void watch_on(Schedule& schedule);

  // The name that there is already, in whatever case of the letters; empty where there is none.
  std::string name_like(std::string_view name) const;
  // The newest entry by name. Errors: DatasetNotFound, or the error that keeps it from being read.
  Result<std::shared_ptr<const Dataset>> find(std::string_view name,
                                              OnUnreadable on_unreadable = OnUnreadable::Default) const;
  std::vector<std::shared_ptr<const Dataset>> readable(OnUnreadable on_unreadable = OnUnreadable::Default) const;
  // The names of files that an answer from this dataset leaves out; of a statement, from every dataset that its text
  // names.
  std::vector<std::string> left_out_of(std::string_view name, OnUnreadable on_unreadable) const;
  std::vector<std::string> left_out_of_sql(std::string_view sql, OnUnreadable on_unreadable) const;
  // The names of datasets that nothing can be read from, for Task::work "closed"; with Skip without those of which some
  // files can be.
  std::vector<std::string> closed(OnUnreadable on_unreadable) const;
  // Why, where it is one of these, in any case of the letters.
  std::optional<Error> why_closed(std::string_view name, OnUnreadable on_unreadable) const;
  const std::map<std::string, DatasetEntry, std::less<>>& entries() const { return entries_; }

 private:
  struct Listing {
    Result<Dataset> dataset;
    HeldDescriptors held;
  };
  static asio::awaitable<Listing> list_on(DatasetSource source, bool may_hold);
  asio::awaitable<void> look_at(std::vector<std::string> names);
  asio::awaitable<std::vector<std::string>> look_once(std::vector<std::string> names, std::vector<std::string>& large);
  asio::awaitable<bool> list_again(const std::string& name, bool& rewritten);
  asio::awaitable<void> inspect(std::string name);
  asio::awaitable<void> inspect_large(std::string name, std::int64_t began_ns);
  void end_look(const std::string& name, std::int64_t began_ns);
  void keep_held_of(const Dataset& listed, const Dataset& dataset);
  void update_grants();

  asio::any_io_executor executor_;
  Pool& pool_;
  asio::thread_pool listing_{1};
  std::map<std::string, DatasetEntry, std::less<>> entries_;
  std::map<std::string, Dataset> listed_;  // the newest listing by name: what grants are made from
  std::vector<std::string> granted_folders_;
  Event looked_;             // something was looked at
  bool large_runs_ = false;  // a dataset of which much has to be read: one after the other, beside everything else
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
