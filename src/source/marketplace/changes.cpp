#include "source/marketplace/changes.hpp"

#include <numeric>
#include <optional>

#include "source/marketplace/order_life.hpp"

namespace canvasback::marketplace {
namespace {

constexpr std::int64_t kPerSecond = 4;
// Of the orders those whose number has this rest may be deleted, the others changed.
constexpr std::int64_t kDeletedEvery = 16;
constexpr std::int64_t kDeletedRest = 7;
constexpr std::int64_t kChangesPerDelete = 14;
constexpr std::int64_t kRecentOrders = 20'000;

// The order that a change is of: mostly a recent one, never one that may be deleted.
std::int64_t changed_order(const Marketplace& marketplace, Draws& draws) {
  const std::int64_t orders = marketplace.rows(Table::Orders);
  const std::int64_t recent = std::min(orders, kRecentOrders);
  const std::int64_t number = draws.per_mille(700) ? orders - 1 - draws.below(recent) : draws.below(orders);
  return number % kDeletedEvery == kDeletedRest ? number - 1 : number;
}

// The order that a change deletes: of each kChangesPerDelete changes one is a delete, as long as there are orders that
// may be deleted; no two are of the same one.
std::optional<std::int64_t> deleted_order(const Marketplace& marketplace, std::int64_t number) {
  __extension__ using Wide = __int128;
  const std::int64_t deletable = marketplace.rows(Table::Orders) / kDeletedEvery;
  const std::int64_t index = number / kChangesPerDelete;
  if (index >= deletable) return std::nullopt;
  Draws draws(marketplace.seed(), Stream::Delete, static_cast<std::uint64_t>(index));
  if (draws.below(kChangesPerDelete) != number % kChangesPerDelete) return std::nullopt;
  std::int64_t step = deletable / 8 * 5 + 1;
  while (std::gcd(step, deletable) != 1) ++step;
  return static_cast<std::int64_t>(Wide{index} * step % deletable) * kDeletedEvery + kDeletedRest;
}

Offer changed_offer(const Marketplace& marketplace, Draws& draws, std::int64_t at) {
  Offer offer = marketplace.offer(draws.below(marketplace.rows(Table::Offers)));
  offer.price = std::max<std::int64_t>(offer.price * draws.from(80, 120) / 100, 1);
  offer.list_price = std::max(offer.list_price, offer.price);
  offer.stock = static_cast<int>(draws.from(0, 250));
  offer.status = offer.stock == 0 ? 2 : 0;
  offer.views += draws.from(1, 500);
  offer.updated_at = at;
  return offer;
}

Seller changed_seller(const Marketplace& marketplace, Draws& draws, std::int64_t at) {
  Seller seller = marketplace.seller(draws.below(marketplace.rows(Table::Sellers)));
  seller.rating = static_cast<int>(draws.from(300, 500));
  seller.updated_at = at;
  return seller;
}

Order stepped_order(const Marketplace& marketplace, Draws& draws, std::int64_t at, bool silent) {
  Order order = marketplace.order(changed_order(marketplace, draws));
  const std::int64_t before = order.updated_at;
  advance(order, draws, at);
  if (silent) order.updated_at = before;
  return order;
}

}  // namespace

Change change_at(const Marketplace& marketplace, std::int64_t number) {
  Draws draws(marketplace.seed(), Stream::Change, static_cast<std::uint64_t>(number));
  const std::int64_t at = kEndSecond + number / kPerSecond;
  const std::int64_t orders = marketplace.rows(Table::Orders);
  if (const auto deleted = deleted_order(marketplace, number)) {
    return {ChangeKind::Delete, at, marketplace.order(*deleted)};
  }
  const std::int64_t kind = draws.below(100);
  if (kind < 46) return {ChangeKind::Update, at, stepped_order(marketplace, draws, at, false)};
  if (kind < 55) return {ChangeKind::SilentUpdate, at, stepped_order(marketplace, draws, at, true)};
  if (kind < 62) return {ChangeKind::Update, at, changed_offer(marketplace, draws, at)};
  if (kind < 64) return {ChangeKind::Update, at, changed_seller(marketplace, draws, at)};
  if (kind < 68) {
    const std::int64_t id = marketplace.rows(Table::Customers) + 1 + number;
    return {ChangeKind::Insert, at, marketplace.later_customer(id, at)};
  }
  const std::int64_t id = orders + 1 + number;
  if (kind < 89) return {ChangeKind::Insert, at, marketplace.later_order({id, at, at})};
  const std::int64_t placed_at = at - draws.from(3600, 47 * 3600);
  return {ChangeKind::Insert, at, marketplace.later_order({id, placed_at, placed_at + 600})};
}

}  // namespace canvasback::marketplace
