// Runs blocking work on a thread that may wait; the coroutine goes on where it was.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace canvasback {

template <class Work>
boost::asio::awaitable<decltype(std::declval<Work>()())> on_thread(boost::asio::thread_pool& threads, Work work) {
  auto run = [](Work job) -> boost::asio::awaitable<decltype(job())> { co_return job(); };
  co_return co_await boost::asio::co_spawn(threads, run(std::move(work)), boost::asio::use_awaitable);
}

}  // namespace canvasback
