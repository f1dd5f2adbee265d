#include "service/dashboard/dashboard_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/limits.hpp"
#include "base/nearest_name.hpp"
#include "base/text.hpp"
#include "query/dashboard_check.hpp"
#include "query/dashboard_fields.hpp"
#include "query/published_dashboard.hpp"
#include "service/dashboard/explore.hpp"
#include "service/dashboard/yaml_text.hpp"

namespace canvasback {
namespace {

// The tables of a statement, for lists: words behind FROM and JOIN.
std::vector<std::string> tables_of(std::string_view sql) {
  std::vector<std::string> out;
  std::string word;
  std::string before;
  const auto end_word = [&] {
    if (word.empty()) return;
    const std::string left = lower(before);
    if ((left == "from" || left == "join") && std::ranges::find(out, word) == out.end()) out.push_back(word);
    before = std::exchange(word, {});
  };
  for (char c : sql) {
    const bool is_of_word = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
    if (is_of_word) {
      word += c;
    } else if (c != '"') {
      end_word();
      if (c == '(') before.clear();
    }
  }
  end_word();
  return out;
}

std::vector<std::string> datasets_of(const Dashboard& dashboard) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(out, name) == out.end()) out.push_back(name);
  };
  for (const MetricsModel& model : dashboard.models) {
    if (!model.source.empty()) add(model.source);
    for (const std::string& name : tables_of(model.sql)) add(name);
  }
  return out;
}

// A tile of a request: a number, a tile with some keys changed, or a whole one.
struct TileWish {
  std::optional<std::int64_t> number;
  DashboardTile tile;
};

Json changed_tile(const Json& tile, const Json& changes) {
  Json out = Json::Object{};
  const bool other_measures = changes.find("measure") != nullptr || changes.find("measures") != nullptr;
  for (const auto& [key, value] : tile.as_object()) {
    const bool replaced = changes.find(key) != nullptr || (other_measures && (key == "measure" || key == "measures"));
    if (!replaced) out.set(key, value);
  }
  for (const auto& [key, value] : changes.as_object()) {
    if (key != "tile" && key != "offset" && key != "search") out.set(key, value);
  }
  return out;
}

Result<TileWish> tile_wish(const Json& item, std::size_t index, const Dashboard& dashboard, const Json& document) {
  TileWish out;
  const std::string path = fmt::format("tiles[{}]", index);
  const Json& number = item.is_object() ? item.at("tile") : item;
  const auto& tiles = document.at("tiles").as_array();
  if (number.is_integer()) {
    const std::int64_t at = number.as_int(-1);
    if (at < 0 || at >= static_cast<std::int64_t>(tiles.size())) {
      return fail(ErrorCode::InvalidData, fmt::format("{}: the dashboard has {} tiles.", path, tiles.size()));
    }
    out.number = at;
    out.tile = dashboard.tiles[static_cast<std::size_t>(at)];
    if (!item.is_object()) return out;
  } else if (!item.is_object() || !number.is_null()) {
    return fail(ErrorCode::InvalidData, path + " must be the number of a tile, or an object.");
  }
  const Json own = changed_tile(out.number ? tiles[static_cast<std::size_t>(*out.number)] : Json(Json::Object{}), item);
  DashboardProblems problems;
  out.tile = dashboard_tile_from_json(own, dashboard, path, problems);
  CANVASBACK_TRY(first_error(problems));
  if (const Json* offset = item.find("offset")) {
    out.tile.offset = offset->as_int(-1);
    if (out.tile.offset < 0) return fail(ErrorCode::InvalidData, path + ".offset must be an integer from 0.");
  }
  if (const Json* search = item.find("search")) {
    if (!search->is_string()) return fail(ErrorCode::InvalidData, path + ".search must be a text.");
    out.tile.search = search->as_string();
  }
  return out;
}

}  // namespace

