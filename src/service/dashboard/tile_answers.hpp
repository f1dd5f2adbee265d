// TileAnswers: the numbers of tiles. Each is kept by its question and the version of its datasets; what is not kept is
// asked in one task for all tiles of the same metrics; the same question of several clients at once is asked once, and
// cancelled when all of them have gone. On the front's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/metrics_query.hpp"
#include "service/dashboard/live_rollups.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/query/cached_answers.hpp"
#include "service/query/query_service.hpp"
#include "service/query/request_context.hpp"
#include "task/metrics_task.hpp"

namespace canvasback {

using SharedText = std::shared_ptr<const std::string>;

struct TileAnswer {
  std::optional<std::int64_t> tile;  // its number in the dashboard
  std::string key;                   // changes whenever the answer may; empty for a text
  bool cached = false;
  SharedText answer;  // JSON; nullptr with an error, for a text, and where the client has it
  std::optional<Error> error;
};

struct DashboardAnswers {
  struct Model {
    SharedText head;  // JSON: name, dataset, timezone, newest, period, compare; nullptr where its task failed
    std::vector<std::string> left_out;  // files that cannot be read
  };
  std::vector<Model> models;  // that tiles are of, in the dashboard's order
  std::vector<TileAnswer> tiles;
  std::int64_t cached = 0;
};

// A tile and what it asks.
struct TileQuestion {
  std::optional<std::int64_t> tile;
  const MetricsModel* model = nullptr;  // nullptr: a text
  MetricsQuery query;
};

struct TileQuestions {
  RequestContext context;
  Json period;
  MetricsChoices choices;
  std::vector<std::string> known;  // keys of answers that the client has
  std::vector<TileQuestion> questions;
  std::map<const MetricsModel*, RollupNeeds> needs;  // of the dashboard; none: rows are read
};

class TileAnswers {
 public:
  TileAnswers(asio::any_io_executor executor, QueryService& queries, DatasetService& datasets, CachedAnswers& answers)
      : executor_(std::move(executor)), queries_(queries), datasets_(datasets), answers_(answers) {}
  ~TileAnswers() { *alive_ = false; }
  TileAnswers(const TileAnswers&) = delete;
  TileAnswers& operator=(const TileAnswers&) = delete;

  // The models must live as long.
  asio::awaitable<DashboardAnswers> answer(TileQuestions asked, CancelToken gone);
  // The lines of a task of these metrics (task/metrics_task.hpp). Errors: DatasetNotFound, those of the task.
  asio::awaitable<Result<std::vector<std::string>>> lines_of(MetricsWork work, RequestContext context,
                                                             CancelToken gone);
  // Tiles are made of these where they are there. They outlive it.
  void use(LiveRollups& rollups) { rollups_ = &rollups; }
  const LiveRollups* rollups() const { return rollups_; }
  // Clients have gone: what only they wait for is cancelled.
  void cancel_gone();

 private:
  struct Flight;
  using Flights = std::vector<std::shared_ptr<Flight>>;

  asio::awaitable<DashboardAnswers::Model> answer_model(const TileQuestions& asked, const MetricsModel& model,
                                                        std::vector<TileAnswer>& tiles, CancelToken gone);
  std::shared_ptr<Flight> start(MetricsWork work, std::vector<std::string> keys, const TileQuestions& asked,
                                const MetricsModel& model);
  asio::awaitable<void> fly(std::shared_ptr<Flight> flight, MetricsWork work, RequestContext context);

  asio::any_io_executor executor_;
  QueryService& queries_;
  DatasetService& datasets_;
  CachedAnswers& answers_;
  LiveRollups* rollups_ = nullptr;
  std::map<std::string, std::shared_ptr<Flight>> flights_;  // by the key of an answer that is being computed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
