// Runs blocking work on a thread that may wait; the coroutine goes on where it was. The work is a named object of the
// caller's: GCC 12 destroys a closure that is written inside a co_await expression twice.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>

namespace canvasback {

template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> on_thread(boost::asio::thread_pool& threads, Work& work) {
  auto body = [&work]() -> boost::asio::awaitable<std::invoke_result_t<Work&>> { co_return work(); };
  co_return co_await boost::asio::co_spawn(threads, std::move(body), boost::asio::use_awaitable);
}

}  // namespace canvasback
