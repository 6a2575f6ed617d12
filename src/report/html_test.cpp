// SPDX-License-Identifier: Apache-2.0
#include "report/html.hpp"

#include <doctest/doctest.h>

#include "report/text.hpp"
#include "support/example_result.hpp"

using namespace ampacity;
using namespace ampacity::report;

namespace {

std::size_t times(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// "http://www.w3.org/2000/svg" is a name, not an address: nothing is fetched from it.
std::vector<std::string> addresses(const std::string& page) {
  std::vector<std::string> out;
  for (const std::string scheme : {"http://", "https://"}) {
    for (auto at = page.find(scheme); at != std::string::npos; at = page.find(scheme, at + 1)) {
      const auto address = page.substr(at, 40);
      if (address.find("http://www.w3.org/") != 0) out.push_back(address);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("hostile names cannot leave the data of the page") {
  const std::string hostile = "</script><img src=x onerror=alert(1)>";
  auto result = ampacity::testing::example_result({.samples = 4, .sites = 2});
  const auto scripts = times(html_page(result), "<script");
  result.portfolio = hostile;
  result.workloads = {"{{script}}", hostile};
  result.sites[0].name = hostile;
  result.largest[0].name = "<!--<script>";
  result.repairs[hostile].refused["<b>&"] = 1;
  const auto page = html_page(result);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(times(page, "<script") == scripts);
  CHECK(times(page, "</script") == scripts);
  CHECK(page.find("<title>Simulation of &lt;/script&gt;&lt;img") != std::string::npos);
  CHECK(page.find("\\u003c/script\\u003e\\u003cimg") != std::string::npos);
  CHECK(page.find("\"{{script}}\"") != std::string::npos);
}

TEST_CASE("text is escaped for where it stands") {
  CHECK(html_escaped("<a href=\"x\">'&") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  CHECK(script_safe("{\"a\":\"</script>&\"}") == "{\"a\":\"\\u003c/script\\u003e\\u0026\"}");
}

TEST_CASE("the page fetches nothing, and says so to the browser") {
  const auto page = html_page(ampacity::testing::example_result());
  CHECK(addresses(page) == std::vector<std::string>{});
  CHECK(page.find("default-src 'none'; script-src 'sha256-") != std::string::npos);
  CHECK(page.find("unsafe") == std::string::npos);
  CHECK(page.size() < 3'000'000);
}

TEST_CASE("curves are thinned to what a page can carry") {
  const auto small = html_page(ampacity::testing::example_result({.samples = 2'000}));
  const auto large = html_page(ampacity::testing::example_result({.samples = 9'000}));
  CHECK(large.size() < small.size() + 20'000);
  CHECK(large.find("\"samples\":9000,") != std::string::npos);
}

TEST_CASE("a result of nothing at all is still a page and a summary") {
  CHECK(html_page({}).find("\"at_ms\":[]") != std::string::npos);
  CHECK(summary({}).find("0 submitted") != std::string::npos);
}

TEST_CASE("the summary has the figures, the tables, and says when it is partial") {
  auto result = ampacity::testing::example_result({.samples = 4});
  auto text = summary(result);
  CHECK(text.find("35,426 submitted") != std::string::npos);
  CHECK(text.find("utilisation 90.2 %, goodput 94.0 %") != std::string::npos);
  CHECK(text.find("left out: 4 x more GPUs than the trace's cluster and 355 x no run time") !=
        std::string::npos);
  CHECK(text.find("oracle-4500") != std::string::npos);
  CHECK(text.find("PARTIAL") == std::string::npos);
  result.partial = true;
  result.teams[0].name = "\x1b[2Jcleared";
  text = summary(result);
  CHECK(text.find("PARTIAL: it stopped at 2028-03-18 00:00") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}
