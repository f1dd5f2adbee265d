#include "transport/websocket/message.hpp"

#include <gtest/gtest.h>

namespace canvasback::websocket {
namespace {

// The message, which must be one.
Message parsed(std::string_view text) {
  std::uint32_t id = 0;
  auto message = parse_message(text, id);
  EXPECT_TRUE(message) << text << ": " << message.error().message;
  if (!message) return {};
  EXPECT_EQ(message->id, id);
  return std::move(*message);
}

TEST(MessageTest, OpenHasAllThatAViewIs) {
  const Message message = parsed(R"({"id": 7, "open": {"dataset": "d", "columns": ["a", "b"], "filter": {"a": 1},
    "search": "x", "sort": "-a,b", "replaces": 3, "first": 50}})");
  const auto& open = std::get<OpenMessage>(message.body);
  EXPECT_EQ(message.id, 7U);
  EXPECT_EQ(open.view.dataset, "d");
  EXPECT_EQ(open.view.selection.columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(open.view.selection.filter.dump(), R"({"a":1})");
  EXPECT_EQ(open.view.search, "x");
  ASSERT_EQ(open.view.selection.sort.size(), 2U);
  EXPECT_TRUE(open.view.selection.sort[0].descending);
  EXPECT_EQ(open.view.selection.sort[1].column, "b");
  EXPECT_EQ(open.replaces, 3U);
  EXPECT_EQ(open.view.first, 50);
  EXPECT_FALSE(open.source);
}

TEST(MessageTest, SortMayBeAnArrayAndAnEmptyFilterIsNone) {
  const Message message = parsed(
      R"({"id": 1, "open": {"sql": "SELECT 1", "parameters": [1], "filter": {},
         "sort": [{"column": "a,b", "descending": true}, {"column": "-c"}]}})");
  const auto& open = std::get<OpenMessage>(message.body);
  ASSERT_EQ(open.view.selection.sort.size(), 2U);
  EXPECT_EQ(open.view.selection.sort[0].column, "a,b");
  EXPECT_EQ(open.view.selection.sort[1].column, "-c");
  EXPECT_TRUE(open.view.selection.filter.is_null());
  EXPECT_EQ(open.view.parameters.as_array().size(), 1U);
}

TEST(MessageTest, AWindowIsInSlotZeroUnlessItSaysOtherwise) {
  const auto slot_of = [](const std::string& member) {
    const Message message = parsed(R"({"id": 1, "window": {"view": 2, "from": 5, "to": 9)" + member + "}}");
    return std::get<WindowMessage>(message.body).slot;
  };
  EXPECT_EQ(slot_of(""), 0);
  EXPECT_EQ(slot_of(R"(, "slot": 15)"), 15);
  EXPECT_EQ(slot_of(R"(, "slot": null)"), std::nullopt);
}

TEST(MessageTest, TheOthersNameARequestAViewOrANumber) {
  EXPECT_EQ(std::get<CancelMessage>(parsed(R"({"id": 1, "cancel": 4294967295})").body).request, 4294967295U);
  EXPECT_EQ(std::get<CloseMessage>(parsed(R"({"id": 1, "close": 2})").body).view, 2U);
  EXPECT_EQ(std::get<CreditsMessage>(parsed(R"({"id": 1, "credits": 64})").body).count, 64);
}

TEST(MessageTest, WhatIsWrongIsToldUnderItsId) {
  std::uint32_t id = 0;
  EXPECT_FALSE(parse_message(R"({"id": 9, "window": {"view": 1, "from": 0, "to": 20001}})", id));
  EXPECT_EQ(id, 9U);
  for (const char* text :
       {"", "[]", R"({"window": {}})", R"({"id": 0, "close": 1})", R"({"id": 4294967296, "close": 1})",
        R"({"id": "1", "close": 1})", R"({"id": 18446744073709551615, "close": 1})"}) {
    id = 5;
    EXPECT_FALSE(parse_message(text, id)) << text;
    EXPECT_EQ(id, 0U) << text;
  }
  for (const char* body :
       {R"("open": {})", R"("open": {"dataset": "d", "sql": "s"})", R"("open": {"dataset": "d", "parameters": []})",
        R"("open": {"dataset": "d", "columns": []})", R"("open": {"view": 0})", R"("open": {"dataset": "d", "x": 1})",
        R"("window": {"view": 1, "from": 2, "to": 1})", R"("window": {"view": 1, "from": -1, "to": 1})",
        R"("window": {"view": 1, "from": 0, "to": 1, "slot": 16})", R"("window": {"view": 1, "from": 0, "to": 1.5})",
        R"("window": {"view": 1, "from": 0, "to": 1, "cell_bytes": 63})", R"("credits": 65)", R"("credits": 0)",
        R"("close": 1, "cancel": 1)"}) {
    EXPECT_FALSE(parse_message("{\"id\": 3, " + std::string(body) + "}", id)) << body;
    EXPECT_EQ(id, 3U) << body;
  }
}

}  // namespace
}  // namespace canvasback::websocket
