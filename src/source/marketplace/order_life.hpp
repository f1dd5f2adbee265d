// What becomes of an order: its statuses, one after the other, at times that its draws give. Pure.
#pragma once

#include <cstdint>

#include "source/marketplace/marketplace.hpp"

namespace canvasback::marketplace {

// Sets the status of an order that was just placed to what it is at `now`, with the times of its steps, what was
// refunded and its rating; updated_at is the time of the last step. Precondition: created_at is not after now.
void live_until(Order& order, Draws& draws, std::int64_t now);

// The order's next step, taken at `now`: the next status; of one that has arrived a rating or a refund; of one that is
// over another rating. Sets updated_at.
void advance(Order& order, Draws& draws, std::int64_t now);

}  // namespace canvasback::marketplace
