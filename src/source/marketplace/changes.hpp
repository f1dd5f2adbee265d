// What happens to the marketplace after kEndSecond: a stream of changes, four a second, each a pure function of the
// marketplace and its number. Together they are what an incremental copy must get right:
// - orders that go on by one step, most of them recent, and new orders and customers;
// - late rows: orders that are placed hours before they appear, with an updated_at of then, as a transaction that
//   commits late leaves them (up to 47 hours);
// - silent updates: values change, updated_at does not;
// - deletes of orders, whenever they were placed; no order that is deleted is changed by another change;
// - offers and sellers that change.
// A change holds the whole row after it, of an update as if it were the row's first. New rows have IDs from behind the
// last one on, with gaps. Thread-safe.
#pragma once

#include <cstdint>
#include <variant>

#include "source/marketplace/marketplace.hpp"

namespace canvasback::marketplace {

enum class ChangeKind { Insert, Update, SilentUpdate, Delete };

struct Change {
  ChangeKind kind = ChangeKind::Insert;
  std::int64_t at = 0;  // seconds since 1970-01-01 UTC
  std::variant<Order, Offer, Seller, Customer> row;

  Table table() const { return static_cast<Table>(row.index()); }
};

// Precondition: the marketplace has orders.
Change change_at(const Marketplace& marketplace, std::int64_t number);

}  // namespace canvasback::marketplace