CheckedDashboard DashboardService::read_text(const std::string& text, Json document, bool is_built_in) const {
  CheckedDashboard out;
  std::optional<YamlText> yaml;
  if (document.is_null()) {
    DashboardProblem problem;
    auto parsed = YamlText::parse(text, &problem);
    if (!parsed) {
      out.problems.push_back(std::move(problem));
      return out;
    }
    yaml = std::move(*parsed);
    out.document = yaml->json();
  } else {
    out.document = std::move(document);
  }
  out.dashboard = dashboard_from_json(out.document, out.problems);
  std::vector<std::string> names;
  for (const auto& [name, entry] : datasets_.entries()) names.push_back(name);
  for (std::size_t i = 0; i < out.dashboard.models.size(); ++i) {
    const MetricsModel& model = out.dashboard.models[i];
    if (model.source.empty()) continue;
    const std::string path = metrics_path(out.document, i);
    if (auto dataset = datasets_.find(model.source)) {
      check_metrics(model, path, (*dataset)->columns, out.problems);
    } else {
      const bool unknown = dataset.error().code == ErrorCode::DatasetNotFound;
      std::string nearest = unknown ? nearest_name(model.source, names) : std::string();
      const std::string message = dataset.error().message + meant(nearest);
      add_problem(out.problems, {path + ".source", message, nearest, !is_built_in});
    }
  }
  for (DashboardProblem& problem : out.problems) {
    if (!yaml) break;
    const TextPlace at = yaml->place_of(problem.path, problem.is_of_key);
    problem.line = at.line;
    problem.column = at.column;
  }
  return out;
}

DashboardEntry DashboardService::entry_of(DashboardFile file) const {
  DashboardEntry out;
  out.checked = read_text(file.text, {}, file.is_built_in);
  out.file = std::move(file);
  out.datasets = datasets_of(out.checked.dashboard);
  for (const std::string& name : out.datasets) {
    if (!datasets_.find(name)) out.missing.push_back(name);
  }
  for (const DashboardProblem& problem : out.checked.problems) {
    if (out.file.is_built_in && !problem.is_warning && out.missing.empty()) out.missing.push_back(problem.message);
  }
  return out;
}

std::vector<DashboardEntry> DashboardService::list() const {
  std::vector<DashboardEntry> out;
  for (DashboardFile& file : files_.list()) {
    DashboardEntry entry = entry_of(std::move(file));
    if (!entry.file.is_built_in || entry.missing.empty()) out.push_back(std::move(entry));
  }
  std::ranges::stable_sort(out, {}, [](const DashboardEntry& entry) { return lower(entry.checked.dashboard.title); });
  return out;
}

asio::awaitable<void> DashboardService::check_statements(CheckedDashboard& checked, RequestContext context,
                                                         CancelToken gone) {
  for (std::size_t i = 0; i < checked.dashboard.models.size(); ++i) {
    const MetricsModel& model = checked.dashboard.models[i];
    const bool asks = model.has_user_sql() || !model.timezone.empty() || model.source_timezone != "UTC";
    if (!asks || (model.sql.empty() && !datasets_.find(model.source))) continue;
    MetricsWork work;
    work.model = model;
    work.period = "all";
    const std::string path = metrics_path(checked.document, i);
    auto lines = co_await answers_.lines_of(std::move(work), context, gone);
    if (!lines) {
      const bool of_zone = lines.error().message.starts_with("There is no time zone");
      const std::string key = of_zone ? ".timezone" : model.sql.empty() ? "" : ".sql";
      const ErrorCode code = lines.error().code;
      const bool is_wrong =
          code == ErrorCode::QueryInvalid || code == ErrorCode::QueryForbidden || code == ErrorCode::InvalidData;
      add_problem(checked.problems, {path + key, lines.error().message, {}, !is_wrong});
      continue;
    }
    if (model.sql.empty() || lines->size() < 2) continue;
    std::vector<DatasetColumn> columns;
    if (auto json = Json::parse((*lines)[1])) {
      for (const Json& column : json->as_array()) {
        columns.push_back(
            {std::string(column.at("name").as_string()), std::string(column.at("type").as_string()), {}, {}, {}});
      }
    }
    check_metrics(model, path, columns, checked.problems);
  }
}

asio::awaitable<CheckedDashboard> DashboardService::check(std::string text, Json document, RequestContext context,
                                                          CancelToken gone) {
  CheckedDashboard out = read_text(text, std::move(document), false);
  if (has_errors(out.problems)) co_return out;
  co_await check_statements(out, std::move(context), gone);
  if (auto yaml = YamlText::parse(text); yaml && !text.empty()) {
    for (DashboardProblem& problem : out.problems) {
      const TextPlace at = yaml->place_of(problem.path, problem.is_of_key);
      problem.line = at.line;
      problem.column = at.column;
    }
  }
  co_return out;
}

asio::awaitable<Result<DashboardEntry>> DashboardService::read(std::string name, RequestContext context,
                                                               CancelToken gone) {
  auto file = files_.read(name);
  if (!file) co_return Result<DashboardEntry>(std::unexpected(file.error()));
  DashboardEntry out = entry_of(std::move(*file));
  out.checked = co_await check(out.file.text, {}, std::move(context), gone);
  co_return out;
}

