# canvasback_embed(TARGET FILES file...): each file as text inside TARGET, as std::string_view NAME in
# canvasback::embedded, where NAME is the file's name with _ for every other character. @VERSION@ in it becomes the
# project's version. Also run as a script (cmake -P) by the rule that it makes.
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  file(READ ${INPUT} text)
  string(REPLACE "@VERSION@" "${VERSION}" text "${text}")
  file(WRITE ${OUTPUT} "// Made from ${INPUT} by cmake/Embed.cmake.\n#include <string_view>\n"
    "namespace canvasback::embedded {\nextern const std::string_view ${NAME};\n"
    "constexpr char k[] = R\"embedded(${text})embedded\";\nconst std::string_view ${NAME}{k, sizeof k - 1};\n}\n")
  return()
endif()

set(CANVASBACK_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(canvasback_embed target)  # relative to the current source folder
  cmake_parse_arguments(EMBED "" "" "FILES" ${ARGN})
  foreach(file ${EMBED_FILES})
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} name)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cpp)
    add_custom_command(OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DINPUT=${CMAKE_CURRENT_SOURCE_DIR}/${file} -DOUTPUT=${output} -DNAME=${name}
              -DVERSION=${PROJECT_VERSION} -P ${CANVASBACK_EMBED_SCRIPT}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${CANVASBACK_EMBED_SCRIPT} VERBATIM)
    target_sources(${target} PRIVATE ${output})
    # Each names its bytes alike.
    set_source_files_properties(${output} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
endfunction()
