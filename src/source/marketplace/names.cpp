#include "source/marketplace/names.hpp"

namespace canvasback::marketplace {
namespace {

constexpr std::array<Country, 61> kCountries{{
    {"US", 2400, 7}, {"DE", 1300, 5}, {"GB", 1150, 5}, {"FR", 900, 6}, {"JP", 700, 7},  {"BR", 620, 14},
    {"IN", 560, 12}, {"CA", 500, 8},  {"IT", 460, 6},  {"ES", 420, 6}, {"AU", 380, 10}, {"NL", 340, 4},
    {"PL", 320, 5},  {"MX", 300, 12}, {"KR", 280, 6},  {"SE", 250, 5}, {"CH", 230, 5},  {"AT", 210, 5},
    {"BE", 200, 4},  {"TR", 190, 9},  {"DK", 170, 5},  {"NO", 160, 6}, {"CZ", 150, 5},  {"PT", 140, 6},
    {"IE", 130, 6},  {"FI", 125, 6},  {"GR", 115, 8},  {"RO", 110, 7}, {"HU", 105, 6},  {"AR", 100, 15},
    {"CL", 95, 14},  {"CO", 90, 14},  {"ZA", 85, 12},  {"IL", 80, 8},  {"AE", 76, 8},   {"SA", 72, 9},
    {"SG", 68, 7},   {"MY", 64, 9},   {"TH", 60, 9},   {"ID", 56, 13}, {"PH", 53, 13},  {"VN", 50, 11},
    {"NZ", 47, 11},  {"UA", 44, 10},  {"SK", 41, 6},   {"BG", 38, 8},  {"HR", 36, 7},   {"SI", 33, 6},
    {"LT", 31, 7},   {"LV", 29, 7},   {"EE", 27, 7},   {"LU", 25, 4},  {"NG", 23, 18},  {"KE", 21, 18},
    {"EG", 19, 15},  {"MA", 17, 13},  {"PE", 15, 15},  {"UY", 13, 15}, {"IS", 11, 10},  {"MT", 9, 9},
    {"CY", 8, 9},
}};

constexpr std::array<Category, 30> kCategories{{
    {"electronics", "Speaker", 900, 7990, 70, 60}, {"fashion", "Jacket", 1100, 4490, 140, 140},
    {"home", "Lamp", 950, 3290, 55, 110},          {"books", "Notebook", 800, 1490, 18, 120},
    {"toys", "Puzzle", 600, 2290, 40, 110},        {"beauty", "Cream", 650, 1890, 28, 130},
    {"sports", "Racket", 520, 4990, 60, 105},      {"garden", "Spade", 420, 3790, 45, 100},
    {"groceries", "Coffee", 480, 1190, 9, 80},     {"shoes", "Sneaker", 560, 6990, 150, 140},
    {"phones", "Phone", 380, 34900, 65, 50},       {"computers", "Laptop", 330, 64900, 60, 45},
    {"audio", "Headphones", 360, 8990, 62, 65},    {"photo", "Lens", 210, 27900, 58, 60},
    {"kitchen", "Kettle", 470, 3990, 48, 110},     {"furniture", "Chair", 300, 12900, 75, 115},
    {"baby", "Blanket", 330, 2790, 35, 110},       {"pets", "Basket", 350, 2190, 25, 110},
    {"health", "Brush", 370, 2490, 22, 120},       {"office", "Stapler", 310, 1790, 30, 105},
    {"music", "Guitar", 160, 15900, 55, 80},       {"games", "Board Game", 340, 3490, 36, 90},
    {"jewellery", "Ring", 240, 9900, 95, 150},     {"watches", "Watch", 170, 18900, 85, 120},
    {"luggage", "Backpack", 220, 7490, 66, 115},   {"tools", "Drill", 290, 6490, 42, 100},
    {"car", "Charger", 250, 4290, 50, 100},        {"bicycles", "Bicycle", 110, 49900, 46, 75},
    {"crafts", "Yarn", 190, 1290, 20, 110},        {"collectibles", "Coin", 90, 5900, 33, 130},
}};

}  // namespace

std::span<const Country> countries() { return kCountries; }
std::span<const Category> categories() { return kCategories; }

}  // namespace canvasback::marketplace
