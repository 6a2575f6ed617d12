# ampacity_embed(target file function header): compiles a text file into `target` as
# std::string_view ampacity::<function>(), declared in <header>.
function(ampacity_embed target file function header)
  set(output ${CMAKE_BINARY_DIR}/embedded/${function}.cpp)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  # A string literal holds at most 64 KiB: cut into pieces that the compiler joins at run time.
  string(LENGTH "${text}" length)
  set(pieces "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "    R\"~~~(${piece})~~~\"sv,\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT "// Generated from ${file}; do not edit.
#include <string>
#include <string_view>

#include \"@header@\"

namespace ampacity {
using namespace std::string_view_literals;

std::string_view @function@() {
  static const std::string text = [] {
    std::string joined;
    for (const auto piece : {
@pieces@    }) joined += piece;
    return joined;
  }();
  return text;
}

}  // namespace ampacity
")
  target_sources(${target} PRIVATE ${output})
endfunction()
