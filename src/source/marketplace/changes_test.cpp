#include "source/marketplace/changes.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace canvasback::marketplace {
namespace {

constexpr std::int64_t kOrders = 50'000;
constexpr std::int64_t kChanges = 3'000;

const Marketplace& usual() {
  static const Marketplace marketplace(7, kOrders);
  return marketplace;
}

std::vector<Change> changes() {
  std::vector<Change> out;
  for (std::int64_t number = 0; number < kChanges; ++number) out.push_back(change_at(usual(), number));
  return out;
}

TEST(Changes, EveryKindIsThere) {
  std::map<std::pair<ChangeKind, Table>, int> count;
  for (const Change& change : changes()) ++count[{change.kind, change.table()}];
  EXPECT_GT((count[{ChangeKind::Update, Table::Orders}]), kChanges / 3);
  EXPECT_GT((count[{ChangeKind::SilentUpdate, Table::Orders}]), kChanges / 20);
  EXPECT_GT((count[{ChangeKind::Delete, Table::Orders}]), kChanges / 25);
  EXPECT_GT((count[{ChangeKind::Insert, Table::Orders}]), kChanges / 5);
  EXPECT_GT((count[{ChangeKind::Insert, Table::Customers}]), 0);
  EXPECT_GT((count[{ChangeKind::Update, Table::Offers}]), 0);
  EXPECT_GT((count[{ChangeKind::Update, Table::Sellers}]), 0);
}

TEST(Changes, WhatIsDeletedIsNeverChangedAndDeletedOnce) {
  std::set<std::int64_t> deleted;
  std::set<std::int64_t> changed;
  for (const Change& change : changes()) {
    const Order* order = std::get_if<Order>(&change.row);
    if (order == nullptr) continue;
    if (change.kind == ChangeKind::Delete) {
      EXPECT_TRUE(deleted.insert(order->id).second) << order->id;
      EXPECT_LE(order->id, kOrders);
    } else {
      changed.insert(order->id);
    }
  }
  for (const std::int64_t id : deleted) EXPECT_FALSE(changed.contains(id)) << id;
}

TEST(Changes, TimesGoOnAndLateRowsAreOlder) {
  std::int64_t before = kEndSecond;
  std::set<std::int64_t> inserted;
  int late = 0;
  for (const Change& change : changes()) {
    EXPECT_GE(change.at, before);
    before = change.at;
    const Order* order = std::get_if<Order>(&change.row);
    if (order == nullptr) continue;
    if (change.kind == ChangeKind::Update) {
      EXPECT_EQ(order->updated_at, change.at);
    }
    if (change.kind == ChangeKind::SilentUpdate) {
      EXPECT_EQ(order->updated_at, usual().order(order->id - 1).updated_at);
    }
    if (change.kind != ChangeKind::Insert) continue;
    EXPECT_GT(order->id, kOrders);
    EXPECT_TRUE(inserted.insert(order->id).second);
    EXPECT_LE(order->created_at, order->updated_at);
    EXPECT_LE(order->updated_at, change.at);
    EXPECT_GE(order->created_at, change.at - 47 * 3600);
    late += order->updated_at < change.at - 1800 ? 1 : 0;
  }
  EXPECT_EQ(before, kEndSecond + (kChanges - 1) / 4);
  EXPECT_GT(late, kChanges / 20);
}

TEST(Changes, FewOrdersHaveChangesToo) {
  for (std::int64_t orders = 1; orders < 40; ++orders) {
    const Marketplace small(1, orders);
    for (std::int64_t number = 0; number < 200; ++number) {
      const Change change = change_at(small, number);
      if (const Order* order = std::get_if<Order>(&change.row)) {
        EXPECT_GE(order->id, 1);
      }
    }
  }
}

}  // namespace
}  // namespace canvasback::marketplace
