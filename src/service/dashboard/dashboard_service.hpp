// Dashboards: files that are listed, read, checked, saved and removed, and a proposal for any dataset. The numbers of
// tiles are those of tile_answers.hpp. On the front's thread; what needs the columns of a statement asks a worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/dashboard_reader.hpp"
#include "service/dashboard/dashboard_files.hpp"
#include "service/dashboard/tile_answers.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/query/request_context.hpp"

namespace canvasback {

// A text or JSON that was read and checked.
struct CheckedDashboard {
  Dashboard dashboard;
  Json document;  // null where the text is no YAML
  DashboardProblems problems;
};

struct DashboardEntry {
  DashboardFile file;
  CheckedDashboard checked;
  std::vector<std::string> datasets;  // that it reads
  std::vector<std::string> missing;   // of these and their columns: what is not served
};

// The numbers of some tiles, as a request asks for them.
struct DashboardRequest {
  RequestContext context;
  std::string name;  // of a file, or
  Json document;     // the dashboard
  Json tiles;        // docs/dashboards.md; null: all
  MetricsChoices choices;
  std::vector<std::string> known;
};

class DashboardService {
 public:
  // folder: of the files; it may not be there yet.
  DashboardService(DatasetService& datasets, TileAnswers& answers, std::string folder)
      : datasets_(datasets), answers_(answers), files_(std::move(folder)) {}

  // Those of the program only where nothing is missing.
  std::vector<DashboardEntry> list() const;
  // Errors: DashboardNotFound.
  asio::awaitable<Result<DashboardEntry>> read(std::string name, RequestContext context, CancelToken gone);
  // Of a text, or of JSON where the document is given.
  asio::awaitable<CheckedDashboard> check(std::string text, Json document, RequestContext context, CancelToken gone);
  // A text without errors. True: it is new. Errors: those of DashboardFiles::save.
  Result<bool> save(const std::string& name, const std::string& text, const DashboardConditions& conditions) const {
    return files_.save(name, text, conditions);
  }
  Status remove(const std::string& name, const DashboardConditions& conditions) const {
    return files_.remove(name, conditions);
  }

  // Errors: DashboardNotFound, InvalidData for what the request says. What is wrong with a tile, or with the task of
  // its metrics, is told with the tile.
  asio::awaitable<Result<DashboardAnswers>> query(DashboardRequest request, CancelToken gone);
  // A dashboard for a dataset, as JSON (service/dashboard/explore.hpp). Errors: DatasetNotFound, those of the task.
  asio::awaitable<Result<Json>> explore(std::string dataset, RequestContext context, CancelToken gone);

  TileAnswers& answers() { return answers_; }

 private:
  CheckedDashboard read_text(const std::string& text, Json document, bool is_built_in) const;
  Result<Dashboard> dashboard_of(const DashboardRequest& request, Json& document) const;
  asio::awaitable<void> check_statements(CheckedDashboard& checked, RequestContext context, CancelToken gone);
  DashboardEntry entry_of(DashboardFile file) const;

  DatasetService& datasets_;
  TileAnswers& answers_;
  DashboardFiles files_;
};

}  // namespace canvasback
