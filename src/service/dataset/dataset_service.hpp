// The datasets of a server: what was registered, what the files behind it are now, and what workers may read because
// of it. Files are listed on a thread of their own and looked into by inspect tasks; every
// limits::kDatasetRefreshPeriod the listing is repeated, so that new, changed and vanished files are noticed. A dataset
// that cannot be read stays listed with its error. All calls on the front's one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "storage/catalog.hpp"
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
  // twice is InvalidData.
  asio::awaitable<Status> add(std::vector<DatasetSource> sources);
  // Looks once more at every source now.
  asio::awaitable<void> refresh();
  // A dataset that somebody else keeps (a collection): its newest version. Its name is not listed from files.
  void put(std::shared_ptr<const Dataset> dataset);
  // Instead: files of it cannot be read. `rest` is the dataset without them.
  void put_unreadable(std::shared_ptr<const Dataset> rest, std::vector<std::string> left_out, Error error);
  // Folders beside those of the sources that workers may read.
  void grant_folders(std::vector<std::string> folders);
  // Repeats refresh() until the service is destroyed.
  void start_watching();

  // The newest entry by name. Errors: DatasetNotFound, or the error that keeps it from being read.
  Result<std::shared_ptr<const Dataset>> find(std::string_view name,
                                              OnUnreadable on_unreadable = OnUnreadable::Default) const;
  std::vector<std::shared_ptr<const Dataset>> readable(OnUnreadable on_unreadable = OnUnreadable::Default) const;
  // The names of files that an answer from this dataset leaves out; of a statement, from every dataset that its text
  // names.
  std::vector<std::string> left_out_of(std::string_view name, OnUnreadable on_unreadable) const;
  std::vector<std::string> left_out_of_sql(std::string_view sql, OnUnreadable on_unreadable) const;
  // Why a statement cannot be answered, where a dataset that its text names has files that cannot be read.
  std::optional<Error> unreadable_in(std::string_view sql, OnUnreadable on_unreadable = OnUnreadable::Default) const;
  const std::map<std::string, DatasetEntry, std::less<>>& entries() const { return entries_; }

 private:
  asio::awaitable<void> refresh_one(std::string name);
  asio::awaitable<void> watch(std::shared_ptr<bool> alive);
  void update_grants();

  asio::any_io_executor executor_;
  Pool& pool_;
  asio::thread_pool listing_{1};
  std::map<std::string, DatasetEntry, std::less<>> entries_;
  std::map<std::string, Dataset> listed_;  // the newest listing by name: what grants are made from
  std::vector<std::string> granted_folders_;
  bool refreshing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
