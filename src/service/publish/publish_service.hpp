// PublishService: dashboards as files that any static host serves (docs/publish.md): their default answers, and rollups
// from which a reader's browser makes the numbers under filters. Workers make both; here they get their names and
// become a new generation of the folder. What was made of the same before is neither asked for nor written again. On
// the front's thread, for a command.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "query/published_dashboard.hpp"
#include "service/dashboard/tile_answers.hpp"
#include "service/publish/site_folder.hpp"

namespace canvasback {

inline constexpr std::int64_t kPublishBudgetBytes = 33'554'432;  // of a dashboard, unless told

struct PublishItem {
  std::string name;
  Json document;  // without errors
};

struct PublishOptions {
  std::string folder;
  std::string title;             // empty: of the first dashboard, or what was published before
  std::string timezone = "UTC";  // of metrics without one
  std::vector<Json> periods;     // answers are published for, beside each dashboard's own
  std::int64_t budget_bytes = kPublishBudgetBytes;
  std::int64_t timeout_ms = 0;  // of each task; 0: the default
};

struct PublishedPart {
  std::string what;  // "day × country", "details of offer_id by value"
  std::int64_t bytes = 0;
};

struct PublishedReport {
  std::string name;
  std::string title;
  std::vector<PublishedPart> parts;
  std::int64_t answer_bytes = 0;
  std::int64_t page_bytes = 0;
  std::vector<std::string> unavailable;
  std::vector<std::string> withheld;  // for privacy
  bool reused = false;                // nothing of it was asked for
};

struct PublishReport {
  std::vector<PublishedReport> dashboards;
  std::int64_t generation = 0;
  bool unchanged = false;
  std::int64_t files_written = 0;
  std::int64_t bytes_written = 0;
  std::int64_t files_removed = 0;
  std::int64_t files = 0;  // of the generation
};

class PublishService {
 public:
  PublishService(QueryService& queries, DatasetService& datasets, TileAnswers& answers)
      : queries_(queries), datasets_(datasets), answers_(answers) {}

  using OnProgress = std::function<void(const std::string& what)>;
  // Errors: those of SiteFolder and of tasks; a tile that fails is published with its error.
  asio::awaitable<Result<PublishReport>> publish(std::vector<PublishItem> items, PublishOptions options,
                                                 OnProgress on_progress, CancelToken cancel);

 private:
  struct Site;
  struct Page;

  asio::awaitable<Status> publish_dashboard(const PublishItem& item, Site& site);
  asio::awaitable<Result<Json>> model_of(Page& page, const MetricsModel& model, Site& site);
  asio::awaitable<Status> make_rollups(Page& page, const MetricsModel& model, Site& site, Json& out);
  asio::awaitable<Status> add_answers(Page& page, const Json& period, Site& site);
  Status finish(Site& site);

  QueryService& queries_;
  DatasetService& datasets_;
  TileAnswers& answers_;
};

}  // namespace canvasback
