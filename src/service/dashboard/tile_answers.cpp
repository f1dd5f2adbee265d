#include "service/dashboard/tile_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>
#include <utility>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "task/frame.hpp"
#include "worker/pool/event.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kFailed = "{\"error\":";
constexpr std::int64_t kNowStepUs = 3'600'000'000;

std::string key_of(std::string_view what) { return sha256_hex(what).substr(0, 32); }

// What a line of a task says: the answer, or the error of one query.
std::optional<Error> error_in(const std::string& line) {
  if (!line.starts_with(kFailed)) return std::nullopt;
  auto json = Json::parse(line);
  if (!json) return json.error();
  return error_from_json(json->at("error"));
}

}  // namespace

// One task, and who waits for it.
struct TileAnswers::Flight {
  explicit Flight(asio::any_io_executor executor) : ended(std::move(executor)) {}

  std::vector<std::string> keys;  // of the lines, in order; the first is the head's
  CancelToken cancel;
  std::vector<CancelToken> waiting;  // of clients
  Event ended;
  bool done = false;
  std::map<std::string, SharedText> lines;
  std::optional<Error> error;
  std::shared_ptr<const LiveRollupSet> rollups;  // that its task reads
};

asio::awaitable<Result<std::vector<std::string>>> TileAnswers::lines_of(MetricsWork work, RequestContext context,
                                                                        CancelToken gone) {
  using Out = Result<std::vector<std::string>>;
  const MetricsModel& model = work.model;
  auto source = metrics_datasets(model, datasets_);
  if (!source) co_return Out(std::unexpected(source.error()));
  const std::string text = model.source.empty() ? model.sql : model.source;
  RunningQuery entry{0, "dashboard", text, "json", 0, "waiting", nullptr, gone};
  Task task = task_of(std::move(work), context, OutputOptions());
  task.files.left_out = std::move(source->left_out);
  auto answer = co_await queries_.run(std::move(task), std::move(source->datasets), Lane::General, std::move(entry));
  if (!answer) co_return Out(std::unexpected(answer.error()));
  std::string bytes;
  while (true) {
    TaskEvent event = co_await (*answer)->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) bytes += event.bytes;
    if (bytes.size() > limits::kDashboardAnswerBytesMax) {
      (*answer)->cancel(CancelReason::RowLimit);
      co_return Out(fail(ErrorCode::PayloadTooLarge, "The answers are too large; ask for fewer tiles or rows."));
    }
    if (event.kind == TaskEvent::Kind::Done) break;
  }
  if (bytes.ends_with('\n')) bytes.pop_back();
  co_return split(bytes, '\n');
}

std::shared_ptr<TileAnswers::Flight> TileAnswers::start(MetricsWork work, std::vector<std::string> keys,
                                                        const TileQuestions& asked, const MetricsModel& model) {
  auto flight = std::make_shared<Flight>(executor_);
  flight->keys = std::move(keys);
  const auto needs = asked.needs.find(&model);
  if (rollups_ != nullptr && needs != asked.needs.end() && !work.queries.empty()) {
    flight->rollups = rollups_->find(model, needs->second, work.timezone);
  }
  if (flight->rollups) work.rollups = flight->rollups->rollups();
  for (const std::string& key : flight->keys) flights_.insert_or_assign(key, flight);
  asio::co_spawn(executor_, fly(flight, std::move(work), asked.context), asio::detached);
  return flight;
}

asio::awaitable<void> TileAnswers::fly(std::shared_ptr<Flight> flight, MetricsWork work, RequestContext context) {
  const std::shared_ptr<bool> alive = alive_;
  const std::size_t wanted = flight->keys.size();
  auto lines = co_await lines_of(std::move(work), std::move(context), flight->cancel);
  if (!*alive) co_return;
  // A task without queries tells the columns behind the head.
  if (lines && wanted == 1 && lines->size() == 2) lines->pop_back();
  if (!lines) {
    flight->error = lines.error();
  } else if (lines->size() != wanted) {
    flight->error = Error{ErrorCode::DataProcessing, "A worker gave another number of answers.", {}, {}, 0};
  } else {
    for (std::size_t i = 0; i < wanted; ++i) {
      auto line = std::make_shared<const std::string>(std::move((*lines)[i]));
      if (!line->starts_with(kFailed)) answers_.keep(flight->keys[i], line);
      flight->lines.emplace(flight->keys[i], std::move(line));
    }
  }
  for (const std::string& key : flight->keys) {
    const auto found = flights_.find(key);
    if (found != flights_.end() && found->second == flight) flights_.erase(found);
  }
  flight->done = true;
  flight->ended.notify();
}

