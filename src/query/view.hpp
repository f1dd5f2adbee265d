// Views: a selection of a dataset, or a statement's result, that many windows are read of. What a worker is told to
// make one (ViewBuild), what it says of it (ViewState), and what it is told to read a window (ViewWindow). A view's
// rows lie in parts, files of the cache: either the rows themselves in the view's order, or their positions (the row's
// number in the dataset, all files one after the other). Wire form: JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

enum class ViewMethod {
  Direct,     // the dataset itself, in file order
  Rows,       // parts hold the rows
  Positions,  // parts hold where the rows are
};

struct ViewPart {
  std::string key;  // of the cache
  std::int64_t rows = 0;
};

std::int64_t rows_of(const std::vector<ViewPart>& parts);

// The virtual columns of parts that hold rows, and of windows.
inline constexpr const char* kFileIndexColumn = "__file_index";
inline constexpr const char* kFileRowColumn = "__file_row";

struct ViewBuild {
  std::string key;               // what names of parts are made from
  std::string search;            // rows that contain this text in some column
  std::vector<ViewPart> source;  // the rows to choose from, where they are a statement's result
  std::int64_t first = 0;        // so many rows are there before everything else
  std::uint64_t bytes_max = 0;   // of all parts
};

// What is known of a view; each message replaces the one before.
struct ViewState {
  ViewMethod method = ViewMethod::Direct;
  std::vector<DatasetColumn> columns;  // names and types
  std::vector<ViewPart> first;         // the first rows, while the parts are not there
  std::vector<ViewPart> parts;
  std::int64_t rows = -1;  // -1: unknown
  bool rows_exact = false;
  std::string limited;  // why there will be no more parts although there are more rows
};

struct ViewWindow {
  ViewMethod method = ViewMethod::Direct;
  std::string version;  // of the dataset that the view was made of; empty: of none
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::vector<ViewPart> parts;  // those that hold the rows
  std::int64_t parts_from = 0;  // the row that the first of them begins with
  bool row_ids = false;
  bool places_in_parts = false;  // parts of rows end with the two virtual columns
  std::int64_t cell_bytes = 0;   // texts are cut behind so many; 0: never
};

Json to_json(const ViewBuild& build);
ViewBuild view_build_from_json(const Json& json);
Json to_json(const ViewState& state);
ViewState view_state_from_json(const Json& json);
Json to_json(const ViewWindow& window);
ViewWindow view_window_from_json(const Json& json);

}  // namespace canvasback