Result<Dashboard> DashboardService::dashboard_of(const DashboardRequest& request, Json& document) const {
  document = request.document;
  if (document.is_null()) {
    CANVASBACK_ASSIGN(const DashboardFile file, files_.read(request.name));
    CANVASBACK_ASSIGN(const YamlText yaml, YamlText::parse(file.text));
    document = yaml.json();
  }
  DashboardProblems problems;
  Dashboard out = dashboard_from_json(document, problems);
  CANVASBACK_TRY(first_error(problems));
  return out;
}

asio::awaitable<Result<DashboardAnswers>> DashboardService::query(DashboardRequest request, CancelToken gone) {
  using Out = Result<DashboardAnswers>;
  Json document;
  const auto dashboard = dashboard_of(request, document);
  if (!dashboard) co_return Out(std::unexpected(dashboard.error()));
  TileQuestions asked;
  asked.context = request.context;
  asked.known = std::move(request.known);
  asked.period = request.choices.period.is_null() ? document.at("period") : request.choices.period;
  if (asked.period.is_null()) asked.period = "last_30_days";
  if (auto period = period_from_json(asked.period); !period) co_return Out(std::unexpected(period.error()));
  asked.choices = request.choices;
  Json tiles = request.tiles;
  for (std::size_t i = 0; tiles.as_array().size() < dashboard->tiles.size() && request.tiles.is_null(); ++i) {
    if (i == 0) tiles = Json::Array{};
    tiles.push(static_cast<std::int64_t>(i));
  }
  if (!tiles.is_array() || tiles.as_array().size() > limits::kDashboardQueryTilesMax) {
    co_return Out(fail(ErrorCode::InvalidData,
                       fmt::format("\"tiles\" must be an array of up to {}.", limits::kDashboardQueryTilesMax)));
  }
  // Of a document that is being edited the groups are to be of use for the next one, too.
  const std::vector<std::string> filters = filters_of(document, *dashboard);
  for (const MetricsModel& model : dashboard->models) {
    const bool is_edited = !request.document.is_null();
    asked.needs.emplace(&model, is_edited ? rollup_needs(model) : rollup_needs(*dashboard, model, filters));
  }
  for (std::size_t i = 0; i < tiles.as_array().size(); ++i) {
    auto wish = tile_wish(tiles.as_array()[i], i, *dashboard, document);
    if (!wish) co_return Out(std::unexpected(wish.error()));
    TileQuestion question;
    question.tile = wish->number;
    if (wish->tile.type != "text") {
      question.model = dashboard->model_of(wish->tile);
      question.query = metrics_query_of(wish->tile, *dashboard, request.choices);
    }
    asked.questions.push_back(std::move(question));
  }
  co_return co_await answers_.answer(std::move(asked), gone);
}

asio::awaitable<Result<Json>> DashboardService::explore(std::string dataset_name, RequestContext context,
                                                        CancelToken gone) {
  using Out = Result<Json>;
  auto dataset = datasets_.find(dataset_name);
  if (!dataset) {
    co_await datasets_.look_if_few(dataset_name);
    dataset = datasets_.find(dataset_name);
  }
  if (!dataset) co_return Out(std::unexpected(dataset.error()));
  std::vector<SampledColumn> columns = sampled_columns(**dataset);
  for (bool distinct : {false, true}) {
    if (columns.empty()) break;
    // The sample is asked as metrics are.
    DashboardProblems problems;
    MetricsWork work;
    work.model = metrics_from_json(sample_metrics(**dataset, columns, distinct), "metrics", problems);
    work.period = "all";
    MetricsQuery query;
    for (const Metric& metric : work.model.measures) query.measures.push_back(metric.name);
    work.queries.push_back(std::move(query));
    auto lines = co_await answers_.lines_of(std::move(work), context, gone);
    if (!lines) co_return Out(std::unexpected(lines.error()));
    auto line = Json::parse(lines->back());
    if (!line) co_return Out(std::unexpected(line.error()));
    const Json::Array& rows = line->at("rows").as_array();
    for (std::size_t i = 0; !rows.empty() && i < std::min(rows[0].as_array().size(), columns.size()); ++i) {
      (distinct ? columns[i].distinct : columns[i].values) = rows[0].as_array()[i].as_int();
    }
  }
  co_return explore_document(**dataset, columns);
}

}  // namespace canvasback
