#include "query/view.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(ViewTest, ABuildSurvivesTheWay) {
  const ViewBuild build{"key", "text", {{"a", 3}, {"b", 4}}, 200, 1'000'000};
  EXPECT_EQ(to_json(view_build_from_json(*Json::parse(to_json(build).dump()))).dump(), to_json(build).dump());
  EXPECT_EQ(view_build_from_json(to_json(build)).source[1].rows, 4);
}

TEST(ViewTest, AStateSurvivesTheWay) {
  ViewState state;
  state.method = ViewMethod::Positions;
  state.columns.push_back({"name", "DECIMAL(12,2)", {}, {}, {}});
  state.first = {{"f", 200}};
  state.parts = {{"p", 5'000'000'000}};
  state.rows = 5'000'000'000;
  state.rows_exact = true;
  state.limited = "too large";
  const ViewState back = view_state_from_json(*Json::parse(to_json(state).dump()));
  EXPECT_EQ(back.method, ViewMethod::Positions);
  EXPECT_EQ(back.columns[0].type, "DECIMAL(12,2)");
  EXPECT_EQ(rows_of(back.parts), 5'000'000'000);
  EXPECT_EQ(to_json(back).dump(), to_json(state).dump());
}

TEST(ViewTest, AWindowSurvivesTheWay) {
  ViewWindow window;
  window.method = ViewMethod::Rows;
  window.version = "v";
  window.from = 10;
  window.to = 20;
  window.parts = {{"p", 100}};
  window.parts_from = 7;
  window.row_ids = true;
  window.places_in_parts = true;
  window.cell_bytes = 64;
  EXPECT_EQ(to_json(view_window_from_json(*Json::parse(to_json(window).dump()))).dump(), to_json(window).dump());
  EXPECT_EQ(view_window_from_json(to_json(window)).method, ViewMethod::Rows);
}

}  // namespace
}  // namespace canvasback
