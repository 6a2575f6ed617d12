# Everything comes from Debian 12 packages (tools/packages.txt).
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ICU REQUIRED COMPONENTS i18n uc)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(doctest REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)

find_library(SOCI_CORE soci_core REQUIRED)
find_library(SOCI_SQLITE3 soci_sqlite3 REQUIRED)
add_library(soci_core INTERFACE)
target_link_libraries(soci_core INTERFACE ${SOCI_CORE})
# Debian's SOCI does not export the type information that UBSan's vptr check refers to.
target_compile_options(soci_core INTERFACE -fno-sanitize=vptr)
add_library(soci_sqlite3 INTERFACE)
target_link_libraries(soci_sqlite3 INTERFACE ${SOCI_SQLITE3})

# Millions of small events and specifications; the sanitizers bring an allocator of their own.
find_library(JEMALLOC jemalloc REQUIRED)
add_library(allocator INTERFACE)
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  target_link_libraries(allocator INTERFACE ${JEMALLOC})
endif()

# Header-only, in the hash that the digest is made of.
add_library(xxhash INTERFACE)
target_compile_definitions(xxhash INTERFACE XXH_INLINE_ALL)

add_library(boost_asio INTERFACE)
target_link_libraries(boost_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(boost_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)

# The charts of the report page. Debian's file, put into the binary: the page asks nothing of a network.
find_file(AMPACITY_D3 d3.min.js PATHS /usr/share/javascript/d3 NO_DEFAULT_PATH)
if(NOT AMPACITY_D3)
  message(FATAL_ERROR "d3.min.js is not in /usr/share/javascript/d3: apt-get install libjs-d3 (D3 3.5), "
    "or say where it is: cmake -DAMPACITY_D3=/path/to/d3.min.js")
endif()
