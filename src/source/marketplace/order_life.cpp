#include "source/marketplace/order_life.hpp"

namespace canvasback::marketplace {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 3600;

// When things happen to an order, whether they have by now or not.
struct Steps {
  std::int64_t paid;
  std::int64_t processing;
  std::int64_t shipped;
  std::int64_t delivered;
  std::int64_t fate;  // of it: cancelled, sent back or refunded
  std::int64_t rated;
};

enum class Fate { Kept, Cancelled, Returned, Refunded };

Fate fate_of(const Order& order, Draws& draws) {
  constexpr std::int64_t kCancelled = 42;  // per mille
  const std::int64_t refunded = categories()[static_cast<std::size_t>(order.category)].refund_per_mille;
  const std::int64_t drawn = draws.below(1000);
  if (drawn < kCancelled) return Fate::Cancelled;
  if (drawn < kCancelled + refunded) return Fate::Refunded;
  return drawn < kCancelled + refunded + refunded / 3 ? Fate::Returned : Fate::Kept;
}

Steps steps_of(const Order& order, Fate fate, Draws& draws) {
  Steps steps{};
  const bool by_transfer = draws.per_mille(60);
  steps.paid = order.created_at + (by_transfer ? draws.from(kHour, 3 * kDaySeconds) : draws.from(5, 10 * kMinute));
  steps.processing = steps.paid + draws.from(20 * kMinute, 20 * kHour);
  steps.shipped = steps.processing + draws.from(2 * kHour, 60 * kHour);
  const std::int64_t days_max = countries()[static_cast<std::size_t>(order.country)].delivery_days;
  steps.delivered = steps.shipped + draws.from(kDaySeconds / 2, days_max * kDaySeconds);
  steps.rated = steps.delivered + draws.from(kHour, 12 * kDaySeconds);
  if (fate == Fate::Cancelled) {
    steps.fate = order.created_at + draws.from(kMinute, 30 * kHour);
  } else {
    steps.fate = steps.delivered + draws.from(kDaySeconds, 30 * kDaySeconds);
  }
  return steps;
}

void refund(Order& order, Draws& draws, std::int64_t now) {
  order.status = OrderStatus::Refunded;
  order.refunded_at = now;
  const std::int64_t share = draws.per_mille(700) ? 1000 : draws.from(100, 900);  // per mille
  order.refunded = order.amount * share / 1000;
}

int rating_of(const Order& order, Draws& draws) {
  const bool disappointed = order.status == OrderStatus::Refunded || order.status == OrderStatus::Returned;
  static constexpr std::array<int, 16> kUsual{5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 3, 3, 2, 1};
  static constexpr std::array<int, 16> kPoor{1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5};
  return (disappointed ? kPoor : kUsual)[static_cast<std::size_t>(draws.below(16))];
}

// The way to the customer, as far as it has come.
void deliver_until(Order& order, const Steps& steps, std::int64_t now) {
  const auto reach = [&](OrderStatus status, std::int64_t at) {
    if (at > now) return false;
    order.status = status;
    order.updated_at = at;
    return true;
  };
  if (!reach(OrderStatus::Paid, steps.paid)) return;
  order.paid_at = steps.paid;
  if (!reach(OrderStatus::Processing, steps.processing) || !reach(OrderStatus::Shipped, steps.shipped)) return;
  order.shipped_at = steps.shipped;
  if (reach(OrderStatus::Delivered, steps.delivered)) order.delivered_at = steps.delivered;
}

}  // namespace

void live_until(Order& order, Draws& draws, std::int64_t now) {
  const Fate fate = fate_of(order, draws);
  const Steps steps = steps_of(order, fate, draws);
  const bool rates = draws.per_mille(400);
  order.updated_at = order.created_at;
  const bool cancelled = fate == Fate::Cancelled && steps.fate <= now;
  if (cancelled) {
    order.status = OrderStatus::Cancelled;
    order.updated_at = steps.fate;
    if (steps.paid < steps.fate) order.paid_at = steps.paid;
  } else {
    deliver_until(order, steps, now);
    if (fate != Fate::Cancelled && fate != Fate::Kept && steps.fate <= now) {
      order.status = OrderStatus::Returned;
      order.updated_at = steps.fate;
      if (fate == Fate::Refunded) refund(order, draws, steps.fate);
    }
    if (rates && order.delivered_at && steps.rated <= now) {
      order.rating = rating_of(order, draws);
      order.updated_at = std::max(order.updated_at, steps.rated);
    }
  }
  if (draws.below(256) != 0) return;
  const std::int64_t corrected = order.created_at + draws.from(30 * kDaySeconds, 200 * kDaySeconds);
  if (corrected <= now) order.updated_at = std::max(order.updated_at, corrected);
}

void advance(Order& order, Draws& draws, std::int64_t now) {
  order.updated_at = now;
  switch (order.status) {
    case OrderStatus::Pending:
      if (draws.per_mille(100)) {
        order.status = OrderStatus::Cancelled;
      } else {
        order.status = OrderStatus::Paid;
        order.paid_at = now;
      }
      return;
    case OrderStatus::Paid: order.status = OrderStatus::Processing; return;
    case OrderStatus::Processing:
      order.status = OrderStatus::Shipped;
      order.shipped_at = now;
      return;
    case OrderStatus::Shipped:
      order.status = OrderStatus::Delivered;
      order.delivered_at = now;
      return;
    case OrderStatus::Returned: refund(order, draws, now); return;
    case OrderStatus::Delivered:
      if (draws.per_mille(300)) {
        refund(order, draws, now);
      } else {
        order.rating = rating_of(order, draws);
      }
      return;
    case OrderStatus::Refunded: order.rating = rating_of(order, draws); return;
    case OrderStatus::Cancelled:  // placed again
      order.status = OrderStatus::Pending;
      order.paid_at.reset();
      return;
  }
}

}  // namespace canvasback::marketplace
