// The tasks that read datasets: what each kind of them needs to know. One struct a kind; task/task.hpp has them as a
// variant. Wire form: JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "query/analysis.hpp"
#include "query/narrowing.hpp"
#include "query/record_range.hpp"
#include "query/search.hpp"
#include "query/selection.hpp"
#include "query/tile.hpp"
#include "query/view.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// A selection of one dataset.
struct RowsWork {
  std::string dataset;
  Selection selection;
  std::optional<std::int64_t> known_total;  // rows that match the filter, where an earlier task counted them
};

// A statement and what is bound to it.
struct Statement {
  std::string sql;
  Json parameters;      // array (positional) or object (named), or null
  Narrowing narrowing;  // of a statement of ours
};

// The user's own SQL, through the gate.
struct SqlWork {
  Statement statement;
  std::optional<RecordRange> range;       // instead of the statement: the one that gives these records
  std::optional<std::int64_t> row_limit;  // at most so many rows
};

// Schema and footers of a dataset's files.
struct InspectWork {
  Dataset listed;  // name, kind and files
};

// A profile, histogram, frequent values or an aggregate of a selection.
struct AnalyseWork {
  std::string dataset;
  Analysis analysis;
  Selection selection;
};

// Makes the parts of a view: of a dataset's selection, of a statement, or of another view's rows (ViewBuild::source).
struct ViewWork {
  std::string dataset;
  Selection selection;
  Statement statement;  // its sql is empty where the view is of no statement
  ViewBuild build;
};

// Some rows of a view, as an Arrow stream.
struct WindowWork {
  std::string dataset;  // that the view is of; empty: of none
  std::vector<std::string> columns;
  ViewWindow window;
};

// The records of a collection that have some words.
struct SearchWork {
  std::string dataset;
  Search search;
};

// Rows counted on a grid, as a picture or as cells.
struct TileWork {
  std::string dataset;
  Tile tile;
  Selection selection;  // its filter
};

Json to_json(const RowsWork& work);
Json to_json(const SqlWork& work);
Json to_json(const InspectWork& work);
Json to_json(const AnalyseWork& work);
Json to_json(const ViewWork& work);
Json to_json(const WindowWork& work);
Json to_json(const SearchWork& work);
Json to_json(const TileWork& work);

// What to_json() made; an error only where that cannot be.
Result<RowsWork> rows_work_from_json(const Json& json);
Result<SqlWork> sql_work_from_json(const Json& json);
Result<InspectWork> inspect_work_from_json(const Json& json);
Result<AnalyseWork> analyse_work_from_json(const Json& json);
Result<ViewWork> view_work_from_json(const Json& json);
Result<WindowWork> window_work_from_json(const Json& json);
Result<SearchWork> search_work_from_json(const Json& json);
Result<TileWork> tile_work_from_json(const Json& json);

}  // namespace canvasback