void TileAnswers::cancel_gone() {
  std::set<std::shared_ptr<Flight>> flights;
  for (const auto& [key, flight] : flights_) flights.insert(flight);
  for (const auto& flight : flights) {
    if (!std::ranges::all_of(flight->waiting, [](const CancelToken& client) { return client.cancelled(); })) continue;
    flight->cancel.cancel(CancelReason::Client);
    // Whoever asks from now on is not to hear that it was cancelled.
    std::erase_if(flights_, [&](const auto& entry) { return entry.second == flight; });
  }
  queries_.cancel_gone();
}

asio::awaitable<DashboardAnswers::Model> TileAnswers::answer_model(const TileQuestions& asked,
                                                                   const MetricsModel& model,
                                                                   std::vector<TileAnswer>& tiles, CancelToken gone) {
  DashboardAnswers::Model out;
  if (!model.source.empty()) {
    co_await datasets_.look_if_few(model.source);  // or what is kept would be given of files that were replaced
    out.left_out = datasets_.left_out_of(model.source, OnUnreadable::Default);
  }
  MetricsWork work;
  work.model = model;
  work.period = asked.period;
  work.timezone = model.timezone.empty() ? asked.choices.timezone : std::string();
  work.now_us = wall_us();
  for (const TileQuestion& question : asked.questions) {
    const bool is_first = question.model == &model && work.compare == Comparison::None;
    if (is_first) work.compare = question.query.compare;
  }
  const std::int64_t hour = model.until_now ? work.now_us / kNowStepUs : 0;
  const std::string common = fmt::format("dashboard\n{}\n{}\n{}\n{}\n{}\n", metrics_version(model, datasets_),
                                         model.document.dump(), work.period.dump(), work.timezone, hour);
  std::vector<std::string> keys(1, key_of(common + std::string(name_of(work.compare))));
  Flights flights;
  const auto join = [&](const std::shared_ptr<Flight>& flight) {
    if (std::ranges::find(flights, flight) != flights.end()) return;
    flight->waiting.push_back(gone);
    flights.push_back(flight);
  };
  out.head = answers_.find(keys.front());
  if (const auto flying = flights_.find(keys.front()); !out.head && flying != flights_.end()) join(flying->second);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    if (asked.questions[i].model != &model) continue;
    TileAnswer& tile = tiles[i];
    tile.key = key_of(common + to_json(asked.questions[i].query).dump());
    tile.answer = answers_.find(tile.key);
    tile.cached = tile.answer != nullptr;
    if (tile.cached) continue;
    if (const auto flying = flights_.find(tile.key); flying != flights_.end()) {
      join(flying->second);
    } else if (std::ranges::find(keys, tile.key) == keys.end()) {
      keys.push_back(tile.key);
      work.queries.push_back(asked.questions[i].query);
    }
  }
  const std::string head_key = keys.front();
  if (!work.queries.empty() || (!out.head && flights.empty())) {
    join(start(std::move(work), std::move(keys), asked, model));
  }
  for (const auto& flight : flights) {
    while (!flight->done) co_await flight->ended.wait();
    if (const auto head = flight->lines.find(head_key); !out.head && head != flight->lines.end())
      out.head = head->second;
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      TileAnswer& tile = tiles[i];
      if (asked.questions[i].model != &model || tile.answer || tile.error) continue;
      if (std::ranges::find(flight->keys, tile.key) == flight->keys.end()) continue;
      if (flight->error) {
        tile.error = flight->error;
        continue;
      }
      tile.answer = flight->lines.at(tile.key);
      if (auto error = error_in(*tile.answer)) {
        tile.error = std::move(error);
        tile.answer = nullptr;
      }
    }
  }
  co_return out;
}

asio::awaitable<DashboardAnswers> TileAnswers::answer(TileQuestions asked, CancelToken gone) {
  DashboardAnswers out;
  std::vector<const MetricsModel*> models;
  for (const TileQuestion& question : asked.questions) {
    TileAnswer tile;
    tile.tile = question.tile;
    out.tiles.push_back(std::move(tile));
    const bool is_new = question.model != nullptr && std::ranges::find(models, question.model) == models.end();
    if (is_new) models.push_back(question.model);
  }
  std::ranges::sort(models);  // they stand in one list
  for (const MetricsModel* model : models) {
    out.models.push_back(co_await answer_model(asked, *model, out.tiles, gone));
  }
  for (TileAnswer& tile : out.tiles) {
    out.cached += tile.cached ? 1 : 0;
    if (std::ranges::find(asked.known, tile.key) != asked.known.end()) tile.answer = nullptr;
  }
  co_return out;
}

}  // namespace canvasback
